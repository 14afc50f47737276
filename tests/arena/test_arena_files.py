"""Arena files are found, checked and survive writing and reading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.arena.files import (
    arena_path,
    check_frame_size,
    choose_arena,
    find_arena_file,
    read_arenas,
    write_arenas,
)
from csds.errors import ArenaError, UsageError
from csds.model.arena import Arena
from csds.model.lens import Lens
from csds.protocol import load_protocol

GOLDEN = load_protocol("golden2011")
SQUARE = [[110, 30], [530, 30], [530, 450], [110, 450]]


def text(corners: object = SQUARE, more: str = "", name: str = "A") -> str:
    return f'[[arena]]\nname = "{name}"\ncorners_px = {corners}\nframe_size_px = [640, 480]\n{more}\n'


def save(folder: Path, content: str) -> Path:
    path = folder / "v.mp4.arena.toml"
    path.write_text(content, encoding="utf-8")
    return path


def fault(path: Path) -> ArenaError:
    with pytest.raises(ArenaError) as caught:
        read_arenas(path, GOLDEN)
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


def test_left_out_sizes_are_the_protocols(tmp_path: Path) -> None:
    (arena,) = read_arenas(save(tmp_path, text()), GOLDEN)
    assert (arena.shape, arena.width_cm, arena.height_cm) == ("rectangle", 42.0, 42.0)
    assert arena.corners_px == ((110, 30), (530, 30), (530, 450), (110, 450))
    assert (arena.source, arena.confidence) == ("drawn", 1.0)


@given(
    names=st.lists(
        st.text(st.characters(blacklist_categories=["Cs"]), min_size=1).filter(str.strip),
        min_size=1,
        max_size=3,
        unique=True,
    ),
    tilt=st.floats(-20, 20),
)
def test_files_round_trip(tmp_path_factory: pytest.TempPathFactory, names: list[str], tilt: float) -> None:
    names = [name for name in names if name != "open"] or ["A"]
    arenas = tuple(
        Arena(
            name=name,
            shape="rectangle",
            corners_px=((110.0, 30.0 + tilt), (530.0, 30.0), (530.0, 450.0), (110.0 + tilt / 3, 450.0)),
            width_cm=42.5,
            height_cm=40.0,
            frame_size_px=(640, 480),
            source="detected",
            confidence=0.75,
        )
        for name in names
    )
    path = tmp_path_factory.mktemp("a") / "v.arena.toml"
    write_arenas(path, arenas)
    assert read_arenas(path, GOLDEN) == arenas


@pytest.mark.parametrize("turn", range(4))
def test_enclosure_may_stand_at_any_wall(tmp_path: Path, turn: int) -> None:
    (arena,) = read_arenas(save(tmp_path, text(SQUARE[turn:] + SQUARE[:turn])), GOLDEN)
    assert np.allclose(arena.to_cm(*SQUARE[turn]), (0, 0))


def test_order_of_looking(tmp_path: Path) -> None:
    video = tmp_path / "videos" / "Maus β.mp4"
    video.parent.mkdir()
    beside, with_sheet, given_one = (
        arena_path(video),
        tmp_path / "arenas" / "Maus β.mp4.arena.toml",
        tmp_path / "x.toml",
    )
    assert find_arena_file(video, tmp_path) is None
    with_sheet.parent.mkdir()
    for path in (with_sheet, beside, given_one):
        path.write_text("", encoding="utf-8")
        given_path = given_one if path == given_one else None
        assert find_arena_file(video, tmp_path, given_path) == path
    assert find_arena_file(video) == beside


def test_given_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such arena file"):
        find_arena_file(tmp_path / "v.mp4", None, tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("corners", "said"),
    [
        ([SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]], "cross each other"),
        ([SQUARE[1], SQUARE[0], SQUARE[2], SQUARE[3]], "cross each other"),
        ([SQUARE[i] for i in (0, 3, 2, 1)], "counter-clockwise"),
        ([[110, 30], [700, 30], [700, 450], [110, 450]], "corner 2 at (700, 30) lies outside the frame of 640 × 480"),
        ([[-40, 30], [530, 30], [530, 450], [110, 450]], "corner 1 at (-40, 30) lies outside"),
        ([[110, 30], [300, 31], [530, 30], [320, 32]], "nearly in line"),
        ([[100, 100], [200, 200], [300, 300], [400, 400]], "nearly in line"),
        ([[110, 30], [320, 35], [530, 30], [320, 450]], "corner 2 lies nearly in line"),
        ([[110, 30], [530, 30], [250, 200], [110, 450]], "corner 3 lies nearly in line with its neighbours or inside"),
        ([SQUARE[0], SQUARE[0], SQUARE[2], SQUARE[3]], "corners 1 and 2 0.0 px apart"),
        (SQUARE[:3], "4 points [x, y] of px from -100000 to 100000, found '3 points'"),
        ([[110, "30"], *SQUARE[1:]], "found '30'"),
        ([[110, 30, 1], *SQUARE[1:]], "4 points [x, y]"),
    ],
)
def test_impossible_corners(tmp_path: Path, corners: object, said: str) -> None:
    assert said in fault(save(tmp_path, text(corners))).message


def test_reversed_corners_are_offered_the_right_way_round(tmp_path: Path) -> None:
    error = fault(save(tmp_path, text([SQUARE[i] for i in (0, 3, 2, 1)])))
    assert "[[110.0, 30.0], [530.0, 30.0], [530.0, 450.0], [110.0, 450.0]]" in error.hint


def test_corners_slightly_outside_and_cut_off_circles_are_fine(tmp_path: Path) -> None:
    assert read_arenas(save(tmp_path, text([[-5, 30], [530, 30], [530, 488], [-5, 488]])), GOLDEN)
    over = [[80, -20], [560, 0], [560, 479], [80, 479]]
    assert read_arenas(save(tmp_path, text(over, 'shape = "circle"')), GOLDEN)
    assert "corner 1" in fault(save(tmp_path, text(over))).message
    lower = [[80, -90], [560, -90], [560, 479], [80, 479]]
    assert "middle of side 1" in fault(save(tmp_path, text(lower, 'shape = "circle"'))).message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "expected one or more [[arena]]"),
        ("[arena]\n", "expected one or more [[arena]]"),
        ("arena = 1\n", "expected one or more [[arena]]"),
        ("arena = [1]\n", "expected a table, found 1"),
        ("[[arena]\n", "expected TOML"),
        (text() + text(), "'A' more than once"),
        (text(more="width_mm = 420"), "unknown key 'arena A.width_mm'; the nearest known key is 'width_cm'"),
        (text(more="width_cm = 420"), "expected a number of cm from 5 to 300, found 420"),
        (text(more='width_cm = "open"'), "found 'open'"),
        (text(more="confidence = 2"), "from 0 to 1"),
        (text(more='shape = "circle"\nwidth_cm = 40'), "to be equal"),
        (text(more='source = "guessed"'), "'drawn', 'detected'"),
        (text().replace("frame_size_px = [640, 480]", ""), "frame_size_px is missing"),
    ],
)
def test_files_that_contradict_themselves(tmp_path: Path, content: str, said: str) -> None:
    assert said in fault(save(tmp_path, content)).message


def test_choosing_an_arena(tmp_path: Path) -> None:
    path = save(tmp_path, text(name="left") + text(name="right"))
    arenas = read_arenas(path, GOLDEN)
    assert choose_arena(arenas, "right", path).name == "right"
    assert choose_arena(arenas, "LEFT", path).name == "left"
    assert choose_arena(arenas[:1], None, path).name == "left"
    with pytest.raises(ArenaError, match=r"no arena 'rihgt'; the file holds 'left', 'right'") as caught:
        choose_arena(arenas, "rihgt", path)
    assert "Did you mean 'right'?" in caught.value.hint
    with pytest.raises(ArenaError, match="no arena 'zzz'"):
        choose_arena(arenas, "zzz", path)
    with pytest.raises(ArenaError, match="holds 2 arenas"):
        choose_arena(arenas, None, path)


def test_video_of_another_size_is_an_error(tmp_path: Path) -> None:
    path = save(tmp_path, text())
    (arena,) = read_arenas(path, GOLDEN)
    check_frame_size(arena, (640, 480), path)
    with pytest.raises(ArenaError, match="drawn on frames of 640 × 480 px, but the video's are 320 × 240 px"):
        check_frame_size(arena, (320, 240), path)


def test_a_lens_is_read_with_usual_values_for_what_is_left_out(tmp_path: Path) -> None:
    (arena,) = read_arenas(save(tmp_path, text(more="distortion = [-0.25, 0.05]")), GOLDEN)
    assert arena.lens == Lens(
        distortion=(-0.25, 0.05, 0.0, 0.0, 0.0), focal_px=(640.0, 640.0), centre_px=(319.5, 239.5)
    )


def test_a_lens_survives_writing_and_reading(tmp_path: Path) -> None:
    more = "distortion = [-0.25, 0.05, 0.001, -0.002, 0.01]\nfocal_px = [612.5, 611.0]\ncentre_px = [322.0, 236.5]"
    written = read_arenas(save(tmp_path, text(more=more)), GOLDEN)
    assert written[0].lens is not None
    write_arenas(tmp_path / "again.arena.toml", written)
    assert read_arenas(tmp_path / "again.arena.toml", GOLDEN) == written


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("distortion = []", "one to five numbers"),
        ("distortion = [0.1, 0, 0, 0, 0, 0.2]", "one to five numbers"),
        ("distortion = -0.2", "a list of numbers"),
        ("focal_px = [600, 600]", "beside the lens's distortion"),
        ("centre_px = [320, 240]", "beside the lens's distortion"),
        ("distortion = [-0.2]\nfocal_px = [0, 600]", "from 1 to"),
        ("distortion = [-2.5]", "each of the corners only once"),
        ('distortion = "open"', "one to five numbers"),
    ],
)
def test_a_lens_that_cannot_be_is_refused(tmp_path: Path, more: str, words: str) -> None:
    assert words in fault(save(tmp_path, text(more=more))).message
