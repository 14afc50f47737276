"""A study as its figures take it: animals, what was found of them, and where the line is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from csds.analysis.analyse import Analysis, randomised
from csds.analysis.animals import KEYS, Animals
from csds.analysis.comparison import EVERYONE, WITHIN, Comparison, groups_of
from csds.analysis.phenotypes import PHENOTYPE
from csds.analysis.results import Result
from csds.analysis.studies import PROTOCOL, STUDY
from csds.analysis.within import BOTH_PHASES
from csds.errors import StatsError
from csds.figures.lettering import letters_not_shown
from csds.formats.tables import read_table
from csds.plots.labels import shortened
from csds.plots.style import Style
from csds.plots.tracks import StudyTracks, keys_of, read_tracks
from csds.stats.bootstrap import Location

Centre: TypeAlias = Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A group, at one of its tests where animals have several.

    Parameters
    ----------
    name : str
        As results call it.
    levels : tuple of str
        Of the comparison's factors, and the test.
    rows : tuple of int
        Positions of its animals among those analysed.
    meaning : str
        What its colour stands for.
    place : int
        Among those without a colour of their own.
    group : str
        The group alone, where the name has the test as well.
    """

    name: str
    levels: tuple[str, ...]
    rows: tuple[int, ...]
    meaning: str
    place: int
    group: str = ""

    def colour(self, style: Style) -> str:
        """Return its colour."""
        return style.colour_of(self.meaning, self.place)

    @property
    def label(self) -> str:
        """Its name as figures have room for it."""
        return self._short(self.name)

    @property
    def group_label(self) -> str:
        """Its group's name as figures have room for it."""
        return self._short(self.group)

    def _short(self, name: str) -> str:
        for level in self.levels:
            name = name.replace(level, shortened(level)) if level else name
        return name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyResults:
    """What figures are drawn from.

    Parameters
    ----------
    animals : Animals
        All of the table.
    analysis : Analysis
        Of them.
    outcome : str
        What figures of one outcome show; the analysis's primary one where empty.
    cutoffs : mapping
        By score, below what an animal is susceptible.
    folder : Path or None
        Results with saved tracks; None where there is a table alone.
    centre : {"mean", "median"}
        What stands for a group in figures of groups.
    sessions : DataFrame
        ``sessions.csv``, as text; empty where there is none.
    home : Path or None
        The folder of the table.
    tracks : callable or None
        What reads the saved tracks once (`csds.plots.tracks.tracks_of`); each figure reads them itself where None.
    """

    animals: Animals
    analysis: Analysis
    outcome: str = ""
    cutoffs: Mapping[str, float] = field(default_factory=lambda: cutoffs_of(None))
    folder: Path | None = None
    centre: Centre = "mean"
    sessions: pd.DataFrame = field(default_factory=pd.DataFrame)
    home: Path | None = None
    tracks: Callable[[], StudyTracks] | None = None

    @property
    def shown(self) -> str:
        """The outcome that is shown."""
        both = BOTH_PHASES if self.analysis.comparison.name == "target_by_group" else ""
        return self.outcome or both or self.analysis.plan.primary

    @property
    def analysed(self) -> Animals:
        """The animals that the plan takes."""
        return randomised(self.animals, self.analysis.plan)

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The groups, at each of their tests, the reference first."""
        comparison, animals = self.analysis.comparison, self.analysed
        groups, tests = groups_of(animals, comparison.factors), animals.texts(WITHIN)
        levels = dict(zip(groups, _levels(animals, comparison), strict=True))
        return tuple(
            _arm(comparison, group, levels[group], test, [
                at for at, one in enumerate(groups) if one == group and (not test or tests[at] == test)
            ])
            for group in comparison.groups or (EVERYONE,)
            for test in (comparison.within.levels if comparison.within else ("",))
        )  # fmt: skip

    @property
    def unshown_letters(self) -> str:
        """The letters of names of groups, animals and studies that the figures' font lacks; □ stands for them."""
        cells = (cell for column in ("animal_id", STUDY, PROTOCOL) for cell in self.analysed.texts(column))
        return letters_not_shown("".join([*(arm.name for arm in self.arms), *cells]))

    def results_folder(self, figure: str) -> Path:
        """Return the folder with the saved tracks that a figure takes.

        Raises
        ------
        StatsError
            There is a table alone.
        """
        if self.folder is None:
            raise StatsError(
                f"figure '{figure}': expected the results of csds track with their tracks, found a table alone",
                hint="Name the results folder.",
            )
        return self.folder

    def results(self, outcome: str, *analyses: str) -> tuple[Result, ...]:
        """Return an outcome's results of some kinds."""
        return tuple(one for one in self.analysis.results if one.outcome == outcome and one.analysis in analyses)

    def listing(self, columns: Sequence[str], shown: Iterable[int], figure: str) -> pd.DataFrame:
        """Return every animal of the table, a row each, with what a figure shows of it, or why it doesn't.

        Parameters
        ----------
        columns : sequence of str
            Numbers, beside the keys, the group and the phenotype.
        shown : iterable of int
            Lines of the file.
        figure : str
            Whose marks they are.

        Raises
        ------
        StatsError
            None is shown.
        """
        lines = set(shown)
        whole = pd.concat([self.animals.table, self.animals.excluded]).sort_index()
        everyone = Animals(table=whole, left_out=())
        reasons = {one.row: one.reason for some in self.analysis.left_out.values() for one in some}
        reasons |= {one.row: one.reason for one in (*self.animals.left_out, *self.analysed.left_out)}
        if not lines:
            raise StatsError(
                f"figure '{figure}': expected animals with {' and '.join(columns)} in the groups that are compared, "
                "found none",
                hint="See which columns of the table are empty, or draw another figure: csds plot --list.",
            )
        rows = [int(row) for row in whole.index]
        without = [f"no {' or no '.join(columns)}"] if columns else []
        return pd.DataFrame(
            {
                "mark": "animal",
                **{key: everyone.texts(key) for key in KEYS},
                "group": groups_of(everyone, self.analysis.comparison.factors),
                "phenotype": everyone.texts(PHENOTYPE),
                **{column: everyone.numbers(column) for column in columns},
                "shown": [row in lines for row in rows],
                "why_not": [
                    "" if row in lines else reasons.get(row) or ", or ".join([*without, "in no group"]) for row in rows
                ],
            }
        )

    def read_tracks(self, figure: str) -> StudyTracks:
        """Return the saved tracks, read when they are first asked for.

        Raises
        ------
        StatsError
            There is a table alone.
        TableError
            The folder holds none.
        """
        return self.tracks() if self.tracks else read_tracks(self.results_folder(figure))

    def track_listing(self, tracks: StudyTracks, why_not: Mapping[tuple[int, str], str], figure: str) -> pd.DataFrame:
        """Return every animal of the table as `listing` does, with the phases whose tracks a figure shows.

        Parameters
        ----------
        tracks : StudyTracks
        why_not : mapping
            By row of those analysed, and phase: why a track that there is isn't shown.
        figure : str

        Raises
        ------
        StatsError
            None is shown.
        """
        animals, keys = self.analysed, keys_of(self.analysed)
        shown, reasons = {}, {}
        for at in sorted({at for arm in self.arms for at in arm.rows}):
            lacking = {phase: why_not.get((at, phase)) or tracks.lacking(keys[at], phase) for phase in tracks.phases}
            line = int(animals.table.index[at])
            shown[line] = "; ".join(phase for phase, why in lacking.items() if not why)
            reasons[line] = "; ".join(f"{phase}: {why}" for phase, why in lacking.items() if why)
        if not any(shown.values()):
            raise StatsError(
                f"figure '{figure}': expected tracks of the animals that are compared, found none",
                hint="Do cohort, animal_id and test in animals.csv and sessions.csv agree?",
            )
        data = self.listing([], (line for line, phases in shown.items() if phases), figure)
        lines = sorted([*map(int, self.animals.table.index), *map(int, self.animals.excluded.index)])
        data.insert(len(data.columns) - 1, "phases_shown", [shown.get(line, "") for line in lines])
        data["why_not"] = [
            reasons.get(line) or (told if line not in shown else "")
            for line, told in zip(lines, data["why_not"], strict=True)
        ]
        return data

    def having(self, columns: Sequence[str], lines: Iterable[int] | None = None) -> tuple[Animals, tuple[Arm, ...]]:
        """Return the animals that are analysed, and the groups with only those that have numbers in some columns.

        Parameters
        ----------
        columns : sequence of str
        lines : iterable of int, optional
            Of the file: those alone.

        Raises
        ------
        TableError
            There is no such column, or it holds text.
        """
        animals = self.analysed
        columns_of = [animals.numbers(column) for column in columns]
        known = [bool(np.isfinite([numbers[at] for numbers in columns_of]).all()) for at in range(len(animals.table))]
        if lines is not None:
            wanted = set(lines)
            known = [one and row in wanted for one, row in zip(known, animals.table.index, strict=True)]
        return animals, tuple(replace(arm, rows=tuple(at for at in arm.rows if known[at])) for arm in self.arms)


