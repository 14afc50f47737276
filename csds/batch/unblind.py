"""Groups put back beside blinded scores, and the record that these were final before."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from csds import __version__
from csds.batch.blind import KEY, SETTINGS
from csds.behaviour.archived import read_archived
from csds.behaviour.score import score_animals
from csds.errors import ScoreError, TableError, UsageError
from csds.formats.atomic import atomic_path
from csds.formats.digest import file_digest
from csds.formats.json_files import read_json, write_json
from csds.formats.links import way_to
from csds.formats.tables import cell_text, read_table, to_number, unprotect_text, write_table
from csds.model.protocol import Protocol
from csds.model.study import AnimalKey
from csds.results.readings import Readings, readings_beside
from csds.results.record import protocol_of
from csds.study.blind import HIDDEN_REASON, key_column
from csds.study.blinding import LOG, SCORES, BlindingState, blinding_state, lock_scores, read_log
from csds.study.session_ids import session_ids
from csds.study.sheet import read_settings
from csds.study.words import BLINDED

PROVENANCE = "provenance.json"

_SHOWN = 5
_SAME = 1e-9
"""Relative difference between numbers that another version of a library may make of the same data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as `csds.batch.blind.write_blinded` left it: its table (a row for each session) and its record."""

    folder: Path
    table: pd.DataFrame
    record: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """What tells this key from any other."""
        return str(self.record["files"][KEY])


@dataclass(frozen=True, slots=True, kw_only=True)
class UnblindedFolder:
    """What was written: the folder, its table of animals, what is known of the blinding now, and what to know."""

    folder: Path
    animals: pd.DataFrame
    state: BlindingState
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Revealed:
    """Sessions with their groups, as text and in the order of the sheet, and what each blinded one was called."""

    sessions: pd.DataFrame
    key_of: Mapping[tuple[str, ...], tuple[str, ...]]
    session_id_of: Mapping[str, str]


def unblind_results(
    results: Path, key_folder: Path, out: Path | None = None, *, protocol: str = "", force: bool = False
) -> UnblindedFolder:
    """Write the tables of blinded results with ids, groups and phenotypes, after their scores were locked.

    The scores are checked to be what sessions.csv and the protocol give, hashed, and the hashes written to the logs
    of results and key; only then are the tables with the groups written.

    Parameters
    ----------
    results : Path
        Folder with the blinded ``sessions.csv`` and ``animals.csv``, which stay as they are.
    key_folder : Path
        What ``csds blind`` wrote the key to.
    out : Path, optional
        Folder for the tables; default: ``unblinded`` within ``results``.
    protocol : str, optional
        What the results were scored by; default: what their provenance says, else golden2011.
    force : bool
        Overwrite tables in ``out`` that aren't as csds unblind wrote them.

    Raises
    ------
    UsageError
        The folders can't be used, the results have groups, or the key isn't theirs.
    TableError
        Key, log or tables can't be read, were changed, or don't fit each other.
    ScoreError
        ``animals.csv`` isn't what ``sessions.csv`` and the protocol give.
    ResultsError
        A file can't be written.
    """
    out = results / "unblinded" if out is None else out
    _check_target(out, results, force=force)
    key = read_key(key_folder)
    scores = lock_scores(results)
    _check_belongs(results, key)
    rules = protocol_of(results, protocol)
    blinded = read_table(results / "sessions.csv")
    typed = read_archived(blinded, {}, rules).sessions
    if not set(typed["stress"]) <= {BLINDED, ""}:
        raise UsageError(f"{results}: has its groups already", hint="Name the folder of blinded results.")
    readings = readings_beside(results / "sessions.csv", typed)
    _check_scores(results / "animals.csv", score_animals(typed, rules, readings), rules)
    revealed = _reveal(blinded, typed, key)
    known: Readings = {(revealed.key_of[animal], phase): own for (animal, phase), own in readings.items()}
    animals = score_animals(read_archived(revealed.sessions, {}, rules).sessions, rules, known)

    entries, messages = _earlier(results, key)
    entry: dict[str, Any] = {"locked_at": _now(), "csds": __version__, "key_sha256": key.sha256, "scores": scores}
    if opened := _opened_for_others(results, key):
        entry["key_opened_before"] = opened
    _log(results, key, [*entries, entry])
    _write(out, {"sessions": revealed.sessions, "animals": animals}, results, revealed.session_id_of)
    for path in (key.folder / KEY, key.folder / SETTINGS, results / PROVENANCE):
        if path.is_file():
            with atomic_path(out / path.name) as part:
                shutil.copyfile(path, part)
    entries = [*entries, entry | {"unblinded_at": _now()}]
    _log(results, key, entries)
    write_json(
        out / LOG,
        {
            "unblindings": entries,
            "results": way_to(results, out),
            "written": {name: file_digest(out / name) for name in SCORES},
            "sessions": {own: code for code, own in revealed.session_id_of.items()},
        },
    )
    messages += _remarks(results, key, typed)
    return UnblindedFolder(folder=out, animals=animals, state=blinding_state(out), messages=tuple(messages))


def read_key(folder: Path) -> Key:
    """Return the key in a folder.

    Raises
    ------
    UsageError
        There is none.
    TableError
        It can't be read, or was changed since csds blind wrote it.
    """
    for name in (KEY, LOG):
        if not (folder / name).is_file():
            raise UsageError(f"{folder / name}: there is no key", hint="Name the folder given to csds blind --key.")
    record = read_log(folder / LOG)
    files = record.get("files")
    if not isinstance(files, dict) or KEY not in files:
        raise TableError(f"{folder / LOG}: isn't the record of a key", hint="Restore it from a copy.")
    for name, digest in files.items():
        if not (folder / name).is_file() or file_digest(folder / name) != digest:
            raise TableError(
                f"{folder / name}: was changed since csds blind wrote it (its SHA-256 isn't the one in {LOG})",
                hint="Restore it from a copy; a fault of the sheet is mended in the unblinded tables.",
            )
    return Key(folder=folder, table=read_table(folder / KEY), record=record)


def _check_target(out: Path, results: Path, *, force: bool) -> None:
    if out.resolve() == results.resolve():
        raise UsageError(f"{out}: holds the locked tables, they would be overwritten", hint="Name another --out.")
    written = {} if force else read_log(out / LOG).get("written", {})
    for name in () if force else SCORES:
        if (out / name).is_file() and file_digest(out / name) != written.get(name):
            raise UsageError(
                f"{out / name}: isn't as csds unblind wrote it, and would be overwritten",
                hint="Name another folder with --out, or write --force to lose what is there.",
            )


def _provenance(results: Path) -> dict[str, Any]:
    return read_json(results / PROVENANCE) or {}


def _settings(results: Path) -> dict[str, Any]:
    """Return the blinded ``study.toml`` that results were made by; empty where they don't say."""
    settings = _provenance(results).get("study", {}).get("settings", {})
    return settings if isinstance(settings, dict) else {}


