"""How fast csds is: ``python -m benchmarks.speed``.

What a frame costs is the slope between a recording of 150 s and one ten times as long, for
``csds track`` and for ``ffmpeg -i FILE -f null -``, which only decodes, in the same run and in
turns. What is left at no frames is the fixed cost: start-up, arena, floor, files and pictures.
No arena is given: csds finds it. Processor time stands beside the time taken: it is what other
programs on the same machine disturb least.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import csds as csds_package
from benchmarks.footage import FPS, KINDS, SHORT_S, Kind, film_pair, film_sessions, write_sheet
from benchmarks.processes import Run, csds, decode, in_turns, median_s, module, one_after_another, ratios, run
from benchmarks.startup import STARTUP_BAR, describe_startup, measure_startup
from csds.formats.tables import read_table

REAL_BAR, COMMAND_BAR_S, SESSION_BAR_S, JOBS_BAR, SCALING_BAR, MEMORY_BAR_MB = 2.0, 1.5, 0.3, 1.15, 1.7, 250.0
#: Sessions as long as shows the floor in eight key frames, as any real one does: shorter ones are decoded twice.
SESSION_S, FEW, MANY = 60.0, 2, 8


class Tracking:
    """Makes ``csds track`` commands that write into a new folder each."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0

    def __call__(self, sheet: Path, *more: str) -> Run:
        """Track a sheet and return what it took."""
        self._count += 1
        out = self._folder / f"out{self._count}"
        # One phase alone is told of by exit code 1; what matters here is that each session was tracked.
        done = run(csds("track", sheet, "--out", out, "--quiet", *more), codes=(0, 1))
        sessions, tracks = len(read_table(sheet)), len(list((out / "tracks").glob("*.parquet")))
        if tracks != sessions:
            raise SystemExit(f"{sheet}: {tracks} of {sessions} sessions tracked; see {out}")
        shutil.rmtree(out)
        return done


def measure_frames(kind: Kind, folder: Path, track: Tracking, rounds: int) -> tuple[float, list[str]]:
    """Print what a frame costs; return csds's cost in seconds, and what misses its bar."""
    pair = film_pair(kind, folder)
    done = in_turns(
        rounds,
        {
            "ffmpeg short": lambda: run(decode(pair.short)),
            "csds short": lambda: track(pair.short_sheet),
            "ffmpeg long": lambda: run(decode(pair.long)),
            "csds long": lambda: track(pair.long_sheet),
        },
    )
    cost = _print_costs(kind.name, done, pair.frames, kind.bar)
    fixed = median_s(done["csds short"]) - SHORT_S * FPS * cost["csds"]
    memory = {length: max(one.anonymous_mb for one in done[f"csds {length}"]) for length in ("short", "long")}
    print(f"{'':16} fixed cost of the command {fixed:.2f} s")
    print(f"{'':16} anonymous memory {memory['short']:.0f} MB, {memory['long']:.0f} MB at ten times the length")
    _compare_opencv(pair.short, cost["csds"], rounds)
    short = []
    if kind.bar is not None and cost["csds"] > kind.bar * cost["ffmpeg"]:
        short.append(f"{kind.name} cost per frame")
    if kind.name == KINDS[0].name and max(memory.values()) > MEMORY_BAR_MB:
        short.append("memory")
    return cost["csds"], short


def _compare_opencv(video: Path, cost_s: float, rounds: int) -> None:
    frames = SHORT_S * FPS
    done = in_turns(
        rounds,
        {
            "cv2.VideoCapture.read": lambda: run(module("rivals", "read", video)),
            "OpenCV MOG2 tracker": lambda: run(module("rivals", "mog2", video)),
        },
    )
    told = (f"{name} {1e3 * median_s(runs) / frames:.3f} ms" for name, runs in done.items())
    shares = (f"{cost_s * frames / median_s(runs):.2f}" for runs in done.values())
    print(f"{'':16} beside {', '.join(told)} a frame: csds takes {' and '.join(shares)} of it", flush=True)


