"""An animal's two phases stand side by side on shared scales."""

from __future__ import annotations

import numpy as np
import pytest

from csds.figures import palette
from csds.figures.animal import _grid, animal_page, occupancy_ticks, save_animal_picture
from csds.figures.canvas import painted
from csds.figures.occupancy import occupancy
from csds.figures.pictures import AnimalPicture


@pytest.fixture
def make_animal(make_picture):
    def make(**changes):
        values = {
            "animal": "M01",
            "absent": make_picture(),
            "present": make_picture(phase="target_present", window_s=30.0),
            "stress": "defeated",
            "treatment": "isotype",
            "phenotype": "susceptible",
            "rule": "SI ratio < 1",
            "metrics": {"si_ratio": 0.517, "interaction_absent_s": 61.2, "interaction_present_s": 31.64},
        }
        return AnimalPicture(**(values | changes))

    return make


def heat_images(page):
    return [mark.pixels for mark in page.named("occupancy")]


def darkest(image) -> list[int]:
    return image.reshape(-1, 3)[image.sum(axis=2).argmin()].tolist()


def test_score_phenotype_and_times_are_there(make_animal) -> None:
    page = animal_page(make_animal())
    for wanted in ("M01", "Defeated · isotype", "0.52", "Susceptible", "61.2", "31.6", "Target absent", "No flags"):
        assert wanted in page.texts()
    (word,) = page.named("phenotype")
    assert word.colour == palette.SUSCEPTIBLE


def test_both_phases_share_their_scales(make_animal, make_picture, track) -> None:
    still = make_picture(phase="target_present", track=track.assign(x_cm=5.0, y_cm=38.0), window_s=30.0)
    page = animal_page(make_animal(present=still))
    one, other = heat_images(page)
    # The still animal's place has the most time of both: the scale's end. The other's peak is as far up as its share.
    absent = make_picture()
    peaks = [occupancy(phase.track, phase.durations_s, _grid(phase.arena)).max() for phase in (absent, still)]
    shares = np.array([(peaks[0] / peaks[1]) ** 0.5, 1.0])
    assert [darkest(one), darkest(other)] == palette.occupancy_colours(shares).tolist()
    # Time: 20 s of one phase are drawn on a scale of the other's 30 s.
    (path, _) = page.named("path")
    last = palette.path_colours(np.array([19.8 / 30]))[0].astype(int)
    assert np.abs(last - palette.channels(path.colours[-1])).max() <= 4


@pytest.mark.parametrize("missing", ["absent", "present"])
def test_a_missing_phase_is_said(make_animal, missing, tmp_path) -> None:
    picture = make_animal(**{missing: None}, flags=("missing_phase",), phenotype="undetermined", metrics={})
    page = animal_page(picture)
    assert "no result" in page.texts()
    assert len(heat_images(page)) == 1
    save_animal_picture(picture, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_an_animal_without_any_phase_has_no_picture(make_animal) -> None:
    with pytest.raises(ValueError, match="at least one phase, but 'M01' has none"):
        animal_page(make_animal(absent=None, present=None))


def test_an_animal_never_seen_has_an_empty_map(make_animal, make_picture, track) -> None:
    nowhere = make_picture(track=track.assign(x_cm=np.nan, y_cm=np.nan))
    empty = make_picture(track=track.iloc[:0])
    page = animal_page(make_animal(absent=nowhere, present=empty))
    painted(page)
    assert all((image == 255).all() for image in heat_images(page))


def test_odd_text_is_shown_literally_within_the_paper(make_animal) -> None:
    odd = "mouse $x^2$ \N{TEST TUBE} 猫 " * 9
    page = animal_page(make_animal(animal=odd, cohort=odd, test=odd, treatment=odd, rule=odd, phenotype=odd))
    boxes = np.array(page.text_boxes())
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= (page.width_in, page.height_in)).all()
    assert any("$x^2$" in text for text in page.texts())


@pytest.mark.parametrize("peak", [0.05, 0.31, 1.0, 7.7, 120.0])
def test_occupancy_ticks_are_round_and_apart(peak) -> None:
    ticks = occupancy_ticks(peak)
    assert ticks[0] == 0.0
    assert 2 <= len(ticks) <= 5
    assert ticks[-1] <= peak
    assert (np.diff(np.sqrt(ticks / peak)) > 0.1).all()
    assert {f"{tick:.0e}"[0] for tick in ticks[1:]} <= {"1", "2", "5"}


KNOWN = {
    "si_ratio": 0.95,
    "si_ratio_low": 0.9,
    "si_ratio_high": 1.05,
    "si_ratio_band_low": 0.8,
    "si_ratio_band_high": 1.3,
    "phenotype_certainty": 0.714,
}


def test_interval_band_and_limit_stand_where_their_ratios_are(make_animal) -> None:
    page = animal_page(make_animal(metrics=KNOWN, limits=(1.0,), flags=("borderline",)))
    ends = {}
    for name in ("interval", "band"):
        (bar,) = page.named(name)
        across = bar.outlines[0][:, 0]
        ends[name] = np.exp([across.min(), across.max()])
    assert ends["interval"] == pytest.approx([0.9, 1.05])
    assert ends["band"] == pytest.approx([0.8, 1.3])
    ((ratio,), (limit,)) = (page.named(name) for name in ("ratio", "limit"))
    assert np.exp(ratio.points[:, 0]) == pytest.approx([0.95])
    assert np.exp(limit.lines[0][:, 0]) == pytest.approx([1.0, 1.0])
    for wanted in ("0.90 to 1.05", "0.80 to 1.30", "71 %"):
        assert wanted in page.texts()


def test_borderline_animals_are_marked_beside_their_call(make_animal) -> None:
    page = animal_page(make_animal(metrics=KNOWN, flags=("borderline",)))
    assert [text.text for text in page.named("borderline")] == ["△ borderline"]
    assert not any("borderline" in text for text in animal_page(make_animal(metrics=KNOWN)).texts())


@pytest.mark.parametrize(
    "changes",
    [
        {"si_ratio": 0.0, "si_ratio_low": 0.0, "si_ratio_band_low": 0.0},
        {"si_ratio_high": np.nan, "si_ratio_band_high": np.nan},
        {"si_ratio": 400.0, "si_ratio_high": 900.0},
        dict.fromkeys(("si_ratio", "si_ratio_low", "si_ratio_high", "si_ratio_band_low", "si_ratio_band_high"), 1.0),
        {"phenotype_certainty": np.nan},
    ],
)
def test_odd_ends_are_drawn_within_the_strip(make_animal, changes) -> None:
    page = animal_page(make_animal(metrics=KNOWN | changes, limits=(1.0,)))
    painted(page)
    (strip,) = [panel for panel, mark in page.marks if mark.name == "band"]
    low, high = strip.x
    for mark in (*page.named("ratio"), *page.named("limit")):
        points = mark.points if mark.name == "ratio" else mark.lines[0]
        assert all(low <= x <= high for x in points[:, 0])


def test_nothing_is_drawn_of_what_is_not_known(make_animal) -> None:
    page = animal_page(make_animal())
    assert not page.named("band")
    assert not any("interval" in text for text in page.texts())
