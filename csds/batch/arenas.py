"""Each session's arena: its file's, or else what the recordings of its test show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena.files import choose_arena
from csds.arena.register import Motion, register
from csds.arena.still import still_grey
from csds.batch.prepare import Context, Opened, same_test
from csds.batch.samples import Samples
from csds.batch.settle import how_to_settle, save_found_picture, why_ambiguous
from csds.errors import AmbiguousArenaError, CsdsError
from csds.model.arena import Arena
from csds.model.protocol import Protocol

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
        session, protocol = item.session, self.context.protocol
        path = self.context.folder.arena(session.session_id)
        limit = self.context.options.arena_confidence
        save_found_picture(found, session.video, protocol, path, limit)
        return AmbiguousArenaError(
            f"{session.video}: {why_ambiguous(found, limit)}",
            hint=how_to_settle(found, session.videos[0], protocol, limit, path, self.context.sheet_folder),
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
