"""No text of a figure lies on another, or leaves the page, at any number of groups and length of their names."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from csds.plots.gallery import GALLERY, Draw
from csds.plots.style import Style, Theme, Width

_spec = importlib.util.spec_from_file_location("plots_conftest", Path(__file__).parent / "conftest.py")
assert _spec is not None
assert _spec.loader is not None
shared = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shared)

DRAWS = [pytest.param(one.draw, id=one.name) for one in GALLERY]
WORDS = ("isotype", "anti-IL-4Rα", "fluoxetine 10 mg/kg", "βωξ", "dexamethasone", "saline", "ketamine", "IgG2a")


def named(length: int, count: int, *, spaced: bool) -> list[str]:
    """Return names of groups of a length, each another: words, or letters without a place to break."""
    if spaced:
        return [f"{i} {' '.join([WORDS[i % 8], *WORDS])}"[:length].strip() for i in range(count)]
    return [f"{i}{'Wm' * length}"[:length] for i in range(count)]


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("length", [5, 30])
@pytest.mark.parametrize("count", range(2, 9))
@pytest.mark.parametrize("spaced", [True, False])
def test_texts_of_one_factor_stay_apart(draw: Draw, count: int, length: int, spaced: bool, study_of) -> None:
    groups = [("defeated", name) for name in named(length, count, spaced=spaced)]
    assert shared.overlaps(draw(study_of(shared.animals_of(groups, 5)), style=Style())) == []


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("length", [5, 14, 30])
@pytest.mark.parametrize("treatments", [2, 4])
def test_texts_of_crossed_factors_stay_apart(draw: Draw, treatments: int, length: int, study_of) -> None:
    groups = [(stress, name) for stress in ("control", "defeated") for name in named(length, treatments, spaced=True)]
    assert shared.overlaps(draw(study_of(shared.animals_of(groups, 5)), style=Style())) == []


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize(("width", "theme"), [("double", "light"), ("single", "dark")])
def test_texts_stay_apart_in_other_widths_and_themes(draw: Draw, width: Width, theme: Theme, study_of) -> None:
    groups = [(stress, name) for stress in ("control", "defeated") for name in named(22, 3, spaced=True)]
    assert shared.overlaps(draw(study_of(shared.animals_of(groups, 12)), style=Style(width=width, theme=theme))) == []