def measure_real(video: Path, folder: Path, track: Tracking, rounds: int) -> list[str]:
    """Print what a frame of a recording costs whose low bit rate makes decoding nearly free."""
    few_s, most_s = 60.0, 330.0
    sheets = {}
    for seconds in (few_s, most_s):
        sheets[seconds] = folder / f"real_{seconds:g}.csv"
        link = folder / video.name
        if not link.is_file():
            shutil.copy2(video, link)
            shutil.copy2(video.with_name(video.name + ".arena.toml"), folder)
        sheets[seconds].write_text(
            f"animal_id,phase,video,start_s,duration_s\nM1,open_field,{link.name},0,{seconds:g}\n", encoding="utf-8"
        )
    tasks: dict[str, Callable[[], Run]] = {}
    for seconds, sheet in sheets.items():
        length = "short" if seconds == few_s else "long"
        tasks[f"ffmpeg {length}"] = partial(run, decode(video, "-t", f"{seconds:g}"))
        tasks[f"csds {length}"] = partial(track, sheet, "--protocol", "open_field")
    done = in_turns(rounds, tasks)
    cost = _print_costs(video.stem, done, round((most_s - few_s) * FPS), REAL_BAR)
    return [f"{video.stem} cost per frame"] if cost["csds"] > REAL_BAR * cost["ffmpeg"] else []


def measure_fixed(cost_s: float, folder: Path, track: Tracking, rounds: int) -> list[str]:
    """Print the fixed cost of a command and of each further session, its frames taken off."""
    videos = film_sessions(KINDS[0], folder, count=MANY, seconds=SESSION_S)
    sheets = {n: write_sheet(folder / f"fixed_{n}.csv", videos[:n], SESSION_S) for n in (FEW, MANY)}
    done = in_turns(rounds, {str(n): partial(track, sheet) for n, sheet in sheets.items()})
    took = {n: median_s(done[str(n)]) - n * SESSION_S * FPS * cost_s for n in (FEW, MANY)}
    session = (took[MANY] - took[FEW]) / (MANY - FEW)
    command = took[FEW] - (FEW - 1) * session
    print(f"fixed cost       {command:.2f} s a command with one session (bar {COMMAND_BAR_S} s), ", end="")
    print(f"{session:.2f} s for each further one (bar {SESSION_BAR_S} s)", flush=True)
    short = ["fixed cost of a command"] if command > COMMAND_BAR_S else []
    return short + (["fixed cost of a session"] if session > SESSION_BAR_S else [])


def measure_jobs(folder: Path, track: Tracking, rounds: int) -> list[str]:
    """Print what two jobs gain."""
    videos = film_sessions(KINDS[0], folder, count=MANY, seconds=SHORT_S)
    sheet = write_sheet(folder / "jobs.csv", videos, SHORT_S)
    halves = [write_sheet(folder / f"half{i}.csv", videos[4 * i : 4 * i + 2], SHORT_S) for i in (0, 1)]

    with tempfile.TemporaryDirectory(dir=folder) as out:

        def one_thread(*sheets: Path) -> Run:
            return run(*(module("worker", each, Path(out) / each.stem) for each in _fresh(Path(out), sheets)))

        done = in_turns(
            rounds,
            {
                "ffmpeg": lambda: one_after_another(*(decode(video) for video in videos)),
                "jobs": lambda: track(sheet, "--jobs", "2"),
                "one": lambda: one_thread(halves[0]),
                "two": lambda: one_thread(*halves),
            },
        )
    seconds = {name: [one.seconds for one in runs] for name, runs in done.items()}
    ratio = statistics.median(a / b for a, b in zip(seconds["jobs"], seconds["ffmpeg"], strict=True))
    gain = statistics.median(2 * a / b for a, b in zip(seconds["one"], seconds["two"], strict=True))
    print(f"jobs             eight recordings of 150 s with --jobs 2: {median_s(done['jobs']):.1f} s, ", end="")
    print(f"ffmpeg one after another {median_s(done['ffmpeg']):.1f} s; ", end="")
    print(f"ratio {ratios(seconds['jobs'], seconds['ffmpeg'])}; bar {JOBS_BAR}")
    print(f"{'':16} two one-thread jobs do {gain:.2f} x the work of one; bar {SCALING_BAR}", flush=True)
    short = ["jobs beside ffmpeg"] if ratio > JOBS_BAR else []
    return short + (["two jobs beside one"] if gain < SCALING_BAR else [])


