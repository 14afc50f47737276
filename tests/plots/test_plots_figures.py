"""What figures of animals show: every animal, the analysis's own numbers, one colour a meaning; or why they can't."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from csds.analysis.wording import p_text
from csds.errors import StatsError, UsageError
from csds.formats.tables import read_table
from csds.plots.comparison import draw_comparison
from csds.plots.estimation import draw_estimation
from csds.plots.gallery import GALLERY, find_figures
from csds.plots.labels import fit_labels, lines_height, text_width
from csds.plots.plot import write_plot
from csds.plots.study import cutoffs_of
from csds.plots.style import Style
from csds.plots.swarm import swarm, swarm_within
from csds.stats.bootstrap import bootstrap, bootstrap_draws

TWO_BY_TWO = [(stress, treatment) for stress in ("control", "defeated") for treatment in ("isotype", "anti-IL-4Rα")]
TWO = TWO_BY_TWO[2:]
DRAWS = pytest.mark.parametrize("draw", [pytest.param(one.draw, id=one.name) for one in find_figures((), tracks=False)])


def texts(plot) -> list[str]:
    return [text.get_text() for text in plot.figure.findobj(Text)]


def points(plot) -> dict[str, set[tuple[str, int]]]:
    """Return, of each colour, the markers in it and how many there are."""
    found: dict[str, set[tuple[str, int]]] = {}
    for line in plot.figure.axes[-1].lines:
        if line.get_linestyle() == "None" and line.get_marker() in "ov^":
            found.setdefault(to_hex(line.get_markerfacecolor()).upper(), set()).add(
                (str(line.get_marker()), len(line.get_xdata()))
            )
    return found


@DRAWS
def test_data_hold_every_animal_and_why_one_is_not_shown(draw, study_of, animals_of, tmp_path: Path) -> None:
    table = animals_of(TWO_BY_TWO, 6)
    table.loc[3, "exclude"] = "escaped"
    table.loc[7, ["si_ratio", "si_ratio_low", "interaction_present_s"]] = np.nan
    plot = draw(study_of(table), style=Style())
    write_plot(plot, tmp_path / "figures")
    rows = read_table(tmp_path / "figures" / f"{plot.name}.csv")
    animals = rows[rows["mark"] == "animal"]
    assert animals["animal_id"].tolist() == table["animal_id"].tolist()
    assert animals.iloc[3]["why_not"] == "excluded: escaped"
    hidden = animals[animals["shown"] == "false"]
    assert "M0-3" in set(hidden["animal_id"])
    assert all(hidden["why_not"])


def test_comparison_shows_the_means_and_tests_of_the_analysis(study_of, animals_of) -> None:
    study = study_of(animals_of(TWO_BY_TWO, 9))
    plot = draw_comparison(study, style=Style())
    contrasts = [one for one in study.results("si_ratio", "planned") if one.contrast and one.statistic_name]
    assert len(contrasts) == 4
    for one in contrasts:
        assert any(p_text(one.p_adjusted) in text for text in texts(plot) if "p " in text)
    means = plot.data[plot.data["mark"] == "mean"]
    values = plot.data[plot.data["mark"] == "animal"].groupby("group")["si_ratio"].mean()
    assert means["effect"].tolist() == pytest.approx([values[group] for group in means["group"]])
    drawn = [line.get_ydata()[0] for line in plot.figure.axes[1].lines if line.get_marker() == "_"]
    assert drawn == pytest.approx(means["effect"].tolist())


def test_phenotypes_have_their_colours_and_markers(study_of, animals_of) -> None:
    table = animals_of(TWO_BY_TWO, 9)
    counts, style = table["phenotype"].value_counts(), Style()
    found = points(draw_comparison(study_of(table), style=style))
    for phenotype, marker in {"control": "o", "susceptible": "v", "resilient": "^"}.items():
        markers = found[style.colour_of(phenotype)]
        assert {one for one, _ in markers} == {marker}
        assert sum(n for _, n in markers) <= counts[phenotype]
    bare = points(draw_comparison(study_of(table.drop(columns="phenotype")), style=style))
    assert set(bare) == {style.colour_of(name) for name in ("control", "isotype", "treatment")}


def test_cutoff_is_that_of_the_rule(study_of, animals_of) -> None:
    rule = {"criteria": [{"kind": "cutoff", "score": "si_ratio", "cutoff": 0.8}]}
    assert cutoffs_of({"protocol": {"content": {"rule": rule}}}) == {"si_ratio": 0.8, "log_si_ratio": math.log(0.8)}
    assert cutoffs_of({"protocol": {"content": {"rule": None}}}) == {}
    assert "cut-off\n1" in texts(draw_comparison(study_of(animals_of(TWO, 5)), style=Style()))


def test_an_extreme_animal_is_named_and_the_others_keep_their_room(study_of, animals_of) -> None:
    table = animals_of(TWO_BY_TWO, 9)
    table.loc[0, "si_ratio"] = 29.6
    plot = draw_comparison(study_of(table), style=Style())
    assert "↑ 29.6" in texts(plot)
    assert plot.figure.axes[1].get_ylim()[1] < 15
    assert plot.data.loc[0, "si_ratio"] == 29.6
    table.loc[0, "si_ratio"] = 1000.0
    plot = draw_comparison(study_of(table), style=Style())
    assert "↑ 1000" in texts(plot)
    low, high = plot.figure.axes[1].get_ylim()
    assert (low, high < 6) == (0.0, True)
    assert "What leaves the scale is cut" in plot.alt


@DRAWS
def test_same_figure_is_the_same_file(draw, study_of, animals_of, tmp_path: Path) -> None:
    study = study_of(animals_of(TWO, 6))
    first, second = (write_plot(draw(study, style=Style()), tmp_path / name, ("svg", "pdf")) for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@DRAWS
@pytest.mark.parametrize("value", [1.0, 0.0, math.nan])
def test_equal_or_missing_values_give_a_figure_or_say_why_not(draw, value: float, study_of, animals_of) -> None:
    table = animals_of(TWO, 5)
    columns = ["si_ratio", "si_ratio_low", "si_ratio_high", "interaction_absent_s", "interaction_present_s"]
    table[columns] = value
    # The analysis itself needs an outcome that varies.
    study = study_of(table, primary="log_si_ratio", secondary=("si_ratio",), outcome="si_ratio")
    error = None
    try:
        assert draw(study, style=Style()).alt
    except StatsError as raised:
        error = raised
    assert error is None or ("expected" in error.message and error.hint)


def test_outcome_without_results_says_why(study_of, animals_of) -> None:
    table = animals_of(TWO, 5).assign(si_ratio=1.0)
    study = study_of(table, primary="log_si_ratio", secondary=("si_ratio",), outcome="si_ratio")
    with pytest.raises(StatsError, match="expected si_ratio to be analysed, but "):
        draw_comparison(study, style=Style())


def test_estimation_draws_the_resamples_that_the_analysis_took() -> None:
    x, y = [1.1, 0.9, 1.4, 1.2, 1.3], [0.6, 0.8, 0.5, 1.0, 0.4]
    draws = bootstrap_draws(x, y, rng=np.random.default_rng(3), draws=999)
    told = bootstrap(x, y, rng=np.random.default_rng(3), draws=999)
    assert np.quantile(draws, (0.025, 0.975), method="weibull") == pytest.approx(told.percentile)


def test_gardner_altman_scale_begins_at_the_references_mean(study_of, animals_of) -> None:
    table = animals_of(TWO, 8)
    plot = draw_estimation(study_of(table), style=Style())
    left, right = (axes.get_ylim() for axes in plot.figure.axes)
    base = table[table["treatment"] == "isotype"]["si_ratio"].mean()
    assert [end + base for end in right] == pytest.approx(left)
    assert plot.data["effect"].dropna().tolist() == pytest.approx(
        [table[table["treatment"] != "isotype"]["si_ratio"].mean() - base]
    )


def test_a_difference_without_an_interval_is_named(study_of, animals_of) -> None:
    table = animals_of([*TWO, ("defeated", "saline")], 6)
    table.loc[table["treatment"].isin(["isotype", "saline"]), "si_ratio"] = 1.5
    plot = draw_estimation(study_of(table), style=Style())
    assert "Not shown: saline - isotype (expected values that vary, found all equal within groups (1.5" in plot.alt
    (row,) = plot.data[plot.data["mark"] == "not shown"].to_dict("records")
    assert (row["contrast"], row["shown"]) == ("saline - isotype", False)
    assert row["note"].startswith("expected values that vary")


def test_several_interactions_are_told_apart(study_of, animals_of) -> None:
    arms = [(stress, drug) for stress in ("control", "defeated") for drug in ("isotype", "low dose", "high dose")]
    plot = draw_comparison(study_of(animals_of(arms, 6)), style=Style())
    drawn = [text.get_text().partition(" p ")[0] for text in plot.figure.findobj(Text) if "inter" in text.get_text()]
    assert {"interaction a", "interaction b"} <= set(drawn)
    assert "; interactions: a, low dose; b, high dose." in plot.alt
    assert "interactions:" not in draw_comparison(study_of(animals_of(TWO_BY_TWO, 6)), style=Style()).alt


def test_letters_that_the_font_lacks_are_named(study_of, animals_of) -> None:
    table = animals_of(TWO, 5)
    assert study_of(table).unshown_letters == ""
    table["treatment"] = table["treatment"].replace("isotype", "対照対")
    table.loc[0, "animal_id"] = "🧪"
    assert set(study_of(table).unshown_letters) == {"対", "照", "🧪"}


def test_figures_say_what_they_lack(study_of, animals_of) -> None:
    table = animals_of(TWO, 5)
    with pytest.raises(StatsError, match="expected animals with si_ratio and si_ratio_low"):
        find_figures(["certainty"])[0].draw(study_of(table.assign(si_ratio_low=np.nan)), style=Style())
    with pytest.raises(StatsError, match="figure 'phenotypes'"):
        find_figures(["phenotypes"])[0].draw(study_of(table.assign(phenotype="control")), style=Style())
    with pytest.raises(StatsError, match="expected bootstrap intervals of si_ratio"):
        draw_estimation(study_of(animals_of(TWO, 2)), style=Style())


@pytest.mark.parametrize("name", [one.name for one in GALLERY if one.takes_tracks])
def test_a_table_alone_has_no_tracks_to_draw(name: str, study_of, animals_of) -> None:
    with pytest.raises(StatsError, match=f"figure '{name}': expected the results of csds track"):
        find_figures([name])[0].draw(replace(study_of(animals_of(TWO, 5)), tracks=None), style=Style())


def test_unknown_figure_is_a_wrong_call() -> None:
    with pytest.raises(UsageError, match="figure 'comparson'") as error:
        find_figures(["comparson"])
    assert error.value.hint == "Did you mean 'comparison'?"


def test_points_of_a_swarm_dont_overlap_and_stay_in_the_middle() -> None:
    heights = np.random.default_rng(2).normal(0, 12, 60)
    places = swarm(heights, 3.0)
    apart = np.hypot(places[:, None] - places, heights[:, None] - heights)[~np.eye(60, dtype=bool)]
    assert apart.min() >= 3.0 - 1e-6
    assert swarm(np.array([0.0, 10.0, 20.0]), 3.0).tolist() == [0, 0, 0]


def test_equal_values_are_moved_together_where_there_is_no_room() -> None:
    (places,), diameter = swarm_within([np.zeros(40)], 10.0)
    assert np.abs(places).max() + diameter / 2 <= 10 + 1e-9
    assert len(set(places.round(9))) == 40


@pytest.mark.parametrize("place", [15.0, 30.0, 80.0])
def test_labels_fit_their_place(place: float) -> None:
    names = ["anti-IL-4Rα 10 mg/kg, i.p. daily", "dexamethasonephosphatedisodium", "β"]
    fitted = fit_labels(names, place, 6.0)
    for name, text in zip(names, fitted.texts, strict=True):
        assert text.replace("\n", "").replace(" ", "") == name.replace(" ", "")
        across = lines_height(text.count("\n") + 1, 6.0) if fitted.is_upright else 0.0
        level = max(text_width(line, 6.0) for line in text.split("\n"))
        assert (across if fitted.is_upright else level) <= place
