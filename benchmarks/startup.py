"""What ``csds --help`` costs, beside an empty Typer app with as many commands."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from csds.cli import app

STARTUP_BAR = 1.5

_EMPTY = """
import typer
app = typer.Typer({settings})
for number in range({commands}):
    @app.command(f"command{{number}}")
    def command() -> None:
        "Do nothing."
app()
"""
_PLAIN = "add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False"
_CSDS = "from csds.cli import main\nmain()\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartupCost:
    """Median seconds of ``--help``.

    ``csds_s`` is csds, ``empty_s`` an empty Typer app with as many commands, ``plain_s`` the
    same with csds's own settings (help without colours and boxes), which starts faster.
    """

    csds_s: float
    empty_s: float
    plain_s: float
    commands: int

    @property
    def ratio(self) -> float:
        """The cost of csds relative to the empty app."""
        return self.csds_s / self.empty_s

    @property
    def plain_ratio(self) -> float:
        """The cost of csds relative to the empty app with csds's own settings."""
        return self.csds_s / self.plain_s


def measure_startup(*, runs: int = 15) -> StartupCost:
    """Return the median cost of ``--help`` over ``runs`` runs of each, taken in turns.

    Turns spread whatever else the machine does evenly over all three.
    """
    commands = _count_commands()
    with TemporaryDirectory() as folder:
        programs = {
            "csds": _CSDS,
            "empty": _EMPTY.format(settings="", commands=commands),
            "plain": _EMPTY.format(settings=_PLAIN, commands=commands),
        }
        calls = {name: _program(Path(folder) / f"{name}_help.py", text) for name, text in programs.items()}
        for call in calls.values():
            _time(call)  # fills the caches of the disk and of Python's bytecode
        times: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(runs):
            for name, call in calls.items():
                times[name].append(_time(call))
    median = {name: statistics.median(values) for name, values in times.items()}
    return StartupCost(csds_s=median["csds"], empty_s=median["empty"], plain_s=median["plain"], commands=commands)


def describe_startup(cost: StartupCost) -> str:
    """Return the figures as a line of text."""
    return (
        f"csds --help: {cost.csds_s:.3f} s, {cost.ratio:.2f} × an empty Typer app with {cost.commands} commands "
        f"({cost.empty_s:.3f} s; bar {STARTUP_BAR} ×), {cost.plain_ratio:.2f} × one with plain help "
        f"({cost.plain_s:.3f} s)"
    )


def _count_commands() -> int:
    return len(app.registered_commands) + len(app.registered_groups)


def _program(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    return [sys.executable, str(path), "--help"]


def _time(call: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Print the figures."""
    print(describe_startup(measure_startup()))


if __name__ == "__main__":
    main()
