"""Finding the arenas of a recording: hypotheses weighed against each other, or an honest "can't be told"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from csds.arena.choose import Chosen, choose, winners
from csds.arena.hypotheses import Hypothesis, floors_at_places, promising, weigh_walls
from csds.arena.look import Evidence, Looker, View
from csds.arena.neighbours import floors_beside
from csds.arena.plane import on_one_plane
from csds.arena.reading import RINGS
from csds.arena.refine import REACH, refine
from csds.arena.round_look import round_hypotheses
from csds.arena.sides import read_sides
from csds.arena.still import joined_grey, still_grey, still_picture
from csds.arena.weights import LEAST_FLOOR, LEAST_ROUND_FLOOR
from csds.errors import ArenaError
from csds.model.arena import Arena
from csds.model.protocol import Protocol
from csds.model.shapes import FloatArray

#: No arena that was found is surer than this; one that was drawn is.
MOST_SURE = 0.99
#: What is left out of a side beside the enclosure that stands at it, cm: its upper edge leans over.
_BESIDE_CM = 3.0
#: Confidence, at most, of a floor that is less likely than right ones are, or whose enclosure isn't the protocol's, or
#: in which a second network sees none.
_UNFIT = 0.1
#: By what factor an enclosure may be read larger or smaller than it is.
_AS_LARGE = 1.25
#: By how much the sides of a floor that was chosen are still moved, as a share of its side: 0.23 cm of 42.
_EXACT = REACH / 3
#: Others are looked for beside floors whose score is at least this share of the likeliest one's.
_LIKELY = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundArenas:
    """What was found in a recording.

    Parameters
    ----------
    arenas : tuple of Arena
        In reading order, named A, B, C …, each with its confidence; empty where nothing like an arena is seen.
    rivals : tuple of Arena
        What each could be instead, where there is anything.
    grey : (height, width) uint8
        What stands still in the recording, for a picture of what was considered.
    """

    arenas: tuple[Arena, ...]
    rivals: tuple[Arena, ...]
    grey: NDArray[np.uint8]

    @property
    def confidence(self) -> float:
        """That of the least sure arena; 0 where there is none."""
        return min((arena.confidence for arena in self.arenas), default=0.0)


def find_arenas(samples: Sequence[NDArray[np.uint8]], protocol: Protocol) -> FoundArenas:
    """Return the arenas that samples of one camera's recordings show.

    Parameters
    ----------
    samples : sequence of (n, height, width) uint8
        Full frames of each phase of an animal's test (one is enough), well spread over it.
    protocol : Protocol
        Gives the floor's size and the enclosure.

    Raises
    ------
    ArenaError
        If there is no sample, or the phases' frames are of different sizes.
    """
    stacks = [stack for stack in samples if len(stack)]
    if not stacks:
        raise ArenaError("no frame to find the arena in", hint="Check that the recording can be played.")
    if len({stack.shape[1:] for stack in stacks}) > 1:
        sizes = " and ".join(f"{stack.shape[2]} × {stack.shape[1]}" for stack in stacks)
        raise ArenaError(
            f"the phases' frames are of different sizes ({sizes} px)", hint="Give each phase an arena file of its own."
        )
    view = see(stacks, protocol)
    found = _round_floors(view) if protocol.arena_shape == "circle" else _straight_floors(view)

    def arena(number: int, corners: FloatArray, confidence: float) -> Arena:
        return Arena(
            name=chr(ord("A") + number),
            shape=protocol.arena_shape,
            corners_px=tuple((round(float(x), 2), round(float(y), 2)) for x, y in corners),
            width_cm=protocol.arena_width_cm,
            height_cm=protocol.arena_height_cm,
            frame_size_px=(view.sharp.shape[1], view.sharp.shape[0]),
            source="detected",
            confidence=round(min(confidence, MOST_SURE), 3),
        )

    return FoundArenas(
        arenas=tuple(arena(i, one.corners, one.confidence) for i, one in enumerate(found)),
        rivals=tuple(arena(i, one.rival, one.doubt) for i, one in enumerate(found) if one.rival is not None),
        grey=np.clip(np.round(view.sharp), 0, 255).astype(np.uint8),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Corners of a floor in frame pixels and how sure they are; those of its rival, if there is one, and how sure."""

    corners: FloatArray
    confidence: float
    rival: FloatArray | None
    doubt: float


