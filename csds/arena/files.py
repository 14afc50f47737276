"""Arena files: where they are looked for, how they are read, checked and written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from csds.errors import ArenaError, UsageError
from csds.formats.atomic import atomic_path
from csds.model.arena import Arena
from csds.model.lens import Lens
from csds.model.protocol import Protocol
from csds.model.shapes import FloatArray
from csds.protocol.keys import ChoiceKey, Key, NumberKey, NumbersKey, Place, PointsKey, TextKey, parse_toml, read_keys
from csds.protocol.nearest import nearest, quoted

SUFFIX = ".arena.toml"

MARGIN = 0.02
"""Share of the frame's larger side by which a corner may lie outside it: floors are often cut off a little."""

MIN_TRIANGLE = 0.05
"""Smallest share of the floor's area that three neighbouring corners may span; a square's span half of it."""

MIN_SIDE_PX = 10.0
"""Nearest that two corners of a floor may lie."""

USUAL_FOCAL = 1.0
"""Focal length, as a share of the frame's larger side, of a lens of which only the distortion is given."""

CONFIDENCE = 0.9
"""An arena that is found with less confidence than this is not used."""

_KEYS: Mapping[str, Key] = {
    "name": TextKey(optional=True),
    "shape": ChoiceKey(words=("rectangle", "circle"), optional=True),
    "corners_px": PointsKey(low=-1e5, high=1e5, unit="px", least=4, most=4),
    "width_cm": NumberKey(low=5.0, high=300.0, unit="cm", optional=True),
    "height_cm": NumberKey(low=5.0, high=300.0, unit="cm", optional=True),
    "frame_size_px": NumbersKey(low=16, high=32_768, unit="px"),
    "source": ChoiceKey(words=("drawn", "detected"), optional=True),
    "confidence": NumberKey(low=0.0, high=1.0, optional=True),
    "distortion": NumbersKey(low=-100.0, high=100.0, length=None, optional=True),
    "focal_px": NumbersKey(low=1.0, high=1e6, unit="px", optional=True),
    "centre_px": NumbersKey(low=-1e5, high=1e5, unit="px", optional=True),
}
_LENS_KEYS = ("distortion", "focal_px", "centre_px")


def arena_path(video: Path) -> Path:
    """Return where a video's own arena file belongs: beside it.

    Examples
    --------
    >>> arena_path(Path("videos/M01.mp4")).as_posix()
    'videos/M01.mp4.arena.toml'
    """
    return video.with_name(video.name + SUFFIX)


def find_arena_file(video: Path, sheet_folder: Path | None = None, given: Path | None = None) -> Path | None:
    """Return a video's arena file, or None where there is none.

    Looked for in this order: the file given with ``--arena``; ``<video file name>.arena.toml``
    beside the video; the same name in ``arenas/`` beside the sheet.

    Raises
    ------
    UsageError
        The file given does not exist.
    """
    if given is not None:
        if not given.is_file():
            raise UsageError(f"{given}: there is no such arena file", hint="Check the path given with --arena.")
        return given
    own = arena_path(video)
    places = [own, *([sheet_folder / "arenas" / own.name] if sheet_folder is not None else [])]
    return next((path for path in places if path.is_file()), None)


def read_arenas(path: Path, protocol: Protocol) -> tuple[Arena, ...]:
    """Return the arenas of a file, checked; sizes and shape that it leaves out are the protocol's.

    Raises
    ------
    ArenaError
        The file can't be read, a key is unknown or out of range, or the corners are crossed,
        counter-clockwise, nearly in line or outside the frame.
    """
    data, _ = parse_toml(path, ArenaError)
    tables = data.get("arena")
    if not isinstance(tables, list) or not tables or set(data) != {"arena"}:
        raise ArenaError(
            f"{path}: expected one or more [[arena]] and nothing else, found {quoted(data) if data else 'no table'}",
            hint="Write [[arena]] with two brackets on a line above the keys of each arena.",
        )
    arenas = tuple(_arena(table, number, path, protocol) for number, table in enumerate(tables, start=1))
    names = [arena.name for arena in arenas]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ArenaError(
            f"{path}: expected each arena to have a name of its own, found {quoted(doubled)} more than once",
            hint="Name them A, B, C … in reading order.",
        )
    return arenas


