"""A camera that trembles or is knocked: frames are brought back to where it looked at first."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from csds.arena.register import register
from csds.arena.sentry import Sentry, place_sentry
from csds.arena.view import Part, View, move_back, moved_px
from csds.background.masks import Picture
from csds.model.arena import Arena
from csds.model.shapes import FloatArray
from csds.tracking.blocks import shows_blocks

#: Time between two looks whether the camera still rests, s.
_EVERY_S = 0.2
#: After a motion every frame is followed until the camera has rested for so long, s.
_RESTED_S = 1.0
#: Most steps in which it is seen that it does.
_FEW_STEPS = 3
#: Share of a motion that counts, from which on the sentry's rough look is followed by a good one.
_WARNED = 0.5
#: … and up to which share the sentry's doubt was about the light.
_ACCEPTED = 0.25
#: A frame that was taken for one at rest is doubtful if the picture was off by more, px of 640.
_DOUBTFUL_PX = 1.5
#: A frame that shows no known place (a hand before the camera) is followed by so long a wait, s; doubled each time.
_WAIT_S, _LONGEST_WAIT_S = 0.2, 3.2
#: A shift is told of from so many cm on the floor on, and so many px.
_FAR_CM, _FAR_PX = 0.3, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraShift:
    """A camera that came to rest in another place: when (s of the recording) and how far from its first one.

    ``shift_px`` is the typical distance by which things lie elsewhere in the picture.
    """

    time_s: float
    shift_px: float
    turn_deg: float


@dataclass(slots=True, kw_only=True)
class Steadier:
    """Follows the camera through the frames of one recording.

    Parameters
    ----------
    view : View
        Where it looks at first.
    part : (left, top, right, bottom)
        What of a frame is needed: all else of one that is moved back is black.
    shifts : list of CameraShift
        Places in which it came to rest since.
    doubtful_s : list of (start, end)
        Times between a motion and its being noticed.
    """

    view: View
    part: Part | None = None
    shifts: list[CameraShift] = field(default_factory=list)
    doubtful_s: list[tuple[float, float]] = field(default_factory=list)
    _pose: FloatArray | None = None
    _rested: FloatArray | None = None
    _anchor: FloatArray | None = None
    _sentry: Sentry = field(init=False)
    _next_s: float = -np.inf
    _known_s: float = -np.inf
    _follow_until_s: float | None = None
    _moved_s: float = -np.inf
    _wait_s: float = _WAIT_S

    def __post_init__(self) -> None:
        self._sentry = place_sentry(self.view.picture, self.view.static)

    @property
    def pose(self) -> FloatArray:
        """The 3 × 3 matrix from the view's pixels to those of the last frame."""
        return np.eye(3) if self._pose is None else self._pose

    def steady(self, frame: Picture, time_s: float) -> Picture:
        """Return a frame as the camera would have taken it in its first place; itself where it rests there."""
        if self._follow_until_s is not None:
            self._follow(frame, time_s)
        elif time_s >= self._next_s:
            self._check(frame, time_s)
        return frame if self._pose is None else move_back(frame, self._pose, self.part)

    def _check(self, frame: Picture, time_s: float) -> None:
        """See whether the camera still rests."""
        self._next_s = time_s + _EVERY_S - 1e-3
        if self._sentry.moved_px(frame) < _WARNED * self.view.rest_px:
            self._known_s = time_s
            return
        pose = self._if_at_rest(frame)
        if pose is None:
            pose = self._find(frame, time_s)
        if pose is None:
            return
        off = self._off(pose, self._pose)
        if off < self.view.rest_px:
            self._known_s = time_s
            if off < _ACCEPTED * self.view.rest_px:
                self._sentry.accept()
            return
        self._moved_s, self._anchor = self._known_s, pose
        self._move_to(pose, time_s)
        self._follow_until_s = time_s + _RESTED_S

    def _if_at_rest(self, frame: Picture) -> FloatArray | None:
        """Return where the camera looks if it rests, which shows in a few steps; None where that isn't certain."""
        if shows_blocks(frame):
            return None
        pose, is_certain = self.view.follow(frame, self._pose, most=_FEW_STEPS)
        return pose if is_certain and self._off(pose, self._pose) < self.view.rest_px else None

    def _follow(self, frame: Picture, time_s: float) -> None:
        """Follow the camera until it has rested for a while."""
        pose: FloatArray | None
        pose, is_certain = self.view.follow(frame, self._pose)
        if not is_certain:
            pose = self._find(frame, time_s) if time_s >= self._next_s else None
        if pose is None:
            return
        self._move_to(pose, time_s)
        if self._off(pose, self._anchor) >= self.view.rest_px:
            self._anchor, self._follow_until_s = pose, time_s + _RESTED_S
        elif self._follow_until_s is not None and time_s >= self._follow_until_s:
            self._settle(frame, time_s)

    def _find(self, frame: Picture, time_s: float) -> FloatArray | None:
        """Return where the camera looks, wherever that is; None, and a longer wait every time, if it can't be told."""
        # Where blocks end says nothing of where the camera looks.
        pose = None if shows_blocks(frame) else self.view.find(frame, self._pose)
        self._wait_s = _WAIT_S if pose is not None else min(2 * self._wait_s, _LONGEST_WAIT_S)
        if pose is None:
            self._next_s = time_s + self._wait_s
        return pose

    def _move_to(self, pose: FloatArray, time_s: float) -> None:
        limit = _DOUBTFUL_PX * max(1.0, self.view.picture.shape[1] / 640)
        if time_s > self._known_s + _EVERY_S / 2 and self._off(pose, self._pose) > limit:
            self.doubtful_s.append((self._known_s, time_s))
        self._pose, self._known_s = pose, time_s

    def _settle(self, frame: Picture, time_s: float) -> None:
        """Take the place in which the camera has rested for a while for its new one."""
        pose, rest = self._pose, self.view.rest_px
        if self._off(pose, None) < rest:
            pose = None
        else:
            exact = register(self.view.picture, frame, usable=self.view.static)
            if exact.same_room and self._off(exact.matrix, pose) < rest:
                pose = exact.matrix
        if self._off(pose, self._rested) >= rest:
            self.shifts.append(
                shift_of(np.eye(3) if pose is None else pose, self.view.landmarks.frame_size_px, self._moved_s)
            )
            self._rested = pose
            self._sentry = self._sentry_at(pose)
        self._pose, self._follow_until_s = self._rested, None
        self._next_s = time_s + _EVERY_S

    def _sentry_at(self, pose: FloatArray | None) -> Sentry:
        if pose is None:
            return place_sentry(self.view.picture, self.view.static)
        there: FloatArray = np.asarray(np.linalg.inv(pose), float)
        return place_sentry(move_back(self.view.picture, there), move_back(self.view.static, there))

    def _off(self, pose: FloatArray | None, other: FloatArray | None) -> float:
        """Return by how many pixels two poses differ."""
        difference = (np.eye(3) if pose is None else pose) @ np.linalg.inv(np.eye(3) if other is None else other)
        return moved_px(difference, self.view.landmarks.frame_size_px)


def shift_of(matrix: FloatArray, frame_size_px: tuple[int, int], time_s: float) -> CameraShift:
    """Return a motion as what is told of it."""
    return CameraShift(
        time_s=time_s,
        shift_px=moved_px(matrix, frame_size_px),
        turn_deg=float(np.degrees(np.arctan2(matrix[1, 0] - matrix[0, 1], matrix[0, 0] + matrix[1, 1]))),
    )


def is_far(shift: CameraShift, arena: Arena) -> bool:
    """Return True if a shift is one to be told of: at least 0.3 cm on the floor, and 1 px."""
    return shift.shift_px >= max(_FAR_PX, _FAR_CM * arena.px_per_cm)
