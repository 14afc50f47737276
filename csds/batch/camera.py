"""A camera that moved between the phases of a test: the arena follows, and the floor is still shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from csds.arena.files import arena_path
from csds.arena.register import Motion, goodness_of, move_arena, register
from csds.arena.view import View, move_back
from csds.batch.prepare import Placed
from csds.batch.samples import Samples
from csds.errors import CsdsError
from csds.model.arena import Arena
from csds.model.protocol import Protocol
from csds.model.shapes import FloatArray
from csds.tracking import shift_of
from csds.video.planes import Luma

#: Corners that moved by less count as unmoved, px of a picture 640 wide.
_REST_PX = 0.5
#: Two arenas drawn each for itself are one floor if their corners differ by no more than this after registration, cm.
_SAME_CM = 1.0
#: Motions whose goodness differs by no more explain floor and walls equally well.
_AS_GOOD = 0.05
#: How far around the floor a picture is compared, as a share of the arena's width: its walls.
_WALLS_SHARE = 0.12


def follow_camera(placed: Sequence[Placed], samples: Samples, protocol: Protocol) -> list[Placed]:
    """Return the sessions with their floors shared, and their arenas moved where the camera was, within each test.

    One arena for both phases is taken to have been drawn on the session whose video its file is
    named after, or else on the first phase. Arenas drawn for each phase stay as they are.
    """
    tests: dict[object, list[Placed]] = {}
    for item in placed:
        tests.setdefault((item.session.key, item.arena.frame_size_px), []).append(item)
    order = {phase.name: number for number, phase in enumerate(protocol.phases)}
    found: dict[str, Placed] = {}
    for items in tests.values():
        ordered = sorted(items, key=lambda item: (not _is_drawn_here(item), order.get(item.session.phase, 0)))
        found |= {item.session.session_id: _followed(item, ordered[0], samples) for item in ordered}
    return [found[item.session.session_id] for item in placed]


def motion_between(item: Placed, other: Placed) -> FloatArray | None:
    """Return the matrix from one session's pixels to another's of the same floor; None where the camera rested."""
    if item.motion is None:
        return other.motion
    back = np.linalg.inv(item.motion)
    return np.asarray(back if other.motion is None else other.motion @ back, float)


def moved_frames(frames: Sequence[Luma], motion: FloatArray | None) -> Sequence[Luma]:
    """Return frames as a camera saw them that looked elsewhere by a motion."""
    return frames if motion is None else [move_back(frame, motion) for frame in frames]


def _is_drawn_here(item: Placed) -> bool:
    file = item.opened.arena_file
    return file is not None and file.name == arena_path(item.session.videos[0]).name


def _followed(item: Placed, first: Placed, samples: Samples) -> Placed:
    shared = replace(item, floor_of=first.session.session_id)
    if item is first:
        return shared
    try:
        motion = _motion(samples.view(first.opened), samples.view(item.opened), first.arena)
    except CsdsError:
        # A phase that can't be read fails by itself.
        return item
    one_arena = item.arena.corners_px == first.arena.corners_px
    moved = move_arena(first.arena, motion)
    if not motion.same_room or not (one_arena or _apart_cm(moved, item.arena) <= _SAME_CM):
        # Noise or marks can hide that a room is the same; an arena of the recording's own needs no such proof.
        return replace(shared, is_unsure=not _is_drawn_here(item)) if one_arena else item
    if motion.shift_px(first.arena) < _REST_PX * max(1.0, first.arena.frame_size_px[0] / 640):
        return shared
    if not one_arena:
        return replace(shared, motion=motion.matrix)
    shift = shift_of(motion.matrix, first.arena.frame_size_px, item.session.start_s or 0.0)
    return replace(shared, arena=moved, motion=motion.matrix, shift=shift)


def _motion(here: View, there: View, arena: Arena) -> Motion:
    """Return how the camera moved, or, where floor and walls were moved for themselves, how these were."""
    height, width = here.picture.shape
    around = np.zeros((height, width), np.uint8)
    corners = np.rint(np.array(arena.corners_px)).astype(np.int32)
    cv2.fillPoly(around, [corners], 255)
    reach = 2 * round(_WALLS_SHARE * arena.width_cm * arena.px_per_cm) + 1
    around = np.asarray(cv2.dilate(around, np.ones((reach, reach), np.uint8)), np.uint8)
    motion = _motion_by(here, there, here.static, around)
    if motion.same_room:
        return motion
    # In an even room a mouse that walks about in the second recording shows more than all else.
    return _motion_by(here, there, np.minimum(here.static, there.static), around)


def _motion_by(here: View, there: View, static: Luma, around: Luma) -> Motion:
    """Return the motion that a static part of the first picture shows; what is around the floor must agree with it."""
    usable = np.minimum(static, around)
    if here.rests_in(there.picture, usable):
        return Motion(matrix=np.eye(3), goodness=1.0)
    pictures = here.picture, there.picture
    whole, near = register(*pictures, usable=static), register(*pictures, usable=usable)
    fits = goodness_of(whole.matrix, *pictures, usable=usable) >= near.goodness - _AS_GOOD
    return whole if whole.same_room and fits else near


def _apart_cm(one: Arena, other: Arena) -> float:
    """Return how far two arenas' corners lie apart: root of the mean square."""
    apart = np.array(one.corners_px) - np.array(other.corners_px)
    return float(np.sqrt((apart**2).sum(axis=1).mean())) / one.px_per_cm
