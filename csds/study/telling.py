"""What tells an animal's group: words, and columns by which the groups can be told from each other.

A column tells if any of these holds, for stress or for treatment:

- a value (or an empty cell, or standing alone with one's value, as in a cage of one's own) is found in one group only,
  in two animals or more, or in all of that group;
- by its best guess a group is told from the others in nine of ten animals: the total variation distance of the two
  distributions of values, or the Kolmogorov-Smirnov distance of measured numbers, is 0.8 or more. Half of one plus
  that distance is the best guess's balanced accuracy [1]_;
- most animals have a value, and no two the same: it names the animal.

References
----------
.. [1] Devroye L, Györfi L, Lugosi G (1996). A Probabilistic Theory of Pattern Recognition. Springer, chapter 3.
   doi:10.1007/978-1-4612-0711-5
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np

from csds.formats.tables import is_missing, to_number
from csds.study.allocation import NAME_COLUMNS
from csds.study.words import STRESS_WORDS

CLEAR = 0.8
"""Distance between two groups' values from which on nine of ten animals are told rightly."""

_SECONDS = frozenset({"start_s", "duration_s"})
_SEPARATOR = re.compile(r"[\s_\-]+")
_ALONE, _EMPTY = "no other animal has the same", "it is empty"


def telling_words(treatments: Iterable[str], ids: Iterable[str]) -> re.Pattern[str]:
    """Return what finds, in `folded` text, words for stress, treatments and animals' ids that aren't mere numbers.

    Examples
    --------
    >>> words = telling_words(["anti-IL-4Rα"], ["M01", "7"])
    >>> [bool(words.search(folded(text))) for text in ("m01_absent.mp4", "no-stress box", "Anti IL 4Rα", "M012", "7")]
    [True, True, True, False, False]
    """
    words = {folded(word) for group in STRESS_WORDS.values() for word in group}
    words |= {folded(word) for word in treatments if not is_missing(word)}
    words |= {folded(word) for word in ids if not word.strip().isdigit()}
    parts = sorted((_SEPARATOR.split(word.strip()) for word in words), key=lambda part: (-len("".join(part)), part))
    spelled = "|".join(r"[\s_\-]*".join(map(re.escape, part)) for part in parts)
    return re.compile(rf"(?<![^\W_])(?:{spelled})(?![^\W_])")


def folded(text: str) -> str:
    """Return text as words are looked for in it: without capitals, accented letters composed."""
    return unicodedata.normalize("NFC", text).casefold()


def found_word(texts: Iterable[str], words: re.Pattern[str]) -> str:
    """Return the first telling word in any of the texts, or nothing."""
    matches = (words.search(folded(text)) for text in texts)
    return next((match[0] for match in matches if match), "")


def why_telling(
    column: str,
    cells: Sequence[str],
    animals: Sequence[Hashable],
    groups: Mapping[Hashable, Mapping[str, str]],
    within: Sequence[str] = (),
) -> str:
    """Return in words why a column tells the groups, or the animals; empty where it tells neither.

    Parameters
    ----------
    column : str
        Its name.
    cells, animals : sequence
        Each row's cell and animal.
    groups : mapping
        Each animal's level of each factor, empty text for none.
    within : sequence of str, optional
        Each row's cohort: a value in one cohort isn't that in another, as with numbers of cages.

    Examples
    --------
    >>> groups = {
    ...     1: {"stress": "control"},
    ...     2: {"stress": "control"},
    ...     3: {"stress": "defeated"},
    ...     4: {"stress": "defeated"},
    ... }
    >>> why_telling("aggressor", ["", "", "A1", "A2"], [1, 2, 3, 4], groups)
    "it is filled for stress 'defeated' only"
    >>> why_telling("cage", ["K1", "K2", "K2", "K1"], [1, 2, 3, 4], groups)
    ''
    """
    texts = ["" if is_missing(cell) else cell.strip() for cell in cells]
    if not any(texts):
        return ""
    numbers = _measured(column, texts)
    spoken = [f"it is '{text}'" if text else _EMPTY for text in texts]
    told = [["it is filled" if text else _EMPTY for text in texts]]
    if not numbers:
        told.append(_with_loners(spoken, animals))
    if within and not numbers:
        told.append(
            _with_loners([f"in cohort '{at}' {text}" for at, text in zip(within, spoken, strict=True)], animals)
        )
    for factor in _factors(groups):
        level_of = {animal: levels[factor] for animal, levels in groups.items()}
        for values in told:
            if reason := _value_of_one_level(values, animals, level_of, factor):
                return reason
        if numbers and (reason := _separated(numbers, animals, level_of, factor)):
            return reason
    if not numbers and set(told[1]) <= {_ALONE, _EMPTY}:
        named = {animal for animal, value in zip(animals, told[1], strict=True) if value == _ALONE}
        if 2 * len(named) > len(groups) > 1:
            return "no two animals share a value, so it names them"
    return ""


