"""What a session shows that can't be tracked: a picture in place of its floor plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import cv2
import numpy as np

from csds.batch.floors import picture_grid
from csds.batch.prepare import Context, Placed
from csds.batch.samples import Samples
from csds.errors import CsdsError, TrackingError
from csds.results.folder import write_picture
from csds.video.planes import Luma

#: Moments that are shown, across and down.
_ACROSS, _DOWN = 4, 2
#: Width of each in the picture, pixels.
_WIDTH_PX = 320


@contextmanager
def failures_pictured(item: Placed, samples: Samples, context: Context) -> Iterator[None]:
    """Save what the arena shows, at moments spread over the window, where the block finds no animal or several."""
    try:
        yield
    except TrackingError as error:
        try:
            frames = samples.of(item.opened)
        except CsdsError:
            raise error from None
        path = context.folder.overlay(item.session.session_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_picture(path, _moments(item, frames))
        hint = f"{error.hint} {path.parent.name}/{path.name} shows what was seen.".strip()
        raise TrackingError(error.message, hint=hint) from error


def _moments(item: Placed, frames: Sequence[Luma]) -> Luma:
    """Return the arena in a few of the frames, side by side."""
    grid = picture_grid(item.arena)
    height = round(_WIDTH_PX * grid.height / grid.width)
    chosen = np.linspace(0, len(frames) - 1, _ACROSS * _DOWN).round().astype(int)
    tiles = [cv2.resize(grid.crop(frames[i]), (_WIDTH_PX, height), interpolation=cv2.INTER_LINEAR) for i in chosen]
    rows = [np.hstack(tiles[i : i + _ACROSS]) for i in range(0, len(tiles), _ACROSS)]
    return np.asarray(np.vstack(rows), np.uint8)
