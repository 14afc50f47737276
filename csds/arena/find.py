"""Finding the arenas of a recording: hypotheses weighed against each other, or an honest "can't be told"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena.choose import choose, winners
from csds.arena.hypotheses import Hypothesis, floors_at_places, promising, weigh_walls
from csds.arena.look import Evidence, Looker, View
from csds.arena.neighbours import floors_beside
from csds.arena.plane import on_one_plane
from csds.arena.refine import REACH, refine
from csds.arena.round_choice import choose_round
from csds.arena.round_floors import RoundView, round_floors
from csds.arena.still import Picture, joined_grey, still_grey, still_picture
from csds.arena.weights import LEAST_FLOOR
from csds.errors import ArenaError
from csds.model.arena import Arena
from csds.model.protocol import Protocol
from csds.model.shapes import FloatArray

#: No arena that was found is surer than this; one that was drawn is.
MOST_SURE = 0.99
#: What is left out of a side beside the enclosure that stands at it, cm: its upper edge leans over.
_BESIDE_CM = 3.0
#: Confidence, at most, of a floor that is less likely than right ones are, or whose enclosure isn't the protocol's.
_UNFIT = 0.1
#: By what factor an enclosure may be read larger or smaller than it is.
_AS_LARGE = 1.16
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
    sharp = np.asarray(np.mean([still_grey(stack) for stack in stacks], axis=0), np.float32)
    found = _round_floors(view, sharp) if protocol.arena_shape == "circle" else _straight_floors(view, sharp)

    def arena(number: int, corners: FloatArray, confidence: float) -> Arena:
        return Arena(
            name=chr(ord("A") + number),
            shape=protocol.arena_shape,
            corners_px=tuple((round(float(x), 2), round(float(y), 2)) for x, y in corners),
            width_cm=protocol.arena_width_cm,
            height_cm=protocol.arena_height_cm,
            frame_size_px=(sharp.shape[1], sharp.shape[0]),
            source="detected",
            confidence=round(min(confidence, MOST_SURE), 3),
        )

    return FoundArenas(
        arenas=tuple(arena(i, one.corners, one.confidence) for i, one in enumerate(found)),
        rivals=tuple(arena(i, one.rival, one.doubt) for i, one in enumerate(found) if one.rival is not None),
        grey=np.clip(np.round(sharp), 0, 255).astype(np.uint8),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Corners of a floor in frame pixels and how sure they are; those of its rival, if there is one, and how sure."""

    corners: FloatArray
    confidence: float
    rival: FloatArray | None
    doubt: float


def _straight_floors(view: View, sharp: Picture) -> list[_Found]:
    chosen = choose(rectangles(view), view.size_cm)
    to_frame = view.phases[0].to_frame
    covered = (view.enclosure.width_cm + _BESIDE_CM) / view.size_cm[0] if view.enclosure is not None else 0.0
    exact = [refine(to_frame(one.floor.corners), sharp, covered=covered, most=_EXACT) for one in chosen]
    if len(exact) > 1:
        exact = list(on_one_plane(np.array(exact), view.size_cm))
    # The arenas of one frame have one kind of enclosure.
    enlarged = float(np.median([one.floor.enlarged for one in chosen])) if chosen else 1.0
    fits = 1 / _AS_LARGE < enlarged < _AS_LARGE
    # Where the enclosure is seen beyond doubt something is there, but not therefore this floor.
    sure = [one.confidence if fits and one.floor.floor > LEAST_FLOOR else min(one.confidence, _UNFIT) for one in chosen]
    return [
        _Found(
            corners=corners,
            confidence=confidence,
            rival=to_frame(one.rival.corners) if one.rival is not None else None,
            doubt=1 - one.confidence,
        )
        for one, corners, confidence in zip(chosen, exact, sure, strict=True)
    ]


def _round_floors(view: View, sharp: Picture) -> list[_Found]:
    size = (sharp.shape[1], sharp.shape[0])
    chosen = choose_round(
        round_floors(
            RoundView(
                grey=view.grey,
                sharp=sharp,
                motions=tuple(
                    np.asarray(cv2.resize(phase.motion, size, interpolation=cv2.INTER_LINEAR), np.float32)
                    for phase in view.phases
                ),
                spots_px=view.phases[0].to_frame(view.spots),
                radius_cm=view.size_cm[0] / 2,
                enclosure=view.enclosure,
            )
        )
    )
    return [
        _Found(
            corners=one.floor.corners,
            confidence=one.confidence,
            rival=one.rival.corners if one.rival is not None else None,
            doubt=1 - one.confidence,
        )
        for one in chosen
    ]


def see(samples: Sequence[NDArray[np.uint8]], protocol: Protocol) -> View:
    """Return what the arenas are looked for in."""
    phases = [still_picture(stack) for stack in samples]
    size = (protocol.arena_width_cm, protocol.arena_height_cm)
    return View(grey=joined_grey(phases), phases=phases, size_cm=size, enclosure=protocol.enclosure)


def rectangles(view: View) -> list[Hypothesis]:
    """Return the rectangular floors that the picture could show, the likeliest first."""
    return weighed(likely_places(Looker(view)), view)


def likely_places(looker: Looker) -> list[Evidence]:
    """Return the places of the picture at which floors may be, also beside those that were found first."""
    places = floors_at_places(looker)
    likely = likely_floors(winners(weighed(places, looker.view)))
    return promising([*places, *floors_beside(likely, looker)]) if likely else places


def likely_floors(found: Sequence[Hypothesis]) -> list[FloatArray]:
    """Return the floors that say where others are: what is hardly one says nothing."""
    return [one.corners for one in found if one.score >= min(_LIKELY * found[0].score, found[0].score)]


def weighed(places: Sequence[Evidence], view: View) -> list[Hypothesis]:
    """Return the hypotheses of all places, the likeliest first."""
    found = [hypothesis for place in places for hypothesis in weigh_walls(place, view)]
    return sorted(found, key=lambda hypothesis: -hypothesis.score)
