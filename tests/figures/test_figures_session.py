"""The floor plan of a session shows what it promises, for any session that may turn up."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
import pytest

from csds.errors import ResultsError
from csds.figures import palette
from csds.figures.canvas import DPI, painted
from csds.figures.floor_plan import save_session_picture, session_page
from csds.figures.furniture import draw_flags, flag_lines, spans, unknown_spans
from csds.figures.page import Areas, Dots, Lines, Page, Pixels
from csds.figures.pictures import number, shown
from csds.model.arena import Arena
from csds.model.flags import FLAGS
from csds.model.shapes import Around, Circle, Zone


def inside_the_paper(page) -> bool:
    """Tell whether all text lies within the page."""
    return all(
        left >= 0 and right <= page.width_in and top >= 0 and bottom <= page.height_in
        for left, top, right, bottom in page.text_boxes()
    )


def overlaps(boxes) -> list:
    """Return the pairs of boxes that overlap by more than what letters leave free in theirs."""
    inner = [(left, top + 0.01, right, bottom - 0.01) for left, top, right, bottom in boxes]
    return [(a, b) for a, b in combinations(inner, 2) if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]]


def test_header_numbers_and_labels_are_there(make_picture) -> None:
    shown_texts = session_page(make_picture()).texts()
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
    page = session_page(make_picture(metrics=metrics))
    assert "34.1 to 36.0 s" in page.texts()
    assert inside_the_paper(page)
    assert "95 % interval" not in session_page(make_picture()).texts()


def test_the_path_leaves_gaps_open(make_picture) -> None:
    (path,) = session_page(make_picture()).named("path")
    angles = [np.arctan2(line[:, 1] - 21, line[:, 0] - 21) % (2 * np.pi) for line in path.lines]
    times = np.concatenate(angles) / (2 * np.pi) * 20
    # The track is unknown from 5.0 to 6.9 s.
    assert not ((times > 4.95) & (times < 6.95)).any()
    assert max(float(np.ptp(np.unwrap(a))) for a in angles) < 0.4


def test_interpolated_steps_are_drawn_apart(make_picture) -> None:
    page = session_page(make_picture())
    (dashed,) = page.named("path-interpolated")
    (path,) = page.named("path")
    assert len(dashed.lines) == 1
    assert dashed.dash_pt is not None
    assert path.dash_pt is None
    assert dashed.width_pt < path.width_pt


def test_path_colours_follow_time(make_picture) -> None:
    (path,) = session_page(make_picture()).named("path")
    # The track goes round its circle once, from 0 to 20 s, which is what the time line spans.
    middles = np.array([line.mean(axis=0) for line in path.lines])
    times = np.arctan2(middles[:, 1] - 21, middles[:, 0] - 21) % (2 * np.pi) / (2 * np.pi) * 20
    expected = palette.path_colours(times / 20).astype(int)
    assert np.abs(expected - [palette.channels(colour) for colour in path.colours]).max() <= 3
    assert expected[0].sum() < expected[-1].sum()


def test_start_and_end_are_marked_at_the_first_and_last_known_place(make_picture, track) -> None:
    track = track.copy()
    track.loc[:4, "x_cm"] = np.nan
    page = session_page(make_picture(track=track))
    (start,), (end,) = page.named("start"), page.named("end")
    assert start.points[0] == pytest.approx(track.loc[5, ["x_cm", "y_cm"]].astype(float))
    assert end.points[0] == pytest.approx(track.loc[199, ["x_cm", "y_cm"]].astype(float))


def test_entries_are_marked_and_numbered(make_picture, track) -> None:
    page = session_page(make_picture(entry_times_s=(1.0, 6.0, 12.0)))
    (marks,) = page.named("entries")
    # The position at 6 s is unknown: the other two keep their own numbers.
    assert marks.points == pytest.approx(track.loc[[10, 120], ["x_cm", "y_cm"]].to_numpy())
    assert [text.text for text in page.named("entry")] == ["1", "3"]


def test_many_entries_lose_their_numbers(make_picture) -> None:
    page = session_page(make_picture(entry_times_s=tuple(np.arange(40) / 10)))
    assert len(page.named("entries")[0].points) == 40
    assert not page.named("entry")


@pytest.mark.parametrize("code", FLAGS)
def test_every_flag_is_told_in_plain_words(code) -> None:
    page = Page(6.9, 1.0)
    draw_flags(page, flag_lines((code,), 6.0), left=0.4, top=0.1)
    lines = page.named("flag")
    words = " ".join(line.text for line in lines)
    assert FLAGS[code].meaning[1:] in words
    assert code in words
    expected = palette.WARNING if FLAGS[code].trust else palette.MUTED
    assert {line.colour for line in lines} == {expected}


def test_flags_that_touch_trust_come_first() -> None:
    lines = flag_lines(("arena_size_differs", "low_contrast"), 6.0)
    assert [line.trust for line in lines] == [True, False]


def test_flags_stand_in_the_footer(make_picture) -> None:
    page = session_page(make_picture(flags=("low_tracking", "low_contrast")))
    lines = page.named("flag")
    assert [line.text.split("(")[-1] for line in lines] == ["low_tracking)", "low_contrast)"]
    assert all(line.place[1] > 0.9 * page.height_in for line in lines)


def test_an_undeclared_flag_is_shown_as_it_is(make_picture) -> None:
    assert "brand_new" in session_page(make_picture(flags=("brand_new",))).texts()


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
    page = session_page(make_picture(animal=odd, session_id=odd, treatment=odd, stress=odd, flags=(*FLAGS, "x" * 400)))
    assert inside_the_paper(page)
    assert any("$x^2$" in text for text in page.texts())


def test_no_text_covers_another(make_picture) -> None:
    odd = "cohort-of-long-names-" * 9
    pictures = tuple(np.full((60, 62), 90, np.uint8) for _ in range(9))
    strip = {"thumbnails": pictures, "thumbnails_s": (-1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 19.0, 19.5, 20.0)}
    picture = make_picture(animal=odd, session_id=odd, stress=odd, flags=tuple(FLAGS), entry_times_s=(1.0,), **strip)
    assert overlaps(session_page(picture).text_boxes()) == []


def test_all_text_of_a_usual_picture_lies_within_the_paper(make_picture) -> None:
    assert inside_the_paper(session_page(make_picture(flags=("low_tracking",), entry_times_s=(1.0,))))


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
    page = session_page(picture)
    (ring,) = page.named("zone-interaction")
    # The ring ends at the wall behind the cage.
    assert ring.outlines[0][:, 1].min() == pytest.approx(0.0)
    save_session_picture(picture, tmp_path / "ring.png")


def test_an_arena_without_enclosure_is_drawn(make_picture) -> None:
    page = session_page(make_picture(enclosure=None, zones=(), phase="open_field"))
    assert not page.named("enclosure")
    assert "Open field · Defeated · anti-IL-4Rα" in page.texts()


def test_drawing_changes_no_argument(make_picture, track) -> None:
    picture = make_picture()
    before, image = track.copy(), picture.background.copy()
    session_page(picture)
    assert picture.track.equals(before)
    assert np.array_equal(picture.background, image)


def test_any_name_can_be_written(make_picture, tmp_path) -> None:
    path = tmp_path / "Überblick α.png"
    save_session_picture(make_picture(), path)
    assert path.read_bytes().startswith(b"\x89PNG")
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
    page = session_page(picture)

    words = page.texts()
    assert "Start at 12.40 s of the recording: the hand is gone, the animal on the floor" in words
    assert [word for word in words if word in {"−1.0 s", "−0.5 s", "start", "+1.0 s", "+19.0 s", "+20.0 s"}][-6:] == [
        "−1.0 s",
        "−0.5 s",
        "start",
        "+1.0 s",
        "+19.0 s",
        "+20.0 s",
    ]
    (mark,) = page.named("strip-start")
    edges = sorted(m.extent[0] for _, m in page.marks if isinstance(m, Pixels) and m.pixels.shape == (60, 62))
    assert edges[1] < mark.lines[0][0, 0] < edges[2]
    assert inside_the_paper(page)


def test_without_pictures_there_is_no_strip(make_picture) -> None:
    bare = session_page(make_picture())
    assert not [word for word in bare.texts() if word.startswith("Start")]


def pixel(page, panel, place) -> tuple[int, int, int]:
    """Return the painted red, green and blue at a place of a panel."""
    x, y = np.round(panel.inches(np.array([place], float))[0] * DPI - 0.5).astype(int)
    return tuple(int(v) for v in painted(page)[y, x, ::-1])


def test_what_is_painted_stands_where_the_page_says_in_its_colours(make_picture, track) -> None:
    page = session_page(make_picture(entry_times_s=(1.0,), background=np.full((480, 640), 120, np.uint8)))
    image = painted(page)
    assert image.shape == (round(page.height_in * DPI), round(page.width_in * DPI), 3)
    ((panel, path),) = [(panel, mark) for panel, mark in page.marks if mark.name == "path"]
    at_9_s = tuple(track.loc[90, ["x_cm", "y_cm"]].astype(float))
    wanted = palette.path_colours(np.array([9.05 / 20]))[0].astype(int)
    assert np.abs(wanted - pixel(page, panel, at_9_s)).max() < 25
    assert np.abs(np.array(pixel(page, panel, (21.0, 14.0))) - palette.channels(palette.INTERACTION)).max() < 25
    # The start's circle is white in its middle; far from all marks the floor is grey.
    assert pixel(page, panel, tuple(path.lines[0][0])) == (255, 255, 255)
    assert len(set(pixel(page, panel, (21.0, 25.0)))) == 1


@pytest.mark.parametrize("width_pt", [0.6, 0.8, 1.1, 1.3, 2.3])
def test_lines_are_as_wide_as_they_say(width_pt) -> None:
    page = Page(2.0, 1.0)
    line = np.array([[0.2, 0.3], [1.8, 0.7]])
    page.paper.add(Lines(lines=(line,), colours=("#000000",), width_pt=width_pt))
    ink = (255.0 - painted(page)[:, :, 0]).sum() / 255
    assert ink / (np.hypot(*(line[1] - line[0])) * DPI) == pytest.approx(width_pt / 72 * DPI, abs=0.4)


def test_dots_and_areas_cover_what_they_say() -> None:
    page = Page(2.0, 1.0)
    page.paper.add(Dots(points=np.array([[0.5, 0.5]]), size_pt=20.0, face="#000000"))
    box = np.array([[1.1, 0.2], [1.7, 0.2], [1.7, 0.8], [1.1, 0.8]])
    page.paper.add(Areas(outlines=(box,), face="#000000", alpha=0.5, within=box[:3]))
    ink = (255.0 - painted(page)[:, :, 0]) / 255
    assert ink[:, : round(0.9 * DPI)].sum() == pytest.approx(np.pi * (10 / 72 * DPI) ** 2, rel=0.03)
    assert ink[:, round(0.9 * DPI) :].sum() == pytest.approx(0.5 * 0.5 * (0.6 * DPI) ** 2, rel=0.03)


def test_a_circle_is_round_and_smooth_at_its_rim() -> None:
    page = Page(1.0, 1.0)
    page.paper.add(Dots(points=np.array([[0.5, 0.5]]), size_pt=40.0, face="#000000"))
    image = painted(page)[:, :, 0]
    assert np.abs(image.astype(int) - cv2.flip(image, -1)).max() < 60
    assert len(np.unique(image)) > 5
