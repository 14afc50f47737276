"""The known word nearest to one that isn't known, for messages about slips of the pen."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

_UNITS = frozenset({"mm", "cm", "m", "px", "pixels", "inch", "in", "s", "sec", "ms", "min", "cm2", "mm2", "hz"})


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word nearest to ``word``, or None where none is near.

    Case, spaces and hyphens do not count, and words that differ only in their unit are near.

    Examples
    --------
    >>> nearest("width_mm", ["height_cm", "width_cm"])
    'width_cm'
    >>> nearest("golden", ["golden2011", "open_field"])
    'golden2011'
    >>> nearest("zebra", ["golden2011", "open_field"]) is None
    True
    """
    wanted = _plain(word)
    best, best_likeness = None, 0.0
    for candidate in known:
        other = _plain(candidate)
        likeness = SequenceMatcher(None, wanted, other).ratio()
        if _without_unit(wanted) == _without_unit(other):
            likeness = max(likeness, 0.99)
        elif min(len(wanted), len(other)) >= 3 and (other.startswith(wanted) or wanted.startswith(other)):
            likeness = max(likeness, 0.7)
        if likeness > best_likeness:
            best, best_likeness = candidate, likeness
    return best if best_likeness >= 0.6 else None


def quoted(words: Iterable[str]) -> str:
    """Return words in quotation marks, separated by commas; ``none`` where there are none."""
    return ", ".join(f"'{word}'" for word in words) or "none"


def _plain(word: str) -> str:
    return word.strip().casefold().replace(" ", "_").replace("-", "_")


def _without_unit(word: str) -> str:
    stem, _, unit = word.rpartition("_")
    return stem if stem and unit in _UNITS else word
