"""Animals with several tests in figures: the analysis's own numbers, an animal's values joined; and medians."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.text import Text

from csds.analysis.wording import p_text
from csds.errors import StatsError
from csds.plots.brackets import brackets_of
from csds.plots.comparison import draw_comparison
from csds.plots.differences import differences_of
from csds.plots.estimation import draw_estimation
from csds.plots.gallery import find_figures
from csds.plots.measured import measured
from csds.plots.phenotypes import draw_phenotypes
from csds.plots.style import Style
from csds.stats.bootstrap import bootstrap

FOUR = [(stress, treatment) for stress in ("control", "defeated") for treatment in ("isotype", "anti-IL-4Rα")]
TWO = FOUR[2:]


def texts(plot) -> list[str]:
    return [text.get_text() for text in plot.figure.findobj(Text)]


def wide(table, groups=("treatment",)):
    """Return each animal's ratio before and after, computed apart from csds."""
    return table.pivot_table(index=[*groups, "animal_id"], columns="test", values="si_ratio")


def test_a_line_joins_the_values_of_one_animal_and_nobody_elses(study_of, repeated_of) -> None:
    table = repeated_of(TWO, 6)
    plot = draw_comparison(study_of(table), style=Style())
    drawn = {tuple(line.get_ydata()) for line in plot.figure.axes[1].lines if line.get_linewidth() == 0.4}
    both = wide(table)
    assert drawn == set(zip(both["pre"], both["post"], strict=True))


def test_means_are_those_of_each_group_at_each_test_and_of_the_analysis(study_of, repeated_of) -> None:
    table = repeated_of(TWO, 6)
    table.loc[(table["animal_id"] == "M0-1") & (table["test"] == "post"), "si_ratio"] = np.nan
    study = study_of(table)
    plot = draw_comparison(study, style=Style())
    means = plot.data[plot.data["mark"] == "mean"].set_index("group")
    whole = wide(table).dropna()
    for treatment in ("isotype", "anti-IL-4Rα"):
        for test in ("pre", "post"):
            assert means["effect"][f"{treatment}, {test}"] == pytest.approx(whole[test][treatment].mean())
    assert means["n"]["isotype, pre"] == 5  # who lacks a test isn't in the mixed ANOVA
    told = {one.term: one for one in study.results("si_ratio", "description") if one.effect_name == "mean"}
    assert {group: row["ci_low"] for group, row in means.iterrows()} == {name: one.ci_low for name, one in told.items()}


def test_brackets_are_the_planned_contrasts_with_their_own_p(study_of, repeated_of) -> None:
    study = study_of(repeated_of(FOUR, 7))
    planned = [one for one in study.results("si_ratio", "planned") if one.contrast and one.statistic_name]
    found = brackets_of(study.results("si_ratio", "planned"), measured(study).arms, is_repeated=True)
    assert [one.result for one in found] == planned
    places = {one.result.contrast: (one.start, one.end, one.text.partition("p ")[0]) for one in found}
    assert places["defeated + isotype: post - pre"] == (4, 5, "")
    assert places["(post - pre): defeated + anti-IL-4Rα - defeated + isotype"] == (4.5, 6.5, "interaction ")
    deepest = next(where for name, where in places.items() if name.startswith("(post - pre): ("))
    assert deepest == (1.5, 5.5, "three-way ")
    plot = draw_comparison(study, style=Style())
    for one in planned:
        assert any(text.endswith(p_text(one.p_adjusted)) for text in texts(plot))
    assert "p adjusted (Holm, 8 contrasts)" in plot.alt


def test_absent_and_present_are_compared_in_the_same_animals(study_of, animals_of) -> None:
    table = animals_of(TWO, 6)
    study = study_of(table, design="target_by_group")
    plot = draw_comparison(study, style=Style())
    drawn = {tuple(line.get_ydata()) for line in plot.figure.axes[1].lines if line.get_linewidth() == 0.4}
    assert drawn == set(zip(table["interaction_absent_s"], table["interaction_present_s"], strict=True))
    change = table["interaction_present_s"] - table["interaction_absent_s"]
    means = change.groupby(table["treatment"]).mean()
    shown = {one.result.contrast: one.result.effect for one in differences_of(study, measured(study))}
    assert shown == pytest.approx(
        {
            "isotype: present - absent": means["isotype"],
            "anti-IL-4Rα: present - absent": means["anti-IL-4Rα"],
            "(present - absent): anti-IL-4Rα - isotype": means["anti-IL-4Rα"] - means["isotype"],
        }
    )
    assert draw_estimation(study, style=Style()).data["animal_id"].notna().sum() == 12


@pytest.mark.parametrize("centre", ["mean", "median"])
def test_distributions_are_of_the_changes_and_intervals_the_analysis(centre, study_of, repeated_of) -> None:
    table = repeated_of(TWO, 8)
    study = study_of(table, centre=centre)
    both = wide(table)
    change = both["post"] - both["pre"]
    of = getattr(np, centre)
    found = differences_of(study, measured(study))
    values = [of(change[name]) for name in ("isotype", "anti-IL-4Rα")]
    assert [one.result.effect for one in found] == pytest.approx([*values, values[1] - values[0]])
    assert all(one.result in study.analysis.results for one in found)
    own = bootstrap(np.sort(change["isotype"]), rng=np.random.default_rng(1), location=centre, draws=1000)
    assert (found[0].result.ci_low, found[0].result.ci_high) == pytest.approx(own.bca)
    assert np.quantile(found[0].draws, (0.025, 0.975), method="weibull") == pytest.approx(own.percentile)
    # What a resampled difference spreads is what both groups' do together.
    assert np.var(found[2].draws) == pytest.approx(np.var(found[0].draws) + np.var(found[1].draws), rel=0.2)


