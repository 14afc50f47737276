"""The arms of a study: which animals are in each, at which test, in which phase, and how many were analysed."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from csds.analysis.animals import KEYS
from csds.analysis.comparison import JOIN
from csds.analysis.plan import AnalysisPlan
from csds.report.content import Report

NUMBERS_HEAD = (
    "group", "test", "in the study", "target absent", "target present", "excluded in the sheet", "analysed",
)  # fmt: skip
NO_GROUP = "no group"
_FACTORS = AnalysisPlan().factors


def group_numbers(report: Report) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the names and rows of a table: animals of each group, at each test, in each phase, left out, analysed.

    Phases are counted where the time in the interaction zone is known. Columns that would be empty are left out.
    """
    table = report.animals
    tests = [str(cell) for cell in table.get("test", [""] * len(table))]
    lost = set(left_out_rows(report))
    rows = []
    for arm, test in dict.fromkeys(zip(arms(report, table), tests, strict=True)):
        own = table[[one == (arm, test) for one in zip(arms(report, table), tests, strict=True)]]
        phases = [
            str(sum(bool(str(cell).strip()) for cell in own[name])) if name in own else ""
            for name in ("interaction_absent_s", "interaction_present_s")
        ]
        excluded = sum(bool(str(cell).strip()) for cell in own.get("exclude", []))
        analysed = str(sum(row not in lost for row in own.index)) if report.analysis else ""
        rows.append((arm, test, str(len(own)), *phases, str(excluded), analysed))
    kept = [at for at in range(len(NUMBERS_HEAD)) if any(row[at] for row in rows)]
    return tuple(NUMBERS_HEAD[at] for at in kept), [tuple(row[at] for at in kept) for row in rows]


def arms(report: Report, table: pd.DataFrame) -> list[str]:
    """Return the arm of each row of animals or sessions, ``no group`` where none is given.

    It is made of the factors that are compared; of stress and treatment where nothing is.
    """
    factors = [one.name for one in report.analysis.comparison.factors] if report.analysis else []
    columns = [[str(cell).strip() for cell in table[name]] for name in factors or _FACTORS if name in table]
    rows = list(zip(*columns, strict=True)) if columns else [()] * len(table)
    return [JOIN.join(filter(None, row)) or NO_GROUP for row in rows]


def animal_names(table: pd.DataFrame) -> list[str]:
    """Return each row's animal as messages call it: cohort, id and test as far as they are given."""
    columns = [[str(cell).strip() for cell in table[key]] for key in KEYS if key in table]
    return [" ".join(filter(None, cells)) for cells in zip(*columns, strict=True)]


def left_out_rows(report: Report) -> Mapping[int, str]:
    """Return the rows that the analysis of the primary outcome left out, and why."""
    if report.analysis is None:
        return {}
    return {one.row: one.reason for one in next(iter(report.analysis.left_out.values()), ())}
