"""The empty floor of each session, learnt once from all phases that share it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.background import Background, BackgroundSpec, WorkGrid, learn_background, shape_mask, work_grid
from csds.background.masks import Picture
from csds.batch.asked import given_window
from csds.batch.camera import motion_between, moved_frames
from csds.batch.prepare import Placed, same_floor
from csds.batch.samples import Samples
from csds.batch.windows import wanted_trials
from csds.errors import CsdsError, TrackingError
from csds.model.arena import Arena
from csds.model.protocol import Protocol
from csds.protocol.zones import enclosure_shape
from csds.tracking import Task
from csds.tracking.find import MESH_CM

#: How far the body leans over the floor's edge, and how much is shown around it, as shares of the arena's
#: width: 0.7 and 1.5 cm of 42.
_LEAN_SHARE = 1 / 60
_MARGIN_SHARE = 1 / 28
#: How much further each next time, where no animal is in the samples.
_FURTHER = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Floor:
    grid: WorkGrid
    mask: NDArray[np.uint8]
    background: Background
    enclosure: NDArray[np.uint8] | None


@dataclass(slots=True, kw_only=True)
class Floors:
    """The floors of a unit's sessions, learnt from their samples."""

    placed: Sequence[Placed]
    protocol: Protocol
    samples: Samples
    _learnt: dict[tuple[str, ...], _Floor] = field(default_factory=dict)
    _tasks: dict[tuple[object, ...], Task] = field(default_factory=dict)

    def task(self, item: Placed) -> Task:
        """Return what is needed to track a session; raises what sampling and learning raise.

        Sessions whose trials are to be found in the same recording share one task.
        """
        sharing = same_floor(item, self.placed)
        # Where the camera moved, or each phase has an arena of its own, the floor lies elsewhere in each picture.
        alike = all(other.motion is None and other.arena.corners_px == item.arena.corners_px for other in sharing)
        own = () if alike else (item.session.session_id,)
        name = (*own, *(other.session.session_id for other in sharing))
        if name not in self._learnt:
            self._learnt[name] = self._learn(item, sharing)
        floor = self._learnt[name]
        start_s, end_s = given_window(item.session, self.protocol) or (0.0, float("inf"))
        task = (name, item.session.videos, start_s, end_s)
        if task not in self._tasks:
            self._tasks[task] = Task(
                arena=item.arena,
                grid=floor.grid,
                background=floor.background,
                mask=floor.mask,
                enclosure=floor.enclosure,
                start_s=start_s,
                end_s=end_s,
                wanted=wanted_trials(item.session, self.samples.sessions, self.protocol),
                spec=self.protocol.tracking,
                view=self.samples.view(item.opened),
                shift=item.shift,
            )
        return self._tasks[task]

    def _learn(self, item: Placed, sharing: Sequence[Placed]) -> _Floor:
        reach = 1.0
        while True:
            try:
                return self._learn_within(reach, item, sharing)
            except TrackingError:
                # In a long recording the animal may come in later than is looked at first.
                if all(self.samples.reach_to_end(other.opened, reach) for other in sharing):
                    raise
                reach *= _FURTHER

    def _learn_within(self, reach: float, item: Placed, sharing: Sequence[Placed]) -> _Floor:
        arena = item.arena
        grid = picture_grid(arena)
        mask = shape_mask(grid, arena, arena.floor, margin_cm=_LEAN_SHARE * arena.width_cm)
        enclosure = enclosure_shape(self.protocol, arena.width_cm, arena.height_cm)
        lid = None if enclosure is None else shape_mask(grid, arena, enclosure)
        if lid is not None:
            mask[lid > 0] = 0
        stacks: dict[int, Picture] = {}
        for other in sharing:
            try:
                frames = self.samples.of(other.opened, reach=reach)
            except CsdsError:
                # A phase that can't be read fails by itself; this one's floor is learnt without it.
                if other is item:
                    raise
                continue
            # Two phases to be found in one recording have the same samples.
            if id(frames) not in stacks:
                moved = moved_frames(frames, motion_between(item, other))
                stacks[id(frames)] = np.array([grid.crop(frame) for frame in moved], np.uint8)
        low, high = self.protocol.tracking.animal_area_cm2
        scale = grid.px_per_cm**2
        spec = BackgroundSpec(
            mask=mask,
            area_px=(low * scale, high * scale),
            polarity=self.protocol.tracking.polarity,
            enclosure=lid,
            mesh_px=MESH_CM * grid.px_per_cm,
        )
        return _Floor(grid=grid, mask=mask, background=learn_background(list(stacks.values()), spec), enclosure=lid)


def picture_grid(arena: Arena) -> WorkGrid:
    """Return the part of the frame that tracking and pictures work on: the arena and a little around it."""
    return work_grid(arena, margin_cm=_MARGIN_SHARE * arena.width_cm)


def floor_picture(task: Task) -> NDArray[np.uint8]:
    """Return the empty floor at the frame's own scale, as the picture needs it."""
    grid = task.grid
    size = (grid.width * grid.factor, grid.height * grid.factor)
    return np.asarray(cv2.resize(task.background.floor, size, interpolation=cv2.INTER_LINEAR), np.uint8)
