"""The animals of one arena: where they are at each exposure, and how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from csds.model.shapes import FloatArray
from csds.simulate.acts import act_out
from csds.simulate.backdrop import Backdrop, Crop, Frame, Image, floor_outline_px
from csds.simulate.effect import Effect, Moment
from csds.simulate.greys import FURS
from csds.simulate.mouse import ear_outlines, outlines, snout_outline, tail_outline, tails
from csds.simulate.painting import Painter, to_frame
from csds.simulate.scene import Scene
from csds.simulate.stagehand import Stagehand
from csds.simulate.target import TARGET_LENGTH_CM, target_poses


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    outlines_cm: FloatArray
    tails_cm: FloatArray
    reach_cm: float
    #: Share of each pixel that is floor, where snout and tail may be seen.
    floor: Image | None


class Cast:
    """Draws the animals of one scene into pictures of its room.

    Parameters
    ----------
    scene : Scene
    backdrop : Backdrop
    effects : tuple of Effect
    exposed_s : (n,) array
        Times of the camera's exposures.

    Attributes
    ----------
    poses : Poses
        The subject's body itself, at each exposure.
    outlines_cm : (n, k, 2) array
        The subject's body, head and ears in arena cm: as seen, taken to the floor.
    tails_cm : (n, m, 2) array
        The middle line of its tail, root first.
    is_there : (n,) bool array
        False where there is no subject on the floor.
    company : tuple of Animal
        Further animals.
    stagehand : Stagehand or None
        Who brings the subject, where the recording shows more than the trial.
    """

    def __init__(self, scene: Scene, backdrop: Backdrop, effects: tuple[Effect, ...], exposed_s: FloatArray) -> None:
        self.scene, self.painter, self._exposed_s = scene, Painter(scene, backdrop), exposed_s
        acts = [act for effect in effects if effect.acts is not None for act in effect.acts(scene)]
        body = act_out(scene, exposed_s, acts)
        self.poses, self.outlines_cm, self.tails_cm = body.poses, body.outlines_cm, body.tails_cm
        self._is_above = body.is_above
        self.is_there = np.full(len(exposed_s), not any(effect.is_empty for effect in effects))
        self.stagehand = None if scene.staging is None else Stagehand(scene, scene.staging, self.painter)
        if self.stagehand is not None:
            self.is_there &= self.stagehand.course.on_floor(exposed_s)
        self._rumps_cm = np.where(self.is_there[:, None], self.tails_cm[:, 0], np.nan)
        self.company = tuple(effect.company(scene, self.poses) for effect in effects if effect.company is not None)
        self._target = _target_of(scene, effects, exposed_s)

    def moment(self, exposure: int) -> Moment:
        """Return what effects may know of an exposure."""
        return Moment(
            index=exposure,
            time_s=float(self._exposed_s[exposure]),
            subject_cm=self.outlines_cm[exposure] if self.is_there[exposure] else None,
            rumps_cm=self._rumps_cm,
            exposed_s=self._exposed_s,
            painter=self.painter,
        )

    def draw(self, image: Frame, exposure: int) -> None:
        """Draw all animals of one exposure into its picture."""
        time_s = self._exposed_s[exposure]
        if self.stagehand is not None:
            self.stagehand.draw_cloth(image, time_s)
        if self._target is not None and (self.stagehand is None or time_s >= self.stagehand.course.target_from_s):
            self._draw_target(image, self._target, exposure)
        if self.is_there[exposure]:
            fur = FURS[self.scene.coat, self.scene.light]
            self.painter.mouse(
                image,
                self.outlines_cm[exposure],
                self.tails_cm[exposure],
                fur,
                is_above=bool(self._is_above[exposure]),
            )
        for animal in self.company:
            self.painter.mouse(image, animal.outlines_cm[exposure], animal.tails_cm[exposure], animal.fur)

    def draw_hands(self, image: Frame, exposure: int) -> None:
        """Draw the hands that bring and take animals into one exposure's picture."""
        if self.stagehand is not None:
            subject = self.outlines_cm[exposure], self.tails_cm[exposure]
            target = self._target
            other = None if target is None else (target.outlines_cm[exposure], target.tails_cm[exposure])
            self.stagehand.draw_hands(image, float(self._exposed_s[exposure]), subject, other)

    def draw_wires(self, image: Image) -> None:
        """Draw the enclosure's wires into the whole picture of the room."""
        wires = self.painter.room.wires
        if wires is not None:
            room, part = self.painter.room, image[wires.window]
            part += room.wire_share * (room.lit(room.wire_grey, wires.window) - part)

    def _draw_target(self, image: Frame, target: _Target, exposure: int) -> None:
        room, painter = self.painter.room, self.painter
        crop = room.wires
        if crop is None:
            return
        fur = FURS["white", self.scene.light]
        if target.floor is not None:
            self._draw_reaching(image, target, exposure)
        body = painter.to_px(target.outlines_cm[exposure])
        left, right = ear_outlines(body)
        layers = [
            (painter.to_px(tail_outline(target.tails_cm[exposure])), fur.tail),
            (body, fur.body),
            (left, fur.ears),
            (right, fur.ears),
        ]
        share, grey = replace(crop, scale=painter.scale).paint(layers)
        share, grey = share * room.inside_share, grey * room.inside_share
        # On whatever nuisances have left on the floor, not on the clean room; and beneath the wires that are there.
        part = image[crop.window].astype(np.float32)
        own = painter.over(np.zeros_like(part), crop, share, grey)
        own += room.wire_share * (share * room.lit(room.wire_grey, crop.window) - own)
        image[crop.window] = to_frame(part * (1 - share) + own)

    def _draw_reaching(self, image: Frame, target: _Target, exposure: int) -> None:
        """Draw what of the target is outside of its enclosure: the snout, and the tail as far as it reaches."""
        enclosure, fur = self.scene.enclosure, FURS["white", self.scene.light]
        if enclosure is None:
            return
        tail = target.tails_cm[exposure]
        tail = tail[np.logical_and.accumulate(enclosure.distance(tail[:, 0], tail[:, 1]) < target.reach_cm)]
        layers = [(self.painter.to_px(snout_outline(target.outlines_cm[exposure])), fur.body)]
        if len(tail) > 1:
            layers.insert(0, (self.painter.to_px(tail_outline(tail)), fur.tail))
        self.painter.paint(image, layers, within=target.floor)


def _target_of(scene: Scene, effects: tuple[Effect, ...], exposed_s: FloatArray) -> _Target | None:
    comes = scene.staging is not None and any(stay.target_present for stay in scene.staging.stays)
    poses = target_poses(replace(scene, target_present=True) if comes else scene, exposed_s)
    if poses is None:
        return None
    for effect in effects:
        if effect.target is not None:
            poses = effect.target(scene, poses)
    reach_cm = max((effect.reach_cm for effect in effects), default=0.0)
    width, height = scene.arena.frame_size_px
    whole = Crop(left=0, top=0, width=width, height=height, scale=2)
    return _Target(
        outlines_cm=outlines(poses, TARGET_LENGTH_CM),
        tails_cm=tails(poses, TARGET_LENGTH_CM),
        reach_cm=reach_cm,
        floor=whole.coverage([floor_outline_px(scene.arena)]) if reach_cm > 0 else None,
    )
