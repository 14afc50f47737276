"""What a report is made of: the tables of a results folder, its analysis, and what is known of the study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from csds.analysis.analyse import Analysis, analyse
from csds.analysis.animals import read_animals
from csds.analysis.plan import AnalysisPlan, read_plan
from csds.analysis.plan_record import when_planned
from csds.errors import StatsError, TableError, UsageError
from csds.formats.json_files import read_json
from csds.formats.tables import read_table
from csds.results.one_study import require_one_study
from csds.study.blinding import BlindingState, blinding_state, is_blinded


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """A study as far as its results folder tells.

    Parameters
    ----------
    folder : Path
        Of the results.
    title : str
    settings : mapping
        The parsed ``study.toml``.
    protocol : mapping
        Name, SHA-256 and content; empty without provenance.
    provenance : mapping
        As ``provenance.json`` holds it; empty where there is none.
    animals, sessions, failures : DataFrame
        The tables as text; without rows where there is no such file.
    planned : AnalysisPlan
    analysis : Analysis or None
        By the plan, and by what the last ``csds stats`` on this folder was asked beside it.
    why_not : str
        Why there is no analysis; empty where there is one.
    when : str
        When the plan was written, by the provenance.
    blinding : BlindingState
    """

    folder: Path
    title: str
    settings: Mapping[str, Any]
    protocol: Mapping[str, Any]
    provenance: Mapping[str, Any]
    animals: pd.DataFrame
    sessions: pd.DataFrame
    failures: pd.DataFrame
    planned: AnalysisPlan
    analysis: Analysis | None
    why_not: str
    when: str
    blinding: BlindingState


def read_report(folder: Path) -> Report:
    """Return what a results folder tells of its study.

    Raises
    ------
    UsageError
        There is no such folder, or no ``animals.csv`` in it.
    TableError
        A table can't be read.
    """
    require_one_study(folder)
    provenance = read_json(folder / "provenance.json") or {}
    study = provenance.get("study", {})
    planned = read_plan(folder if (folder / "study.toml").is_file() else folder.parent)
    analysis, why_not = None, ""
    try:
        analysis = analyse(read_animals(folder), planned.changed(**_asked(folder, planned)))
    except (StatsError, TableError, UsageError) as error:
        why_not = error.message.rstrip(".")
    if is_blinded(folder):
        analysis, why_not = None, "they are hidden behind codes until csds unblind has put them back"
    return Report(
        folder=folder,
        title=str(study.get("title") or folder.resolve().parent.name),
        settings=study.get("settings", {}),
        protocol=provenance.get("protocol", {}),
        provenance=provenance,
        animals=read_table(folder / "animals.csv"),
        sessions=_table(folder / "sessions.csv"),
        failures=_table(folder / "failures.csv"),
        planned=planned,
        analysis=analysis,
        why_not=why_not,
        when=when_planned(planned, provenance),
        blinding=blinding_state(folder),
    )


def _asked(folder: Path, planned: AnalysisPlan) -> dict[str, Any]:
    """Return what the last ``csds stats`` was asked beyond the plan; nothing where the plan is another since."""
    told = (read_json(folder / "stats.json") or {}).get("planned", {})
    if not isinstance(told, dict) or told.get("sha256") != planned.sha256:
        return {}
    changed = {name: one["used"] for name, one in told.get("changed", {}).items()}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in changed.items()}


def _table(path: Path) -> pd.DataFrame:
    try:
        return read_table(path)
    except (UsageError, TableError):
        return pd.DataFrame()
