"""What a camera at rest sees of a room, learnt from a few frames, and where it looks in another frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from csds.arena.landmarks import LEAST_LANDMARKS, SIMILARITY, Detail, Landmarks, Picture, find_landmarks, work_detail
from csds.arena.register import register
from csds.model.arena import project
from csds.model.shapes import FloatArray

#: Motions smaller than this count as rest, px of a working picture 640 wide.
REST_PX = 0.75
#: Two poses within this many px (same picture) are one that trembles.
_TREMBLE_PX = 4.0
#: Times that frames are shrunk to be followed.
_COARSER = 2
#: A frame is taken for one of the view from this share of the likeness on that the view's own frames have.
_FOUND = 0.7
#: Likeness and motion (px of 640) by which two views are one beyond doubt.
_CERTAIN, _CERTAIN_PX = 0.6, 0.25
#: Frames that the view's picture is made of, at most.
_AVERAGED = 8
#: Grey levels by which their details may differ where nothing moves, how many times the typical difference, and
#: which share of the detail itself.
_STATIC_GREYS, _STATIC_TIMES, _LIT_SHARE = 6.0, 2.5, 0.3
#: Most steps in which a frame at rest shows that it is.
_FEW_STEPS = 3

Part = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A camera's view of a room.

    Parameters
    ----------
    picture : (height, width) uint8
        The room; animals are smeared.
    static : (height, width) uint8
        255 where nothing moved.
    landmarks : Landmarks
        Of the static part.
    typical : float
        Likeness at its landmarks that the view's own frames have: less than 1 by their noise.
    """

    picture: Picture
    static: Picture
    landmarks: Landmarks
    typical: float

    @property
    def rest_px(self) -> float:
        """Motions smaller than this count as rest, in pixels."""
        return float(REST_PX * max(1.0, self.picture.shape[1] / 640))

    def is_at_rest(self, frame: Picture, pose: FloatArray | None = None) -> bool:
        """Return True if a frame certainly looks where a pose does; None is that of the view itself."""
        matrix, is_certain = self.follow(frame, pose, most=_FEW_STEPS)
        moved = matrix if pose is None else matrix @ np.linalg.inv(pose)
        return is_certain and moved_px(moved, self.landmarks.frame_size_px) < self.rest_px

    def rests_in(self, picture: Picture, usable: Picture) -> bool:
        """Return True if another picture shows the usable part where this view has it, beyond any doubt."""
        size = self.landmarks.frame_size_px
        marks = find_landmarks(work_detail(self.picture, coarser=_COARSER), size, usable=usable)
        detail = work_detail(picture, coarser=_COARSER)
        matrix = marks.follow(detail)
        return marks.likeness(detail, matrix) > _CERTAIN and moved_px(matrix, size) < _CERTAIN_PX * max(
            1.0, size[0] / 640
        )

    def follow(self, frame: Picture, start: FloatArray | None = None, *, most: int = 15) -> tuple[FloatArray, bool]:
        """Return where the camera looks in a frame near ``start``, and whether that is certain.

        The matrix takes the view's pixels to the frame's.
        """
        detail = work_detail(frame, coarser=_COARSER)
        matrix = self.landmarks.follow(detail, start, ways=SIMILARITY, most=most)
        return matrix, self.landmarks.likeness(detail, matrix) >= _FOUND * self.typical

    def likeness(self, frame: Picture) -> float:
        """Return how well a frame agrees with the landmarks once it is followed."""
        detail = work_detail(frame, coarser=_COARSER)
        return self.landmarks.likeness(detail, self.landmarks.follow(detail))

    def find(self, frame: Picture, start: FloatArray | None = None) -> FloatArray | None:
        """Return where the camera looks in a frame, wherever that is; None where it isn't this room."""
        matrix, is_certain = self.follow(frame, start)
        if is_certain:
            return matrix
        motion = register(self.picture, frame, usable=self.static)
        return motion.matrix if motion.same_room else None


def moved_px(matrix: FloatArray, frame_size_px: tuple[int, int]) -> float:
    """Return by how many pixels a motion typically moves the picture: root of the mean square."""
    width, height = frame_size_px
    x, y = np.array([(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)]).T * np.array([[width], [height]])
    u, v = project(matrix, x, y)
    return float(np.sqrt(np.mean((u - x) ** 2 + (v - y) ** 2)))


