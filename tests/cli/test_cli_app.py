"""The app as a whole: its help, what starting it costs, its version."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from benchmarks.startup import describe_startup, measure_startup
from csds import __version__
from csds.cli import app

COMMANDS = (
    "agree", "allocate", "batch", "blind", "check", "demo", "plot", "power", "protocol",
    "report", "score", "simulate", "stats", "status", "track", "unblind", "verify",
)  # fmt: skip
HEAVY = ("numpy", "pandas", "cv2", "av", "matplotlib", "scipy", "pyarrow", "pingouin", "openpyxl")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], check=False, capture_output=True, text=True, encoding="utf-8")


def test_help_imports_nothing_heavy() -> None:
    program = f"""
import sys
from csds.cli import main
sys.argv = ["csds", "--help"]
try:
    main()
finally:
    print(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    done = run("-c", program)
    assert done.returncode == 0
    assert done.stderr.split() == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_each_command_with_what_it_does(command: str) -> None:
    lines = CliRunner().invoke(app, ["--help"]).stdout.splitlines()
    (line,) = [line for line in lines if line.startswith(f"  {command} ")]
    assert len(line.split()) > 3


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage: " in result.stdout


def test_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"csds {__version__}\n")


def test_no_command_is_a_wrong_call_that_shows_the_help() -> None:
    result = CliRunner().invoke(app, [])
    assert result.exit_code in {0, 2}  # typer before 0.17 calls it well
    assert "Commands" in result.output


def test_python_dash_m_is_the_same_as_the_command() -> None:
    done = run("-m", "csds", "--version")
    assert (done.returncode, done.stdout) == (0, f"csds {__version__}\n")
    assert run("-m", "csds", "--help").stdout.startswith("Usage: csds ")


@pytest.mark.slow
def test_help_is_nearly_as_fast_as_an_empty_app() -> None:
    cost = measure_startup(runs=5)
    assert cost.ratio <= 1.6, describe_startup(cost)


@pytest.mark.parametrize(
    "arguments",
    [
        ("simulate", "video", "x.mp4", "--fps", "0"),
        ("simulate", "cohort", "x.csv", "--per-group", "0"),
        ("simulate", "cohort", "x.csv", "--cohorts", "0"),
        ("simulate", "cohort", "x.csv", "--rescue", "7"),
        ("simulate", "cohort", "x.csv", "--stress-effect", "-1"),
        ("track", "x.csv", "--time-bins", "inf"),
        ("track", "x.csv", "--time-bins", "nan"),
    ],
)
def test_options_out_of_range_are_a_wrong_call(arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert arguments[-2] in result.stderr