def choose_arena(arenas: Sequence[Arena], name: str | None, path: Path) -> Arena:
    """Return the arena of that name, or the only one where no name is given.

    Raises
    ------
    ArenaError
        There is none of that name, or no name is given and there are several.
    """
    names = [arena.name for arena in arenas]
    if name is None and len(arenas) == 1:
        return arenas[0]
    if name is None:
        raise ArenaError(
            f"{path}: holds {len(arenas)} arenas ({quoted(names)}), and it isn't said which one is meant",
            hint="Give the sheet a column 'arena' with the name for each row.",
        )
    same = [a for a in arenas if a.name == name] or [a for a in arenas if a.name.casefold() == name.casefold()]
    if len(same) == 1:
        return same[0]
    near = nearest(name, names)
    raise ArenaError(
        f"{path}: there is no arena '{name}'; the file holds {quoted(names)}",
        hint=(f"Did you mean '{near}'? " if near else "") + "Correct the sheet's column 'arena' or the arena file.",
    )


def check_frame_size(arena: Arena, size_px: tuple[int, int], path: Path) -> None:
    """Raise ArenaError where a video's frames are of another size than the arena was drawn on.

    Parameters
    ----------
    size_px : (width, height)
        Of the video's frames as shown.
    path : Path
        The arena file, for the message.
    """
    if tuple(arena.frame_size_px) == tuple(size_px):
        return
    wide, high = arena.frame_size_px
    raise ArenaError(
        f"{path}, arena '{arena.name}': drawn on frames of {wide} × {high} px, but the video's are "
        f"{size_px[0]} × {size_px[1]} px",
        hint="Draw the arena on a frame of this very video: a scaled or rotated copy has its corners elsewhere.",
    )


def write_arenas(path: Path, arenas: Sequence[Arena]) -> None:
    """Write an arena file, whole or not at all.

    Raises
    ------
    ResultsError
        The file can't be written.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(arena_text(arenas).encode("utf-8"))


def arena_text(arenas: Sequence[Arena]) -> str:
    """Return arenas as the text of an arena file."""
    return "\n".join(_table_text(arena) for arena in arenas)


def _table_text(arena: Arena) -> str:
    corners = ", ".join(f"[{float(x)!r}, {float(y)!r}]" for x, y in arena.corners_px)
    lines = [
        "[[arena]]",
        f"name = {_toml_text(arena.name)}",
        f"shape = {_toml_text(arena.shape)}",
        f"corners_px = [{corners}]",
        f"width_cm = {float(arena.width_cm)!r}",
        f"height_cm = {float(arena.height_cm)!r}",
        f"frame_size_px = [{int(arena.frame_size_px[0])}, {int(arena.frame_size_px[1])}]",
        f"source = {_toml_text(arena.source)}",
    ]
    if arena.source != "drawn":
        lines.append(f"confidence = {float(arena.confidence)!r}")
    if arena.lens is not None:
        lines += [f"{key} = {[float(value) for value in getattr(arena.lens, key)]}" for key in _LENS_KEYS]
    return "\n".join([*lines, ""])


def _toml_text(text: str) -> str:
    # TOML's basic strings take JSON's escapes; only DEL has to be escaped in the one and not in the other.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _arena(table: object, number: int, path: Path, protocol: Protocol) -> Arena:
    name = table.get("name", number) if isinstance(table, dict) else number
    place = Place(file=path, table=f"arena {name}", error=ArenaError)
    values = read_keys(table, _KEYS, place)
    numbers = ("width_cm", "height_cm", "frame_size_px", "confidence", *_LENS_KEYS)
    if "open" in (values.get("name"), values.get("shape"), values.get("source")) or any(
        np.isnan(values.get(key, 0.0)).any() for key in numbers
    ):
        raise ArenaError(f"{path}, arena {name}: expected every value to be given, found 'open'", hint="Fill it in.")
    wide, high = values["frame_size_px"]
    arena = Arena(
        name=values.get("name", chr(ord("A") + (number - 1) % 26)),
        shape=values.get("shape", protocol.arena_shape),
        corners_px=values["corners_px"],
        width_cm=values.get("width_cm", protocol.arena_width_cm),
        height_cm=values.get("height_cm", protocol.arena_height_cm),
        frame_size_px=(int(wide), int(high)),
        source=values.get("source", "drawn"),
        confidence=values.get("confidence", 1.0),
        lens=_lens(values, (int(wide), int(high)), place),
    )
    if arena.shape == "circle" and arena.width_cm != arena.height_cm:
        raise place.fault("height_cm", "a circle's width_cm and height_cm to be equal", arena.height_cm)
    check_corners(arena, path)
    return arena


def _lens(values: Mapping[str, Any], frame_size_px: tuple[int, int], place: Place) -> Lens | None:
    """Return a table's lens: OpenCV's coefficients, for a usual focal length and the picture's middle if not given."""
    if "distortion" not in values:
        for key in _LENS_KEYS[1:]:
            if key in values:
                raise place.fault(key, "it beside the lens's distortion = [k1, k2, p1, p2, k3]", values[key])
        return None
    coefficients = values["distortion"]
    if not 1 <= len(coefficients) <= 5:
        raise place.fault("distortion", "one to five numbers, k1, k2, p1, p2 and k3 in OpenCV's order", coefficients)
    wide, high = frame_size_px
    usual = USUAL_FOCAL * max(wide, high)
    lens = Lens(
        distortion=(*coefficients, *[0.0] * (5 - len(coefficients))),
        focal_px=values.get("focal_px", (usual, usual)),
        centre_px=values.get("centre_px", ((wide - 1) / 2, (high - 1) / 2)),
    )
    corners = np.array(values["corners_px"], float)
    if np.isnan(lens.straighten(corners[:, 0], corners[:, 1])).any():
        raise place.fault("distortion", "a lens that shows each of the corners only once", coefficients)
    return lens


