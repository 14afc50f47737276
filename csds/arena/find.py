"""Finding the arenas of a recording: hypotheses weighed against each other, or an honest "can't be told"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from csds.arena.choose import choose
from csds.arena.hypotheses import Hypothesis, View, rectangles
from csds.arena.refine import refine
from csds.arena.still import joined_grey, still_grey, still_picture
from csds.errors import ArenaError
from csds.model.arena import Arena
from csds.model.protocol import Protocol

#: No arena that was found is surer than this; one that was drawn is.
MOST_SURE = 0.99
#: What is left out of a side beside the enclosure that stands at it, cm: its upper edge leans over.
_BESIDE_CM = 3.0


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
    chosen = choose(rectangles(view)) if protocol.arena_shape == "rectangle" else []
    sharp = np.asarray(np.mean([still_grey(stack) for stack in stacks], axis=0), np.float32)
    size = (sharp.shape[1], sharp.shape[0])
    enclosure = protocol.enclosure
    covered = (enclosure.width_cm + _BESIDE_CM) / protocol.arena_width_cm if enclosure is not None else 0.0

    def arena(number: int, floor: Hypothesis, confidence: float, *, exact: bool) -> Arena:
        corners = view.phases[0].to_frame(floor.corners)
        if exact:
            corners = refine(corners, sharp, covered=covered)
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
        arenas=tuple(arena(i, one.floor, one.confidence, exact=True) for i, one in enumerate(chosen)),
        rivals=tuple(
            arena(i, one.rival, 1 - one.confidence, exact=False)
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