def _fresh(out: Path, sheets: tuple[Path, ...]) -> tuple[Path, ...]:
    for each in sheets:
        shutil.rmtree(out / each.stem, ignore_errors=True)
    return sheets


def _print_costs(name: str, done: dict[str, list[Run]], frames: int, bar: float | None) -> dict[str, float]:
    """Print what a frame costs, and return it in seconds, for csds and for ffmpeg."""
    slopes = {who: _slopes(done[f"{who} short"], done[f"{who} long"], frames) for who in ("csds", "ffmpeg")}
    taken, processor = ({who: [pair[i] for pair in pairs] for who, pairs in slopes.items()} for i in (0, 1))
    cost, work = ({who: statistics.median(values) for who, values in part.items()} for part in (taken, processor))
    print(f"{name:16} a frame: csds {1e3 * cost['csds']:.3f} ms, ffmpeg {1e3 * cost['ffmpeg']:.3f} ms")
    print(f"{'':16} ratio {ratios(taken['csds'], taken['ffmpeg'])}{'' if bar is None else f'; bar {bar}'}")
    print(f"{'':16} processor time: csds {1e3 * work['csds']:.3f} ms, ffmpeg {1e3 * work['ffmpeg']:.3f} ms; ", end="")
    print(f"ratio {ratios(processor['csds'], processor['ffmpeg'])}", flush=True)
    return cost


def _slopes(short: list[Run], long: list[Run], frames: int) -> list[tuple[float, float]]:
    """Return the seconds and the processor seconds that a frame takes, round by round."""
    return [
        ((b.seconds - a.seconds) / frames, (b.processor_s - a.processor_s) / frames)
        for a, b in zip(short, long, strict=True)
    ]


def main() -> int:
    """Print the figures and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each command")
    parser.add_argument("--keep", type=Path, help="a folder for the recordings, which are then kept")
    parser.add_argument("--only", nargs="*", help="parts: startup, a kind of recording, real, fixed, jobs")
    arguments = parser.parse_args()
    if shutil.which("ffmpeg") is None:
        raise SystemExit("ffmpeg is not on the path: install it to compare with decoding alone")
    # An installation does this once; where Python may write no bytecode, each command would do it anew.
    compileall.compile_dir(Path(csds_package.__file__).parent, quiet=1)
    wanted = set(arguments.only or ["startup", *(kind.name for kind in KINDS), "real", "fixed", "jobs"])
    short: list[str] = []
    if "startup" in wanted:
        startup = measure_startup()
        print(describe_startup(startup), flush=True)
        short += ["start-up"] if startup.ratio > STARTUP_BAR else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder, track = arguments.keep or Path(temporary), Tracking(Path(temporary))
        folder.mkdir(parents=True, exist_ok=True)
        cost = None
        for kind in KINDS:
            if kind.name in wanted or (kind == KINDS[0] and "fixed" in wanted):
                cost_here, misses = measure_frames(kind, folder, track, arguments.rounds)
                cost, short = cost or cost_here, [*short, *misses]
        shared = os.environ.get("CSDS_REAL_DATA")
        if "real" in wanted and shared:
            video = Path(shared) / "real" / "videos" / "black_mouse_round.mp4"
            short += measure_real(video, Path(temporary), track, arguments.rounds)
        elif "real" in wanted:
            print("CSDS_REAL_DATA is not set; the recording made by others is left out")
        if "fixed" in wanted and cost is not None:
            short += measure_fixed(cost, folder, track, arguments.rounds)
        if "jobs" in wanted:
            short += measure_jobs(folder, track, arguments.rounds)
    print("falls short: " + "; ".join(short) if short else "all bars held")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
