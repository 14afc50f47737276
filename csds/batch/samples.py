"""A few frames of each recording, decoded once for all that is learnt from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from csds.arena.view import View, learn_view, move_back
from csds.batch.prepare import Opened, session_window
from csds.errors import VideoError
from csds.model.protocol import Protocol
from csds.video import sample_frames
from csds.video.planes import Luma


@dataclass(slots=True, kw_only=True)
class Samples:
    """Samples of a unit's recordings, all as the camera saw them from where it looked at first.

    ``progress`` is told of frames, here 0: that something goes on.
    """

    protocol: Protocol
    progress: Callable[[int], None] | None = None
    _taken: dict[tuple[object, ...], tuple[list[Luma], View | None]] = field(default_factory=dict)

    def of(self, item: Opened) -> list[Luma]:
        """Return whole frames spread over a session's window; those of a camera that moved are moved back.

        Raises
        ------
        VideoError
            If there is none.
        """
        return self._take(item)[0]

    def view(self, item: Opened) -> View:
        """Return where a session's camera looks at first, and what it sees there; raises what `of` raises."""
        return self._take(item)[1]

    def _take(self, item: Opened) -> tuple[list[Luma], View]:
        start_s, end_s = session_window(item.session, self.protocol)
        name = (item.session.videos, start_s, end_s)
        if name not in self._taken:
            _, frames = sample_frames(item.recording, start_s, end_s)
            self._taken[name] = _steadied(frames) if frames else ([], None)
            if self.progress is not None:
                self.progress(0)
        frames, view = self._taken[name]
        if view is None:
            raise VideoError(
                f"{item.session.video}: no frame between {start_s:g} s and {end_s:g} s; "
                "the window lies beyond the recording's end",
                hint="Correct start_s in the sheet; it counts from the recording's first frame.",
            )
        return frames, view


def _steadied(frames: list[Luma]) -> tuple[list[Luma], View]:
    view, poses = learn_view(frames)
    return [frame if pose is None else move_back(frame, pose) for frame, pose in zip(frames, poses, strict=True)], view
