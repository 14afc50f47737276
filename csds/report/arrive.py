"""The ARRIVE guidelines' essential ten, filled in as far as a study's own files tell.

Percie du Sert et al. 2020, PLoS Biol 18:e3000410, doi:10.1371/journal.pbio.3000410. What csds can't know is marked for
the authors; nothing is made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from csds.analysis.wording import outcome_text
from csds.report.arms import group_numbers
from csds.report.content import Report
from csds.report.exclusions import exclusions
from csds.report.study import column_text, fact_name, fact_text, is_open, name_of_test


@dataclass(frozen=True, slots=True, kw_only=True)
class ArriveItem:
    """An item: its number and title, what is known of it, and what the authors have to add."""

    number: int
    title: str
    known: tuple[str, ...]
    to_fill: tuple[str, ...]


def arrive_items(report: Report) -> tuple[ArriveItem, ...]:
    """Return the ten items in their order."""
    items = {
        "Study design": (_design(report), ["the experimental unit, if it isn't the animal"]),
        "Sample size": (_sizes(report), ["how the sample size was decided (csds power says how many a study needs)"]),
        "Inclusion and exclusion criteria": (
            _exclusions(report),
            ["criteria set beforehand for animals and data; when they were set"],
        ),
        "Randomisation": (
            [],
            ["how animals were allocated (the record of csds allocate), and how confounders were met"],
        ),
        "Blinding": ([report.blinding.sentence], ["who knew the groups during treatment, defeat and test"]),
        "Outcome measures": (_outcomes(report), [] if report.analysis else ["primary and secondary outcomes"]),
        "Statistical methods": (
            ["See Methods."] if report.analysis else [],
            [] if report.analysis else ["all of them"],
        ),
        "Experimental animals": (_animals(report), ["supplier, genotype, health status, age, housing history"]),
        "Experimental procedures": (_procedures(report), ["defeat: days, aggressors, duration; housing; time of day"]),
        "Results": (
            [
                "See Answer, and the tables of tests."
                if report.analysis
                else f"No groups are compared: {report.why_not}."
            ],
            [],
        ),
    }
    return tuple(
        ArriveItem(number=number, title=title, known=tuple(filter(None, known)), to_fill=tuple(to_fill))
        for number, (title, (known, to_fill)) in enumerate(items.items(), 1)
    )


def open_fields(settings: Mapping[str, Any]) -> list[str]:
    """Return the treatment's fields that ``study.toml`` leaves open.

    Examples
    --------
    >>> open_fields({"treatment": {"route": "i.p.", "dose_mg_kg": "open"}})
    ['dose_mg_kg']
    """
    treatment = settings.get("treatment", {})
    return [name for name, value in treatment.items() if is_open(value)] if isinstance(treatment, dict) else []


def _design(report: Report) -> list[str]:
    if report.analysis is None:
        return []
    groups = report.analysis.comparison.groups
    return [f"Groups: {', '.join(groups)} ({report.analysis.comparison.why})."] if groups else []


def _sizes(report: Report) -> list[str]:
    head, rows = group_numbers(report)
    what = "analysed" if "analysed" in head else "in the study"
    arms = [" ".join(row[: head.index("in the study")]) for row in rows]
    counts = ", ".join(f"{arm} {row[head.index(what)]}" for arm, row in zip(arms, rows, strict=True))
    return [f"Animals {what}: {counts}."]


def _exclusions(report: Report) -> list[str]:
    lines = [f"{arm}, {n}: {reason} ({who})." for arm, reason, n, who in exclusions(report)]
    return lines or ["No animal was left out."]


def _outcomes(report: Report) -> list[str]:
    if report.analysis is None:
        return []
    outcomes = list(dict.fromkeys(one.outcome for one in report.analysis.results if one.analysis == "secondary"))
    second = f" Secondary: {'; '.join(map(outcome_text, outcomes))}." if outcomes else ""
    return [f"Primary: {outcome_text(report.analysis.plan.primary)}.{second}", report.when]


def _animals(report: Report) -> list[str]:
    columns = ("sex", "strain", "age_weeks", "weight_g")
    return [f"{fact_name(column)}: {text}." for column in columns if (text := column_text(report, column))]


def _procedures(report: Report) -> list[str]:
    treatment = report.settings.get("treatment", {})
    known = [
        f"{fact_name(name)}: {fact_text(value).removesuffix('.')}."
        for name, value in treatment.items()
        if not is_open(value)
    ]
    missing = open_fields(report.settings)
    name = report.protocol.get("name", "")
    protocol = [f"{name_of_test(report)}, by the protocol {name}; see Methods."] if name else []
    return [*protocol, *known, *([f"Open in study.toml: {', '.join(missing)}."] if missing else [])]
