"""A study without what tells its groups, and the key that gives it back."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from csds.errors import UsageError
from csds.formats.tables import cell_text
from csds.model.study import Session, Study
from csds.protocol.nearest import nearest, quoted
from csds.study.rows import SHEET_COLUMNS
from csds.study.sheet import column_name
from csds.study.telling import found_word, telling_words, why_telling
from csds.study.words import BLINDED

HIDDEN_REASON = "excluded before blinding"
"""Stands in ``exclude`` for a reason that would tell the group."""

VIDEOS = "videos"
"""Folder of the recordings under their coded names, beside the blinded sheet."""

KEY_COLUMNS = ("code", "cohort", "animal_id", "test", "phase", "video", "stress", "treatment")
"""Columns of the key, which those that are withheld follow."""

#: Without vowels, and without what looks alike (0 O D Q, 1 I L, 2 Z, 5 S, 6 G, 8 B, U V). Only letters stand in front.
_SYMBOLS = "CFHJKMNPRTWX3479"
_LETTERS = 12
_ROOM = 50  # codes for each one that is needed, so that hardly any is drawn twice

#: Of ``study.toml``: what tracking needs, and the plan. Its levels tell of no animal, and its hash has to stay.
_PLAN = ("protocol", "analysis", "reference")
_NEEDED = ("test", "arena", "start_s", "duration_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindedStudy:
    """What `blind_study` makes.

    Parameters
    ----------
    sheet : DataFrame of str
        The blinded sheet, in the order of the codes.
    key : DataFrame of str
        A row for each session, in the order of the sheet that was read: `KEY_COLUMNS`, then what is withheld.
    recordings : mapping of Path to str
        Each recording's path below the folder of the blinded sheet.
    settings : mapping
        ``study.toml`` without what would tell; its protocol as it was.
    withheld : mapping of str to str
        Why each column is withheld, by its name; so for tables and keys of ``study.toml``, as ``[reference]``.
    warnings : tuple of str
        What tells, but stays.
    """

    sheet: pd.DataFrame
    key: pd.DataFrame
    recordings: Mapping[Path, str]
    settings: Mapping[str, object]
    withheld: Mapping[str, str]
    warnings: tuple[str, ...]


def blind_study(
    study: Study, rng: np.random.Generator, *, keep: Collection[str] = (), hide: Collection[str] = ()
) -> BlindedStudy:
    """Return a study under codes, and the key.

    All sessions of an animal (cohort and id) have one code. Codes are drawn one after the other and don't depend on
    anything but how many there are; rows stand in their order, so neither tells. A column by which the groups can be
    told (`csds.study.telling`) is withheld.

    Parameters
    ----------
    study : Study
        With all its sessions named.
    rng : Generator
        Only the raw stream of its bit generator is used, which is the same on every platform.
    keep, hide : collection of str
        Columns to keep though they tell, and to withhold though they don't.

    Raises
    ------
    UsageError
        A column to keep or hide isn't in the sheet, is needed for tracking, or is the group itself.
    """
    sessions = sorted((*study.sessions, *study.unusable), key=lambda session: session.row)
    if any(session.stress == BLINDED for session in sessions):
        raise UsageError("the study is blinded already", hint="Give the sheet that has the groups.")
    animals = [_animal(session) for session in sessions]
    files = list(dict.fromkeys(path for session in sessions for path in session.videos))
    names = list(dict.fromkeys(animals))
    codes = draw_codes(len(names) + len(files), rng, taken=[name for animal in names for name in animal])
    code_of = dict(zip(names, codes, strict=False))
    recordings = {
        path: f"{VIDEOS}/{code}{path.suffix.casefold()}" for path, code in zip(files, codes[len(names) :], strict=True)
    }
    words = telling_words([session.treatment for session in sessions], [animal for _, animal in names])
    withheld, warnings = _withheld_columns(study, sessions, words, keep=keep, hide=hide)
    told = {session.session_id for session in sessions if found_word([session.exclude], words)}
    rows = [
        {
            "cohort": "" if "cohort" in withheld else session.key.cohort,
            "animal_id": code_of[_animal(session)],
            "test": session.key.test,
            "phase": session.phase,
            "video": " + ".join(recordings[path] for path in session.videos),
            "start_s": cell_text(session.start_s),
            "duration_s": cell_text(session.duration_s),
            "arena": session.arena or "",
            "stress": BLINDED,
            **{name: session.design.get(name, "") for name in study.design_columns if name not in withheld},
            "exclude": HIDDEN_REASON if session.session_id in told else session.exclude,
        }
        for session in sessions
    ]
    key = [
        {
            "code": code_of[_animal(session)],
            "cohort": session.key.cohort,
            "animal_id": session.key.animal_id,
            "test": session.key.test,
            "phase": session.phase,
            "video": session.video,
            "stress": session.stress,
            "treatment": session.treatment,
            **({"exclude": session.exclude} if told else {}),
            **{key_column(name): session.design.get(name, "") for name in study.design_columns if name in withheld},
        }
        for session in sessions
    ]
    sheet = pd.DataFrame(rows, dtype=str).sort_values(["animal_id", "test", "phase"], ignore_index=True)
    settings, held_back = _blind_settings(study.settings, words)
    return BlindedStudy(
        sheet=sheet.drop(columns=[name for name in ("cohort", *_NEEDED) if not sheet[name].any()]),
        key=pd.DataFrame(key, dtype=str),
        recordings=recordings,
        settings=settings,
        withheld={**withheld, **held_back},
        warnings=warnings,
    )


def key_column(name: str) -> str:
    """Return the key's name of a column of the sheet that isn't csds's own: a sheet may have its own ``code``."""
    return f"{name}_in_sheet" if name in KEY_COLUMNS else name


