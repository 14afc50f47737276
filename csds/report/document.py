"""The report's text and tables, in the order in which one reads them, for any form that is a document."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from csds.analysis.results import Result
from csds.analysis.wording import effect_text, outcome_text, p_text, statistic_text
from csds.report.told import read_told
from csds.report.typed_tables import TypedTable, read_typed_tables

#: The sections of csds stats that stand before any table.
_FIRST = ("Results", "To be known", "Departures from the plan")
_TESTS = ("outcome", "comparison", "test", "statistic", "p", "adjusted p", "effect [95 % CI]", "effect is", "n")
_GROUPS = ("outcome", "group", "what", "value [95 % CI]", "n")
_ANIMALS = ("cohort", "animal_id", "test", "stress", "treatment", "interaction_absent_s", "interaction_present_s",
            "si_ratio", "phenotype", "exclude", "flags")  # fmt: skip
_FAILURES = ("session_id", "stage", "error", "how_to_fix")
_NO_STATISTICS = "There are no statistics in this folder: csds stats makes them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with sentences, or with a table, below it.

    Parameters
    ----------
    title : str
    sentences : tuple of str
        Without line ends or control characters.
    head : tuple of str
        The table's names; empty where there is no table.
    rows : tuple of tuple of str
        Its cells, rounded as they are shown.
    """

    title: str
    sentences: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def read_document(folder: Path) -> tuple[Section, ...]:
    """Return the report of a results folder: what was found first, then how, then each animal.

    The sentences are those of ``stats.json``, the tables come from ``stats.csv``, ``animals.csv`` and
    ``failures.csv``; numbers are rounded here.

    Raises
    ------
    UsageError
        The folder holds no table.
    TableError
        A table or ``stats.json`` can't be read as what it should be.
    """
    tables = {table.name: table for table in read_typed_tables(folder)}
    told = read_told(folder)
    said = told.text if told else {_FIRST[0]: (_NO_STATISTICS,)}
    text = {title: Section(title=title, sentences=_all_shown(lines)) for title, lines in said.items()}
    first = [text.pop(title) for title in _FIRST if title in text]
    return (*first, *_result_tables(tables.get("stats")), *text.values(), *_study_tables(tables))


def _result_tables(stats: TypedTable | None) -> Iterator[Section]:
    if stats is None:
        return
    results = [_result(row) for row in stats.frame.to_dict(orient="records")]
    for title, analysis in (("Planned tests", "planned"), ("Secondary outcomes", "secondary")):
        yield from _table(title, _TESTS, (_test_row(one) for one in results if _is_test(one, analysis)))
    planned = {one.outcome for one in results if one.analysis == "planned"}
    described = [one for one in results if one.analysis == "description" and one.outcome in planned]
    yield from _table("Groups", _GROUPS, (_group_row(one) for one in described))


def _result(row: Mapping[Hashable, Any]) -> Result:
    """Return a row of ``stats.csv`` as the result that it was made from; other columns are none of it."""
    known = {name: row[name] for name in (field.name for field in fields(Result)) if name in row}
    return Result(**{"test": ""} | {name: value for name, value in known.items() if not pd.isna(value)})


def _is_test(one: Result, analysis: str) -> bool:
    return one.analysis == analysis and bool(one.statistic_name)


def _test_row(one: Result) -> tuple[object, ...]:
    return (
        outcome_text(one.outcome), one.contrast or one.term, one.test, statistic_text(one), p_text(one.p_value),
        p_text(one.p_adjusted), effect_text(one), one.effect_name, one.n,
    )  # fmt: skip


def _group_row(one: Result) -> tuple[object, ...]:
    return outcome_text(one.outcome), one.term, one.effect_name, effect_text(one), one.n


def _study_tables(tables: dict[str, TypedTable]) -> Iterator[Section]:
    for title, name, wanted in (("Animals", "animals", _ANIMALS), ("What could not be used", "failures", _FAILURES)):
        if name in tables:
            frame = tables[name].frame
            filled = [one for one in wanted if one in frame and (frame[one].notna() & (frame[one] != "")).any()]
            yield from _table(title, filled, frame[filled].itertuples(index=False, name=None))


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Section]:
    shown = tuple(_all_shown(row) for row in rows)
    if shown:
        yield Section(title=title, head=tuple(head), rows=shown)


def _all_shown(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(_shown(value) for value in values)


def _shown(value: object) -> str:
    """Return a value as a reader sees it: numbers to two decimals, control characters spelled out."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.2f}"  # noqa: PLR0124 - NaN alone differs from itself
    text = " ".join(str(value).split())
    return "".join(c.encode("unicode_escape").decode() if _is_unseen(c) else c for c in text)


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} or character in "\ufffe\uffff"
