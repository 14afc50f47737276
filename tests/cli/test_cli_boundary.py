"""Whatever a command raises ends as a message on stderr and one of four exit codes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from csds import errors
from csds.cli import app
from csds.cli.boundary import BoundedGroup, ready_streams, report


def run(raises: Callable[[], None], *arguments: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Run an app with one command, which does what is given."""
    bounded = typer.Typer(cls=BoundedGroup, rich_markup_mode=None, pretty_exceptions_enable=False)

    @bounded.callback()
    def options(debug: bool = False) -> None:
        """Take the options of csds."""

    @bounded.command("act")
    def act(number: int = 0) -> None:
        raises()

    result = CliRunner().invoke(bounded, [*arguments, "act"], env={"CSDS_DEBUG": "", **(env or {})})
    return result.exit_code, result.stdout, result.stderr


def raiser(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.CsdsError) and kind is not errors.CsdsError
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_errors_of_csds_show_message_and_fix(kind: type[errors.CsdsError]) -> None:
    code, out, err = run(raiser(kind("study.csv, line 4: expected a phase, found 'presnt'", hint="write it out")))
    assert code == (2 if issubclass(kind, errors.UsageError) else 1)
    assert out == ""
    assert err == "error: study.csv, line 4: expected a phase, found 'presnt'\n  fix: write it out\n"


def test_all_well_is_0() -> None:
    assert run(lambda: None) == (0, "", "")


def test_a_command_chooses_its_exit_code() -> None:
    assert run(raiser(typer.Exit(1)))[0] == 1


def test_interrupt_is_130_and_says_what_is_kept() -> None:
    code, _, err = run(raiser(KeyboardInterrupt()))
    assert code == 130
    assert err == "interrupted: what was finished is kept; the same command completes the rest\n"
    assert (
        run(raiser(KeyboardInterrupt("3 of 8 sessions are in out")))[2] == "interrupted: 3 of 8 sessions are in out\n"
    )


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full: tracks/M01.parquet"),
        (errno.EACCES, "no permission: tracks/M01.parquet"),
        (errno.EROFS, "no permission: tracks/M01.parquet"),
        (errno.EIO, "Input/output error: tracks/M01.parquet"),
    ],
)
def test_errors_of_the_system_name_the_file(number: int, words: str) -> None:
    code, _, err = run(raiser(OSError(number, os.strerror(number), "tracks/M01.parquet")))
    assert code == 1
    assert err.startswith(f"error: {words}")
    assert "Traceback" not in err


def test_memory_used_up_is_said() -> None:
    code, _, err = run(raiser(MemoryError()))
    assert (code, "memory is used up" in err) == (1, True)


def test_a_fault_of_csds_is_owned() -> None:
    code, _, err = run(raiser(ZeroDivisionError("float division")))
    assert code == 1
    assert err.startswith("error: a fault in csds, not in your data: ZeroDivisionError: float division\n")
    assert "Traceback" not in err


@pytest.mark.parametrize(("arguments", "env"), [(["--debug"], {}), ([], {"CSDS_DEBUG": "1"})])
def test_debugging_shows_where(arguments: list[str], env: dict[str, str]) -> None:
    err = run(raiser(ZeroDivisionError("float division")), *arguments, env=env)[2]
    assert "Traceback" in err
    assert "ZeroDivisionError" in err


def test_text_of_errors_is_neither_markup_nor_escape_code() -> None:
    err = run(raiser(errors.SheetError("animal '[/bold]\x1b[31m' twice")))[2]
    assert err == "error: animal '[/bold]\\x1b[31m' twice\n"


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"]])
def test_a_wrong_call_is_2(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "nonsense" in result.stderr
    assert result.stdout == ""


def test_wrong_value_of_an_option_is_2() -> None:
    bounded = typer.Typer(cls=BoundedGroup, rich_markup_mode=None)

    @bounded.callback()
    def options() -> None:
        """Take no options."""

    @bounded.command("act")
    def act(jobs: int) -> None:
        """Do nothing."""

    assert CliRunner().invoke(bounded, ["act", "many"]).exit_code == 2


def test_report_returns_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(errors.UsageError("two videos are needed, found 1", hint="name both")) == 2
    assert capsys.readouterr().err.splitlines() == ["error: two videos are needed, found 1", "  fix: name both"]


def test_windows_consoles_get_utf8(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, str]] = []

    class Stream:
        def reconfigure(self, **options: str) -> None:
            asked.append(options)

    monkeypatch.setattr(sys, "stdout", Stream())
    monkeypatch.setattr(sys, "stderr", object())
    ready_streams(windows=True)
    ready_streams(windows=False)
    assert asked == [{"encoding": "utf-8", "errors": "replace"}, {"errors": "replace"}]


PROGRAM = """
import time, typer
from csds.cli import app, main, console

@app.command("act")
def act() -> None:
    {body}

main()
"""


def call(body: str, **options: object) -> subprocess.Popen[str]:
    program = [sys.executable, "-c", PROGRAM.format(body=body), "act"]
    return subprocess.Popen(program, stderr=subprocess.PIPE, text=True, encoding="utf-8", **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_the_process_with_130() -> None:
    process = call("console.say('ready'); time.sleep(60)", stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.count("\n") == 1
    assert err.startswith("interrupted: ")


@pytest.mark.skipif(os.name == "nt", reason="pipes break otherwise on Windows")
def test_a_closed_pipe_is_left_in_silence() -> None:
    process = call("[console.say('x' * 1000) for _ in range(1000)]", stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=30) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_behind_stdout_is_said_once() -> None:
    with Path("/dev/full").open("w") as full:
        process = call("print('a result')", stdout=full)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.startswith("error: the disk is full")
    assert "Exception ignored" not in err


def test_results_are_utf8_or_replaced_where_the_terminal_cannot(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    with target.open("wb") as file:
        process = call("console.say('anti-IL-4R\\u03b1')", stdout=file, env={**os.environ, "PYTHONIOENCODING": "ascii"})
        assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 0
    assert target.read_text(encoding="utf-8").strip() in {"anti-IL-4R?", "anti-IL-4Rα"}
