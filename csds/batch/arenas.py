"""Each session's arena: its file's, or else what the recordings of its test show."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena.files import choose_arena
from csds.arena.register import Motion, register
from csds.arena.still import still_grey
from csds.batch.prepare import Context, Opened, same_test
from csds.batch.samples import Samples
from csds.errors import AmbiguousArenaError, CsdsError
from csds.model.arena import Arena
from csds.model.protocol import Protocol
from csds.protocol.zones import enclosure_shape, resolve_zones

if TYPE_CHECKING:
    from csds.arena.find import FoundArenas

#: A picture that shifted by less than this between two phases is taken to be at rest, px of a picture 640 wide.
_REST_PX = 0.7


@dataclass(slots=True, kw_only=True)
class Arenas:
    """The arenas of a unit's sessions."""

    opened: Sequence[Opened]
    samples: Samples
    context: Context
    _found: dict[tuple[object, ...], FoundArenas] = field(default_factory=dict)

    def of(self, item: Opened) -> Arena:
        """Return a session's arena, as it lies in the picture of the test's first phase where it had to be found.

        Raises
        ------
        AmbiguousArenaError
            It can't be found with confidence; a picture of what was considered is in the results folder.
        ArenaError, VideoError
            The arena that the sheet names isn't there, or the recording can't be read.
        """
        given = item.given or self._given_for_another_phase(item)
        if given is not None:
            return given
        found = self._find(item)
        if found.confidence < self.context.options.arena_confidence:
            raise self._ambiguous(item, found)
        return choose_arena(found.arenas, item.session.arena, item.session.videos[0])

    def _given_for_another_phase(self, item: Opened) -> Arena | None:
        """Return the arena that a file gives for another phase of the test, if that shows the same room."""
        for other in same_test(item, self.opened):
            if other.given is None or other.session.arena != item.session.arena:
                continue
            try:
                pictures = [_rounded(np.array(self.samples.of(one), np.uint8)) for one in (other, item)]
            except CsdsError:
                continue
            if pictures[0].shape == pictures[1].shape and register(*pictures).same_room:
                return other.given
        return None

    def _find(self, item: Opened) -> FoundArenas:
        phases = [other for other in same_test(item, self.opened) if other.given is None]
        order = {phase.name: number for number, phase in enumerate(self.context.protocol.phases)}
        phases.sort(key=lambda other: order.get(other.session.phase, 0))
        stacks: list[NDArray[np.uint8]] = []
        name: list[object] = []
        for other in phases:
            try:
                frames = self.samples.of(other)
            except CsdsError:
                # A phase that can't be read fails by itself.
                if other is item:
                    raise
                continue
            if not stacks or frames[0].shape == stacks[0].shape[1:]:
                stacks.append(np.array(frames, np.uint8))
                name.append((other.session.videos, other.session.start_s))
        key = tuple(name)
        if key not in self._found:
            self._found[key] = find_in_phases(stacks, self.context.protocol)
        return self._found[key]

    def _ambiguous(self, item: Opened, found: FoundArenas) -> AmbiguousArenaError:
        session = item.session
        path = self.context.folder.arena(session.session_id)
        limit = self.context.options.arena_confidence
        save_found_picture(found, session.video, self.context.protocol, path, limit)
        return AmbiguousArenaError(
            f"{session.video}: {why_ambiguous(found, limit)}",
            hint=f"Look at {path}, then settle it: {settling_command(session.videos[0], found, self.context.protocol)}",
        )


def find_in_phases(stacks: Sequence[NDArray[np.uint8]], protocol: Protocol) -> FoundArenas:
    """Return the arenas as they lie in the first phase's picture; a camera that moved in between is followed.

    Parameters
    ----------
    stacks : sequence of (n, height, width) uint8
        Full frames of each phase, all of one size.
    protocol : Protocol
    """
    from csds.arena.find import find_arenas

    if len(stacks) == 1:
        return find_arenas(stacks, protocol)
    first = _rounded(stacks[0])
    aligned = [stacks[0]]
    for stack in stacks[1:]:
        motion = register(first, _rounded(stack))
        if motion.same_room:
            aligned.append(_moved_back(stack, motion))
    return find_arenas(aligned, protocol)


def why_ambiguous(found: FoundArenas, limit: float) -> str:
    """Return in words why what was found isn't used."""
    if not found.arenas:
        return "nothing in the picture looks like the protocol's arena"
    count = f"{len(found.arenas)} arenas were" if len(found.arenas) > 1 else "the arena was"
    return f"{count} found, but with a confidence of {found.confidence:.2f}, expected {limit:.2f} or more"


def settling_command(video: Path, found: FoundArenas, protocol: Protocol) -> str:
    """Return the command that settles a recording's arena by hand, with the likeliest corners to start from."""
    arenas = found.arenas or (_example(found, protocol),)
    corners = " ".join(
        f"--corners {shlex.quote(' '.join(f'{x:.0f},{y:.0f}' for x, y in arena.corners_px))}" for arena in arenas
    )
    return f"csds arena {shlex.quote(str(video))} --protocol {shlex.quote(protocol.name)} {corners}"


def save_found_picture(found: FoundArenas, title: str, protocol: Protocol, path: Path, limit: float) -> None:
    """Draw what was found, and what it could be instead where that is in doubt."""
    from csds.figures.arena_preview import ArenaPicture, save_arena_picture

    sure = found.confidence >= limit
    size = (protocol.arena_width_cm, protocol.arena_height_cm)
    save_arena_picture(
        ArenaPicture(
            title=title,
            words=f"{len(found.arenas)} {'arena' if len(found.arenas) == 1 else 'arenas'} · protocol {protocol.name}",
            grey=found.grey,
            arenas=found.arenas,
            rivals=() if sure else found.rivals,
            zones=resolve_zones(protocol, *size),
            enclosure=enclosure_shape(protocol, *size),
            warning="" if sure else f"Not used: {why_ambiguous(found, limit)}. Broken lines: what else it could be.",
        ),
        path,
    )


def _example(found: FoundArenas, protocol: Protocol) -> Arena:
    """Return a floor in the middle of the frame, for a command to be corrected."""
    height, width = found.grey.shape
    half = 0.4 * min(height, width)
    x, y = width / 2, height / 2
    return Arena(
        name="A",
        shape=protocol.arena_shape,
        corners_px=((x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)),
        width_cm=protocol.arena_width_cm,
        height_cm=protocol.arena_height_cm,
        frame_size_px=(width, height),
    )


def _rounded(stack: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.clip(np.round(still_grey(stack)), 0, 255).astype(np.uint8)


def _moved_back(stack: NDArray[np.uint8], motion: Motion) -> NDArray[np.uint8]:
    """Return frames as the camera would have seen them before it moved."""
    height, width = stack.shape[1:]
    corners = np.array([(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)], float)
    shifted = cv2.perspectiveTransform(corners[None], motion.matrix)[0]
    if np.abs(shifted - corners).max() < _REST_PX * width / 640:
        return stack
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.array(
        [
            cv2.warpPerspective(frame, motion.matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
            for frame in stack
        ],
        np.uint8,
    )
