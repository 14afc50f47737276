"""How well trials are found: ``python -m benchmarks.trials``.

Rooms are filmed with what happens around a trial (the hand that brings the mouse, an empty arena, the
hand coming back, the lifting out, both phases in one recording), and the starts found are held
against the truth. In frames of several arenas one hand places a mouse after the other. Ends with 1 if a
start that carries no flag is off by more than 0.5 s.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from csds.arena import arena_path, write_arenas
from csds.batch import TrackOptions, track_study
from csds.formats.tables import write_table
from csds.model.arena import Arena
from csds.protocol import load_protocol
from csds.simulate.course import join_phases, place_by_hand, plan_course, stage
from csds.simulate.hand import is_over_floor
from csds.simulate.nuisance import parse_nuisance
from csds.simulate.recording import simulate_arenas
from csds.simulate.scenarios import PHASES, find_scenario, room_seed
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
    apart_s: float
    nuisances: tuple[str, ...]
    folder: Path

    @property
    def name(self) -> str:
        """What the recording is called."""
        return "_".join([self.room, self.staged, *self.nuisances, str(self.seed)])


def measure(work: Work) -> list[dict[str, object]]:
    """Film a recording, unless it is there, track it, and return a row for each of its sessions."""
    video = work.folder / f"{work.name}.mp4"
    truth_file = video.with_suffix(".trials.csv")
    if not truth_file.is_file():
        film(work, video).to_csv(truth_file, index=False)
    trials = pd.read_csv(truth_file)
    rows = [
        {
            "animal_id": f"{work.name}_{arena}",
            "phase": "both" if len(own) > 1 else own["phase"].iloc[0],
            "video": video.name,
            "arena": arena,
            "duration_s": work.seconds,
            "stress": "defeated",
        }
        for arena, own in trials.groupby("arena")
    ]
    sheet = video.with_suffix(".csv")
    write_table(pd.DataFrame(rows), sheet)
    protocol = load_protocol(find_scenario(work.room).protocol)
    study, _ = load_study(sheet, protocol)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as out:
        result = track_study(study, protocol, Path(out), TrackOptions())
    found = {(row["arena"], row["phase"]): row for row in result.sessions.to_dict(orient="records")}
    why = " ".join(failure.error for failure in result.failures)
    measured: list[dict[str, object]] = []
    for trial in trials.to_dict(orient="records"):
        row = found[trial["arena"], trial["phase"]]
        name = f"{work.name} {trial['arena']} {trial['phase']}"
        measured.append({"name": name, "true_s": trial["start_s"], "why": why})
        measured[-1] |= {column: row[column] for column in ("start_s", "recorded_s", "flags")}
    return measured


def film(work: Work, video: Path) -> pd.DataFrame:
    """Film a recording with its arena file, and return ``arena, phase, start_s`` of its trials."""
    room = find_scenario(work.room)
    if room.arena_count == 1:
        room = replace(room, frame_size_px=(480, 360))
    phases = [
        room.scenes(phase=phase, seed=room_seed(work.room, work.seed), duration_s=work.seconds) for phase in PHASES
    ]
    scenes = [STAGED[work.staged](absent, present) for absent, present in zip(*phases, strict=True)]
    scenes = _one_after_other([_cheap(scene, work) for scene in scenes], work.apart_s)
    video.parent.mkdir(parents=True, exist_ok=True)
    truths = simulate_arenas(scenes, video)
    write_arenas(arena_path(video), [scene.arena for scene in scenes])
    alone_s = min(10.0, 0.25 * work.seconds)
    rows = []
    for truth in truths:
        clear = _clear_times(truth.scene.arena, [other.scene for other in truths], truth.table["time_s"].to_numpy())
        for trial in truth.trials:
            start_s = trial.start_s
            for come, gone in clear:
                if start_s < come < start_s + alone_s:
                    start_s = gone
            rows.append({"arena": truth.scene.arena.name, "phase": trial.phase, "start_s": start_s})
    return pd.DataFrame(rows)


def _cheap(scene: Scene, work: Work) -> Scene:
    return replace(
        scene,
        fps=15.0,
        encoding=Encoding(bitrate_kbps=600, preset="faster"),
        nuisances=(*scene.nuisances, *map(parse_nuisance, work.nuisances)),
    )


def _one_after_other(scenes: Sequence[Scene], apart_s: float) -> list[Scene]:
    """Return scenes of one frame whose mice are placed some seconds apart, all as long as the last one's course."""
    staged = []
    for number, scene in enumerate(scenes):
        staging = scene.staging
        if staging is None:
            raise ValueError("expected a staged scene")
        staged.append(stage(scene, replace(staging, empty_s=staging.empty_s + number * apart_s)))
    longest = max(scene.duration_s for scene in staged)
    return [replace(scene, duration_s=longest) for scene in staged]


def _clear_times(arena: Arena, scenes: Sequence[Scene], times: np.ndarray[Any, Any]) -> list[tuple[float, float]]:
    """Return from when to when a hand, whomever it serves, is over an arena's floor, by the frames' times."""
    errands = [errand for scene in scenes if scene.staging for errand in plan_course(scene, scene.staging).errands]
    over = np.array([any(is_over_floor(errand.reach, arena, float(time)) for errand in errands) for time in times])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], over.astype(int), [0]])))
    last = len(times) - 1
    return [(float(times[first]), float(times[min(end, last)])) for first, end in edges.reshape(-1, 2)]


def main() -> int:
    """Print the table and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", nargs="*", default=["clean", "infrared_dim", "tilted"], help="rooms to film")
    parser.add_argument("--only", nargs="*", default=list(STAGED), help="what happens around the trial")
    parser.add_argument("--seeds", type=int, default=2, help="how many of each")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of a trial")
    parser.add_argument("--apart", type=float, default=6.0, help="s from one placing to the next in a frame of several")
    parser.add_argument("--nuisances", nargs="*", default=[], help="nuisances of the simulator, in all recordings")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--keep", type=Path, help="a folder to keep the recordings in, and to take them from")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        works = [
            Work(
                room=room,
                staged=staged,
                seed=seed,
                seconds=arguments.seconds,
                apart_s=arguments.apart,
                nuisances=tuple(arguments.nuisances),
                folder=arguments.keep or Path(temporary),
            )
            for room in arguments.rooms
            for staged in arguments.only
            for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds)
        ]
        rows: list[dict[str, object]] = []
        print(f"{'session':52} {'true':>7} {'found':>7} {'off':>6}  recorded  flags")
        with ProcessPoolExecutor(arguments.jobs) as pool:
            for part in pool.map(measure, works):
                rows += part
                for row in part:
                    _show(row)
    table = pd.DataFrame(rows)
    off = (table["start_s"].astype(float) - table["true_s"]).abs()
    silent = ~table["flags"].str.contains("uncertain_start|failed")
    right = off <= BAR_S
    print(
        f"{len(table)} trials: median off {off.median():.3f} s, largest {off.max():.3f} s; "
        f"{int((~silent).sum())} flagged, of these {int((~silent & right).sum())} right"
    )
    wrong = table["name"][silent & ~right].tolist()
    print("falls short: " + "; ".join(wrong) if wrong else "all bars held")
    return 1 if wrong else 0


def _show(row: dict[str, object]) -> None:
    true, found = float(str(row["true_s"])), float(str(row["start_s"]))
    print(
        f"{row['name']:52} {true:7.2f} {found:7.2f} {found - true:6.2f} {np.float64(str(row['recorded_s'])):9.2f}  "
        f"{row['flags'] or '-'} {row['why']}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
