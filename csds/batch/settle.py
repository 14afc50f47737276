"""What a person is told of an arena that can't be found with confidence: a picture, and the command that settles it."""

from __future__ import annotations

import math
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from csds.model.arena import Arena
from csds.model.protocol import Protocol
from csds.protocol.zones import enclosure_shape, resolve_zones

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csds.arena.find import FoundArenas

#: What every shell takes as it stands, and what it takes between double quotes (as Windows needs them).
_PLAIN, _QUOTABLE = re.compile(r"[\w./:=+,-]+"), re.compile(r"""[^"$`!%]*[^"$`!%\\]""")


def why_ambiguous(found: FoundArenas, limit: float) -> str:
    """Return in words why what was found isn't used."""
    if not found.arenas:
        return "nothing in the picture looks like the protocol's arena"
    count = f"{len(found.arenas)} arenas were" if len(found.arenas) > 1 else "the arena was"
    # Rounded down: 0.897 is not 0.90, which would do.
    confidence = math.floor(100 * found.confidence) / 100
    return f"{count} found, but with a confidence of {confidence:.2f}, expected {limit:.2f} or more"


def how_to_settle(
    found: FoundArenas, video: Path, protocol: Protocol, limit: float, picture: Path, sheet_folder: Path | None = None
) -> str:
    """Return what to do, in lines: look at the picture, then run a command, one for each of its outlines.

    Parameters
    ----------
    found : FoundArenas
    video : Path
        The recording that the arena file is for.
    protocol : Protocol
    limit : float
        Confidence from which on an arena is used.
    picture : Path
        Where what was found is shown.
    sheet_folder : Path, optional
        Whose ``arenas`` folder takes the file where the recording's own can't be written to.
    """
    start = ["csds", "arena", str(video), "--protocol", protocol.asked_as or protocol.name]
    if sheet_folder is not None and not os.access(video.parent, os.W_OK):
        start += ["--out", str(sheet_folder / "arenas")]
    corners = "clockwise from the left end of the enclosure's wall as seen with that wall at the top"
    if protocol.enclosure is None:
        corners = "clockwise from the top left"
    what = (
        "the floor's corners"
        if protocol.arena_shape == "rectangle"
        else "the corners of the square around the round floor"
    )
    if not found.arenas:
        example = _command(start, (_example(found, protocol),))
        return f"Read {what} off {picture}, {corners}, and put them into:\n{example}"
    ways = [f"Look at {picture}. If the blue outline is the floor:", _command(start, found.arenas)]
    others = other_arenas(found, limit)
    if others:
        ways += ["If the broken red one is:", _command(start, others)]
    return "\n".join([*ways, f"Otherwise put {what} into that command, {corners}."])


def other_arenas(found: FoundArenas, limit: float) -> tuple[Arena, ...]:
    """Return the arenas with what those below the limit could be instead; empty where there is no other choice."""
    rivals = {rival.name: rival for rival in found.rivals}
    unsure = {arena.name for arena in found.arenas if arena.confidence < limit and arena.name in rivals}
    return tuple(rivals[arena.name] if arena.name in unsure else arena for arena in found.arenas) if unsure else ()


def save_found_picture(found: FoundArenas, title: str, protocol: Protocol, path: Path, limit: float) -> None:
    """Draw what was found, and what it could be instead where that is in doubt."""
    from csds.figures.arena_preview import ArenaPicture, save_arena_picture

    sure = found.confidence >= limit
    size = (protocol.arena_width_cm, protocol.arena_height_cm)
    number = f"{len(found.arenas) or 'no'} {'arena' if len(found.arenas) == 1 else 'arenas'}"
    wall = " · heavy line: the enclosure's wall" if protocol.enclosure is not None and found.arenas else ""
    others = [] if sure else [other for other in other_arenas(found, limit) if other in found.rivals]
    doubt = "" if sure else f"Not used: {why_ambiguous(found, limit)}."
    save_arena_picture(
        ArenaPicture(
            title=title,
            words=f"{number} · protocol {protocol.name}{wall}",
            grey=found.grey,
            arenas=found.arenas,
            rivals=others,
            zones=resolve_zones(protocol, *size),
            enclosure=enclosure_shape(protocol, *size),
            warning=f"{doubt} Broken lines: what else it could be." if others else doubt,
        ),
        path,
    )


def shell_word(word: str) -> str:
    """Return a word of a command as shells take it: in double quotes where it needs any, as Windows knows no others.

    Examples
    --------
    >>> print(shell_word("M01.mp4"), shell_word("Mouse 1.mp4"), shell_word("110,30 530,30"), shell_word("5$.mp4"))
    M01.mp4 "Mouse 1.mp4" "110,30 530,30" '5$.mp4'
    """
    if _PLAIN.fullmatch(word):
        return word
    return f'"{word}"' if _QUOTABLE.fullmatch(word) else shlex.quote(word)


def _command(start: Sequence[str], arenas: Sequence[Arena]) -> str:
    words = list(start)
    for arena in arenas:
        words += ["--corners", " ".join(f"{x:.0f},{y:.0f}" for x, y in arena.corners_px)]
    return " ".join(map(shell_word, words))


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