def _check_belongs(results: Path, key: Key) -> None:
    named = _settings(results).get("blinding", {}).get("key_sha256", key.sha256)
    if named != key.sha256:
        raise UsageError(
            f"{key.folder}: is the key of another study (SHA-256 {key.sha256[:12]}…, expected {str(named)[:12]}…)",
            hint=f"Name the folder of the key that {results} was blinded with.",
        )


def _check_scores(path: Path, expected: pd.DataFrame, rules: Protocol) -> None:
    """Raise ScoreError where a table of animals isn't what its sessions give."""
    hint = (
        "Scores are made from sessions.csv: run csds track (or score) again before unblinding. Exclusions belong in "
        "the blinded sheet. If another protocol was used, name it with --protocol."
    )
    keys = list(AnimalKey.__slots__)
    found = read_table(path)
    missing = [name for name in expected if name not in found]
    if missing or len(found) != len(expected):
        what = f"a column '{missing[0]}'" if missing else f"{len(expected)} animals, found {len(found)}"
        raise ScoreError(f"{path}: expected {what}, by sessions.csv and protocol '{rules.name}'", hint=hint)
    wanted = {tuple(row[name] for name in keys): row for row in expected.to_dict(orient="records")}
    for row, cells in found.to_dict(orient="index").items():
        own = wanted.get(tuple(cells[name] for name in keys))
        for name in expected:
            value = unprotect_text(cell_text(own[name])) if own else ""
            if not own or not _is_same(value, cells[name]):
                raise ScoreError(
                    f"{path}, row {row}, column '{name}': expected '{value}' by sessions.csv and protocol "
                    f"'{rules.name}', found '{cells[name]}'",
                    hint=hint,
                )


def _is_same(one: str, other: str) -> bool:
    numbers = to_number(one), to_number(other)
    if numbers[0] is None or numbers[1] is None:
        return one.strip() == other.strip()
    return math.isclose(numbers[0], numbers[1], rel_tol=_SAME, abs_tol=_SAME)