def draw_codes(n: int, rng: np.random.Generator, taken: Collection[str] = ()) -> list[str]:
    """Return n different codes, none of them a word that is taken (capitals don't count).

    Examples
    --------
    >>> draw_codes(3, np.random.default_rng(1))
    ['RJCN', 'HK7P', 'K94K']
    """
    length = max(4, math.ceil(math.log(_ROOM * max(n, 1), len(_SYMBOLS))))
    words = {word.strip().casefold() for word in taken}
    codes: dict[str, None] = {}
    while len(codes) < n:
        digits = f"{int(rng.bit_generator.random_raw()):016x}"[:length]
        code = "".join(_SYMBOLS[int(digit, 16)] for digit in digits)
        if code[0] in _SYMBOLS[:_LETTERS] and code.casefold() not in words:
            codes[code] = None
    return list(codes)


def _animal(session: Session) -> tuple[str, str]:
    return session.key.cohort, session.key.animal_id


def _withheld_columns(
    study: Study, sessions: Sequence[Session], words: re.Pattern[str], *, keep: Collection[str], hide: Collection[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return why each column is withheld, by its name, and what tells but stays."""
    columns = {"cohort": [session.key.cohort for session in sessions]}
    columns |= {name: [session.design.get(name, "") for session in sessions] for name in study.design_columns}
    kept, hidden = (_known(names, option, columns) for names, option in ((keep, "--keep"), (hide, "--hide")))
    if both := kept & hidden:
        raise UsageError(f"{quoted(sorted(both))}: both to be kept and to be withheld", hint="Decide for one of them.")
    animals, cohorts = [_animal(session) for session in sessions], columns["cohort"]
    groups = _groups(sessions)
    withheld, warnings = {}, []

    def reason(name: str, cells: Sequence[str]) -> str:
        if word := found_word(cells, words):
            return f"a cell holds '{word}'"
        within = () if name == "cohort" or "cohort" in withheld else cohorts
        return why_telling(name, cells, animals, groups, within)

    for name, cells in columns.items():
        why = "as --hide asks" if name in hidden else reason(name, cells)
        if why and name in kept:
            warnings.append(f"column '{name}' stays as --keep asks, though {why}")
        elif why:
            withheld[name] = why
    needed = {
        "test": [session.key.test for session in sessions],
        "arena": [session.arena or "" for session in sessions],
        "start_s": [cell_text(session.start_s) for session in sessions],
        "duration_s": [cell_text(session.duration_s) for session in sessions],
    }
    for name, cells in needed.items():
        if why := reason(name, cells):
            warnings.append(f"column '{name}' is needed for tracking and stays, though {why}")
    return withheld, tuple(warnings)


def _known(names: Collection[str], option: str, columns: Collection[str]) -> set[str]:
    """Return the names of columns as sheets have them; raise UsageError where one can't be asked for."""
    spelled = {column_name(name) for name in names}
    for name in sorted(spelled):
        if name in SHEET_COLUMNS and name not in columns:
            raise UsageError(
                f"{option} {name}: csds itself decides what becomes of this column",
                hint=f"Columns that can be kept or withheld: {quoted(columns)}.",
            )
        if name not in columns:
            near = nearest(name, columns)
            raise UsageError(
                f"{option} {name}: the sheet has no such column" + (f"; did you mean '{near}'?" if near else ""),
                hint=f"Columns that can be kept or withheld: {quoted(columns)}.",
            )
    return spelled


def _groups(sessions: Sequence[Session]) -> dict[Hashable, dict[str, str]]:
    """Return each animal's stress and, of all its tests together, treatment."""
    found: dict[Hashable, dict[str, dict[str, None]]] = {}
    for session in sessions:
        own = found.setdefault(_animal(session), {"stress": {}, "treatment": {}})
        own["stress"][session.stress] = own["treatment"][session.treatment] = None
    return {
        animal: {factor: ", ".join(sorted(filter(None, levels))) for factor, levels in own.items()}
        for animal, own in found.items()
    }


def _blind_settings(settings: Mapping[str, object], words: re.Pattern[str]) -> tuple[dict[str, object], dict[str, str]]:
    """Return ``study.toml`` without what tells, and why each of its keys and tables is withheld."""
    shown: dict[str, object] = {}
    withheld: dict[str, str] = {}
    for name, value in settings.items():
        if name in _PLAN:
            shown[name] = value
        elif name not in {"title", "treatment"}:
            withheld[f"study.toml, {name}"] = "it isn't needed before unblinding"
        elif isinstance(value, Mapping):
            telling = {key for key, item in value.items() if found_word([str(item)], words)}
            shown[name] = {key: item for key, item in value.items() if key not in telling}
            withheld |= {f"study.toml, {name}.{key}": "it names a group" for key in sorted(telling)}
        elif word := found_word([str(value)], words):
            withheld[f"study.toml, {name}"] = f"it holds '{word}'"
        else:
            shown[name] = value
    return shown, withheld
