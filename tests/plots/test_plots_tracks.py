"""What figures show of saved tracks: time is kept, bins add up, gaps stay open, and every animal is accounted for."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.text import Text

from csds.analysis.analyse import analyse
from csds.analysis.animals import read_animals
from csds.analysis.plan import AnalysisPlan
from csds.errors import StatsError, TableError
from csds.figures import palette
from csds.formats.tables import read_table
from csds.plots.floors import PAGE_HEIGHT_PT, floor_outlines
from csds.plots.occupancy import draw_occupancy
from csds.plots.paths import draw_paths
from csds.plots.plot import write_plot
from csds.plots.study import StudyResults
from csds.plots.style import Style
from csds.plots.time_course import draw_time_course, mean_and_interval
from csds.plots.tracks import StudyTracks, grid_of, read_tracks, summarise_track, tracks_of

TWO = [("defeated", "isotype"), ("defeated", "anti-IL-4Rα")]
TWO_BY_TWO = [(stress, treatment) for stress in ("control", "defeated") for treatment in ("isotype", "anti-IL-4Rα")]
PHASES = ("target_absent", "target_present")
DRAWS = pytest.mark.parametrize("draw", [draw_occupancy, draw_paths, draw_time_course])


@pytest.fixture
def still(lab):
    """Return what makes the summary of an animal that stays where it is."""

    def made(x: float, y: float, *, seconds: float = 60.0, lost: slice = slice(0, 0), arena=None):
        session = lab.session_of(arena or lab.floor(), seconds)
        xs = np.full(round(seconds * 10), x)
        xs[lost] = np.nan
        return summarise_track(session, lab.track_of(session, xs, y), 30.0)

    return made


def standing(study: StudyResults, still, place_of) -> StudyResults:
    """Return a study whose animals stay where a function of their group and phase says."""
    summaries = {}
    for arm in study.arms:
        for at in arm.rows:
            key = ("", study.analysed.texts("animal_id")[at], "")
            summaries |= {(key, phase): still(*place_of(arm.name, phase)) for phase in PHASES}
    return replace(study, tracks=lambda: StudyTracks(phases=PHASES, summaries=summaries))


def bins_of(plot, mark: str, group: str, phase: str) -> pd.DataFrame:
    data = plot.data
    return data[(data["mark"] == mark) & (data["group"] == group) & (data["phase"] == phase)]


def pages_of(plot):
    return (plot.figure, *plot.pages)


@pytest.mark.parametrize(
    ("width", "height", "shape"), [(42.0, 42.0, "rectangle"), (89.0, 63.0, "rectangle"), (40.0, 40.0, "circle")]
)
def test_an_animal_that_stays_has_all_its_time_at_one_place(width, height, shape, still, lab) -> None:
    arena = lab.floor(width, height, shape=shape)
    x, y = 0.55 * arena.width_cm, 0.3 * arena.height_cm
    found = still(x, y, lost=slice(100, 200), arena=arena)
    assert found.known_s == pytest.approx(50.0)
    bin_x, bin_y = grid_of(arena).centres()
    near = np.hypot(bin_x - x, bin_y - y) < 0.1 * arena.width_cm
    assert found.seconds_cm2[near].sum() * grid_of(arena).bin_area_cm2 == pytest.approx(50.0, rel=1e-3)


def test_lines_end_at_gaps_and_thinning_keeps_them_where_they_were(lab) -> None:
    session = lab.session_of(lab.floor(), 60.0)
    angle = np.linspace(0, 4 * np.pi, 600)
    x, y = 21 + 15 * np.cos(angle), 21 + 15 * np.sin(angle)
    x[200:300] = np.nan
    x[400:402], x[403:] = np.nan, np.nan
    found = summarise_track(session, lab.track_of(session, x, y))
    assert [line[[0, -1]].round(3).tolist() for line in found.lines] == [
        np.column_stack([x, y])[[first, last]].round(3).tolist() for first, last in ((0, 199), (300, 399))
    ]
    assert found.lone.round(6).tolist() == [[round(x[402], 6), round(y[402], 6)]]
    assert sum(map(len, found.lines)) < 100
    for line, part in zip(found.lines, (slice(0, 200), slice(300, 400)), strict=True):
        fine = np.concatenate([np.linspace(a, b, 50) for a, b in pairwise(line)])
        off = np.hypot(x[part][:, None] - fine[:, 0], y[part][:, None] - fine[:, 1]).min(axis=1)
        assert off.max() < 42 / 400 + 0.02


def test_maps_are_means_of_animals_scaled_to_one_window(study_of, animals_of, still, lab) -> None:
    study = study_of(animals_of(TWO, 3))
    summaries = {}
    for at, key in enumerate(study.analysed.texts("animal_id")):
        for phase in PHASES:
            # One animal of each group has a window half as long.
            summaries[("", key, ""), phase] = still(30.0, 30.0, seconds=30.0 if at % 3 == 0 else 60.0)
    plot = draw_occupancy(replace(study, tracks=lambda: StudyTracks(phases=PHASES, summaries=summaries)), style=Style())
    area = grid_of(lab.floor()).bin_area_cm2
    for group in ("isotype", "anti-IL-4Rα"):
        for phase in PHASES:
            rows = bins_of(plot, "mean", group, phase)
            assert rows["s_per_cm2"].sum() * area == pytest.approx(60.0)
            assert set(rows["n"]) == {3}
            top = rows.loc[rows["s_per_cm2"].idxmax()]
            assert abs(top["x_cm"] - 30) < 0.8
            assert abs(top["y_cm"] - 30) < 0.8
    assert "window of 60 s" in plot.alt


def test_difference_is_treatment_less_isotype_of_defeated_animals(study_of, animals_of, still, lab) -> None:
    def place(group: str, phase: str) -> tuple[float, float]:
        return (21.0, 10.0) if group == "defeated + anti-IL-4Rα" and phase == PHASES[1] else (38.0, 38.0)

    plot = draw_occupancy(standing(study_of(animals_of(TWO_BY_TWO, 3)), still, place), style=Style())
    name = "defeated + anti-IL-4Rα − defeated + isotype"
    assert set(plot.data.loc[plot.data["mark"] == "difference", "group"]) == {name}
    absent, present = (bins_of(plot, "difference", name, phase) for phase in PHASES)
    assert np.abs(absent["s_per_cm2"]).max() == pytest.approx(0.0)
    area = grid_of(lab.floor()).bin_area_cm2
    at_zone = present[present["y_cm"] < 20]
    assert at_zone["s_per_cm2"].sum() * area == pytest.approx(60.0, rel=1e-3)
    assert present["s_per_cm2"].sum() == pytest.approx(0.0, abs=1e-9)
    assert "100 % with target present" in plot.alt
    assert "most with target present in defeated + anti-IL-4Rα" in plot.alt


@pytest.mark.parametrize(
    ("groups", "names"),
    [
        ([("control", ""), ("defeated", "")], {"defeated − control"}),
        ([("", "isotype"), ("", "a"), ("", "b")], {"a − isotype", "b − isotype"}),
    ],
)
def test_differences_of_other_designs(groups, names, study_of, animals_of) -> None:
    plot = draw_occupancy(study_of(animals_of(groups, 4)), style=Style())
    assert set(plot.data.loc[plot.data["mark"] == "difference", "group"]) == names


def test_maps_share_one_scale_and_differences_have_zero_in_the_middle(study_of, animals_of) -> None:
    plot = draw_occupancy(study_of(animals_of(TWO_BY_TWO, 3)), style=Style())
    ends = [axes.images[0].get_clim() for axes in plot.figure.axes if axes.images]
    assert len(ends) == 10
    assert len(set(ends)) == 2
    (low, high), (less, more) = ends[0], ends[-1]
    assert low == 0
    assert high == pytest.approx(plot.data.loc[plot.data["mark"] == "mean", "s_per_cm2"].max())
    assert less == -more


def test_enclosure_wall_is_at_the_top(study_of, animals_of) -> None:
    plot = draw_occupancy(study_of(animals_of(TWO, 3)), style=Style())
    shown = [axes for axes in plot.figure.axes if axes.images]
    assert all(axes.get_ylim() == (42.0, 0.0) for axes in shown)
    assert all(axes.images[0].get_extent() == [0.0, 42.0, 42.0, 0.0] for axes in shown)


@pytest.mark.parametrize("draw", [draw_occupancy, draw_paths])
def test_outlines_are_in_the_key_in_their_colours(draw, study_of, animals_of) -> None:
    page = draw(study_of(animals_of(TWO, 3)), style=Style()).figure.axes[0]
    baselines = {text.get_text(): text.get_position() for text in page.texts}
    for name, colour in (("interaction zone", palette.INTERACTION), ("corners", palette.CORNERS), ("enclosure", None)):
        left, below = baselines[name]
        ends = [(line, line.get_xdata()[-1], line.get_ydata()[0]) for line in page.lines if len(line.get_xdata())]
        drawn = [line.get_color() for line, x, y in ends if 0 < left - x < 4 and 0 < below - y < 6]
        assert drawn == [colour or Style().inks.ink]


def test_sessions_on_other_floors_are_listed_and_not_in_the_mean(study_of, animals_of, lab) -> None:
    study = study_of(animals_of(TWO, 5), arenas=[lab.floor()] * 4 + [lab.floor(89.0, 63.0)])
    plot = draw_occupancy(study, style=Style())
    rows = plot.data[plot.data["mark"] == "animal"]
    hidden = rows[~rows["shown"].astype(bool)]
    assert hidden["animal_id"].tolist() == ["M0-4", "M1-4"]
    assert all("another shape or size than most (42 × 42 cm): 89 × 63 cm" in why for why in hidden["why_not"])
    assert set(plot.data.loc[plot.data["mark"] == "mean", "n"]) == {4}
    assert "Not in them: 4 sessions" in plot.alt
    paths = draw_paths(study, style=Style())
    assert "M0-4 *" in [text.get_text() for text in paths.figure.findobj(Text)]


@pytest.mark.parametrize("width", ["single", "double"])
def test_every_animal_is_on_a_page_that_fits_a_journals(width, study_of, animals_of, overlaps) -> None:
    plot = draw_paths(study_of(animals_of(TWO_BY_TWO, 40)), style=Style(width=width))
    assert len(pages_of(plot)) > 1
    assert overlaps(plot) == []
    for page in pages_of(plot):
        assert page.get_size_inches()[1] * 72 <= PAGE_HEIGHT_PT + 1e-6
    sessions = plot.data[plot.data["mark"] == "session"]
    assert len(sessions) == 320
    assert set(sessions["page"]) == set(range(1, len(pages_of(plot)) + 1))
    for number, page in enumerate(pages_of(plot), start=1):
        said = {text.get_text() for text in page.findobj(Text)}
        assert set(sessions.loc[sessions["page"] == number, "animal_id"]) <= said


def test_paths_stay_small_and_open_at_gaps(study_of, animals_of, tmp_path: Path) -> None:
    table = animals_of(TWO_BY_TWO, 10)
    plot = draw_paths(study_of(table), style=Style(width="double"))
    (lines,) = (one for one in plot.figure.findobj(LineCollection) if one.get_zorder() == 2)
    # Of every third animal a stretch is unknown in both phases.
    assert len(lines.get_segments()) == 80 + 2 * len(range(0, 40, 3))
    assert all(path.stat().st_size < 3_000_000 for path in write_plot(plot, tmp_path, ("pdf", "svg")))


def test_animals_whose_names_dont_fit_have_numbers(study_of, animals_of) -> None:
    table = animals_of(TWO, 6)
    table["animal_id"] = [f"a long beginning, {at:02} and a long ending" for at in range(12)]
    plot = draw_paths(study_of(table), style=Style())
    labels = plot.data.dropna(subset="label").groupby("animal_id")["label"].unique()
    assert all(len(one) == 1 for one in labels)
    assert sorted(one[0] for one in labels) == sorted(f"no. {at}" for at in range(1, 13))
    assert {one[0] for one in labels} <= {text.get_text() for text in plot.figure.findobj(Text)}


def test_pages_are_files_of_their_own(study_of, animals_of, tmp_path: Path) -> None:
    plot = draw_paths(study_of(animals_of(TWO, 40)), style=Style())
    names = [path.name for path in write_plot(plot, tmp_path, ("svg",))]
    assert names == ["paths.svg", *(f"paths_{page}.svg" for page in range(2, len(names))), "paths.csv"]


def test_bins_add_up_to_the_sessions_times(tracked: Path) -> None:
    sessions = read_table(tracked / "sessions.csv").set_index("session_id")
    tracks = read_tracks(tracked)
    assert len(tracks.summaries) == len(sessions) == 4
    for one in tracks.summaries.values():
        row = sessions.loc[str(one.session.row["session_id"])]
        assert one.bins["interaction_time_s"].sum() == pytest.approx(float(row["interaction_time_s"]))
        assert (one.bins["bin_end_s"] - one.bins["bin_start_s"]).max() == pytest.approx(3.0)  # as the results have it
        assert one.known_s <= float(row["recorded_s"]) + 1e-9


def test_bins_are_of_30_s_where_results_have_none(tracked: Path, tmp_path: Path) -> None:
    for name in ("sessions", "tracks"):
        (tmp_path / name).symlink_to(tracked / name)
    for name in ("sessions.csv", "provenance.json"):
        (tmp_path / name).write_bytes((tracked / name).read_bytes())
    assert {len(one.bins) for one in read_tracks(tmp_path).summaries.values()} == {1}


def test_means_over_time_have_t_intervals(study_of, animals_of) -> None:
    # R: t.test(c(12, 30, 45, 51))$conf.int
    assert mean_and_interval(np.array([12.0, 30.0, 45.0, 51.0, np.nan])) == pytest.approx(
        (34.5, 6.801745365, 62.198254635)
    )
    assert np.isnan(mean_and_interval(np.array([3.0, np.nan]))[1:]).all()
    assert np.isnan(mean_and_interval(np.array([np.nan]))).all()
    plot = draw_time_course(study_of(animals_of(TWO, 6)), style=Style())
    for group in ("isotype", "anti-IL-4Rα"):
        for phase in PHASES:
            each, mean = (bins_of(plot, mark, group, phase) for mark in ("bin", "mean"))
            assert mean["percent"].tolist() == pytest.approx(each.groupby("bin_start_s")["percent"].mean().tolist())
            assert set(mean["n"]) == {6}


def test_panels_over_time_share_their_scale(study_of, animals_of) -> None:
    plot = draw_time_course(study_of(animals_of(TWO_BY_TWO, 5)), style=Style())
    panels = [axes for axes in plot.figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in panels] == ["Target absent", "Target present"] * 2
    assert len({axes.get_ylim() for axes in panels}) == 1


def test_an_animal_that_is_never_found_is_in_no_mean(study_of, animals_of, still) -> None:
    study = study_of(animals_of(TWO, 3))
    summaries = {
        (("", key, ""), phase): still(21.0, 10.0, lost=slice(0, 600 if at == 0 else 300))
        for at, key in enumerate(study.analysed.texts("animal_id"))
        for phase in PHASES
    }
    study = replace(study, tracks=lambda: StudyTracks(phases=PHASES, summaries=summaries))
    plot = draw_time_course(study, style=Style())
    means = bins_of(plot, "mean", "isotype", PHASES[0])
    assert means["n"].tolist() == [0, 2]
    assert means["percent"].tolist()[1] == 100.0
    assert "not known in the first bin" in plot.alt
    assert draw_occupancy(study, style=Style()).alt
    assert draw_paths(study, style=Style()).alt


@DRAWS
def test_animals_without_a_track_are_named(draw, study_of, animals_of) -> None:
    study = study_of(animals_of(TWO, 4))
    whole = study.read_tracks("")
    summaries = {one: found for one, found in whole.summaries.items() if one[0][1] != "M0-1"}
    del summaries[("", "M0-2", ""), PHASES[1]]
    unread = {(("", "M0-2", ""), PHASES[1]): "its track can't be read"}
    tracks = StudyTracks(phases=PHASES, summaries=summaries, unread=unread)
    data = draw(replace(study, tracks=lambda: tracks), style=Style()).data
    animals = data[data["mark"] == "animal"].set_index("animal_id")
    assert animals.loc["M0-1", "why_not"] == "target_absent: no track; target_present: no track"
    assert not animals.loc["M0-1", "shown"]
    assert animals.loc["M0-2", "why_not"] == "target_present: its track can't be read"
    assert animals.loc["M0-2", "phases_shown"] == "target_absent"
    assert animals.loc["M0-3", "phases_shown"] == "target_absent; target_present"


@DRAWS
def test_figures_of_tracks_say_what_they_need(draw, study_of, animals_of, tmp_path: Path, tracked: Path) -> None:
    study = study_of(animals_of(TWO, 3))
    with pytest.raises(StatsError, match="found a table alone"):
        draw(replace(study, tracks=None), style=Style())
    with pytest.raises(TableError, match="expected the tracks of a results folder"):
        draw(replace(study, tracks=tracks_of(tmp_path)), style=Style())
    with pytest.raises(StatsError, match="expected tracks of the animals that are compared, found none"):
        draw(replace(study, tracks=tracks_of(tracked)), style=Style())


def test_tracks_that_cant_be_read_are_told(tracked: Path, tmp_path: Path) -> None:
    (tmp_path / "sessions").symlink_to(tracked / "sessions")
    for name in ("sessions.csv", "provenance.json"):
        (tmp_path / name).write_bytes((tracked / name).read_bytes())
    (tmp_path / "tracks").mkdir()
    for path in (tracked / "tracks").iterdir():
        (tmp_path / "tracks" / path.name).write_bytes(b"broken")
    with pytest.raises(TableError, match="found none that can be read: its track can't be read"):
        read_tracks(tmp_path)
    good = next((tracked / "tracks").iterdir())
    (tmp_path / "tracks" / good.name).write_bytes(good.read_bytes())
    found = read_tracks(tmp_path)
    assert (len(found.summaries), len(found.unread)) == (1, 3)


def test_tracks_are_read_once(tracked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = []
    monkeypatch.setattr(
        "csds.plots.tracks.read_tracks", lambda results: counted.append(results) or read_tracks(results)
    )
    read = tracks_of(tracked)
    assert counted == []
    assert read() is read()
    assert len(counted) == 1


def test_without_a_zone_there_is_no_course_and_maps_say_no_share(study_of, animals_of) -> None:
    study = study_of(animals_of(TWO, 3))
    bare = {
        key: replace(one, bins=one.bins.drop(columns="interaction_time_s"))
        for key, one in study.read_tracks("").summaries.items()
    }
    study = replace(study, tracks=lambda: StudyTracks(phases=PHASES, summaries=bare))
    with pytest.raises(StatsError, match="expected tracks with a zone 'interaction'"):
        draw_time_course(study, style=Style())
    assert "interaction zone" not in draw_occupancy(study, style=Style()).alt


@DRAWS
def test_a_results_folder_has_all_figures(draw, grown: Path) -> None:
    animals = read_animals(grown)
    analysis = analyse(animals, AnalysisPlan(factors=("stress",), primary="grams", secondary=()))
    plot = draw(StudyResults(animals=animals, analysis=analysis, tracks=tracks_of(grown)), style=Style())
    assert plot.data.loc[plot.data["mark"] == "animal", "shown"].all()


@DRAWS
def test_same_figure_is_the_same_file(draw, study_of, animals_of, tmp_path: Path) -> None:
    study = study_of(animals_of(TWO, 4))
    first, second = (write_plot(draw(study, style=Style()), tmp_path / name, ("svg", "pdf")) for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.parametrize("draw", [draw_occupancy, draw_paths])
def test_one_phase_alone_is_drawn(draw, study_of, animals_of, overlaps) -> None:
    study = study_of(animals_of(TWO, 4))
    whole = study.read_tracks("").summaries
    alone = {(key, "open_field"): one for (key, phase), one in whole.items() if phase == PHASES[0]}
    tracks = StudyTracks(phases=("open_field",), summaries=alone)
    plot = draw(replace(study, tracks=lambda: tracks), style=Style())
    assert overlaps(plot) == []
    assert "open field" in plot.alt


@DRAWS
def test_repeated_tests_are_groups_of_their_own(draw, study_of, animals_of, overlaps) -> None:
    table = animals_of([*TWO, *TWO], 4)
    table["test"] = ["pre"] * 8 + ["post"] * 8
    table["animal_id"] = [f"M{i}" for i in range(8)] * 2
    plot = draw(study_of(table), style=Style())
    assert overlaps(plot) == []
    groups = {f"{treatment}, {test}" for _, treatment in TWO for test in ("pre", "post")}
    assert groups <= set(plot.data["group"])


def test_zones_end_at_a_round_floors_wall(lab) -> None:
    arena = lab.floor(40.0, 40.0, shape="circle")
    for _, outline in floor_outlines(lab.session_of(arena, 60.0, "witness_round_cage"), Style()):
        known = outline[np.isfinite(outline).all(axis=1)]
        assert (arena.floor.distance(*known.T) < 1e-6).all()
