"""No text of a figure lies on another, or leaves the page, at any number of groups and length of their names."""

from __future__ import annotations

import pytest

from csds.plots.gallery import GALLERY, find_figures
from csds.plots.study import Centre, StudyResults
from csds.plots.style import Style, Theme, Width

WORDS = ("isotype", "anti-IL-4Rα", "fluoxetine 10 mg/kg", "βωξ", "dexamethasone", "saline", "ketamine", "IgG2a")
#: Of groups, and letters of their names: every number of groups, at one or two lengths.
COUNTS = [(2, 30), (3, 5), (3, 14), (4, 14), (5, 30), (6, 5), (6, 14), (7, 30), (8, 5), (8, 30)]


def named(length: int, count: int, *, spaced: bool = True) -> list[str]:
    """Return names of groups of a length, each another: words, or letters without a place to break."""
    if spaced:
        return [f"{i} {' '.join([WORDS[i % 8], *WORDS])}"[:length].strip() for i in range(count)]
    return [f"{i}{'Wm' * length}"[:length] for i in range(count)]


def faults(study: StudyResults, style: Style, overlaps, *names: str) -> dict[str, list[str]]:
    every = [one.name for one in GALLERY if one.name != "specification_curve" and not one.takes_studies]
    chosen = find_figures(names or every)
    found = {one.name: overlaps(one.draw(study, style=style)) for one in chosen}
    return {name: some for name, some in found.items() if some}


@pytest.mark.parametrize(("count", "length"), COUNTS)
@pytest.mark.parametrize("spaced", [True, False])
def test_texts_of_one_factor_stay_apart(count: int, length: int, spaced: bool, study_of, animals_of, overlaps) -> None:
    groups = [("defeated", name) for name in named(length, count, spaced=spaced)]
    assert faults(study_of(animals_of(groups, 5)), Style(), overlaps) == {}


@pytest.mark.parametrize("length", [pytest.param(5, marks=pytest.mark.slow), 30])
@pytest.mark.parametrize("treatments", [2, 4])
def test_texts_of_crossed_factors_stay_apart(treatments: int, length: int, study_of, animals_of, overlaps) -> None:
    groups = [(stress, name) for stress in ("control", "defeated") for name in named(length, treatments)]
    assert faults(study_of(animals_of(groups, 5)), Style(), overlaps) == {}


@pytest.mark.parametrize(("width", "theme"), [("double", "light"), ("single", "dark")])
def test_texts_stay_apart_in_other_widths_and_themes(
    width: Width, theme: Theme, study_of, animals_of, overlaps
) -> None:
    groups = [(stress, name) for stress in ("control", "defeated") for name in named(22, 3)]
    assert faults(study_of(animals_of(groups, 12)), Style(width=width, theme=theme), overlaps) == {}


def test_texts_on_floors_of_all_kinds_stay_apart(study_of, animals_of, overlaps, lab) -> None:
    table = animals_of([("defeated", name) for name in named(30, 3)], 7)
    table["animal_id"] = [f"an animal with a name that is long, {at}" for at in range(21)]
    kinds = [lab.floor(40, 40, shape="circle")], [lab.floor()] * 3 + [lab.floor(89, 63)], [lab.floor(26, 80)]
    for arenas in kinds:
        study = study_of(table, arenas=arenas)
        assert faults(study, Style(), overlaps, "occupancy", "paths", "time_course") == {}


@pytest.mark.parametrize(("count", "length"), COUNTS)
@pytest.mark.parametrize(("width", "centre"), [("single", "mean"), ("double", "median")])
def test_texts_of_repeated_tests_stay_apart(
    count: int, length: int, width: Width, centre: Centre, study_of, repeated_of, overlaps
) -> None:
    groups = [("defeated", name) for name in named(length, count)]
    study = study_of(repeated_of(groups, 4), centre=centre)
    assert faults(study, Style(width=width), overlaps, "comparison", "estimation", "diagnostics") == {}


@pytest.mark.parametrize("width", ["single", "double"])
@pytest.mark.parametrize("design", ["target_by_group", "pre_post"])
def test_texts_of_crossed_factors_and_tests_stay_apart(
    design: str, width: Width, study_of, animals_of, repeated_of, overlaps
) -> None:
    groups = [(stress, name) for stress in ("control", "defeated") for name in named(30, 2)]
    tests = ("pre", "post", "six weeks after treatment")
    table = animals_of(groups, 5) if design == "target_by_group" else repeated_of(groups, 5, tests)
    study = study_of(table, design=design)
    assert faults(study, Style(width=width), overlaps, "comparison", "estimation") == {}


@pytest.mark.parametrize(("count", "length"), COUNTS)
@pytest.mark.parametrize("width", ["single", "double"])
def test_texts_of_diagnostics_stay_apart(
    count: int, length: int, width: Width, study_of, animals_of, sessions_of, overlaps
) -> None:
    names = named(length, count)
    study = study_of(
        animals_of([("defeated", name) for name in names], 5), sessions=sessions_of(20 * count, names, dated=count < 5)
    )
    assert faults(study, Style(width=width), overlaps, "diagnostics") == {}


@pytest.mark.parametrize(("studies", "letters"), [(2, 60), (5, 8), (12, 30), (30, 60)])
@pytest.mark.parametrize("style", [Style(), Style(width="double", theme="dark")], ids=["single", "double"])
@pytest.mark.parametrize("treatments", [2, 3])
def test_texts_of_forests_stay_apart(
    studies: int, letters: int, style: Style, treatments: int, study_of, several_of, overlaps
) -> None:
    groups = [(stress, name) for stress in ("control", "defeated") for name in named(letters // 2, treatments)]
    protocols = ("golden2011", "a protocol of a laboratory with a long name") if letters > 8 else ("golden2011",)
    table = several_of(groups, named(letters, studies, spaced=studies < 12), 4, protocols)
    assert faults(study_of(table), style, overlaps, "forest") == {}


def test_texts_of_forests_of_large_numbers_stay_apart(study_of, several_of, overlaps) -> None:
    table = several_of([("defeated", "isotype"), ("defeated", "anti-IL-4Rα")], ["a", "b", "c"], 120)
    table["distance_present_cm"] = 9000 + 4000 * table["si_ratio"]
    assert faults(study_of(table, primary="distance_present_cm"), Style(), overlaps, "forest") == {}


def test_texts_that_overlap_are_found(study_of, animals_of, overlaps) -> None:
    plot = GALLERY[0].draw(study_of(animals_of([("defeated", "a"), ("defeated", "b")], 5)), style=Style())
    plot.figure.axes[1].text(0, 0.5, "one")
    plot.figure.axes[1].text(0, 0.5, "two")
    plot.figure.text(0.97, 0.3, "far away")
    assert overlaps(plot) == ["'one' on 'two'", "'far away' leaves the page"]
