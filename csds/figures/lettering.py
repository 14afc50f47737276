"""Text in pictures: what the font can show, how wide it gets, and where to break or shorten it.

All pictures use DejaVu Sans, which comes with matplotlib, so that they look the same on every
computer and no text is cut off for want of a font.
"""

from __future__ import annotations

import math
import unicodedata
from functools import cache, lru_cache
from typing import Literal

import numpy as np
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from numpy.typing import NDArray

Weight = Literal["normal", "bold"]

FAMILY = "DejaVu Sans"
NOT_SHOWN = "□"
ELLIPSIS = "…"


@cache
def _font(weight: Weight) -> FT2Font:
    where = font_manager.findfont(font_manager.FontProperties(family=FAMILY, weight=weight))
    return FT2Font(where)


@cache
def _can_show(weight: Weight) -> frozenset[int]:
    return frozenset(_font(weight).get_charmap())


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


@lru_cache(maxsize=4096)
def text_width_in(text: str, size_pt: float, weight: Weight = "normal") -> float:
    """Return the width in inches of a line of printable text."""
    if not text:
        return 0.0
    font = _font(weight)
    # Ten times the size: hinting rounds glyphs to whole pixels, which matters less when they are large.
    font.set_size(size_pt * 10, 72)
    font.set_text(text, 0.0)
    return float(font.get_width_height()[0]) / 64 / 72 / 10


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
def text_mask(text: str, size_px: int, weight: Weight = "normal") -> NDArray[np.uint8]:
    """Return printable text as a read-only (h, w) image of coverage, 0 to 255, for drawing on frames.

    All masks of one size have the same height, so that baselines agree.
    """
    height = math.ceil(size_px * 1.3)
    if not text:
        return np.zeros((height, 0), np.uint8)
    font = _font(weight)
    font.set_size(size_px, 72)
    font.set_text(text, 0.0)
    font.draw_glyphs_to_bitmap(antialiased=True)
    glyphs = np.array(font.get_image(), np.uint8)
    descent = math.ceil(font.get_descent() / 64)
    mask = np.zeros((height, glyphs.shape[1]), np.uint8)
    bottom = min(height, size_px + descent)
    top = max(0, bottom - glyphs.shape[0])
    mask[top:bottom] = glyphs[glyphs.shape[0] - (bottom - top) :]
    mask.flags.writeable = False
    return mask
