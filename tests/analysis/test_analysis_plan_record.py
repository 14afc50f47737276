"""Whether the plan was there before the data is told from what each run found in study.toml."""

from __future__ import annotations

from pathlib import Path

from csds.analysis.plan import AnalysisPlan, plan_from
from csds.analysis.plan_record import PLANS, record_plan, when_planned

WRITTEN = {"analysis": {"primary": "log_si_ratio"}}
CHANGED = {"analysis": {"primary": "si_ratio", "sum_of_squares": "II"}}


def plan(settings: dict[str, dict[str, str]]) -> AnalysisPlan:
    return plan_from(settings, Path("study.toml"))


def test_plan_that_was_there_at_the_first_run_is_said_to_have_been() -> None:
    runs = record_plan(WRITTEN, [])
    assert record_plan(WRITTEN, runs) == runs
    assert "when the recordings were first tracked" in when_planned(plan(WRITTEN), {PLANS: runs})


def test_plan_that_came_later_is_said_to_have_come_later() -> None:
    runs = record_plan(WRITTEN, record_plan({}, []))
    assert "after the recordings were first tracked" in when_planned(plan(WRITTEN), {PLANS: runs})
    assert "with no plan" in when_planned(plan(WRITTEN), {PLANS: runs})
    changed = record_plan(CHANGED, record_plan(WRITTEN, []))
    assert "with another plan" in when_planned(plan(CHANGED), {PLANS: changed})
    assert "first tracked (" in when_planned(plan(WRITTEN), {PLANS: changed})


def test_plan_written_after_tracking_is_told_from_one_without_a_record() -> None:
    assert "was written or changed after" in when_planned(plan(WRITTEN), {PLANS: record_plan({}, [])})
    assert "isn't recorded" in when_planned(plan(WRITTEN), None)
    assert when_planned(AnalysisPlan(), {PLANS: record_plan({}, [])}) == ""


def test_plan_that_can_not_be_read_is_recorded_with_its_fault() -> None:
    (run,) = record_plan({"analysis": {"primry": "si_ratio"}}, [])
    assert run["sha256"] == ""
    assert "primry" in run["fault"]