def _straight_floors(view: View) -> list[_Found]:
    chosen = choose(rectangles(view), view.size_cm)
    covered = (view.enclosure.width_cm + _BESIDE_CM) / view.size_cm[0] if view.enclosure is not None else 0.0
    to_frame = view.phases[0].to_frame
    exact = [refine(to_frame(one.floor.corners), view.sharp, covered=covered, most=_EXACT) for one in chosen]
    return _found([_seconded(one, view) for one in chosen], exact, view, LEAST_FLOOR)


def _seconded(chosen: Chosen, view: View) -> Chosen:
    """Return a floor in doubt if the network that learnt in other rooms as well sees no edge at one of its sides."""
    reading = read_sides(chosen.floor.corners[None], view.size_cm, view.grey, view.motion, RINGS)[0]
    is_seen = bool(reading.edges.anywhere.min() > np.log(0.5))
    return chosen if is_seen else replace(chosen, confidence=min(chosen.confidence, _UNFIT))


def _round_floors(view: View) -> list[_Found]:
    chosen = choose(round_hypotheses(view), view.size_cm)
    return _found(chosen, [view.phases[0].to_frame(one.floor.corners) for one in chosen], view, LEAST_ROUND_FLOOR)


def _found(chosen: Sequence[Chosen], exact: list[FloatArray], view: View, least: float) -> list[_Found]:
    to_frame = view.phases[0].to_frame
    if len(exact) > 1:
        exact = list(on_one_plane(np.array(exact), view.size_cm))
    # The arenas of one frame have one kind of enclosure.
    enlarged = float(np.median([one.floor.enlarged for one in chosen])) if chosen else 1.0
    fits = 1 / _AS_LARGE < enlarged < _AS_LARGE
    # Where the enclosure is seen beyond doubt something is there, but not therefore this floor.
    sure = [one.confidence if fits and one.floor.floor > least else min(one.confidence, _UNFIT) for one in chosen]
    return [
        _Found(
            corners=corners,
            confidence=confidence,
            rival=to_frame(one.rival.corners) if one.rival is not None else None,
            doubt=1 - one.confidence,
        )
        for one, corners, confidence in zip(chosen, exact, sure, strict=True)
    ]


def see(samples: Sequence[NDArray[np.uint8]], protocol: Protocol) -> View:
    """Return what the arenas are looked for in."""
    phases = [still_picture(stack) for stack in samples]
    size = (protocol.arena_width_cm, protocol.arena_height_cm)
    return View(
        grey=joined_grey(phases),
        sharp=np.asarray(np.mean([still_grey(stack) for stack in samples], axis=0), np.float32),
        phases=phases,
        size_cm=size,
        enclosure=protocol.enclosure,
    )


def rectangles(view: View) -> list[Hypothesis]:
    """Return the rectangular floors that the picture could show, the likeliest first."""
    return weighed(likely_places(Looker(view)), view)


def likely_places(looker: Looker) -> list[Evidence]:
    """Return the places of the picture at which floors may be, also beside those that were found first."""
    places, known = floors_at_places(looker), 0
    while True:
        likely = likely_floors(winners(weighed(places, looker.view)))
        # Beside those that were found beside others there may be more.
        if len(likely) <= known:
            return places
        places, known = promising([*places, *floors_beside(likely, looker)]), len(likely)


def likely_floors(found: Sequence[Hypothesis]) -> list[FloatArray]:
    """Return the floors that say where others are: what is hardly one says nothing."""
    return [one.corners for one in found if one.score >= min(_LIKELY * found[0].score, found[0].score)]


def weighed(places: Sequence[Evidence], view: View) -> list[Hypothesis]:
    """Return the hypotheses of all places, the likeliest first."""
    found = [hypothesis for place in places for hypothesis in weigh_walls(place, view)]
    return sorted(found, key=lambda hypothesis: -hypothesis.score)