def cutoffs_of(provenance: Mapping[str, Any] | None) -> Mapping[str, float]:
    """Return the cut-offs of the rule that results were scored by; an SI ratio of 1 where that isn't known.

    Parameters
    ----------
    provenance : mapping or None
        The content of ``provenance.json``.

    Examples
    --------
    >>> cutoffs_of(None)
    {'si_ratio': 1.0, 'log_si_ratio': 0.0}
    """
    content = ((provenance or {}).get("protocol") or {}).get("content") or {}
    if "rule" not in content:
        return {"si_ratio": 1.0, "log_si_ratio": 0.0}
    criteria = (content["rule"] or {}).get("criteria") or ()
    found = {one["score"]: float(one["cutoff"]) for one in criteria if one.get("kind") == "cutoff"}
    if found.get("si_ratio", 0.0) > 0:
        found.setdefault("log_si_ratio", math.log(found["si_ratio"]))
    return found


def read_sessions(folder: Path) -> pd.DataFrame:
    """Return the table of sessions beside a table of animals, as text; empty where there is none.

    Raises
    ------
    TableError
        It can't be read.
    """
    path = folder / "sessions.csv"
    return read_table(path) if path.is_file() else pd.DataFrame()


def _levels(animals: Animals, comparison: Comparison) -> list[tuple[str, ...]]:
    if not comparison.factors:
        return [()] * len(animals.table)
    return list(zip(*(animals.texts(one.name) for one in comparison.factors), strict=True))


def _arm(comparison: Comparison, group: str, levels: tuple[str, ...], test: str, rows: Sequence[int]) -> Arm:
    meaning, place = _meaning(comparison, levels)
    name = f"{group}, {test}" if test else group
    return Arm(
        name=name, levels=(*levels, test) if test else levels, rows=tuple(rows), meaning=meaning, place=place,
        group=group,
    )  # fmt: skip


def _meaning(comparison: Comparison, levels: tuple[str, ...]) -> tuple[str, int]:
    """Return what a group's colour stands for: its treatment or, without one, that it is undefeated.

    The treatment's reference is the isotype, its first other level the treatment.
    """
    at = {one.name: one.levels.index(level) for one, level in zip(comparison.factors, levels, strict=True)}
    stress = at.pop("stress", None)
    if not at and stress is not None:
        return ("control", 0) if stress == 0 else ("defeated", stress - 1)
    treatment = list(at.values())[-1] if at else 0
    if treatment == 0:
        return ("control" if stress == 0 else "isotype", 0)
    return ("treatment", 0) if treatment == 1 else ("another treatment", treatment - 2)
