"""The ARRIVE guidelines' essential ten, filled in as far as a study's own files tell.

Percie du Sert et al. 2020, PLoS Biol 18:e3000410, doi:10.1371/journal.pbio.3000410. What csds can't know is marked for
the authors; nothing is made up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from csds.analysis.methods import methods_sentences
from csds.analysis.sentences import results_sentences
from csds.analysis.wording import left_out_texts, outcome_text
from csds.report.content import Report

#: How study.toml leaves a field open.
_OPEN = ("", "open")


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
        "Outcome measures": (_outcomes(report), []),
        "Statistical methods": (methods_sentences(report.analysis) if report.analysis else [], []),
        "Experimental animals": (_animals(report), ["supplier, genotype, health status, age, housing history"]),
        "Experimental procedures": (_procedures(report), ["defeat: days, aggressors, duration; housing; time of day"]),
        "Results": (results_sentences(report.analysis) if report.analysis else [report.why_not], []),
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
    return [name for name, value in treatment.items() if value in _OPEN] if isinstance(treatment, dict) else []


def _design(report: Report) -> list[str]:
    if report.analysis is None:
        return []
    groups = report.analysis.comparison.groups
    return [f"Groups: {', '.join(groups)} ({report.analysis.comparison.why})."] if groups else []


def _sizes(report: Report) -> list[str]:
    if report.analysis is None:
        return [f"{len(report.animals)} animals in the table."]
    own = [one for one in report.analysis.results if one.effect_name == "mean"]
    first = [one for one in own if one.outcome == own[0].outcome] if own else []
    return [f"Analysed: {', '.join(f'{one.term} {one.n}' for one in first)}."] if first else []


def _exclusions(report: Report) -> list[str]:
    if report.analysis is None:
        return []
    left_out = next(iter(report.analysis.left_out.values()), ())
    return [f"Left out: {line}." for line in left_out_texts(left_out)] or ["No animal was left out."]


def _outcomes(report: Report) -> list[str]:
    if report.analysis is None:
        return []
    outcomes = list(dict.fromkeys(one.outcome for one in report.analysis.results if one.analysis == "secondary"))
    second = f" Secondary: {'; '.join(map(outcome_text, outcomes))}." if outcomes else ""
    return [f"Primary: {outcome_text(report.analysis.plan.primary)}.{second}", report.when]


def _animals(report: Report) -> list[str]:
    return [sentence for column in ("sex", "strain", "age_weeks", "weight_g") for sentence in _column(report, column)]


def _column(report: Report, column: str) -> Iterator[str]:
    if column in report.animals:
        cells = [str(cell).strip() for cell in report.animals[column]]
        counts = Counter(cell or "not given" for cell in cells)
        numbers = [float(cell) for cell in cells if cell.replace(".", "", 1).isdigit()]
        if column in ("weight_g", "age_weeks") and numbers:
            yield f"{column.replace('_', ' (')}): {min(numbers):g} to {max(numbers):g}, {len(numbers)} animals."
        else:
            yield f"{column}: {', '.join(f'{name} {count}' for name, count in counts.items())}."


def _procedures(report: Report) -> list[str]:
    treatment = report.settings.get("treatment", {})
    known = [f"{name}: {value}." for name, value in treatment.items() if value not in _OPEN]
    missing = open_fields(report.settings)
    name = report.protocol.get("name", "")
    protocol = [f"Social interaction test by the protocol {name}."] if name else []
    return [*protocol, *known, *([f"Open in study.toml: {', '.join(missing)}."] if missing else [])]
