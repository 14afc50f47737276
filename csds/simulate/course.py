"""The course of a recording: which hand reaches in when, and from when to when the mouse is on the floor."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np

from csds.model.shapes import FloatArray
from csds.simulate.backdrop import enclosure_box
from csds.simulate.hand import Reach, clear_s, reach_from
from csds.simulate.motion import subject_poses
from csds.simulate.mouse import Poses
from csds.simulate.scene import Scene
from csds.simulate.staging import Staging, Stay

Carried = Literal["nothing", "subject", "target", "cloth"]

#: s; range of a hand's way in, its stay, and its way out.
_IN_S, _STAY_S, _OUT_S = (1.0, 1.9), (0.5, 1.2), (0.8, 1.5)
#: s; how long after a trial's end the hand sets out, and the target's hand after the subject is out.
_LATE_S, _TARGET_AFTER_S = 0.8, 4.0
#: s after the first trial's start at which lights go out; how long before the recording a mouse was placed.
_LIGHTS_AFTER_S, _BEFORE_S = 2.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A reach, and what the hand brings in, or takes out after it has touched it."""

    reach: Reach
    carried: Carried = "nothing"
    brings: bool = True

    def carries(self, time_s: float) -> bool:
        """Return True while something is in the hand."""
        held = (self.reach.start_s, self.reach.touch_s) if self.brings else (self.reach.leave_s, self.reach.end_s)
        return held[0] <= time_s < held[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One trial in a recording: its phase, when the mouse came onto the floor, and the trial's start and end in s."""

    phase: str
    placed_s: float
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One stay as it comes about: ``scene`` is what the subject does, on the floor from touch to lift.

    It is free from ``release_s`` to ``grasp_s``, and in the picture from ``seen_s`` to ``gone_s``.
    """

    scene: Scene
    seen_s: float
    touch_s: float
    release_s: float
    grasp_s: float
    lift_s: float
    gone_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A recording's course, in seconds from its start."""

    visits: tuple[Visit, ...]
    errands: tuple[Errand, ...]
    trials: tuple[Trial, ...]
    target_from_s: float
    cloth_until_s: float
    lights_out_s: float
    duration_s: float

    def on_floor(self, times: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return True where the subject is on the floor, (n,)."""
        inside = [(visit.touch_s <= times) & (times < visit.lift_s) for visit in self.visits]
        return np.asarray(np.any(inside, axis=0))


def staged_poses(scene: Scene, times: FloatArray, walked_s: FloatArray | None = None) -> Poses:
    """Return the subject's pose at some times; while it is in the hand, that at which it is put down or taken up.

    Parameters
    ----------
    scene : Scene
        With or without a staging.
    times : (n,) array
        Seconds within the recording.
    walked_s : (n,) array, optional
        How far the walk has come at these times, where something else interrupts it.
    """
    walked_s = times if walked_s is None else walked_s
    if scene.staging is None:
        return replace(subject_poses(scene, walked_s), time_s=times)
    visits = plan_course(scene, scene.staging).visits
    number = np.maximum(np.searchsorted([visit.seen_s for visit in visits], times, side="right") - 1, 0)
    parts = [np.flatnonzero(number == index) for index in range(len(visits))]
    posed = []
    for visit, rows in zip(visits, parts, strict=True):
        free = np.clip(walked_s[rows] - visit.release_s, 0.0, visit.grasp_s - visit.release_s)
        posed.append(subject_poses(visit.scene, free))
    back = np.argsort(np.concatenate(parts))
    joined = {
        field.name: np.concatenate([getattr(poses, field.name) for poses in posed])[back] for field in fields(Poses)
    }
    return Poses(**joined | {"time_s": times})


def stage(scene: Scene, staging: Staging) -> Scene:
    """Return the scene with its whole course, as long as that takes."""
    staged = replace(scene, staging=staging)
    return replace(staged, duration_s=plan_course(staged, staging).duration_s)


def place_by_hand(scene: Scene, **changes: object) -> Scene:
    """Return a scene that a hand brings its subject into and takes it out of; its length becomes the trial's.

    Parameters
    ----------
    scene : Scene
    **changes
        Further fields of the `Staging`.
    """
    stay = Stay(trial_s=scene.duration_s, behaviour=scene.behaviour, target_present=scene.target_present)
    return stage(scene, replace(Staging(stays=(stay,)), **changes))  # type: ignore[arg-type]


def join_phases(absent: Scene, present: Scene, **changes: object) -> Scene:
    """Return one recording of both phases, with the mouse out and the target put in between.

    Parameters
    ----------
    absent, present : Scene
        Of one room; each one's length becomes its trial's.
    **changes
        Further fields of the `Staging`.
    """
    stays = tuple(
        Stay(trial_s=scene.duration_s, behaviour=scene.behaviour, target_present=scene.target_present)
        for scene in (absent, present)
    )
    return stage(absent, replace(Staging(stays=stays), **changes))  # type: ignore[arg-type]


def plan_course(scene: Scene, staging: Staging) -> Course:
    """Return the course of a staged scene."""
    return _Planner(scene, staging).plan()


class _Planner:
    """Lays one errand after the other."""

    def __init__(self, scene: Scene, staging: Staging) -> None:
        self._scene, self._staging = scene, staging
        self._rng = scene.random("staging")
        self._side = int(self._rng.integers(4))
        self._errands: list[Errand] = []

    def plan(self) -> Course:
        staging = self._staging
        now, cloth_until = staging.empty_s, -np.inf
        visits: list[Visit] = []
        trials: list[Trial] = []
        has_target = staging.stays[0].target_present
        target_from = -np.inf if has_target else np.inf
        if staging.cloth_grey is not None:
            cloth_until = self._reach(now, self._middle(), "cloth", brings=False).end_s
            now = cloth_until + 1.0
        if staging.target_by_hand:
            reach = self._reach(now, self._enclosure(), "target" if has_target else "nothing")
            target_from, now = reach.touch_s if has_target else target_from, reach.end_s + 2.0
        for number, stay in enumerate(staging.stays):
            if number > 0 and stay.target_present and target_from == np.inf:
                target_from = self._reach(visits[-1].gone_s + _TARGET_AFTER_S, self._enclosure(), "target").touch_s
            visit, trial = self._visit(number, stay, now)
            visits.append(visit)
            trials.append(trial)
            now = visit.gone_s + staging.break_s
        is_cut = staging.ends == "cut"
        return Course(
            visits=tuple(visits),
            errands=tuple(self._errands),
            trials=tuple(trials),
            target_from_s=float(target_from),
            cloth_until_s=float(cloth_until),
            lights_out_s=trials[0].start_s + _LIGHTS_AFTER_S if staging.lights_out else -np.inf,
            duration_s=trials[-1].end_s - staging.short_s if is_cut else visits[-1].gone_s + staging.after_s,
        )

    def _visit(self, number: int, stay: Stay, now: float) -> tuple[Visit, Trial]:
        staging, last = self._staging, number == len(self._staging.stays) - 1
        scene = replace(
            self._scene,
            behaviour=stay.behaviour,
            target_present=stay.target_present,
            duration_s=stay.trial_s,
            staging=None,
        )
        if number == 0 and staging.begins == "placed":
            seen = touch = release = -_BEFORE_S
            start = 0.0
        else:
            if number == 0 and staging.begins == "hand":
                # On its way in, and soon over the floor.
                now = -0.5
            reach = self._reach(now, self._where(replace(scene, duration_s=1.0), 0.0), "subject")
            seen, touch, release = reach.start_s, reach.touch_s, reach.touch_s + 0.5 * (reach.leave_s - reach.touch_s)
            start = clear_s(reach, self._scene.arena)
        if number == 0 and staging.returns_after_s is not None:
            start = clear_s(self._reach(start + staging.returns_after_s, self._enclosure(), "nothing"), scene.arena)
        end = start + stay.trial_s
        trial = Trial(phase=scene.phase, placed_s=max(touch, 0.0), start_s=start, end_s=end)
        if last and staging.ends == "cut":
            grasp = lift = gone = end + 1.0
            scene = replace(scene, duration_s=grasp - release)
        else:
            come = end + _LATE_S
            grasp = come + float(self._rng.uniform(*_IN_S))
            scene = replace(scene, duration_s=grasp - release)
            reach = self._reach(come, self._where(scene, grasp - release), "subject", brings=False, touch_s=grasp)
            lift, gone = reach.leave_s, reach.end_s
        visit = Visit(
            scene=scene, seen_s=seen, touch_s=touch, release_s=release, grasp_s=grasp, lift_s=lift, gone_s=gone
        )
        return visit, trial

    def _reach(
        self, start_s: float, contact_cm: tuple[float, float], carried: Carried, *, brings: bool = True,
        touch_s: float | None = None,
    ) -> Reach:  # fmt: skip
        touch = start_s + float(self._rng.uniform(*_IN_S)) if touch_s is None else touch_s
        leave = touch + float(self._rng.uniform(*_STAY_S))
        end = leave + float(self._rng.uniform(*_OUT_S))
        slant = float(self._rng.uniform(-0.35, 0.35))
        reach = reach_from(self._side, self._scene.arena, contact_cm, (start_s, touch, leave, end), slant)
        self._errands.append(Errand(reach=reach, carried=carried, brings=brings))
        return reach

    def _where(self, scene: Scene, time_s: float) -> tuple[float, float]:
        poses = subject_poses(scene, np.array([time_s]))
        return float(poses.x_cm[0]), float(poses.y_cm[0])

    def _middle(self) -> tuple[float, float]:
        return self._scene.arena.width_cm / 2, self._scene.arena.height_cm / 2

    def _enclosure(self) -> tuple[float, float]:
        if self._scene.enclosure is None:
            return self._middle()
        box = enclosure_box(self._scene.enclosure)
        return (box.left + box.right) / 2, (box.top + box.bottom) / 2
