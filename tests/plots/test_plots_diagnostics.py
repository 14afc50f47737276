"""Diagnostics: residuals of the planned model, and sessions in the order in which they were recorded."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from csds.analysis.residuals import planned_residuals
from csds.errors import StatsError, TableError
from csds.plots.diagnostics import draw_diagnostics
from csds.plots.session_quality import sessions_in_order
from csds.plots.study import read_sessions
from csds.plots.style import Style

FOUR = [(stress, treatment) for stress in ("control", "defeated") for treatment in ("isotype", "anti-IL-4Rα")]
TWO = FOUR[2:]


def texts(plot) -> list[str]:
    return [text.get_text() for text in plot.figure.findobj(Text)]


def test_residuals_are_the_distances_from_groups_means(study_of, animals_of) -> None:
    table = animals_of(FOUR, 7)
    plot = draw_diagnostics(study_of(table), style=Style())
    means = table.groupby(["stress", "treatment"])["si_ratio"].transform("mean")
    assert plot.data["fitted"].tolist() == pytest.approx(means.tolist())
    assert plot.data["residual"].tolist() == pytest.approx((table["si_ratio"] - means).tolist())
    ranked = plot.data.sort_values("residual")
    assert ranked["normal_quantile"].is_monotonic_increasing
    outside = int(((ranked["residual"] < ranked["band_low"]) | (ranked["residual"] > ranked["band_high"])).sum())
    assert f"Q–Q plot of 28 residuals, {outside} of them outside" in plot.alt


def test_it_says_what_the_analysis_own_check_says(study_of, animals_of) -> None:
    table = animals_of(TWO, 12)
    table.loc[2, "si_ratio"] = 30.0
    study = study_of(table)
    check = study.analysis.checks[0]
    assert check.verdict == "doubtful"
    assert f"Shapiro–Wilk, W = {check.statistic:.2f}, p < .001: doubtful" in draw_diagnostics(study, style=Style()).alt


def test_of_repeated_tests_residuals_are_of_changes(study_of, repeated_of) -> None:
    table = repeated_of(TWO, 6)
    plot = draw_diagnostics(study_of(table), style=Style())
    both = table.pivot_table(index=["treatment", "animal_id"], columns="test", values="si_ratio")
    change = both["post"] - both["pre"]
    expected = change - change.groupby("treatment").transform("mean")
    assert sorted(plot.data["residual"].dropna()) == pytest.approx(sorted(expected))
    assert "each animal's change in SI ratio" in plot.alt
    assert plot.data["shown"].all()


def test_covariates_of_the_plan_are_in_the_model(study_of, animals_of) -> None:
    table = animals_of(TWO, 10)
    table["weight_g"] = np.random.default_rng(2).normal(25, 2, len(table))
    study = study_of(table, covariates=("weight_g",))
    found = planned_residuals(study.analysed, study.analysis.comparison, study.analysis.plan)
    assert found is not None
    base = np.column_stack([np.ones(20), table["treatment"] == "isotype", table["weight_g"]]).astype(float)
    coefficients, *_ = np.linalg.lstsq(base, table["si_ratio"], rcond=None)
    assert found.residuals == pytest.approx(table["si_ratio"] - base @ coefficients)


def test_sessions_stand_by_date_and_cohort(sessions_of) -> None:
    table = sessions_of(8, ("b", "a")).iloc[::-1]
    found = sessions_in_order(table)
    assert found is not None
    assert found.order == "by date and cohort"
    assert found.table["session_date"].is_monotonic_increasing
    assert found.table["cohort"].tolist() == ["b"] * 4 + ["a"] * 4
    undated = sessions_in_order(table.assign(session_date="1.2.2026"))
    assert undated is not None
    assert (undated.order, undated.table["cohort"].tolist()[0]) == ("by cohort", "a")
    plain = sessions_in_order(table.drop(columns=["session_date", "cohort"]))
    assert plain is not None
    assert plain.order == "as in sessions.csv"
    assert plain.table["session_id"].tolist() == table["session_id"].tolist()


def test_shares_of_a_session_are_all_its_frames(sessions_of) -> None:
    found = sessions_in_order(sessions_of(8))
    assert found is not None
    shares = found.table[["unknown_percent", "interpolated_percent", "detected_percent"]].dropna()
    assert shares.sum(axis=1).tolist() == pytest.approx([100.0] * 7)
    assert found.table["is_flagged"].tolist() == [False] * 6 + [True, True]  # an uncertain nose is no reason to doubt
    assert found.worst == 6


def test_flagged_failed_and_worst_sessions_are_told(study_of, animals_of, sessions_of) -> None:
    plot = draw_diagnostics(study_of(animals_of(TWO, 4), sessions=sessions_of(8)), style=Style())
    assert "Tracking of 8 sessions by date and cohort, 2 flagged, 1 failed" in plot.alt
    assert "most in s6 (15.0 %)" in plot.alt
    assert {"flagged session", "failed session", "2026-01-01\na"} <= set(texts(plot))
    rows = plot.data[plot.data["mark"] == "session"]
    assert rows["shown"].tolist() == [True] * 7 + [False]


def test_without_sessions_the_residuals_are_drawn_and_why(study_of, animals_of, sessions_of) -> None:
    table = animals_of(TWO, 4)
    plot = draw_diagnostics(study_of(table), style=Style())
    assert len(plot.figure.axes) == 2
    assert "no sessions.csv stands beside the animals" in plot.alt
    imported = sessions_of(6).drop(columns="tracked_fraction")
    assert (
        "sessions.csv has no tracked shares" in draw_diagnostics(study_of(table, sessions=imported), style=Style()).alt
    )


def test_without_groups_to_compare_only_sessions_are_drawn(study_of, repeated_of, sessions_of) -> None:
    table = repeated_of([("", "")], 5)
    plot = draw_diagnostics(study_of(table, sessions=sessions_of(6)), style=Style())
    assert len(plot.figure.axes) == 3
    assert "Residuals aren't shown: no model compares groups" in plot.alt
    with pytest.raises(StatsError, match="expected residuals of groups or tracked sessions, found neither"):
        draw_diagnostics(study_of(table), style=Style())


def test_equal_shares_and_sessions_that_all_failed_are_drawn(study_of, animals_of, sessions_of) -> None:
    table = animals_of(TWO, 4)
    equal = sessions_of(6).assign(tracked_fraction="1", interpolated_fraction="0", flags="")
    assert "most in s0 (0.0 %)" in draw_diagnostics(study_of(table, sessions=equal), style=Style()).alt
    failed = equal.assign(tracked_fraction="", interpolated_fraction="", flags="failed")
    assert "6 flagged, 6 failed." in draw_diagnostics(study_of(table, sessions=failed), style=Style()).alt


def test_a_share_that_is_no_number_is_named(study_of, animals_of, sessions_of) -> None:
    table = sessions_of(6).assign(tracked_fraction="most")
    with pytest.raises(TableError, match="tracked_fraction"):
        draw_diagnostics(study_of(animals_of(TWO, 4), sessions=table), style=Style())


def test_groups_of_one_colour_have_markers_of_their_own(study_of, animals_of) -> None:
    plot = draw_diagnostics(study_of(animals_of(FOUR, 4)), style=Style())
    marks = {(line.get_markerfacecolor(), line.get_marker()) for line in plot.figure.axes[1].lines[1:]}
    assert len(marks) == 4


def test_sessions_are_read_where_they_stand_beside(tmp_path, sessions_of) -> None:
    assert read_sessions(tmp_path).equals(pd.DataFrame())
    sessions_of(6).to_csv(tmp_path / "sessions.csv", index=False)
    assert len(read_sessions(tmp_path)) == 6
