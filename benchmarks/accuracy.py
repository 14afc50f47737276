"""How accurate csds is: ``python -m benchmarks.accuracy``.

Simulated rooms of 90 s are filmed, tracked by the same code as ``csds track`` runs, and held
against their exact truth; then the rooms and recordings made by others, where the environment
variable CSDS_REAL_DATA names their folder; then every nuisance of the simulator, or pairs of them,
as a table (docs/robustness.md). Ends with 1 if anything misses its bar.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import pandas as pd

from benchmarks.compare import (
    RealScore,
    SessionScore,
    arena_beside,
    ratio_range,
    real_reference,
    score_real,
    score_session,
)
from benchmarks.nuisances import measure_nuisances, show_table, some_pairs
from csds.arena import write_arenas
from csds.batch import RunResult, TrackOptions, track_study
from csds.formats.tables import write_table
from csds.model.shapes import Zone
from csds.protocol import load_protocol, resolve_zones
from csds.simulate.nuisance import NUISANCES
from csds.simulate.recording import simulate_recording
from csds.simulate.scenarios import PHASES, SCENARIOS, find_scenario, scenario
from csds.study import load_study

#: Rooms with one arena whose recordings are the trial alone.
ROOMS = [name for name, room in SCENARIOS.items() if room.arena_count == 1 and room.course is None]


def film(name: str, folder: Path, seconds: float, seed: int) -> Path:
    """Film both phases of a room into a folder, unless they are there, and return their sheet."""
    sheet = folder / name / "study.csv"
    if sheet.is_file():
        return sheet
    rows = []
    for phase in PHASES:
        scene = scenario(name, phase=phase, seed=seed, duration_s=seconds)
        video = folder / name / f"{name}_{phase}{scene.encoding.suffix}"
        video.parent.mkdir(parents=True, exist_ok=True)
        truth = simulate_recording(scene, video)
        truth.save(video.with_suffix(".truth.csv"))
        write_arenas(video.with_name(video.name + ".arena.toml"), [scene.arena])
        rows.append(
            {"animal_id": name, "phase": phase, "video": video.name, "duration_s": seconds, "stress": "defeated"}
        )
    write_table(pd.DataFrame(rows), sheet)
    return sheet


def measure(sheet: Path, protocol_name: str, out: Path) -> tuple[list[SessionScore], list[str]]:
    """Track a sheet whose truths lie beside its videos; return each session's errors, and wrong phenotypes."""
    protocol = load_protocol(protocol_name)
    study, _ = load_study(sheet, protocol)
    result = track_study(study, protocol, out, TrackOptions(force=True))
    zones = resolve_zones(protocol, protocol.arena_width_cm, protocol.arena_height_cm)
    scores, truths = [], {}
    for session in result.sessions.to_dict(orient="records"):
        truth = pd.read_csv(sheet.parent / Path(session["video"]).with_suffix(".truth.csv"))
        truths[session["animal_id"], session["phase"]] = truth
        track_file = out / "tracks" / f"{session['session_id']}.parquet"
        if session["flags"] == "failed":
            why = next(f.error for f in result.failures if f.session_id == session["session_id"])
            raise SystemExit(f"{session['session_id']} failed: {why}")
        track = pd.read_parquet(track_file)
        scores.append(
            score_session(session["session_id"], track, truth, zones, session["duration_s"], session["flags"])
        )
    return scores, _wrong_phenotypes(result, truths, zones[0])


def _wrong_phenotypes(result: RunResult, truths: dict[tuple[str, str], pd.DataFrame], zone: Zone) -> list[str]:
    wrong = []
    window = float(result.sessions["duration_s"].iloc[0])
    for animal in result.animals.to_dict(orient="records"):
        absent, present = (truths[animal["animal_id"], phase] for phase in PHASES)
        low, high = ratio_range(absent, present, zone, window)
        true = "susceptible" if high < 1 else "resilient" if low >= 1 else None
        if true is not None and animal["phenotype"] not in (true, "undetermined"):
            wrong.append(f"{animal['animal_id']}: {animal['phenotype']}, truly {true} ({low:.2f} to {high:.2f})")
        if animal["phenotype"] == "undetermined" and "_denominator" not in animal["flags"]:
            wrong.append(f"{animal['animal_id']}: undetermined ({animal['flags']})")
    return wrong


