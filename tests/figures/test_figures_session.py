"""The floor plan of a session shows what it promises, for any session that may turn up."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex

from csds.errors import ResultsError
from csds.figures import palette
from csds.figures.canvas import blank_figure, house_style
from csds.figures.floor_plan import save_session_picture, session_figure
from csds.figures.furniture import draw_flags, flag_lines, spans, unknown_spans
from csds.figures.pictures import number, shown
from csds.model.arena import Arena
from csds.model.flags import FLAGS
from csds.model.shapes import Around, Circle, Zone


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text)]


def named(figure, gid):
    return [artist for artist in figure.findobj() if artist.get_gid() == gid]


def inside_the_paper(figure) -> bool:
    """Tell whether all text lies within the figure."""
    with house_style():
        figure.canvas.draw()
    page = figure.bbox
    boxes = [t.get_window_extent() for t in figure.findobj(matplotlib.text.Text) if t.get_text() and t.get_visible()]
    return all(b.x0 >= page.x0 and b.x1 <= page.x1 and b.y0 >= page.y0 and b.y1 <= page.y1 for b in boxes)


def test_header_numbers_and_labels_are_there(make_picture) -> None:
    shown_texts = texts(session_figure(make_picture()))
    for wanted in (
        "M01",
        "c1_M01_target_absent",
        "Target absent · Defeated · anti-IL-4Rα",
        "812 cm",
        "Interaction 35.2 s · 12 entries",
        "empty",
        "No flags",
    ):
        assert wanted in shown_texts


def test_the_interval_of_the_zone_time_stands_below_it(make_picture) -> None:
    metrics = {"interaction_time_s": 35.25, "interaction_low_s": 34.1, "interaction_high_s": 36.04}
    figure = session_figure(make_picture(metrics=metrics))
    assert "34.1 to 36.0 s" in texts(figure)
    assert inside_the_paper(figure)
    assert "95 % interval" not in texts(session_figure(make_picture()))


def test_the_path_leaves_gaps_open(make_picture) -> None:
    (path,) = named(session_figure(make_picture()), "path")
    lines = [piece.vertices for piece in path.get_paths()]
    angles = [np.arctan2(line[:, 1] - 21, line[:, 0] - 21) % (2 * np.pi) for line in lines]
    times = np.concatenate(angles) / (2 * np.pi) * 20
    # The track is unknown from 5.0 to 6.9 s.
    assert not ((times > 4.95) & (times < 6.95)).any()
    assert max(float(np.ptp(np.unwrap(a))) for a in angles) < 0.4


def test_interpolated_steps_are_drawn_apart(make_picture) -> None:
    figure = session_figure(make_picture())
    (dashed,) = named(figure, "path-interpolated")
    (path,) = named(figure, "path")
    assert len(dashed.get_paths()) == 1
    assert dashed.get_linewidths()[0] < path.get_linewidths()[0]


def test_path_colours_follow_time(make_picture) -> None:
    (path,) = named(session_figure(make_picture()), "path")
    assert (np.diff(path.get_array()) > 0).all()
    assert path.get_clim() == (0.0, 20.0)


def test_start_and_end_are_marked_at_the_first_and_last_known_place(make_picture, track) -> None:
    track = track.copy()
    track.loc[:4, "x_cm"] = np.nan
    figure = session_figure(make_picture(track=track))
    (start,), (end,) = named(figure, "start"), named(figure, "end")
    assert start.get_xydata()[0] == pytest.approx(track.loc[5, ["x_cm", "y_cm"]].astype(float))
    assert end.get_xydata()[0] == pytest.approx(track.loc[199, ["x_cm", "y_cm"]].astype(float))


def test_entries_are_marked_and_numbered(make_picture, track) -> None:
    figure = session_figure(make_picture(entry_times_s=(1.0, 6.0, 12.0)))
    (marks,) = named(figure, "entries")
    # The position at 6 s is unknown: the other two keep their own numbers.
    assert marks.get_xydata() == pytest.approx(track.loc[[10, 120], ["x_cm", "y_cm"]].to_numpy())
    assert [text.get_text() for text in named(figure, "entry")] == ["1", "3"]


def test_many_entries_lose_their_numbers(make_picture) -> None:
    figure = session_figure(make_picture(entry_times_s=tuple(np.arange(40) / 10)))
    assert len(named(figure, "entries")[0].get_xydata()) == 40
    assert not named(figure, "entry")


@pytest.mark.parametrize("code", FLAGS)
def test_every_flag_is_told_in_plain_words(code) -> None:
    figure = blank_figure(6.9, 1.0)
    draw_flags(figure, flag_lines((code,), 6.0), left=0.4, top=0.1)
    lines = named(figure, "flag")
    words = " ".join(line.get_text() for line in lines)
    assert FLAGS[code].meaning[1:] in words
    assert code in words
    expected = palette.WARNING if FLAGS[code].trust else palette.MUTED
    assert {to_hex(line.get_color()).upper() for line in lines} == {expected}


def test_flags_that_touch_trust_come_first() -> None:
    lines = flag_lines(("arena_size_differs", "low_contrast"), 6.0)
    assert [line.trust for line in lines] == [True, False]


def test_flags_stand_in_the_footer(make_picture) -> None:
    lines = named(session_figure(make_picture(flags=("low_tracking", "low_contrast"))), "flag")
    assert [line.get_text().split("(")[-1] for line in lines] == ["low_tracking)", "low_contrast)"]
    assert all(line.get_position()[1] < 0.1 for line in lines)


def test_an_undeclared_flag_is_shown_as_it_is(make_picture) -> None:
    assert "brand_new" in texts(session_figure(make_picture(flags=("brand_new",))))


def broken(track, kind):
    if kind == "empty":
        return track.iloc[:0]
    if kind == "one_frame":
        return track.iloc[:1]
    if kind == "bare":
        return track[["time_s", "x_cm", "y_cm"]]
    return track.assign(x_cm=np.nan, y_cm=np.nan)


@pytest.mark.parametrize("kind", ["empty", "one_frame", "nowhere", "bare"])
@pytest.mark.parametrize("window_s", [20.0, None])
def test_poor_tracks_are_drawn(make_picture, track, kind, window_s, tmp_path) -> None:
    picture = make_picture(track=broken(track, kind), window_s=window_s, metrics={}, entry_times_s=(0.0, 1.0))
    save_session_picture(picture, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_odd_text_is_shown_literally_within_the_paper(make_picture) -> None:
    odd = "mouse $x^2$ _a_ {b} \\alpha \N{TEST TUBE} マウス\n" * 9
    figure = session_figure(
        make_picture(animal=odd, session_id=odd, treatment=odd, stress=odd, flags=(*FLAGS, "x" * 400))
    )
    assert inside_the_paper(figure)
    assert any("$x^2$" in text for text in texts(figure))


def test_all_text_of_a_usual_picture_lies_within_the_paper(make_picture) -> None:
    assert inside_the_paper(session_figure(make_picture(flags=("low_tracking",), entry_times_s=(1.0,))))


def test_a_round_arena_with_a_ring_is_drawn(make_picture, tmp_path) -> None:
    cage = Circle(x=20, y=3.5, radius=3.5)
    arena = Arena(
        name="A",
        shape="circle",
        width_cm=40,
        height_cm=40,
        frame_size_px=(1280, 960),
        corners_px=((80, 60), (1100, 90), (1080, 940), (60, 930)),
    )
    picture = make_picture(
        arena=arena,
        zones=(Zone(name="interaction", shape=Around(shape=cage, width=8)),),
        enclosure=cage,
        background=np.full((960, 1280), 40, np.uint8),
    )
    figure = session_figure(picture)
    (ring,) = named(figure, "zone-interaction")
    # The ring ends at the wall behind the cage.
    assert ring.get_xy()[:, 1].min() == pytest.approx(0.0)
    save_session_picture(picture, tmp_path / "ring.png")


def test_an_arena_without_enclosure_is_drawn(make_picture) -> None:
    figure = session_figure(make_picture(enclosure=None, zones=(), phase="open_field"))
    assert not named(figure, "enclosure")
    assert "Open field · Defeated · anti-IL-4Rα" in texts(figure)


def test_the_callers_style_is_neither_used_nor_changed(make_picture, tmp_path) -> None:
    plain = tmp_path / "plain.png"
    styled = tmp_path / "styled.png"
    save_session_picture(make_picture(), plain)
    with matplotlib.rc_context({"font.size": 30, "axes.grid": True, "savefig.bbox": "tight", "lines.linewidth": 9}):
        before = dict(matplotlib.rcParams)
        save_session_picture(make_picture(), styled)
        assert dict(matplotlib.rcParams) == before
    assert plain.read_bytes() == styled.read_bytes()


def test_drawing_changes_no_argument(make_picture, track) -> None:
    picture = make_picture()
    before, image = track.copy(), picture.background.copy()
    session_figure(picture)
    assert picture.track.equals(before)
    assert np.array_equal(picture.background, image)


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_the_suffix_names_the_kind_of_file(make_picture, tmp_path, suffix) -> None:
    path = tmp_path / f"Überblick α{suffix}"
    save_session_picture(make_picture(), path)
    start = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}[suffix]
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


def test_a_picture_that_cannot_be_written_is_an_error(make_picture, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError):
        save_session_picture(make_picture(), tmp_path / "file" / "a.png")


def test_timeline_shows_time_in_zones_and_time_unknown(make_picture, track) -> None:
    picture = make_picture()
    assert unknown_spans(picture) == pytest.approx(np.array([[5.0, 7.0]]))
    inside = np.zeros(200, bool)
    inside[10:15] = inside[150:] = True
    found = spans(track["time_s"], inside, picture.durations_s)
    assert found == pytest.approx(np.array([[1.0, 1.5], [15.0, 20.0]]))


def test_numbers_that_are_none_are_dashes() -> None:
    assert shown(number({"a": None, "b": "text"}, "a"), "s") == "–"
    assert shown(number({"a": None, "b": "text"}, "b"), "s") == "–"
    assert shown(number({"a": np.float32(-1.25)}, "a"), "s") == "−1.2 s"


def test_the_strip_shows_start_and_end_with_a_mark(make_picture) -> None:
    times = (-1.0, -0.5, 0.0, 1.0, 19.0, 20.0)
    pictures = tuple(np.full((60, 62), 20 * i, np.uint8) for i in range(len(times)))
    metrics = {"start_s": 12.4, "start_source": "found"}
    picture = make_picture(thumbnails=pictures, thumbnails_s=times, metrics=metrics)
    figure = session_figure(picture)

    words = texts(figure)
    assert "Start at 12.40 s of the recording: the hand is gone, the animal on the floor" in words
    assert [word for word in words if word in {"−1.0 s", "−0.5 s", "start", "+1.0 s", "+19.0 s", "+20.0 s"}][-6:] == [
        "−1.0 s",
        "−0.5 s",
        "start",
        "+1.0 s",
        "+19.0 s",
        "+20.0 s",
    ]
    (mark,) = [line for line in named(figure, "start") if line.axes.images and len(line.get_xdata()) == 2]
    edges = sorted(image.get_extent()[0] for image in mark.axes.images)
    assert edges[1] < mark.get_xdata()[0] < edges[2]
    assert inside_the_paper(figure)


def test_without_pictures_there_is_no_strip(make_picture) -> None:
    bare = session_figure(make_picture())
    assert not [word for word in texts(bare) if word.startswith("Start")]
