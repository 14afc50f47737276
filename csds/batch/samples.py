"""A few frames of each recording, decoded once for all that is learnt from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from csds.arena.view import View
from csds.batch.prepare import Opened
from csds.batch.views import steady_samples
from csds.batch.windows import sampled_span
from csds.errors import VideoError
from csds.model.protocol import Protocol
from csds.model.study import Session
from csds.video import sample_frames
from csds.video.planes import Luma


@dataclass(slots=True, kw_only=True)
class Samples:
    """Samples of a unit's recordings, all as the camera saw them from where it looked at first.

    ``progress`` is told of frames, here 0: that something goes on.
    """

    sessions: Sequence[Session]
    protocol: Protocol
    progress: Callable[[int], None] | None = None
    _taken: dict[tuple[tuple[Path, ...], float, float], tuple[list[Luma], View | None]] = field(default_factory=dict)

    def take_ahead(self, items: Sequence[Opened]) -> None:
        """Take the samples of several sessions at the same time; those that can't be taken say so when asked for."""
        distinct = {self._name(item, 1.0): item for item in items}.values()
        with ThreadPoolExecutor(max(1, cv2.getNumThreads())) as threads:
            for item in distinct:
                threads.submit(self._take, item, 1.0)

    def of(self, item: Opened, *, reach: float = 1.0) -> list[Luma]:
        """Return whole frames spread over a session's window, or over where that is looked for.

        Those of a camera that moved are moved back.

        Parameters
        ----------
        item : Opened
        reach : float
            How much further than at first to look for a window that isn't known.

        Raises
        ------
        VideoError
            If there is none.
        """
        return self._take(item, reach)[0]

    def view(self, item: Opened) -> View:
        """Return where a session's camera looks at first, and what it sees there; raises what `of` raises."""
        return self._take(item, 1.0)[1]

    def reach_to_end(self, item: Opened, reach: float) -> bool:
        """Return True where samples of that reach are spread over all that there is."""
        end_s = sampled_span(item.session, self.sessions, self.protocol, reach=reach)[1]
        claimed_s = item.recording.offsets_s[-1] + item.recording.info.claimed_s
        return item.session.start_s is not None or not end_s < claimed_s < float("inf")

    def _name(self, item: Opened, reach: float) -> tuple[tuple[Path, ...], float, float]:
        return item.session.videos, *sampled_span(item.session, self.sessions, self.protocol, reach=reach)

    def _take(self, item: Opened, reach: float) -> tuple[list[Luma], View]:
        name = _, start_s, end_s = self._name(item, reach)
        if name not in self._taken:
            _, frames = sample_frames(item.recording, start_s, end_s)
            self._taken[name] = steady_samples(frames) if frames else ([], None)
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