def test_animals_without_groups_are_compared_with_themselves(study_of, repeated_of) -> None:
    table = repeated_of([("", "")], 9)
    study = study_of(table)
    plot = draw_comparison(study, style=Style())
    assert plot.data[plot.data["mark"] == "mean"]["group"].tolist() == ["all, pre", "all, post"]
    (one,) = differences_of(study, measured(study))
    assert one.result.contrast == "post - pre"
    assert draw_estimation(study, style=Style()).alt


def test_medians_have_bca_intervals_and_say_so(study_of, animals_of) -> None:
    table = animals_of(FOUR, 9)
    plot = draw_comparison(study_of(table, centre="median"), style=Style())
    shown = plot.data[plot.data["mark"] == "median"].set_index("group")
    values = table[(table["stress"] == "defeated") & (table["treatment"] == "isotype")]["si_ratio"]
    own = bootstrap(np.sort(values), rng=np.random.default_rng(1), location="median", draws=1000)
    row = shown.loc["defeated + isotype"]
    assert row["effect"] == np.median(values)
    assert (row["ci_low"], row["ci_high"]) == own.bca
    assert "Medians with 95 % BCa bootstrap intervals; brackets: contrasts of means" in plot.alt
    assert "median, 95 % interval" in texts(plot)


def test_estimation_of_medians_is_the_analysis_own(study_of, animals_of) -> None:
    table = animals_of(TWO, 8)
    study = study_of(table, centre="median")
    plot = draw_estimation(study, style=Style())
    (one,) = [one for one in study.analysis.results if one.effect_name == "difference of medians"
              and one.outcome == "si_ratio"]  # fmt: skip
    row = plot.data[plot.data["mark"] == "contrast"].iloc[0]
    assert (row["effect"], row["ci_low"], row["ci_high"]) == (one.effect, one.ci_low, one.ci_high)
    assert (row["effect_name"], row["test"]) == ("difference of medians", "bootstrap, BCa")
    left, right = (axes.get_ylim() for axes in plot.figure.axes)
    base = table[table["treatment"] == "isotype"]["si_ratio"].median()
    assert [end + base for end in right] == pytest.approx(left)
    assert plot.figure.axes[1].get_ylabel() == "Difference of medians"


def test_groups_too_small_for_a_median_interval_have_none(study_of, animals_of) -> None:
    plot = draw_comparison(study_of(animals_of(TWO, 2), centre="median"), style=Style())
    assert plot.data[plot.data["mark"] == "median"]["ci_low"].isna().all()
    assert "where values allow one" in plot.alt


def test_phenotypes_say_of_which_test_they_are(study_of, repeated_of) -> None:
    assert (
        "Share susceptible at post with Wilson's" in draw_phenotypes(study_of(repeated_of(TWO, 8)), style=Style()).alt
    )


def test_figures_say_which_p_they_show(study_of, animals_of) -> None:
    table = animals_of(FOUR, 9)
    plot = draw_phenotypes(study_of(table, secondary=("log_si_ratio", "phenotype")), style=Style())
    assert "Fisher's exact test, p adjusted (Holm, 5 contrasts of 2 secondary outcomes)" in plot.alt
    assert any("p adjusted (Holm, 5" in text.replace("\n", " ") for text in texts(plot))
    alone = draw_phenotypes(study_of(table, secondary=()), style=Style())
    assert "Fisher's exact test, p not adjusted, exploratory" in alone.alt
    (p,) = [one.p_value for one in study_of(table).analysis.results if one.test == "Fisher's exact test"]
    assert any(text == f"p {'' if p < 0.001 else '= '}{p_text(p)}" for text in texts(alone))


def test_repeated_tests_that_scores_define_groups_of_are_not_compared(study_of, repeated_of) -> None:
    study = study_of(repeated_of(TWO, 5), factors=("phenotype",))
    with pytest.raises(StatsError, match="expected planned contrasts of si_ratio"):
        draw_comparison(study, style=Style())
    with pytest.raises(StatsError, match="expected bootstrap intervals of si_ratio"):
        draw_estimation(study, style=Style())


@pytest.mark.parametrize("one", find_figures((), tracks=False), ids=lambda one: one.name)
def test_equal_changes_give_a_figure_or_say_why_not(one, study_of, repeated_of) -> None:
    table = repeated_of(TWO, 5)
    before = table["test"] == "pre"
    table.loc[~before, "corner_ratio"] = 1.5
    table.loc[before, "corner_ratio"] = 1.0
    study = study_of(table, secondary=("corner_ratio",), outcome="corner_ratio")
    error = None
    try:
        assert one.draw(study, style=Style()).alt
    except StatsError as raised:
        error = raised
    assert error is None or ("expected" in error.message and error.hint)


def test_paired_figure_stays_what_it_was(study_of, repeated_of) -> None:
    plot = find_figures(["paired"])[0].draw(study_of(repeated_of(TWO, 5)), style=Style())
    assert len(plot.figure.axes) == 4
    assert not math.isnan(plot.data["interaction_present_s"].iloc[0])
