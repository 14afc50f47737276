"""What is known of a study: its animals, and what ``study.toml`` says of it and of the treatment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from csds.report.content import Report

#: How study.toml leaves a field open.
_OPEN = ("", "open")
#: Tables and keys of study.toml that say how a study is analysed, not what it is.
_NOT_FACTS = ("title", "protocol", "reference", "analysis", "blinding")
#: Units that a key's name ends with, as a reader has them.
_UNITS = {"_mg_kg": "mg/kg", "_ml_kg": "ml/kg", "_weeks": "weeks", "_g": "g", "_s": "s", "_min": "min"}


def is_open(value: object) -> bool:
    """Return True where ``study.toml`` leaves a field open."""
    return value in _OPEN


def study_facts(report: Report) -> list[tuple[str, str]]:
    """Return names and values of what is known of a study, its treatment's fields last; open ones are ``open``."""
    content = report.protocol.get("content", {})
    facts = [("animals", str(_count(report))), ("sessions", str(len(report.sessions)))]
    facts.append(("protocol", str(report.protocol.get("name", "not recorded"))))
    facts += [
        (fact_name(column), text)
        for column in ("sex", "strain", "age_weeks", "weight_g")
        if (text := column_text(report, column))
    ]
    # What the study says goes before what its protocol does.
    treatment = {**content.get("treatment", {}), **_table(report.settings.get("treatment"))}
    return [
        *facts,
        *_flat(report.settings),
        *((fact_name(name), fact_text(value)) for name, value in treatment.items()),
    ]


def name_of_test(report: Report) -> str:
    """Return what the test is called; of a protocol without a target, its own title."""
    content = report.protocol.get("content", {})
    phases = content.get("phases", [])
    has_target = any(phase.get("has_target") for phase in phases)
    return "Social interaction test" if has_target or not phases else str(content.get("title", ""))


def fact_name(key: str) -> str:
    """Return a key of a table or of ``study.toml`` as a reader has it.

    Examples
    --------
    >>> fact_name("dose_mg_kg"), fact_name("antibody_clone")
    ('dose (mg/kg)', 'antibody clone')
    """
    end = next((end for end in _UNITS if key.endswith(end)), "")
    name = key.removesuffix(end).replace("_", " ")
    return f"{name} ({_UNITS[end]})" if end else name


def fact_text(value: object) -> str:
    """Return a value of ``study.toml`` as a reader has it; ``open`` where it is left open.

    Examples
    --------
    >>> fact_text([1, 4.5, 7]), fact_text(""), fact_text(True)
    ('1, 4.5, 7', 'open', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(fact_text, value))
    if isinstance(value, float):
        return f"{value:g}"
    return "open" if is_open(value) else str(value)


def column_text(report: Report, column: str) -> str:
    """Return what a design column holds: counts of animals, or the range of numbers; empty where there is none."""
    if column not in report.animals:
        return ""
    names = [key for key in ("cohort", "animal_id") if key in report.animals]
    cells = [str(cell).strip() for cell in report.animals.drop_duplicates(names)[column]]
    if not any(cells):
        return ""
    numbers = [float(cell) for cell in cells if cell.replace(".", "", 1).isdigit()]
    if column in ("weight_g", "age_weeks") and numbers:
        missing = f", not given of {len(cells) - len(numbers)}" if len(numbers) < len(cells) else ""
        extent = " to ".join(dict.fromkeys(f"{number:g}" for number in (min(numbers), max(numbers))))
        return f"{extent}{missing}"
    return ", ".join(f"{name or 'not given'} {count}" for name, count in Counter(cells).items())


def _count(report: Report) -> int:
    names = [key for key in ("cohort", "animal_id") if key in report.animals]
    return len(report.animals.drop_duplicates(names))


def _flat(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the further facts of study.toml, those of its tables by the table's name and their own."""
    for name, value in settings.items():
        if name in (*_NOT_FACTS, "treatment"):
            continue
        if isinstance(value, Mapping):
            yield from ((f"{name}, {fact_name(key)}", fact_text(item)) for key, item in value.items())
        else:
            yield fact_name(name), fact_text(value)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
