"""A few frames of each recording, decoded once for all that is learnt from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from csds.batch.prepare import Opened, session_window
from csds.errors import VideoError
from csds.model.protocol import Protocol
from csds.video import sample_frames
from csds.video.planes import Luma


@dataclass(slots=True, kw_only=True)
class Samples:
    """Samples of a unit's recordings. ``progress`` is told of frames, here 0: that something goes on."""

    protocol: Protocol
    progress: Callable[[int], None] | None = None
    _taken: dict[tuple[object, ...], list[Luma]] = field(default_factory=dict)

    def of(self, item: Opened) -> list[Luma]:
        """Return whole frames spread over a session's window.

        Raises
        ------
        VideoError
            If there is none.
        """
        start_s, end_s = session_window(item.session, self.protocol)
        name = (item.session.videos, start_s, end_s)
        if name not in self._taken:
            _, self._taken[name] = sample_frames(item.recording, start_s, end_s)
            if self.progress is not None:
                self.progress(0)
        if not self._taken[name]:
            raise VideoError(
                f"{item.session.video}: no frame between {start_s:g} s and {end_s:g} s; "
                "the window lies beyond the recording's end",
                hint="Correct start_s in the sheet; it counts from the recording's first frame.",
            )
        return self._taken[name]
