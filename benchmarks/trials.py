"""How well trials are found: ``python -m benchmarks.trials``.

Rooms are filmed with what happens around a trial (the hand that brings the mouse, an empty arena, the
hand coming back, the lifting out, both phases in one recording), and the starts found are held
against the truth. Ends with 1 if a start that carries no flag is off by more than 0.5 s.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from csds.arena import write_arenas
from csds.batch import TrackOptions, track_study
from csds.formats.tables import write_table
from csds.protocol import load_protocol
from csds.simulate.course import join_phases, place_by_hand
from csds.simulate.recording import simulate_recording
from csds.simulate.scenarios import PHASES, find_scenario, scenario
from csds.simulate.scene import Encoding, Scene
from csds.study import load_study

BAR_S = 0.5

#: What happens around the trial, by name.
STAGED: dict[str, Callable[[Scene, Scene], Scene]] = {
    "placed": lambda absent, _: place_by_hand(absent),
    "hand_in_first_frame": lambda absent, _: place_by_hand(absent, begins="hand"),
    "there_from_the_start": lambda absent, _: place_by_hand(absent, begins="placed", ends="cut"),
    "cut_short": lambda absent, _: place_by_hand(absent, ends="cut", short_s=4.0),
    "hand_returns": lambda absent, _: place_by_hand(absent, returns_after_s=3.0),
    "target_by_hand": lambda _, present: place_by_hand(present, target_by_hand=True),
    "both": lambda absent, present: join_phases(absent, present, break_s=10.0),
    "dark_glove": lambda absent, _: place_by_hand(absent, glove_grey=40.0, sleeve_grey=60.0),
    "pale_glove": lambda absent, _: place_by_hand(absent, glove_grey=215.0, sleeve_grey=225.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One recording to be filmed and tracked."""

    room: str
    staged: str
    seed: int
    seconds: float
    folder: Path


def measure(work: Work) -> list[dict[str, object]]:
    """Film a recording, unless it is there, track it, and return a row for each of its sessions."""
    name = f"{work.room}_{work.staged}_{work.seed}"
    video = work.folder / f"{name}.mp4"
    truth_file = video.with_suffix(".trials.csv")
    if not truth_file.is_file():
        arena = replace(find_scenario(work.room), frame_size_px=(480, 360)).arena()
        encoding = Encoding(bitrate_kbps=600, preset="faster")
        absent, present = (
            replace(
                scenario(work.room, phase=phase, seed=work.seed, duration_s=work.seconds),
                arena=arena,
                fps=15.0,
                encoding=encoding,
            )
            for phase in PHASES
        )
        scene = STAGED[work.staged](absent, present)
        video.parent.mkdir(parents=True, exist_ok=True)
        truth = simulate_recording(scene, video)
        write_arenas(video.with_name(video.name + ".arena.toml"), [scene.arena])
        truth.save_trials(truth_file)
    trials = pd.read_csv(truth_file)
    phase = "both" if len(trials) > 1 else trials["phase"][0]
    sheet = work.folder / f"{name}.csv"
    row = {"animal_id": name, "phase": phase, "video": video.name, "duration_s": work.seconds, "stress": "defeated"}
    write_table(pd.DataFrame([row]), sheet)
    protocol = load_protocol(find_scenario(work.room).protocol)
    study, _ = load_study(sheet, protocol)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as out:
        result = track_study(study, protocol, Path(out), TrackOptions())
    found = {session["phase"]: session for session in result.sessions.to_dict(orient="records")}
    why = " ".join(failure.error for failure in result.failures)
    return [
        {
            "name": f"{name} {trial.phase}",
            "true_s": trial.start_s,
            "found_s": found[trial.phase]["start_s"],
            "recorded_s": found[trial.phase]["recorded_s"],
            "flags": found[trial.phase]["flags"],
            "why": why,
        }
        for trial in trials.itertuples()
    ]


def main() -> int:
    """Print the table and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", nargs="*", default=["clean", "infrared_dim", "tilted"], help="rooms to film")
    parser.add_argument("--only", nargs="*", default=list(STAGED), help="what happens around the trial")
    parser.add_argument("--seeds", type=int, default=2, help="how many of each")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of a trial")
    parser.add_argument("--keep", type=Path, help="a folder to keep the recordings in, and to take them from")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        works = [
            Work(
                room=room, staged=staged, seed=seed, seconds=arguments.seconds, folder=arguments.keep or Path(temporary)
            )
            for room in arguments.rooms
            for staged in arguments.only
            for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds)
        ]
        rows: list[dict[str, object]] = []
        print(f"{'session':52} {'true':>7} {'found':>7} {'off':>6}  recorded  flags")
        with ProcessPoolExecutor(2) as pool:
            for part in pool.map(measure, works):
                rows += part
                for row in part:
                    _show(row)
    table = pd.DataFrame(rows)
    off = (table["found_s"].astype(float) - table["true_s"]).abs()
    silent = ~table["flags"].str.contains("uncertain_start|failed")
    flagged = int((~silent).sum())
    print(f"{len(table)} trials: median off {off.median():.3f} s, largest {off.max():.3f} s; {flagged} flagged")
    wrong = table["name"][silent & ~(off <= BAR_S)].tolist()
    print("falls short: " + "; ".join(wrong) if wrong else "all bars held")
    return 1 if wrong else 0


def _show(row: dict[str, object]) -> None:
    true, found = float(str(row["true_s"])), float(str(row["found_s"]))
    print(
        f"{row['name']:52} {true:7.2f} {found:7.2f} {found - true:6.2f} {np.float64(str(row['recorded_s'])):9.2f}  "
        f"{row['flags'] or '-'} {row['why']}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
