"""The experimenter reaches in while the trial runs."""

from __future__ import annotations

import numpy as np

from csds.simulate.backdrop import Frame
from csds.simulate.effect import Effect, Moment, Site, nuisance
from csds.simulate.hand import Reach, draw_hand, reach_from

#: Greys of gloves (black, blue, bare skin, white latex) and of sleeves, under even light.
_GLOVES, _SLEEVES = (34.0, 112.0, 150.0, 200.0), (48.0, 120.0, 205.0)
#: s; range of a hand's way in or out, and of its stay over the arena at strength 1.
_WAY_S, _STAY_S = (0.8, 1.5), (0.4, 1.4)


@nuisance("hand", "the experimenter's hand or arm reaches over the arena for a moment")
def hand(site: Site) -> Effect:
    """Twice a minute at strength 1 and at least once, for one to three seconds over the floor."""
    rng, arena = site.rng, site.scene.arena
    side, glove, sleeve = int(rng.integers(4)), float(rng.choice(_GLOVES)), float(rng.choice(_SLEEVES))
    reaches = [_reach(site, side, float(start)) for start in site.moments(site.count(2.0))]

    def over(frame: Frame, moment: Moment) -> Frame:
        for reach in reaches:
            if reach.is_seen(moment.time_s):
                frame = frame.copy()
                draw_hand(frame, reach.layers(moment.time_s, glove, sleeve), arena.px_per_cm, site.scene.light)
        return frame

    return Effect(over=over)


def _reach(site: Site, side: int, start_s: float) -> Reach:
    rng, arena = site.rng, site.scene.arena
    touch = start_s + rng.uniform(*_WAY_S)
    leave = touch + site.strength * rng.uniform(*_STAY_S)
    times = start_s, float(touch), float(leave), float(leave + rng.uniform(*_WAY_S))
    place = rng.uniform(0.2, 0.8, 2) * np.array([arena.width_cm, arena.height_cm])
    slant = float(rng.uniform(-0.35, 0.35))
    return reach_from(side, arena, (float(place[0]), float(place[1])), times, slant)
