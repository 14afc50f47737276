"""Names of sessions that are safe as file names on every system and never the same twice."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from csds.model.study import AnimalKey

MAX_BYTES = 120
"""Longest name in UTF-8, so that suffixes and a temporary name fit the 255 that file systems allow."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)", re.IGNORECASE)
_JOINER = "\N{ZERO WIDTH JOINER}"  # holds the parts of an emoji together


def session_ids(sessions: Sequence[tuple[AnimalKey, str]]) -> list[str]:
    """Return a name for each session: cohort, animal, test and phase joined by ``_``, absent parts left out.

    What no file name may hold becomes ``_``. Where two names would be equal, also but for case or
    for the way that an accented letter is composed, each gets six hexadecimal digits of its key's
    SHA-256; so does a name that had to be cut.

    Parameters
    ----------
    sessions : sequence of (AnimalKey, phase)
        Each one once.

    Examples
    --------
    >>> def key(animal):
    ...     return AnimalKey(cohort="C1", animal_id=animal, test="")
    >>> session_ids([(key("007"), "target_absent"), (key("a/b"), "target_absent")])
    ['C1_007_target_absent', 'C1_a_b_target_absent']
    """
    names = [safe_name("_".join(part for part in _parts(*session) if part.strip())) for session in sessions]
    counts = Counter(_folded(name) for name in names)
    return [
        f"{_cut(name, MAX_BYTES)}_{_digest(*session)}"
        if counts[_folded(name)] > 1 or len(name.encode()) > MAX_BYTES
        else name
        for name, session in zip(names, sessions, strict=True)
    ]


def is_safe(name: str) -> bool:
    """Return whether a name is one that csds gives: no path, and short enough for a file.

    Examples
    --------
    >>> is_safe("C1_M01_target_absent"), is_safe("../M01"), is_safe("a" * 300)
    (True, False, False)
    """
    return safe_name(name) == name and len(name.encode(errors="surrogatepass")) <= MAX_BYTES + 7


def safe_name(text: str) -> str:
    """Return text as a file name that Windows, macOS and Linux take; letters of all scripts and emoji stay.

    Examples
    --------
    >>> safe_name("../IL-4Rα: ?"), safe_name("CON"), safe_name("nul.x")
    ('_IL-4Rα_ _', '_CON', '_nul.x')
    """
    composed = unicodedata.normalize("NFC", text)
    kept = "".join("_" if _is_unsafe(character) else character for character in composed)
    # A leading dot hides a file, a trailing dot or space is dropped by Windows.
    name = re.sub(r"\s+", " ", kept).strip(" ").strip(".").strip(" .")
    if not name:
        return "_"
    return f"_{name}" if _RESERVED.fullmatch(name.split(".")[0].rstrip(" ")) else name


def _is_unsafe(character: str) -> bool:
    if character in '<>:"/\\|?*':
        return True
    category = unicodedata.category(character)
    return character != _JOINER and (category in ("Zl", "Zp") or category.startswith("C"))


def _parts(key: AnimalKey, phase: str) -> tuple[str, ...]:
    return key.cohort, key.animal_id, key.test, phase


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _digest(key: AnimalKey, phase: str) -> str:
    whole = "\x1f".join(_parts(key, phase))
    return hashlib.sha256(whole.encode("utf-8", errors="surrogatepass")).hexdigest()[:6]


def _cut(name: str, length: int) -> str:
    return name.encode()[:length].decode(errors="ignore").rstrip(" .")
