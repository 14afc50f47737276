"""The subject's own: what it does besides walking, what it wears, where it is mirrored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from csds.model.shapes import Circle, FloatArray
from csds.simulate.acts import Act
from csds.simulate.backdrop import Frame
from csds.simulate.course import staged_poses
from csds.simulate.effect import Effect, Moment, Site, nuisance
from csds.simulate.greys import FURS
from csds.simulate.mouse import Poses, ear_outlines, nose_tips, outlines
from csds.simulate.room import floor_of, room_of
from csds.simulate.scene import Scene, frame_times

#: Lengths of acts, s: shortest and longest.
_REAR_S, _CLIMB_S = (0.8, 2.5), (4.0, 10.0)
#: A nose is at a wall or at the mesh within this distance, cm.
_AT_WALL_CM = 1.6
#: Width of a cable, cm, and its grey.
_CABLE_CM, _CABLE_GREY = 0.20, 34.0
#: How much of the wall's own grey a mirror image hides, at most, and how far off walls mirror, cm.
_MIRRORED, _MIRRORED_CM = 0.5, 3.2


@nuisance("rearing", "the subject rears at walls and at the enclosure: seen from above short and round")
def rearing(site: Site) -> Effect:
    """Eight times a minute at strength 1, for 0.8 to 2.5 s each, where its nose is at a wall or at the mesh."""

    def acts(scene: Scene) -> Sequence[Act]:
        poses, noses = _walk(scene)
        room = room_of(scene)
        near = -room.floor.distance(noses[:, 0], noses[:, 1])
        if scene.enclosure is not None:
            near = np.minimum(near, scene.enclosure.distance(noses[:, 0], noses[:, 1]))
        return _choose(site, "rear", near, poses.time_s, count=site.count(8.0), lengths_s=_REAR_S)

    return Effect(acts=acts)


@nuisance("climbing", "the subject climbs onto the enclosure for some seconds, now and then")
def climbing(site: Site) -> Effect:
    """Once or twice a minute at strength 1, for 4 to 10 s, from where it is nearest to the enclosure."""

    def acts(scene: Scene) -> Sequence[Act]:
        if scene.enclosure is None:
            return []
        poses, noses = _walk(scene)
        near = scene.enclosure.distance(noses[:, 0], noses[:, 1])
        return _choose(site, "climb", near, poses.time_s, count=site.count(1.5), lengths_s=_CLIMB_S)

    return Effect(acts=acts)


@nuisance("tether", "a cable or fibre from the subject's head to a swivel beyond the frame's upper edge")
def tether(site: Site) -> Effect:
    """A dark cable of 2 mm at strength 1, with some slack, that sways; a plug of 6 mm on the head."""
    if site.strength == 0:
        return Effect()
    scene = site.scene
    width, height = scene.arena.frame_size_px
    anchor = np.array([width * site.room_rng.uniform(0.38, 0.62), -0.03 * height])
    phase, slack = site.rng.uniform(0, 2 * np.pi, 2), float(site.rng.choice([-0.12, 0.12]))
    thick = site.strength * _CABLE_CM * scene.arena.px_per_cm
    along = np.linspace(0.0, 1.0, 28)[:, None]
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)

    def above(frame: Frame, moment: Moment) -> Frame:
        if moment.subject_cm is None:
            return frame
        left, right = ear_outlines(moment.subject_cm)
        (head,) = moment.painter.to_px(0.5 * (left.mean(axis=0) + right.mean(axis=0))[None])
        across = (anchor - head)[::-1] * (-1.0, 1.0)
        sway = 0.07 * np.sin(2 * np.pi * moment.time_s / 1.7 + phase[0])
        sway += 0.05 * np.sin(2 * np.pi * moment.time_s / 4.3 + phase[1])
        bend = 0.5 * (head + anchor) + (slack + sway) * across
        line = (1 - along) ** 2 * head + 2 * along * (1 - along) * bend + along**2 * anchor
        normal = np.gradient(line, axis=0)[:, ::-1] * (-1.0, 1.0)
        # The swivel is nearer to the camera than the mouse.
        half = 0.5 * thick * (1.0 + 0.4 * along) / np.hypot(*normal.T)[:, None]
        cable = np.concatenate([line + half * normal, (line - half * normal)[::-1]])
        plug = head + 1.5 * thick * np.column_stack([np.cos(turn), np.sin(turn)])
        drawn = frame.copy()
        moment.painter.paint(drawn, [(cable, _CABLE_GREY), (plug, _CABLE_GREY)])
        return drawn

    return Effect(above=above)


@nuisance("reflection", "glossy walls mirror the subject when it comes near")
def reflection(site: Site) -> Effect:
    """A mirror image behind the wall, half as strong as the mouse at strength 1, within 3 cm of the floor."""
    if site.strength == 0:
        return Effect()
    scene = site.scene
    walls, fur = site.wall_share(), FURS[scene.coat, scene.light]
    opacity = min(0.9, _MIRRORED * site.strength)

    def under(frame: Frame, moment: Moment) -> Frame:
        if moment.subject_cm is None:
            return frame
        drawn = frame
        for image_cm in _mirrored(scene, moment.subject_cm):
            drawn = drawn.copy() if drawn is frame else drawn
            body, (left, right) = moment.painter.to_px(image_cm), ear_outlines(moment.painter.to_px(image_cm))
            layers = [(body, fur.body), (left, fur.ears), (right, fur.ears)]
            moment.painter.paint(drawn, layers, opacity=opacity, within=walls)
        return drawn

    return Effect(under=under)


def _mirrored(scene: Scene, outline_cm: FloatArray) -> list[FloatArray]:
    """Return the outline's mirror images behind the walls that it is near to."""
    floor = floor_of(scene.arena)
    if isinstance(floor, Circle):
        off = outline_cm - (floor.x, floor.y)
        far = np.maximum(np.hypot(*off.T), 1e-6)
        if far.max() < floor.radius - _MIRRORED_CM:
            return []
        return [(floor.x, floor.y) + off * ((2 * floor.radius - far) / far)[:, None]]
    images = []
    (left, top), (right, bottom) = outline_cm.min(axis=0), outline_cm.max(axis=0)
    for axis, wall, gap in (
        (0, floor.left, left - floor.left),
        (0, floor.right, floor.right - right),
        (1, floor.top, top - floor.top),
        (1, floor.bottom, floor.bottom - bottom),
    ):
        if gap < _MIRRORED_CM:
            image = outline_cm.copy()
            image[:, axis] = 2 * wall - image[:, axis]
            images.append(image)
    return images


def _walk(scene: Scene) -> tuple[Poses, FloatArray]:
    """Return the subject's poses without acts and its nose tips, (n, 2) in cm."""
    poses = staged_poses(scene, frame_times(scene))
    return poses, nose_tips(outlines(poses, scene.body_length_cm))


def _choose(
    site: Site,
    kind: Literal["rear", "climb"],
    distance_cm: FloatArray,
    time_s: FloatArray,
    *,
    count: int,
    lengths_s: tuple[float, float],
) -> list[Act]:
    """Return acts at random among the moments at which the distance is small, or as small as it gets."""
    if count == 0:
        return []
    length = site.scene.duration_s
    lengths = np.minimum(site.rng.uniform(*lengths_s, count), 0.3 * length)
    # What begins late in the walk would come after the recording's end, since the walk waits for all acts.
    early = time_s <= max(0.1 * length, length - lengths.sum())
    near = np.flatnonzero(early & (distance_cm <= max(_AT_WALL_CM, float(distance_cm[early].min()) + 0.2)))
    starts = np.sort(time_s[site.rng.choice(near, count, replace=len(near) < count)])
    return [Act(kind=kind, at_s=float(at), length_s=float(long)) for at, long in zip(starts, lengths, strict=True)]
