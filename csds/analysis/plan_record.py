"""Whether a plan was there before the data: what the results' provenance says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from csds.analysis.plan import AnalysisPlan, plan_from
from csds.errors import SheetError

#: The key of ``provenance.json``: every plan that a run found in ``study.toml``, and when first.
PLANS = "analysis_plans"


def record_plan(settings: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the plans that runs have found, this run's at the end if it is another than the last one's.

    Parameters
    ----------
    settings : mapping
        The parsed ``study.toml``.
    before : sequence of mapping
        What earlier runs into the same folder recorded.
    """
    try:
        plan = plan_from(settings, Path("study.toml"))
        now = {"sha256": plan.sha256 if plan.is_written else "", "fault": ""}
    except SheetError as error:
        now = {"sha256": "", "fault": error.message}
    known = [dict(one) for one in before]
    if known and all(known[-1].get(key) == value for key, value in now.items()):
        return known
    return [*known, {**now, "since": datetime.now(UTC).isoformat(timespec="seconds")}]


def when_planned(plan: AnalysisPlan, provenance: Mapping[str, Any] | None) -> str:
    """Return a sentence on when a plan was written, by the provenance of the tracking; empty where none is written."""
    if not plan.is_written:
        return ""
    plans = (provenance or {}).get(PLANS, [])
    name = f"The analysis plan (SHA-256 {plan.sha256[:12]}…)"
    at = next((place for place, one in enumerate(plans) if one.get("sha256") == plan.sha256), None)
    if at is None:
        if not plans:
            return f"{name} is that of study.toml; when it was written isn't recorded with these results."
        return f"{name} was written or changed after the recordings were tracked (last on {_date(plans[-1])})."
    if at == 0:
        return f"{name} was in study.toml when the recordings were first tracked ({_date(plans[0])})."
    return (
        f"{name} was in study.toml from {_date(plans[at])} on, after the recordings were first tracked "
        f"({_date(plans[0])}) with {'another' if plans[0].get('sha256') else 'no'} plan."
    )


def _date(recorded: Mapping[str, Any]) -> str:
    return str(recorded.get("since", ""))[:10]
