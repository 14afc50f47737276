"""The report's text and tables, in the order in which one reads them, for any form that is a document."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from csds.analysis.results import Result
from csds.analysis.summary import summary_sections
from csds.analysis.wording import effect_text, outcome_text, p_text, statistic_text
from csds.report.agreement import MEASURED, WORST, agreement_part
from csds.report.answer import answer_sentences
from csds.report.arms import group_numbers
from csds.report.arrive import arrive_items
from csds.report.content import Report
from csds.report.exclusions import EXCLUSIONS_HEAD, exclusions
from csds.report.methods import report_methods
from csds.report.quality import doubtful_sessions
from csds.report.study import study_facts
from csds.report.typed_tables import TypedTable, read_typed_tables

_NOT_GIVEN = "to be filled in (study.toml)"
_TESTS = ("outcome", "comparison", "test", "statistic", "p", "adjusted p", "effect [95 % CI]", "effect is", "n")
_GROUPS = ("outcome", "group", "what", "value [95 % CI]", "n")
_ANIMALS = ("cohort", "animal_id", "test", "stress", "treatment", "interaction_absent_s", "interaction_present_s",
            "si_ratio", "phenotype", "exclude", "flags")  # fmt: skip
_FAILURES = ("session_id", "stage", "error", "how_to_fix")
_SESSIONS = ("session", "group", "phase", "tracked %", "flags")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with sentences, or with a table, below it.

    Parameters
    ----------
    title : str
    sentences : tuple of str
        Without line ends or control characters.
    kind : {"list", "prose", "numbered"}
        Whether sentences are items, make one paragraph, or are numbered from 1 on.
    head : tuple of str
        The table's names; empty where there is no table.
    rows : tuple of tuple of str
        Its cells, rounded as they are shown.
    """

    title: str
    sentences: tuple[str, ...] = ()
    kind: Literal["list", "prose", "numbered"] = "list"
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def report_sections(report: Report) -> tuple[Section, ...]:
    """Return a report as sections: what was found first, then who was studied and how, then each animal.

    Raises
    ------
    TableError
        A table holds text where numbers belong.
    """
    return tuple(_sections(report))


def _sections(report: Report) -> Iterator[Section]:
    tables = {table.name: table for table in read_typed_tables(report.folder)}
    found = report.analysis
    # Results, methods and who was left out have sections of their own here.
    told = {} if found is None else summary_sections(found, report.planned, ())
    yield _text("Answer", answer_sentences(report))
    yield from (_text(title, told[title]) for title in ("To be known", "Departures from the plan") if title in told)
    facts = [(name, _NOT_GIVEN if value == "open" else value) for name, value in study_facts(report)]
    yield from _table("Study and treatment", ("what", "value"), facts)
    yield from _table("Animals by group and phase", *group_numbers(report))
    left_out = exclusions(report)
    if left_out:
        yield from _table("Exclusions by arm and reason", EXCLUSIONS_HEAD, left_out)
    else:
        yield _text("Exclusions by arm and reason", ["No animal was left out, and no session failed."])
    if found:
        yield from _result_tables(found.results)
    yield from (_text(title, told[title]) for title in ("Checks", "Not computed") if title in told)
    if (part := agreement_part(report)) is not None:
        yield _text(part.title, part.sentences)
        yield from _table(f"{part.title}: measurements", MEASURED, part.measurements)
        for title, head, rows in part.tables:
            yield from _table(title, head, rows)
        worst = [(one.text, "; ".join(one.files)) for one in part.worst]
        yield from _table(f"{part.title}: what disagrees most", WORST, worst)
    if doubtful := doubtful_sessions(report):
        yield from _table("Sessions to look at before their numbers are used", _SESSIONS, doubtful)
    methods = report_methods(report)
    if methods.sentences:
        yield _text("Methods", methods.sentences, kind="prose")
    if methods.to_fill:
        yield _text("To be filled in among the methods", methods.to_fill)
    yield _text("References", (f"{one.text} {one.url}".strip() for one in methods.references), kind="numbered")
    items = arrive_items(report)
    yield _text(
        f"ARRIVE 2.0, the essential ten [{len(methods.references)}]",
        (
            " ".join((f"{one.title}.", *one.known, *(f"To be filled in: {missing}." for missing in one.to_fill)))
            for one in items
        ),
        kind="numbered",
    )
    yield from _study_tables(tables)


def _result_tables(results: Sequence[Result]) -> Iterator[Section]:
    for title, analysis in (("Planned tests", "planned"), ("Secondary outcomes", "secondary")):
        yield from _table(title, _TESTS, (_test_row(one) for one in results if _is_test(one, analysis)))
    planned = {one.outcome for one in results if one.analysis == "planned"}
    described = [one for one in results if one.analysis == "description" and one.outcome in planned]
    yield from _table("Groups", _GROUPS, (_group_row(one) for one in described))


def _is_test(one: Result, analysis: str) -> bool:
    return one.analysis == analysis and bool(one.statistic_name)


def _test_row(one: Result) -> tuple[object, ...]:
    return (
        outcome_text(one.outcome), one.contrast or one.term, one.test, statistic_text(one), p_text(one.p_value),
        p_text(one.p_adjusted), effect_text(one), one.effect_name, one.n,
    )  # fmt: skip


def _group_row(one: Result) -> tuple[object, ...]:
    return outcome_text(one.outcome), one.term, one.effect_name, effect_text(one), one.n


def _text(title: str, sentences: Iterable[str], kind: Literal["list", "prose", "numbered"] = "list") -> Section:
    return Section(title=title, sentences=_all_shown(sentences), kind=kind)


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
    return tuple(shown_text(value) for value in values)


def shown_text(value: object) -> str:
    """Return a value as a reader sees it: numbers to two decimals, control characters spelled out."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.2f}"  # noqa: PLR0124 - NaN alone differs from itself
    text = " ".join(str(value).split())
    return "".join(c.encode("unicode_escape").decode() if _is_unseen(c) else c for c in text)


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} or character in "\ufffe\uffff"