def _reveal(blinded: pd.DataFrame, typed: pd.DataFrame, key: Key) -> _Revealed:
    """Return the text of a table of sessions with what the key holds of each of them."""
    at = {row: i for i, row in enumerate(key.table[["code", "test", "phase"]].itertuples(index=False, name=None))}
    asked = list(typed[["animal_id", "test", "phase"]].itertuples(index=False, name=None))
    unknown = [
        f"row {row} ({' '.join(filter(None, name))})"
        for row, name in zip(typed.index, asked, strict=True)
        if name not in at
    ]
    if unknown:
        more = " …" if len(unknown) > _SHOWN else ""
        raise TableError(
            f"the key doesn't know {len(unknown)} of {len(asked)} sessions: {', '.join(unknown[:_SHOWN])}{more}",
            hint="Is it the key of these results? Sessions are added to the sheet before it is blinded.",
        )
    order = np.argsort([at[name] for name in asked], kind="stable")
    held = key.table.iloc[[at[asked[i]] for i in order]].reset_index(drop=True)
    table = blinded.iloc[order].reset_index(drop=True)
    was = typed.iloc[order].reset_index(drop=True)
    given = {name: held[name] for name in ("cohort", "animal_id", "stress", "treatment")}
    design = list(key.record.get("design_columns", []))
    given |= {name: held[key_column(name)] for name in design if key_column(name) in held}
    if "video" in table:
        given["video"] = held["video"]
    if "exclude" in held and "exclude" in table:
        given["exclude"] = table["exclude"].where(table["exclude"] != HIDDEN_REASON, held["exclude"])
    names = [
        AnimalKey(cohort=c, animal_id=a, test=t) for c, a, t in zip(held.cohort, held.animal_id, was.test, strict=True)
    ]
    ids = session_ids(list(zip(names, was["phase"], strict=True)))
    session_id_of = dict(zip(table["session_id"], ids, strict=True)) if "session_id" in table else {}
    if "session_id" in table:
        given["session_id"] = pd.Series(ids)
    table = table.assign(**{str(name): cells for name, cells in given.items() if name in table or (cells != "").any()})
    design = [name for name in design if name in table]
    blind_keys = was[list(AnimalKey.__slots__)].itertuples(index=False, name=None)
    return _Revealed(
        sessions=table[[*(name for name in table if name not in design), *design]],
        key_of={own: (k.cohort, k.animal_id, k.test) for own, k in zip(blind_keys, names, strict=True)},
        session_id_of=session_id_of,
    )


def _earlier(results: Path, key: Key) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the unblindings of these results so far, by both logs, and what is to be said of these."""
    own = list(read_log(results / LOG).get("unblindings", []))
    locked = {entry["locked_at"] for entry in own}
    lost = [
        {name: value for name, value in entry.items() if name != "results"}
        for entry in key.record["unblindings"]
        if entry.get("results") == str(results.resolve()) and entry["locked_at"] not in locked
    ]
    said = [f"{results / LOG} lacked the unblinding of {entry['locked_at']}, which the key's log has" for entry in lost]
    return sorted([*own, *lost], key=lambda entry: str(entry["locked_at"])), said


def _opened_for_others(results: Path, key: Key) -> str:
    """Return when the key was opened first for other results; empty where it wasn't."""
    times = [
        str(entry["locked_at"]) for entry in key.record["unblindings"] if entry.get("results") != str(results.resolve())
    ]
    return min(times, default="")


def _log(results: Path, key: Key, entries: Sequence[Mapping[str, Any]]) -> None:
    """Write the unblindings of these results to their log and to the key's."""
    place = str(results.resolve())
    others = [entry for entry in key.record["unblindings"] if entry.get("results") != place]
    write_json(results / LOG, {"unblindings": list(entries)})
    own = [{**entry, "results": place} for entry in entries]
    write_json(key.folder / LOG, {**key.record, "unblindings": [*others, *own]})


def _write(out: Path, tables: Mapping[str, pd.DataFrame], results: Path, session_id_of: Mapping[str, str]) -> None:
    for name, table in tables.items():
        write_table(table, out / f"{name}.csv")
    if session_id_of and (results / "time_bins.csv").is_file():
        bins = read_table(results / "time_bins.csv")
        place = {own: number for number, own in enumerate(session_id_of)}
        bins = bins[bins["session_id"].isin(place)].sort_values(
            "session_id", key=lambda ids: ids.map(place), kind="stable"
        )
        write_table(bins.assign(session_id=bins["session_id"].map(session_id_of)), out / "time_bins.csv")


def _remarks(results: Path, key: Key, typed: pd.DataFrame) -> list[str]:
    said = []
    codes = key.table["code"]
    gone = key.table[~codes.isin(typed["animal_id"])].drop_duplicates("code")
    if len(gone):
        some = ", ".join(gone["animal_id"].tolist()[:_SHOWN]) + (" …" if len(gone) > _SHOWN else "")
        said.append(f"{len(gone)} animal{'s' * (len(gone) != 1)} of the key not in these results: {some}")
    shown, held = _settings(results), read_settings(key.folder)
    if shown and any(shown.get(name) != held.get(name) for name in ("analysis", "reference")):
        said.append(
            "the plan in the blinded study.toml isn't the one from before blinding, which the unblinded folder has"
        )
    return said


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
