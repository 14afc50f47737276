"""The words that people use for phases, stress and phenotypes, and the ones that csds echoes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from csds.protocol.nearest import nearest

BOTH = "both"
BLINDED = "blinded"
"""Stands for an animal's stress from ``csds blind`` to ``csds unblind``."""

PHASE_WORDS: dict[str, tuple[str, ...]] = {
    "target_absent": (
        "absent",
        "target absent",
        "no target",
        "target -",
        "target-",
        "without target",
        "nt",
        "empty",
        "empty enclosure",
        "empty cage",
        "no social",
        "no social target",
    ),
    "target_present": (
        "present",
        "target present",
        "target",
        "target +",
        "target+",
        "with target",
        "t",
        "social",
        "social target",
        "cd1",
        "cd 1",
        "aggressor",
    ),
    "open_field": ("open field", "openfield", "of", "oft", "open field test"),
    BOTH: ("both", "both phases"),
}

STRESS_WORDS: dict[str, tuple[str, ...]] = {
    "control": (
        "control",
        "controls",
        "ctrl",
        "ctl",
        "con",
        "naive",
        "naïve",
        "non stressed",
        "nonstressed",
        "unstressed",
        "non stress",
        "no stress",
        "undefeated",
        "non defeated",
        "nondefeated",
        "no defeat",
    ),
    "defeated": (
        "defeated",
        "defeat",
        "stressed",
        "stress",
        "csds",
        "sds",
        "social defeat",
        "chronic social defeat",
        "chronic social defeat stress",
    ),
}

PHENOTYPE_WORDS: dict[str, tuple[str, ...]] = {
    "susceptible": ("s", "sus", "susc", "susceptible", "stress susceptible"),
    "resilient": ("r", "res", "resil", "resilient", "stress resilient", "unsusceptible"),
    "control": ("c", *STRESS_WORDS["control"]),
    "undetermined": ("undetermined", "indeterminate"),
    "excluded": ("excluded", "exclude"),
}


def echo_phase(text: str, phases: Sequence[str]) -> str | None:
    """Return the protocol's name of a phase, ``both``, or None where the text is neither.

    Examples
    --------
    >>> echo_phase(" No Target", ["target_absent", "target_present"])
    'target_absent'
    >>> echo_phase("open field", ["target_absent", "target_present"]) is None
    True
    """
    plain = _plain(text)
    for name in phases:
        if plain in (_plain(name), *PHASE_WORDS.get(name, ())):
            return name
    return BOTH if plain in PHASE_WORDS[BOTH] else None


def echo_stress(text: str) -> str | None:
    """Return ``control`` or ``defeated``, ``blinded``, an empty text for an empty one, None for any other.

    Examples
    --------
    >>> [echo_stress(word) for word in ("CSDS", "non-stressed", "", "maybe")]
    ['defeated', 'control', '', None]
    """
    plain = _plain(text)
    if plain in {"", BLINDED}:
        return plain
    return next((name for name, words in STRESS_WORDS.items() if plain in words), None)


def echo_phenotype(text: str) -> str | None:
    """Return csds's word for a phenotype, or None where the text is none that is usual.

    Examples
    --------
    >>> [echo_phenotype(word) for word in ("S", "stress-resilient", "CTRL", "maybe")]
    ['susceptible', 'resilient', 'control', None]
    """
    plain = _plain(text)
    return next((name for name, words in PHENOTYPE_WORDS.items() if plain in words), None)


def nearest_phase(text: str, phases: Sequence[str]) -> str | None:
    """Return the protocol's phase that a misspelt word comes nearest to, or None."""
    known = {word: name for name in phases for word in (name, *PHASE_WORDS.get(name, ()))}
    near = nearest(text, known)
    return known[near] if near is not None else None


def phase_pattern(phases: Sequence[str]) -> str:
    """Return a regular expression for every accepted word for the phases, longest first."""
    words = {word for name in phases for word in (name.replace("_", " "), *PHASE_WORDS.get(name, ()))}
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(r"[ _\-]*".join(re.escape(part) for part in word.split(" ")) for word in ordered)


def _plain(text: str) -> str:
    return re.sub(r"[\s_]+", " ", re.sub(r"(?<=\w)-(?=\w)", " ", text.strip().casefold())).strip()
