"""Text in pictures: what the font can show, how wide it gets, and where to break or shorten it.

All pictures use DejaVu Sans, from the files that come with matplotlib, so that they look the same
on every computer and no text is cut off for want of a font. Matplotlib itself isn't imported:
Pillow, which it needs too, draws letters as well.
"""

from __future__ import annotations

import importlib.util
import math
import struct
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

Weight = Literal["normal", "bold"]

NOT_SHOWN = "□"
ELLIPSIS = "…"
_FILES: dict[Weight, str] = {"normal": "DejaVuSans.ttf", "bold": "DejaVuSans-Bold.ttf"}


@cache
def _file(weight: Weight) -> Path:
    spec = importlib.util.find_spec("matplotlib")
    folder = Path((spec.submodule_search_locations or [""])[0]) if spec else Path()
    return folder / "mpl-data" / "fonts" / "ttf" / _FILES[weight]


@lru_cache(maxsize=64)
def _font(weight: Weight, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_file(weight), size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _can_show(weight: Weight) -> frozenset[int]:
    """Return the characters that the font has, from its table of all Unicode: ``cmap``, format 12 (OpenType 1.9)."""
    data = _file(weight).read_bytes()
    tables = (struct.unpack_from(">4sIII", data, 12 + 16 * i) for i in range(*struct.unpack_from(">4xH", data)))
    cmap = next(start for tag, _, start, _ in tables if tag == b"cmap")
    (count,) = struct.unpack_from(">2xH", data, cmap)
    starts = (cmap + struct.unpack_from(">4xI", data, cmap + 4 + 8 * i)[0] for i in range(count))
    full = next(start for start in starts if struct.unpack_from(">H", data, start) == (12,))
    (groups,) = struct.unpack_from(">12xI", data, full)
    ranges = (struct.unpack_from(">II", data, full + 16 + 12 * i) for i in range(groups))
    return frozenset(code for first, last in ranges for code in range(first, last + 1))


def printable(text: str, weight: Weight = "normal") -> str:
    """Return the text on one line, with □ for each character that the font lacks.

    Line breaks and tabs become spaces; joiners and variation selectors, which have no shape
    of their own, are left out.

    Examples
    --------
    >>> printable("anti-IL-4Rα")
    'anti-IL-4Rα'
    >>> printable("mouse 🧪" + chr(10) + "7")
    'mouse □ 7'
    """
    shown = []
    known = _can_show(weight)
    for character in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(character)
        if kind == "Cf" or "\ufe00" <= character <= "\ufe0f":
            continue
        if kind.startswith("Z") or kind == "Cc":
            shown.append(" ")
        elif ord(character) in known:
            shown.append(character)
        else:
            shown.append(NOT_SHOWN)
    return " ".join("".join(shown).split())


def letters_not_shown(text: str) -> str:
    """Return the characters of a text, each once, that the font lacks.

    Examples
    --------
    >>> letters_not_shown("mouse 🧪🧪 α")
    '🧪'
    """
    return "".join(dict.fromkeys(one for one in text if NOT_SHOWN in printable(one) and one != NOT_SHOWN))


@lru_cache(maxsize=4096)
def text_width_in(text: str, size_pt: float, weight: Weight = "normal") -> float:
    """Return the width in inches of a line of printable text."""
    if not text:
        return 0.0
    # Ten times the size: hinting rounds glyphs to whole pixels, which matters less when they are large.
    return _font(weight, size_pt * 10).getlength(text) / 72 / 10


def fitted(text: str, width_in: float, size_pt: float, weight: Weight = "normal") -> str:
    """Return the printable text, shortened in its middle where it is wider than ``width_in`` inches.

    Both ends of an id tell animals apart, so the middle goes.

    Examples
    --------
    >>> fitted("M01", 2.0, 8)
    'M01'
    >>> fitted("cohort-one-" * 9 + "M01", 1.0, 8).endswith("M01")
    True
    """
    line = printable(text, weight)
    if text_width_in(line, size_pt, weight) <= width_in:
        return line
    low, high = 0, len(line)
    while low < high:
        keep = (low + high + 1) // 2
        if text_width_in(_shortened(line, keep), size_pt, weight) <= width_in:
            low = keep
        else:
            high = keep - 1
    return _shortened(line, low)


def _shortened(line: str, keep: int) -> str:
    head, tail = math.ceil(keep / 2), keep // 2
    return line[:head].rstrip() + ELLIPSIS + (line[-tail:].lstrip() if tail else "")


def wrapped(text: str, width_in: float, size_pt: float) -> tuple[str, ...]:
    """Return the printable text broken between words into lines no wider than ``width_in`` inches."""
    lines: list[str] = []
    for word in printable(text).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width_in(longer, size_pt) <= width_in:
            lines[-1] = longer
        else:
            lines.append(fitted(word, width_in, size_pt))
    return tuple(lines)


@lru_cache(maxsize=512)
def glyphs(text: str, size_px: float, weight: Weight = "normal") -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Return printable text as a read-only (h, w) image of coverage, 0 to 255, and its place.

    The place is that of the image's first pixel, right of and below the point where the baseline starts.
    """
    image, (left, top) = _font(weight, size_px).getmask2(text, mode="L", anchor="ls")
    mask = np.frombuffer(bytes(image), np.uint8).reshape(image.size[::-1])
    return mask, (round(left), round(top))


@lru_cache(maxsize=512)
def text_mask(text: str, size_px: int, weight: Weight = "normal") -> NDArray[np.uint8]:
    """Return printable text as a read-only (h, w) image of coverage, 0 to 255, for drawing on frames.

    All masks of one size have the same height, so that baselines agree.
    """
    height = math.ceil(size_px * 1.3)
    if not text:
        return np.zeros((height, 0), np.uint8)
    letters, (left, top) = glyphs(text, size_px, weight)
    mask = np.zeros((height, letters.shape[1] + max(left, 0)), np.uint8)
    first = size_px + top
    kept = letters[max(0, -first) : height - first]
    mask[max(0, first) : max(0, first) + kept.shape[0], max(left, 0) :] = kept
    mask.flags.writeable = False
    return mask