def measure_real(folder: Path, out: Path) -> list[RealScore]:
    """Track the real recordings and return how each stands against its reference."""
    protocol = load_protocol("open_field")
    study, faults = load_study(folder / "study.csv", protocol)
    result = track_study(study, protocol, out, TrackOptions(force=True), faults=faults)
    scores = []
    for session in result.sessions.to_dict(orient="records"):
        video = folder / session["video"]
        track = pd.read_parquet(out / "tracks" / f"{session['session_id']}.parquet")
        arena = arena_beside(video, session["arena"], "open_field")
        reference = real_reference(folder, session["video"], session["arena"])
        scores.append(score_real(f"{video.stem} {session['arena']}", track, arena, reference, session["flags"]))
    return scores


def main() -> int:
    """Print the tables and return the exit code."""
    arguments = _arguments()
    rooms, alone = arguments.only, arguments.nuisances
    if rooms is None and alone is None and arguments.pairs is None:
        rooms, alone = ROOMS, sorted(NUISANCES)
    short: list[str] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        results = Path(temporary) / "results"
        folder = arguments.keep or Path(temporary) / "films"
        if rooms is not None:
            short += _show_rooms(rooms, folder, results, arguments)
        pairs = [] if arguments.pairs is None else some_pairs(arguments.pairs, arguments.seed)
        if wanted := [*([()] if alone else []), *((name,) for name in alone or ()), *pairs]:
            # Four seeds: each combination in each of the rooms, others for each --seed.
            seeds = [4 * arguments.seed + number for number in range(arguments.rooms)]
            scores = measure_nuisances(
                wanted,
                folder / "nuisances",
                results,
                seconds=arguments.nuisance_seconds,
                seeds=seeds,
                jobs=arguments.jobs,
            )
            short += show_table(scores)
    print("falls short: " + "; ".join(short) if short else "all bars held")
    return 1 if short else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", help="rooms to film; alone they leave out the nuisances")
    parser.add_argument("--seconds", type=float, default=90.0, help="length of each recording of a room")
    parser.add_argument("--nuisances", nargs="*", choices=sorted(NUISANCES), help="nuisances to film (default: all)")
    parser.add_argument("--pairs", type=int, metavar="N", help="so many pairs of nuisances, drawn at random")
    parser.add_argument("--rooms", type=int, default=4, help="rooms that each nuisance or pair is filmed in")
    parser.add_argument("--nuisance-seconds", type=float, default=30.0, help="length of each recording with nuisances")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a folder to keep the recordings in, and to take them from")
    return parser.parse_args()


def _show_rooms(rooms: list[str], folder: Path, results: Path, arguments: argparse.Namespace) -> list[str]:
    """Film and measure rooms in which nothing is wrong, then what others recorded; return what falls short."""
    with ProcessPoolExecutor(arguments.jobs) as pool:
        same = (repeat(value) for value in (folder, arguments.seconds, arguments.seed))
        sheets = list(pool.map(film, rooms, *same))
    short: list[str] = []
    print(f"{'session':44} median    p99   nose swapped  none  found  zone off (may)  flags")
    for name, sheet in zip(rooms, sheets, strict=True):
        short += _show(*measure(sheet, find_scenario(name).protocol, results / name))
    shared = os.environ.get("CSDS_REAL_DATA")
    if not shared:
        print("CSDS_REAL_DATA is not set; recordings made by others are left out")
    else:
        short += _show(*measure(Path(shared) / "scenes" / "study.csv", "golden2011", results / "scenes"))
        short += _show_real(measure_real(Path(shared) / "real", results / "real"))
    return short


def _show(scores: list[SessionScore], wrong: list[str]) -> list[str]:
    for s in scores:
        print(
            f"{s.name:44} {s.median_cm:6.3f} {s.p99_cm:6.3f} {s.nose_median_cm:6.3f}"
            f" {100 * s.swapped:5.1f} % {100 * s.nose_missing:3.0f} % {s.detection:6.3f}"
            f" {s.zone_error_s:7.2f} ({s.zone_allowed_s:.2f})   {s.flags or '-'}{'   !' if s.falls_short else ''}",
            flush=True,
        )
    return [f"{s.name} {what}" for s in scores for what in s.falls_short] + wrong


def _show_real(scores: list[RealScore]) -> list[str]:
    short = []
    print(f"\n{'real recording':32} median px   p99 px  found   path px    (theirs)  in boxes  flags")
    for s in scores:
        theirs = f"{min(s.reference_path_px):.0f}-{max(s.reference_path_px):.0f}" if s.reference_path_px else "-"
        print(
            f"{s.name:32} {s.median_px:9.2f} {s.p99_px:8.2f} {s.detection:6.3f} {s.path_px:9.0f} {theirs:>12}"
            f" {s.inside_boxes:9.2f}  {s.flags or '-'}"
        )
        short += [f"{s.name} {what}" for what in s.falls_short]
    return short


if __name__ == "__main__":
    sys.exit(main())
