"""What is said of an arena that can't be found with confidence: both outlines, and a command for each."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from csds.arena.find import FoundArenas
from csds.batch.settle import how_to_settle, save_found_picture, shell_word, why_ambiguous
from csds.figures import arena_preview
from csds.figures.page import Page
from csds.model.arena import Arena
from csds.protocol import load_protocol

GOLDEN = load_protocol("golden2011")
SQUARE = ((110.0, 30.0), (530.0, 30.0), (530.0, 450.0), (110.0, 450.0))
TURNED = (*SQUARE[1:], SQUARE[0])
VIDEO = Path("lab data") / "Mouse 1.mp4"


def arena(corners: tuple[tuple[float, float], ...], confidence: float, name: str = "A") -> Arena:
    return Arena(
        name=name,
        shape="rectangle",
        corners_px=corners,
        width_cm=42,
        height_cm=42,
        frame_size_px=(640, 480),
        source="detected",
        confidence=confidence,
    )


def found(arenas: tuple[Arena, ...], rivals: tuple[Arena, ...] = ()) -> FoundArenas:
    return FoundArenas(arenas=arenas, rivals=rivals, grey=np.full((480, 640), 90, np.uint8))


def commands(text: str) -> list[list[str]]:
    return [shlex.split(line) for line in text.splitlines() if line.startswith("csds arena")]


def settle(seen: FoundArenas, **changes: object) -> str:
    given = {"protocol": GOLDEN, "limit": 0.8, "picture": Path("seen.png"), "sheet_folder": None} | changes
    return how_to_settle(seen, VIDEO, **given)  # type: ignore[arg-type]


def test_each_outline_has_its_command() -> None:
    first, second = commands(settle(found((arena(SQUARE, 0.6),), (arena(TURNED, 0.4),))))
    start = ["csds", "arena", str(VIDEO), "--protocol", "golden2011", "--corners"]
    assert first == [*start, "110,30 530,30 530,450 110,450"]
    assert second == [*start, "530,30 530,450 110,450 110,30"]


def test_only_what_is_in_doubt_is_changed_for_the_other_choice() -> None:
    sure, unsure = arena(SQUARE, 0.97), arena(TURNED, 0.5, "B")
    rivals = (arena(TURNED, 0.03), arena(SQUARE, 0.5, "B"))
    _, second = commands(settle(found((sure, unsure), rivals)))
    assert second[-4:] == ["--corners", "110,30 530,30 530,450 110,450"] * 2


def test_nothing_found_gives_a_command_to_put_corners_into() -> None:
    text = settle(found(()))
    (only,) = commands(text)
    assert "Read the floor's corners off seen.png" in text
    assert only[-2] == "--corners"


def test_a_round_floor_is_told_by_the_square_around_it() -> None:
    text = settle(found(()), protocol=replace(GOLDEN, arena_shape="circle", enclosure=None))
    assert "the corners of the square around the round floor off seen.png, clockwise from the top left" in text


def test_the_file_of_a_protocol_of_ones_own_is_named(tmp_path: Path) -> None:
    own = tmp_path / "my lab.toml"
    text = (Path(__file__).parents[2] / "protocols" / "golden2011.toml").read_text(encoding="utf-8")
    own.write_text(text.replace('name = "golden2011"', 'name = "ours"'), encoding="utf-8")
    (only,) = commands(settle(found((arena(SQUARE, 0.5),)), protocol=load_protocol(own)))
    assert load_protocol(only[only.index("--protocol") + 1]).name == "ours"


def test_where_the_recordings_cannot_be_written_to_the_sheets_folder_takes_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csds.batch.settle.os.access", lambda *_: False)
    (only,) = commands(settle(found((arena(SQUARE, 0.5),)), sheet_folder=tmp_path))
    assert only[only.index("--out") + 1] == str(tmp_path / "arenas")


def test_a_confidence_just_below_the_limit_reads_so() -> None:
    assert "0.89, expected 0.90" in why_ambiguous(found((arena(SQUARE, 0.8999),)), 0.9)


@pytest.mark.parametrize("word", ["M01.mp4", "Mouse 1.mp4", "Käfig 4.mp4", "5$ a`b.mp4", 'a"b.mp4', "it's.mp4"])
def test_words_survive_a_shell(word: str) -> None:
    assert shlex.split(shell_word(word)) == [word]


@pytest.mark.parametrize("word", ["Mouse 1.mp4", "110,30 530,30", r"C:\My Data\M 1.mp4"])
def test_words_are_quoted_as_windows_needs_it(word: str) -> None:
    assert shell_word(word) == f'"{word}"'


def test_the_picture_shows_both_and_a_ruler_only_in_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Page] = []
    monkeypatch.setattr(arena_preview, "save_page", lambda page, _: drawn.append(page))
    one, other = arena(SQUARE, 0.6), replace(arena(TURNED, 0.4))
    for seen, limit in ((found((one,), (other,)), 0.8), (found((one,), (other,)), 0.5)):
        save_found_picture(seen, "M 1.mp4", GOLDEN, tmp_path / "p.png", limit)
    doubted, accepted = ({mark.name for _, mark in page.marks} for page in drawn)
    assert {"floor", "wall", "rival", "rival wall", "pixel"} <= doubted
    assert not {"rival", "pixel"} & accepted
    names = [text.text for text in drawn[0].named("name")]
    assert names == ["A · 60% sure", "or A"]