def check_corners(arena: Arena, path: Path) -> None:
    """Raise ArenaError where four corners can't be those of a floor, clockwise in the image and inside the frame."""
    corners = np.array(arena.corners_px, float)
    where = f"{path}, arena '{arena.name}', corners_px"
    order = "clockwise in the image, beginning with the left end of the enclosure wall as seen with it at the top"
    sides = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    if sides.min() < MIN_SIDE_PX:
        first = int(sides.argmin())
        raise ArenaError(
            f"{where}: expected corners at least {MIN_SIDE_PX:g} px apart, found corners {first + 1} and "
            f"{(first + 1) % 4 + 1} {sides.min():.1f} px apart",
            hint=f"List the floor's four corners, {order}, in pixels of the full frame.",
        )
    # Twice the area of the triangle at each corner, positive for a right turn as seen (y is down).
    turns = _cross(corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners)
    if 0.5 * np.abs(turns).max() < MIN_TRIANGLE / 2 * sides.max() ** 2:
        raise ArenaError(
            f"{where}: the four corners lie nearly in line",
            hint=f"List the floor's four corners, {order}.",
        )
    if (turns > 0).sum() == 2:
        raise ArenaError(
            f"{where}: the sides cross each other",
            hint=f"List the corners in order around the floor, {order}; two neighbours have changed places.",
        )
    if (turns > 0).sum() <= 1 and (turns < 0).sum() >= 3:
        backwards = [list(arena.corners_px[i]) for i in (0, 3, 2, 1)]
        raise ArenaError(
            f"{where}: expected the corners clockwise as seen in the image, found them counter-clockwise",
            hint=f"Keep the first corner and turn the others' order round: {backwards}.",
        )
    area = 0.5 * abs(float(_cross(corners[2] - corners[0], corners[3] - corners[1])))
    if 0.5 * turns.min() <= MIN_TRIANGLE * area:
        worst = int(turns.argmin()) + 1
        raise ArenaError(
            f"{where}: corner {worst} lies nearly in line with its neighbours or inside of them, so no floor seen "
            "from above can look like this",
            hint=f"Correct corner {worst}.",
        )
    _check_inside(arena, corners, where)


def _check_inside(arena: Arena, corners: FloatArray, where: str) -> None:
    size = np.array(arena.frame_size_px, float)
    margin = MARGIN * size.max()
    # A circle touches the square around it at the middles of its sides; the square's corners may be cut off.
    what, points = "corner", corners
    if arena.shape == "circle":
        what, points = "middle of side", (corners + np.roll(corners, -1, axis=0)) / 2
    outside = ((points < -margin) | (points > size - 1 + margin)).any(axis=1)
    if outside.any():
        number = int(outside.argmax()) + 1
        x, y = points[number - 1]
        raise ArenaError(
            f"{where}: {what} {number} at ({x:g}, {y:g}) lies outside the frame of {size[0]:g} × {size[1]:g} px",
            hint="Corners are [x, y] in pixels of the full frame, x from the left and y from the top.",
        )


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])