def _factors(groups: Mapping[Hashable, Mapping[str, str]]) -> list[str]:
    """Return the factors that have several levels."""
    names = dict.fromkeys(name for levels in groups.values() for name in levels)
    return [name for name in names if len({levels[name] for levels in groups.values()}) > 1]


def _measured(column: str, texts: Sequence[str]) -> list[float]:
    """Return a column of measured numbers, NaN where a cell is empty; nothing where it holds names or counts."""
    numbers = [to_number(text) if text else float("nan") for text in texts]
    found = [number for number in numbers if number is not None]
    if len(found) < len(numbers) or column in NAME_COLUMNS:
        return []
    fractions = any(number % 1 for number in found if number == number and abs(number) != float("inf"))  # noqa: PLR0124
    return found if fractions or column in _SECONDS else []


def _with_loners(values: Sequence[str], animals: Sequence[Hashable]) -> list[str]:
    """Return the values with those of a single animal as one, for being alone may tell too."""
    holders = _holders(values, animals)
    return [value if len(holders[value]) > 1 or value == _EMPTY else _ALONE for value in values]


def _holders(values: Sequence[str], animals: Sequence[Hashable]) -> dict[str, set[Hashable]]:
    holders: dict[str, set[Hashable]] = {}
    for value, animal in zip(values, animals, strict=True):
        holders.setdefault(value, set()).add(animal)
    return holders


def _value_of_one_level(
    values: Sequence[str], animals: Sequence[Hashable], level_of: Mapping[Hashable, str], factor: str
) -> str:
    """Return why by these values a level is told from the others, or nothing."""
    holders = _holders(values, animals)
    if len(holders) < 2:
        return ""
    sizes = {level: sum(other == level for other in level_of.values()) for level in level_of.values()}
    for value, who in sorted(holders.items(), key=lambda item: item[0] == _EMPTY):
        levels = {level_of[animal] for animal in who}
        if len(levels) == 1 and len(who) >= min(2, sizes[next(iter(levels))]):
            return f"{value} for {_named(factor, *levels)} only"
    for level in sizes:
        counts = np.array(
            [
                [sum((level_of[animal] == level) is own for animal in who) for own in (True, False)]
                for who in holders.values()
            ],
            float,
        )
        if 0.5 * np.abs(np.subtract(*(counts / counts.sum(axis=0)).T)).sum() >= CLEAR:
            return f"it tells {_named(factor, level)} from the others in most animals"
    return ""


def _separated(
    numbers: Sequence[float], animals: Sequence[Hashable], level_of: Mapping[Hashable, str], factor: str
) -> str:
    known = [(number, level_of[animal]) for number, animal in zip(numbers, animals, strict=True) if number == number]  # noqa: PLR0124
    for level in dict.fromkeys(level for _, level in known):
        own, others = (np.sort([n for n, other in known if (other == level) is same]) for same in (True, False))
        if own.size == 0 or others.size == 0:
            continue
        at = np.concatenate([own, others])
        shares = [np.searchsorted(part, at, side="right") / part.size for part in (own, others)]
        if np.abs(shares[0] - shares[1]).max() >= CLEAR:
            return f"a limit tells {_named(factor, level)} from the others in most animals"
    return ""


def _named(factor: str, level: str) -> str:
    return f"{factor} '{level}'" if level else f"animals without {factor}"
