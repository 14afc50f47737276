"""What commands print: where it goes, and that names are shown as they are written."""

from __future__ import annotations

import io
import json
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.cli import console


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_results_go_to_stdout_and_messages_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("a result")
    console.note("a message")
    console.warn("a warning")
    console.note("nothing", quiet=True)
    console.warn("nothing", quiet=True)
    captured = capsys.readouterr()
    assert captured.out == "a result\n"
    assert captured.err == "a message\nwarning: a warning\n"


def test_errors_are_shown_with_their_fix(capsys: pytest.CaptureFixture[str]) -> None:
    console.complain("no such file: a.mp4", "check the column video")
    console.complain("no fix known")
    assert capsys.readouterr().err == "error: no such file: a.mp4\n  fix: check the column video\nerror: no fix known\n"


@given(st.text())
def test_printable_text_holds_no_control_characters_and_other_text_is_kept(text: str) -> None:
    shown = console.printable(text)
    assert all(c in "\n\t" or not (ord(c) < 32 or 127 <= ord(c) < 160) for c in shown)
    if text.isprintable():
        assert shown == text


@pytest.mark.parametrize("name", ["[/bold]", "[red]M01", ":smile:", "anti-IL-4Rα", "=1+1", "🐭"])
def test_names_are_no_markup(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    console.print_table(["animal_id", "si_ratio"], [[name, 1.5]], title=name)
    assert capsys.readouterr().out.count(name) == 2
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    console.print_table(["animal_id", "si_ratio"], [[name, 1.5]], title=name)
    assert terminal.getvalue().count(name) == 2


def test_plain_tables_align_numbers_right_and_text_left(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [["M1", 12.3456, 3], ["M10", float("nan"), 12], ["鼠", 0.5, None]]
    console.print_table(["animal", "si_ratio", "n"], rows, title="Animals")
    assert capsys.readouterr().out.splitlines() == [
        "Animals",
        "animal  si_ratio   n",
        "M1         12.35   3",
        "M10            –  12",
        "鼠          0.50   –",
    ]


def test_empty_tables_print_their_heads(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_table(["animal"], [])
    assert capsys.readouterr().out == "animal\n"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (np.float64(1.005), "1.00"),
        (np.float32(0.25), "0.25"),
        (np.int64(7), "7"),
        (np.bool_(True), "yes"),
        (False, "no"),
        (pd.NA, "–"),
        (pd.NaT, "–"),
        (np.nan, "–"),
        ("two\nlines", "two lines"),
    ],
)
def test_cells_show_what_tables_hold(value: object, shown: str) -> None:
    assert console.format_cell(value) == shown


def test_json_is_json_whatever_the_values(capsys: pytest.CaptureFixture[str]) -> None:
    value = {
        "si_ratio": float("nan"),
        "limits": (np.float64(1.5), np.inf),
        "n": np.int64(3),
        "below": np.bool_(False),
        "missing": pd.NA,
        "name": "anti-IL-4Rα",
    }
    console.print_json(value)
    out = capsys.readouterr().out
    assert json.loads(out) == {
        "si_ratio": None,
        "limits": [1.5, None],
        "n": 3,
        "below": False,
        "missing": None,
        "name": "anti-IL-4Rα",
    }
    assert "α" in out


def test_plain_progress_tells_rate_and_time_left() -> None:
    now = 0.0
    lines: list[str] = []
    shown = console.PlainProgress(total=1000, unit="frames", write=lines.append, clock=lambda: now)
    for now in (1.0, 10.0, 12.0, 20.0):
        shown.update(now * 40, text="M01 target_absent")
    assert lines == [
        "M01 target_absent: 400 of 1,000 frames, 40 frames/s, 15 s left",
        "M01 target_absent: 800 of 1,000 frames, 40 frames/s, 5 s left",
    ]


def test_plain_progress_without_a_known_total() -> None:
    now = 0.0
    lines: list[str] = []
    shown = console.PlainProgress(total=None, unit="frames", write=lines.append, clock=lambda: now)
    now = 10.0
    shown.update(50)
    now = 20.0
    shown.update(100, total=36_100)
    assert lines == ["50 frames, 5 frames/s", "100 of 36,100 frames, 5 frames/s, 2 h 0 min left"]


def test_quiet_progress_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress(total=10, quiet=True) as bar:
        bar.update(5, text="M01")
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_with_the_name_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with console.progress(total=10) as bar:
        bar.update(5, text="[/bold] α")
        bar.update(10, total=20)
    assert "[/bold] α" in terminal.getvalue()
    assert "frames/s" in terminal.getvalue()