def move_back(frame: Picture, matrix: FloatArray, part: Part | None = None) -> Picture:
    """Return a frame as the view would see it; ``matrix`` takes the view's pixels to the frame's.

    Of a part (left, top, right, bottom) alone where one is given: all the rest is left black.
    """
    height, width = frame.shape
    left, top, right, bottom = (0, 0, width, height) if part is None else part
    there = matrix @ np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], float)
    size, flags = (right - left, bottom - top), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    if np.abs(there[2, :2]).max() < 1e-9:
        moved = cv2.warpAffine(frame, there[:2] / there[2, 2], size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    else:
        moved = cv2.warpPerspective(frame, there, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    if part is None:
        return np.asarray(moved, np.uint8)
    whole = np.zeros_like(frame)
    whole[top:bottom, left:right] = moved
    return whole


def learn_view(frames: Sequence[Picture]) -> tuple[View, list[FloatArray | None]]:
    """Return the view in which a recording begins, and where each frame looks from there.

    A frame at rest, or of which nothing can be told, has None. A camera that trembles has its view
    in the middle of its tremble.

    Parameters
    ----------
    frames : sequence of (height, width) uint8
        At least one, in order.
    """
    view = _view_of(frames)
    if len(view.landmarks) >= LEAST_LANDMARKS and all(view.is_at_rest(frame) for frame in frames):
        return view, [None] * len(frames)
    size = (frames[0].shape[1], frames[0].shape[0])
    first, found = _view_of(frames[:1]), [np.eye(3)]
    first = replace(first, typical=max((first.likeness(frame) for frame in frames[1:]), default=1.0))
    poses: list[FloatArray | None] = [found[0]]
    for frame in frames[1:]:
        poses.append(first.find(frame, found[-1]))
        found += [pose for pose in poses[-1:] if pose is not None]
    tremble = [pose for pose in found if moved_px(pose, size) < _TREMBLE_PX * max(1.0, size[0] / 640)]
    middle = np.linalg.inv(np.median(tremble, axis=0))
    back = np.linalg.inv(min(tremble, key=lambda pose: moved_px(middle @ pose, size)))
    poses = [None if pose is None else pose @ back for pose in poses]
    steadied = [move_back(frame, pose) for frame, pose in zip(frames, poses, strict=True) if pose is not None]
    moving = [None if pose is None or moved_px(pose, size) < view.rest_px else pose for pose in poses]
    return _view_of(steadied), moving


def _view_of(frames: Sequence[Picture]) -> View:
    """Return the view that frames of a resting camera show."""
    chosen = [frames[i] for i in np.unique(np.linspace(0, len(frames) - 1, _AVERAGED).round().astype(int))]
    total = chosen[0].astype(np.float32)
    for frame in chosen[1:]:
        cv2.accumulate(frame, total)
    picture = np.asarray(cv2.convertScaleAbs(total, alpha=1 / len(chosen)), np.uint8)
    details = [work_detail(frame, coarser=_COARSER) for frame in chosen]
    static = _static(details, picture.shape)
    size = (picture.shape[1], picture.shape[0])
    landmarks = find_landmarks(work_detail(picture, coarser=_COARSER), size, usable=static)
    own = [landmarks.likeness(detail, np.eye(3)) for detail in details]
    return View(picture=picture, static=static, landmarks=landmarks, typical=float(np.median(own)))


def _static(details: Sequence[Detail], shape: tuple[int, ...]) -> Picture:
    """Return 255 where several frames show the same but for the light, (height, width)."""
    lowest, highest = details[0], details[0]
    for detail in details[1:]:
        lowest, highest = np.minimum(lowest, detail), np.maximum(highest, detail)
    spread = highest - lowest
    # Twice the light is twice the detail.
    limit = np.maximum(_STATIC_GREYS, _STATIC_TIMES * np.median(spread)) + _LIT_SHARE * np.maximum(highest, -lowest)
    static = np.where(spread <= limit, np.uint8(255), np.uint8(0))
    return np.asarray(cv2.resize(static, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST), np.uint8)
