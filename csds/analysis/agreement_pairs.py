"""Results beside an old table of the same animals: which row goes with which, and which with none."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from csds.analysis.agreement_map import PHENOTYPE, ColumnMap, read_map
from csds.errors import TableError, UsageError
from csds.formats.tables import is_missing, parse_numbers, read_table
from csds.model.columns import ANIMAL_COLUMNS, KEY_COLUMNS, SESSION_COLUMNS
from csds.protocol.nearest import nearest, quoted
from csds.results.one_study import require_one_study
from csds.study.blinding import refuse_blinded
from csds.study.words import echo_phase

KEYS = tuple(column.name for column in KEY_COLUMNS)
_FIRST = ("si_ratio", "interaction_present_s", "interaction_absent_s", "corners_present_s", "corners_absent_s")
_MEASURED = re.compile(
    "|".join(
        re.escape(column.name).replace("<zone>", r"\w+")
        for column in (*ANIMAL_COLUMNS, *SESSION_COLUMNS)
        if column.kind in ("number", "integer")
    )
)
_SHOWN = 3

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A value of csds and of the old table: whose, in which phase where it is a session's, and the old table's line."""

    cohort: str
    animal_id: str
    test: str
    phase: str
    row: int
    own: float
    old: float

    @property
    def animal(self) -> Key:
        """Cohort, animal and test."""
        return (self.cohort, self.animal_id, self.test)

    @property
    def name(self) -> str:
        """What messages call it."""
        return " ".join(part for part in (*self.animal, self.phase) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPair:
    """An animal's phenotype by csds and by the old table, with the old table's line."""

    cohort: str
    animal_id: str
    test: str
    row: int
    own: str
    old: str

    @property
    def animal(self) -> Key:
        """Cohort, animal and test."""
        return (self.cohort, self.animal_id, self.test)

    @property
    def name(self) -> str:
        """What messages call it."""
        return " ".join(part for part in self.animal if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedColumn:
    """A measurement, at one test and in one phase, so that each animal is in it once.

    Parameters
    ----------
    column, old_column : str
        csds's name, and the old table's.
    phase, test : str
        Empty where there is none.
    pairs : tuple of Pair
    n_missing : int
        Further pairs in which either has no finite number.
    """

    column: str
    old_column: str
    phase: str
    test: str
    pairs: tuple[Pair, ...]
    n_missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Results and an old table, paired.

    Parameters
    ----------
    columns : tuple of PairedColumn
    calls : tuple of CallPair
        Of animals that both give a phenotype.
    keys : tuple of str
        The columns that rows were matched by.
    n : int
        Rows that were matched.
    own_alone, old_alone : tuple of str
        Names of the rows of either that have no partner.
    """

    columns: tuple[PairedColumn, ...]
    calls: tuple[CallPair, ...]
    keys: tuple[str, ...]
    n: int
    own_alone: tuple[str, ...]
    old_alone: tuple[str, ...]


def pair_results(folder: Path, against: Path, *, texts: Sequence[str] = (), columns: Sequence[str] = ()) -> Pairing:
    """Return the results of a folder paired with a table of the same animals or sessions.

    Rows go together that have the same animal and, where both tables have them, cohort, test and phase. With a phase
    the old table's rows are sessions; what it then says of animals must be the same in all rows of one.

    Parameters
    ----------
    folder : Path
        Results: ``animals.csv``, and ``sessions.csv`` for what is measured by session.
    against : Path
        CSV or xlsx, names of columns in its first line.
    texts : sequence of str
        As `csds.analysis.agreement_map.read_map` takes them.
    columns : sequence of str
        csds's names of what to compare, in this order; default: what was mapped, and measurements of the same name.

    Raises
    ------
    UsageError
        There is no such file or folder, groups are hidden, or a column isn't there.
    TableError
        A table can't be read, no animal is named, a row is there twice, a cell isn't a number or a phenotype, no row of
        one has a partner in the other, or nothing is left to compare.
    """
    refuse_blinded(folder)
    require_one_study(folder)
    animals, old = read_table(folder / "animals.csv"), _read_old(against)
    sessions = read_table(folder / "sessions.csv") if (folder / "sessions.csv").is_file() else pd.DataFrame()
    own_names, theirs = list(dict.fromkeys(map(str, [*animals, *sessions]))), list(map(str, old))
    mapping = read_map(texts, theirs, own_names)
    if "animal_id" not in mapping.columns:
        raise TableError(
            f"{against}: expected a column that names the animal, found {quoted(theirs[:8])}",
            hint="Say which it is, as in --map Mouse=animal_id. A raw track is none: one row an animal is.",
        )
    tables = _Tables(animals=animals, sessions=sessions, old=old, mapping=mapping, against=against)
    rows = tables.matched(by_session=tables.has_phases)
    if not rows.both:
        raise TableError(
            f"{against}: no row goes with any of the results by {', '.join(rows.keys)}: it has {some(rows.old_alone)}; "
            f"they have {some(rows.own_alone)}",
            hint="Write the animals' names alike in both, or map another column to animal_id.",
        )
    chosen = _chosen(columns, mapping, own_names)
    if not chosen:
        raise TableError(
            f"{against}: expected columns to compare, found none with csds's names beside the animal's",
            hint='Say which they are, as in --map "SI=si_ratio" --map Group=phenotype.',
        )
    return Pairing(
        columns=tuple(one for column in chosen if column != PHENOTYPE for one in tables.paired(column)),
        calls=tables.calls() if PHENOTYPE in chosen else (),
        keys=rows.keys,
        n=len(rows.both),
        own_alone=rows.own_alone,
        old_alone=rows.old_alone,
    )


def _read_old(path: Path) -> pd.DataFrame:
    try:
        return read_table(path)
    except TableError as error:
        hint = f"{error.hint} The first line holds the columns' names, each row an animal: a raw track is no such one."
        raise TableError(error.message, hint=hint) from error


def _chosen(wanted: Sequence[str], mapping: ColumnMap, own: Sequence[str]) -> list[str]:
    """Return the columns to compare, those asked for or all that can be."""
    for name in wanted:
        if name not in mapping.columns:
            near = nearest(name, own)
            is_own = f"the old table has no column for it; map one, as in --map COLUMN={name}" if name in own else ""
            raise UsageError(
                f"--columns {name}: "
                + (is_own or f"the results have no such column{f', but {near!r}' if near else ''}"),
                hint=f"Both have: {', '.join(mapping.columns)}.",
            )
    free = [*(name for name in _FIRST if name in mapping.columns), *mapping.columns]
    found = wanted or [*mapping.named, *(name for name in free if name == PHENOTYPE or _MEASURED.fullmatch(name))]
    return [name for name in dict.fromkeys(found) if name not in (*KEYS, "phase")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matched:
    """Positions of rows that go together, in the order of csds's; names of those without a partner."""

    keys: tuple[str, ...]
    both: tuple[tuple[int, tuple[int, ...]], ...]
    own_alone: tuple[str, ...]
    old_alone: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tables:
    animals: pd.DataFrame
    sessions: pd.DataFrame
    old: pd.DataFrame
    mapping: ColumnMap
    against: Path
    known: dict[bool, _Matched] = field(default_factory=dict)

    @property
    def has_phases(self) -> bool:
        return "phase" in self.mapping.columns and "phase" in self.sessions

    def matched(self, *, by_session: bool) -> _Matched:
        """Return which rows go together; of animals in a table of sessions each with all of its old rows."""
        if by_session not in self.known:
            self.known[by_session] = self._match(by_session=by_session)
        return self.known[by_session]

    def _match(self, *, by_session: bool) -> _Matched:
        own = self.sessions if by_session else self.animals
        keys = tuple(
            key for key in KEYS if self._says(own, key) and self._says(self.old, self.mapping.columns.get(key))
        )
        if "animal_id" not in keys:
            raise TableError(
                f"{self.against}, column '{self.mapping.columns['animal_id']}': expected animals' names, found none",
                hint="Map the column that has them to animal_id.",
            )
        keys = (*keys, "phase") if by_session else keys
        mine = _rows_by_key(_texts(own, keys))
        phases = list(dict.fromkeys(self.sessions["phase"])) if by_session else []
        theirs = _rows_by_key(
            (*key[:-1], echo_phase(key[-1], phases) or key[-1]) if by_session else key
            for key in _texts(self.old, [self.mapping.columns[key] for key in keys])
        )
        nameless = [at for key, rows in theirs.items() if not key[keys.index("animal_id")] for at in rows]
        if nameless:
            raise TableError(
                f"{self.against}, row {self.old.index[nameless[0]]}: no animal is named",
                hint="Give every row the animal's name; remove rows of means or remarks.",
            )
        for key, rows in mine.items():
            if len(rows) > 1 and key in theirs:
                lacking = [name for name in KEYS if name not in keys and self._says(own, name)]
                raise TableError(
                    f"'{_name(key)}' stands for {len(rows)} rows of the results",
                    hint=f"Map a column of the old table to {' or '.join(lacking) or 'cohort'} to tell them apart.",
                )
        for key, rows in theirs.items():
            if len(rows) > 1 and (by_session or not self.has_phases):
                raise TableError(
                    f"{self.against}: expected one row of '{_name(key)}', found {len(rows)} "
                    f"(rows {', '.join(str(self.old.index[at]) for at in rows[:8])}{' …' * (len(rows) > 8)})",
                    hint="Remove all but one; or map a column that tells them apart to phase, cohort or test.",
                )
        return _Matched(
            keys=keys,
            both=tuple((rows[0], tuple(theirs[key])) for key, rows in mine.items() if key in theirs),
            own_alone=tuple(_name(key) for key in mine if key not in theirs),
            old_alone=tuple(_name(key) for key in theirs if key not in mine),
        )

    def paired(self, column: str) -> Iterator[PairedColumn]:
        """Yield a measurement's pairs by test and phase."""
        by_session = self.has_phases and column in self.sessions
        own = self.sessions if by_session else self.animals
        if column not in own:
            raise TableError(
                f"column '{column}' is of sessions: expected a column for the phase as well, found none",
                hint="Map one, as in --map Trial=phase; or map to one of animals.csv, such as interaction_absent_s.",
            )
        their = self.mapping.columns[column]
        try:
            theirs = parse_numbers(self.old[their], their).tolist()
        except TableError as error:
            raise TableError(f"{self.against}, {error.message}", hint=error.hint) from error
        mine, names, cells = parse_numbers(own[column], column).tolist(), _texts(own, KEYS), list(self.old[their])
        phases = [str(cell) for cell in own["phase"]] if by_session else [""] * len(own)
        found: dict[tuple[str, str], list[Pair]] = {}
        missing: dict[tuple[str, str], int] = {}
        for at, rows in self.matched(by_session=by_session).both:
            row = self._row_that_says(rows, cells, their)
            cohort, animal, test = names[at]
            values = mine[at], theirs[row]
            pairs = found.setdefault((test, phases[at]), [])
            if all(map(math.isfinite, values)):
                pairs.append(
                    Pair(cohort=cohort, animal_id=animal, test=test, phase=phases[at], row=int(self.old.index[row]),
                         own=values[0], old=values[1])
                )  # fmt: skip
            else:
                missing[test, phases[at]] = missing.get((test, phases[at]), 0) + 1
        for (test, phase), pairs in found.items():
            yield PairedColumn(
                column=column, old_column=their, phase=phase, test=test, pairs=tuple(pairs),
                n_missing=missing.get((test, phase), 0),
            )  # fmt: skip

    def calls(self) -> tuple[CallPair, ...]:
        """Return the phenotypes of animals that have one in both."""
        their = self.mapping.columns[PHENOTYPE]
        found: list[CallPair] = []
        unknown: dict[str, int] = {}
        names, mine = _texts(self.animals, KEYS), [str(cell).strip() for cell in self.animals[PHENOTYPE]]
        cells, lines = list(self.old[their]), self.old.index.tolist()
        for at, rows in self.matched(by_session=False).both:
            row = self._row_that_says(rows, cells, their)
            text = str(cells[row])
            call = "" if is_missing(text) else self.mapping.phenotype(text)
            cohort, animal, test = names[at]
            line = int(lines[row])
            if call is None:
                unknown.setdefault(text, line)
            elif call and mine[at]:
                found.append(CallPair(cohort=cohort, animal_id=animal, test=test, row=line, own=mine[at], old=call))
        if unknown:
            word, line = next(iter(unknown.items()))
            raise TableError(
                f"{self.against}, row {line}, column '{their}': expected a phenotype, found {quoted(unknown)}",
                hint=f'Say what each means, as in --map "{PHENOTYPE}:{word}=susceptible"; "{PHENOTYPE}:{word}=" leaves '
                "such animals out.",
            )
        return tuple(found)

    def _row_that_says(self, rows: Sequence[int], cells: Sequence[str], their: str) -> int:
        """Return the row of an animal that has a cell in a column, which must not differ between its rows."""
        filled = [at for at in rows if not is_missing(str(cells[at]))] or [rows[0]]
        for at in filled[1:]:
            if str(cells[at]).strip() != str(cells[filled[0]]).strip():
                raise TableError(
                    f"{self.against}, rows {self.old.index[filled[0]]} and {self.old.index[at]}: column '{their}' is "
                    "of the animal, and must be the same in all of its rows",
                    hint="Correct one of them, or map the column to one of sessions.csv.",
                )
        return filled[0]

    @staticmethod
    def _says(table: pd.DataFrame, column: str | None) -> bool:
        """Return whether a table has a column that isn't empty."""
        return column is not None and column in table and any(str(cell).strip() for cell in table[column])


def _texts(table: pd.DataFrame, columns: Sequence[str]) -> list[Key]:
    cells = [[str(cell).strip() for cell in table[name]] if name in table else [""] * len(table) for name in columns]
    return list(zip(*cells, strict=True))


def _rows_by_key(keys: Iterator[Key] | Sequence[Key]) -> Mapping[Key, list[int]]:
    found: dict[Key, list[int]] = {}
    for at, key in enumerate(keys):
        found.setdefault(key, []).append(at)
    return found


def _name(key: Key) -> str:
    return " ".join(part for part in key if part)


def some(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are.

    Examples
    --------
    >>> some(["M1", "M2", "M3", "M4", "M5"])
    'M1, M2, M3 and 2 more'
    """
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN]) or 'none'}{more}"
