"""The page of figures has a section and a light picture for every figure, and what it says is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.gallery import DARK, PICTURES
from csds.plots.gallery import GALLERY
from csds.plots.style import Style

PAGE = Path(__file__).parents[2] / "docs" / "figures.md"
PARTS = ("Seen.", "Needs.", "CSV.", "Not drawn when", "Legend.")
MAKE = "`python -m benchmarks.gallery` makes it"


def sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", [one.name for one in GALLERY])
def test_figure_has_its_section_and_picture(name: str) -> None:
    found = sections()
    assert name in found, f"docs/figures.md has no section '## {name}'"
    missing = [part for part in PARTS if f"**{part}" not in found[name]]
    assert not missing, f"docs/figures.md, section {name}: expected paragraphs that begin with {missing}"
    assert f"(pictures/figures/{name}.png)" in found[name]
    assert f"--figure {name}" in found[name]
    picture = PICTURES / f"{name}.png"
    assert picture.is_file(), f"docs/pictures/figures/{name}.png is missing: {MAKE}"
    assert picture.stat().st_size < 150_000


def test_every_picture_is_of_a_figure() -> None:
    wanted = {*(one.name for one in GALLERY), *(f"{name}_dark" for name in DARK)}
    assert {path.stem for path in PICTURES.glob("*.png")} == wanted, MAKE


def test_colours_are_those_of_figures() -> None:
    told = sections()["Colours"]
    for meaning in ("control", "isotype", "treatment", "susceptible", "resilient"):
        (row,) = re.findall(rf"^\| {meaning}\b.*$", told, re.MULTILINE)
        assert Style().colour_of(meaning) in row
    (others,) = re.findall(r"^\| further.*$", told, re.MULTILINE)
    assert re.findall("#[0-9A-F]{6}", others) == [Style().colour_of("another", place) for place in range(4)]


def test_example_runs(study_of, animals_of, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [(stress, treatment) for stress in ("control", "defeated") for treatment in ("isotype", "anti-IL-4Rα")]
    (tmp_path / "results").mkdir()
    animals_of(groups, 5).to_csv(tmp_path / "results" / "animals.csv", index=False)
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", sections()["From Python"], re.DOTALL)
    exec(example, {})  # noqa: S102 - our own page
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {"comparison.pdf", "comparison.svg", "comparison.csv"}
    assert "Social interaction ratio" in (tmp_path / "figures" / "comparison.svg").read_text(encoding="utf-8")
