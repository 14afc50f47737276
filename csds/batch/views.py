"""Samples as the camera saw them from where it looked at first, also where most of them don't show that at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from csds.arena.view import View, learn_view, move_back, moved_px
from csds.model.shapes import FloatArray
from csds.tracking.blocks import shows_blocks
from csds.video.planes import Luma

#: The first picture is found elsewhere if it is off by so many times what counts as rest, in so many samples.
_ELSEWHERE, _LEAST_ELSEWHERE = 2.0, 2
#: At least this share of the samples looks where the view says.
_FOUND = 0.5
#: How many of them are asked, at most.
_ASKED = 8

Poses = list[FloatArray | None]


def steady_samples(frames: Sequence[Luma]) -> tuple[list[Luma], View]:
    """Return samples as seen from where the camera looked at first, and the view from there.

    A camera that was knocked among the samples has its view from before the knock. Samples that can't be
    found in the view while most can (a hand before the lens) are left out, and so are those that show blocks
    in place of the room while most don't.

    Parameters
    ----------
    frames : sequence of (height, width) uint8
        At least one, in order.
    """
    clear = [frame for frame in frames if not shows_blocks(frame)]
    if len(clear) >= _FOUND * len(frames):
        frames = clear
    view, poses = learn_view(frames)
    first = _view_of_one(frames, 0)
    if _agrees(first, frames, poses) and _is_typical(view, frames, poses):
        return _moved_back(frames, poses), view
    for one in (first, _view_of_one(frames, len(frames) // 2)):
        found = _found_from(one, frames)
        if len(found) >= max(2, _FOUND * len(frames)):
            steady = _moved_back([frame for frame, _ in found], [pose for _, pose in found])
            return steady, learn_view(steady)[0]
    return list(frames), view


def _moved_back(frames: Sequence[Luma], poses: Poses) -> list[Luma]:
    return [frame if pose is None else move_back(frame, pose) for frame, pose in zip(frames, poses, strict=True)]


def _agrees(first: View, frames: Sequence[Luma], poses: Poses) -> bool:
    """Return True unless the first frame is found in some others, but elsewhere than poses say.

    Where a knock halves the samples, what stays alike in all of them is none of the room's edges.
    """
    back: FloatArray = np.asarray(np.linalg.inv(np.eye(3) if poses[0] is None else poses[0]), float)
    elsewhere = 0
    for i in _asked(len(frames)):
        pose = poses[i]
        expected: FloatArray = back if pose is None else np.asarray(pose @ back, float)
        matrix, is_certain = first.follow(frames[i], expected)
        found = matrix if is_certain else first.find(frames[i])
        if found is not None:
            off = moved_px(found @ np.linalg.inv(expected), first.landmarks.frame_size_px)
            elsewhere += off > _ELSEWHERE * first.rest_px
    return elsewhere < _LEAST_ELSEWHERE


def _is_typical(view: View, frames: Sequence[Luma], poses: Poses) -> bool:
    """Return True where most frames look where they are said to."""
    return float(np.mean([view.is_at_rest(frames[i], poses[i]) for i in _asked(len(frames))])) >= _FOUND


def _found_from(view: View, frames: Sequence[Luma]) -> list[tuple[Luma, FloatArray | None]]:
    """Return the frames that show a view's room, each with where it looks from the first of these.

    None where it looks there as well.
    """
    found: list[tuple[Luma, FloatArray]] = []
    for frame in frames:
        pose = view.find(frame, found[-1][1] if found else None)
        if pose is not None:
            found.append((frame, pose))
    if not found:
        return []
    back = np.linalg.inv(found[0][1])
    moved = [(frame, pose @ back) for frame, pose in found]
    size = view.landmarks.frame_size_px
    return [(frame, None if moved_px(pose, size) < view.rest_px else pose) for frame, pose in moved]


def _view_of_one(frames: Sequence[Luma], number: int) -> View:
    """Return the view that one of the frames shows."""
    view = learn_view([frames[number]])[0]
    # A picture is like itself to the last grain of noise; the most alike of the others tells what noise leaves.
    others = [view.likeness(frames[i]) for i in _asked(len(frames)) if i != number]
    return replace(view, typical=max(others, default=1.0))


def _asked(count: int) -> list[int]:
    return [int(i) for i in np.unique(np.linspace(0, count - 1, _ASKED).round())]
