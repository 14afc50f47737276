"""Finding the arenas of a recording: hypotheses weighed against each other, or an honest "can't be told"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from csds.arena.choose import choose, winners
from csds.arena.hypotheses import Hypothesis, floors_at_places, has_the_enclosure, weigh_walls
from csds.arena.look import Evidence, Looker, View
from csds.arena.neighbours import floors_beside
from csds.arena.plane import on_one_plane
from csds.arena.refine import REACH, refine
from csds.arena.still import joined_grey, still_grey, still_picture
from csds.errors import ArenaError
from csds.model.arena import Arena
from csds.model.protocol import Protocol
from csds.model.shapes import FloatArray

#: No arena that was found is surer than this; one that was drawn is.
MOST_SURE = 0.99
#: What is left out of a side beside the enclosure that stands at it, cm: its upper edge leans over.
_BESIDE_CM = 3.0
#: Confidence of a floor whose enclosure is of another size than the protocol's, at most.
_OTHER_ENCLOSURE = 0.1
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
    # A round floor's edge is not made of straight ones: it is drawn by hand.
    chosen = choose(rectangles(view), view.size_cm) if protocol.arena_shape == "rectangle" else []
    sharp = np.asarray(np.mean([still_grey(stack) for stack in stacks], axis=0), np.float32)
    size = (sharp.shape[1], sharp.shape[0])
    enclosure = protocol.enclosure
    covered = (enclosure.width_cm + _BESIDE_CM) / protocol.arena_width_cm if enclosure is not None else 0.0

    corners = [view.phases[0].to_frame(one.floor.corners) for one in chosen]
    exact = [refine(one, sharp, covered=covered, most=_EXACT) for one in corners]
    if len(exact) > 1:
        exact = list(on_one_plane(np.array(exact), view.size_cm))
    sure = [
        one.confidence
        if has_the_enclosure(view.phases[0].from_frame(own), view)
        else min(one.confidence, _OTHER_ENCLOSURE)
        for one, own in zip(chosen, exact, strict=True)
    ]

    def arena(number: int, corners: FloatArray, confidence: float) -> Arena:
        return Arena(
            name=chr(ord("A") + number),
            shape=protocol.arena_shape,
            corners_px=tuple((round(float(x), 2), round(float(y), 2)) for x, y in corners),
            width_cm=protocol.arena_width_cm,
            height_cm=protocol.arena_height_cm,
            frame_size_px=size,
            source="detected",
            confidence=round(min(confidence, MOST_SURE), 3),
        )

    return FoundArenas(
        arenas=tuple(arena(i, *one) for i, one in enumerate(zip(exact, sure, strict=True))),
        rivals=tuple(
            arena(i, view.phases[0].to_frame(one.rival.corners), 1 - one.confidence)
            for i, one in enumerate(chosen)
            if one.rival is not None
        ),
        grey=np.clip(np.round(sharp), 0, 255).astype(np.uint8),
    )


def see(samples: Sequence[NDArray[np.uint8]], protocol: Protocol) -> View:
    """Return what the arenas are looked for in."""
    phases = [still_picture(stack) for stack in samples]
    size = (protocol.arena_width_cm, protocol.arena_height_cm)
    return View(grey=joined_grey(phases), phases=phases, size_cm=size, enclosure=protocol.enclosure)


def rectangles(view: View) -> list[Hypothesis]:
    """Return the rectangular floors that the picture could show, the likeliest first."""
    looker = Looker(view)
    found = weighed(floors_at_places(looker), view)
    likely = likely_floors(winners(found))
    if likely:
        found += weighed(floors_beside(likely, looker), view)
    return sorted(found, key=lambda hypothesis: -hypothesis.score)


def likely_floors(found: Sequence[Hypothesis]) -> list[FloatArray]:
    """Return the floors that say where others are: what is hardly one says nothing."""
    return [one.corners for one in found if one.score >= min(_LIKELY * found[0].score, found[0].score)]


def weighed(places: Sequence[Evidence], view: View) -> list[Hypothesis]:
    """Return the hypotheses of all places, the likeliest first."""
    found = [hypothesis for place in places for hypothesis in weigh_walls(place, view)]
    return sorted(found, key=lambda hypothesis: -hypothesis.score)
