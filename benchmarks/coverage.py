"""How often csds's intervals hold the truth: ``python -m benchmarks.coverage``.

Simulated mice whose paths are known exactly are measured with errors that are drawn anew, and scored;
counted is how often the intervals of the zone times and of the SI ratio hold the true values. The errors are
made here by other means than `csds.behaviour.uncertainty` reckons with them: whole homographies, noise frame by
frame, gaps cut out, windows that start late. ``--filmed`` also films rooms, tracks them from end to end with
arenas whose corners are off (``--to-find``: with arenas and trials that have to be found), and counts the same.
Ends with 1 if coverage is significantly below 95 %.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom

from benchmarks.compare import lasting
from csds.arena import arena_path, write_arenas
from csds.batch import TrackOptions, track_study
from csds.behaviour.score import score_animals
from csds.behaviour.sensitivity import ZoneReadings, read_zone
from csds.behaviour.session import measure_session
from csds.behaviour.uncertainty import (
    COVERAGE,
    DETECTED_CORNER_SD_CM,
    DRAWN_CORNER_SD_CM,
    POINT_ERRORS,
    START_GIVEN_SD_S,
    SessionErrors,
)
from csds.formats.tables import write_table
from csds.model.arena import Arena, project, solve_homography
from csds.protocol import load_protocol, resolve_zones
from csds.simulate.course import place_by_hand
from csds.simulate.motion import subject_poses
from csds.simulate.recording import simulate_recording
from csds.simulate.scenarios import PHASES, scenario
from csds.study import load_study

Floats = NDArray[np.float64]

#: What is counted, and the columns of animals.csv or sessions.csv that hold it.
COUNTED = ("A", "P", "SI ratio")

#: Rooms for the filmed animals, and what mice do with the target present.
ROOMS = ("clean", "infrared_dim", "tilted", "small_wmv", "white_mouse", "mpeg2_bedding")
BEHAVIOURS = ("explore", "social", "avoid", "mostly_still")

#: Seconds that the true paths reach beyond the window on both sides.
_BEYOND_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """What is done to a path: SDs of corners (cm) and start (s), and how much is lost in gaps.

    ``told_sd_cm`` is the corners' SD that csds reckons with, by the arena's source.
    """

    corner_sd_cm: float = DRAWN_CORNER_SD_CM
    told_sd_cm: float = DRAWN_CORNER_SD_CM
    start_sd_s: float = START_GIVEN_SD_S
    corners_shared: bool = True
    short_gaps_per_min: float = 4.0
    long_gaps_per_min: float = 0.0


#: The kinds of animals that the table lists: each with its own errors.
KINDS = {
    "good video": Errors(),
    "arena drawn for each phase": Errors(corners_shared=False),
    "arena found, little confidence": Errors(corner_sd_cm=0.5, told_sd_cm=0.5, corners_shared=False),
    "start found": Errors(start_sd_s=0.4),
    "animal lost now and then": Errors(short_gaps_per_min=10.0, long_gaps_per_min=2.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One animal's errors: for each of `COUNTED`, whether the interval held the truth, and how wide it was."""

    held: tuple[bool, ...]
    relative_width: tuple[float, ...]


def measure_animal(
    seed: int,
    *,
    errors: Errors,
    draw: int = 0,
    protocol_name: str = "golden2011",
    seconds: float = 150.0,
    fps: float = 30.0,
) -> Trial | None:
    """Return whether an animal's intervals hold its true values; None where its ratio isn't defined.

    ``seed`` chooses the animal, ``draw`` the errors of its measurement.
    """
    rng = np.random.default_rng([seed, draw, 77])
    protocol = load_protocol(protocol_name)
    zones = resolve_zones(protocol, protocol.arena_width_cm, protocol.arena_height_cm)
    shared = rng.normal(0.0, errors.corner_sd_cm, (4, 2))
    rows: list[dict[str, Any]] = []
    readings: dict[tuple[tuple[str, ...], str], ZoneReadings] = {}
    true_s: list[float] = []
    for phase in PHASES:
        truth, arena = _true_path(seed, phase, protocol_name, seconds, fps)
        inside = zones[0].shape.distance(truth["x_cm"], truth["y_cm"]) <= 0
        during = truth["time_s"].between(_BEYOND_S, _BEYOND_S + seconds, inclusive="left")
        true_s.append(float((inside & during.to_numpy()).sum() / fps))
        corners = shared if errors.corners_shared else rng.normal(0.0, errors.corner_sd_cm, (4, 2))
        if not errors.corners_shared:
            moved = tuple((x + 1e-6 * PHASES.index(phase), y) for x, y in arena.corners_px)
            arena = replace(arena, corners_px=moved)  # two drawings of one arena are never the same
        if errors.told_sd_cm != DRAWN_CORNER_SD_CM:
            arena = replace(arena, source="detected", confidence=_confidence(errors.told_sd_cm))
        measured = _measured_path(truth, arena, corners, errors, seconds, rng)
        table, metrics, flags = measure_session(measured, zones, arena.floor, protocol.behaviour, seconds)
        own = SessionErrors(arena=arena, start_sd_s=errors.start_sd_s, phase=phase)
        found = read_zone(table, zones[0].shape, protocol.behaviour, seconds, own)
        if found is None:
            return None
        readings[("", "a", ""), phase] = found
        key = {"cohort": "", "animal_id": "a", "test": "", "phase": phase, "stress": "defeated", "treatment": ""}
        rows.append(key | metrics | found.metrics() | {"duration_s": seconds, "exclude": "", "flags": ";".join(flags)})
    animal = score_animals(pd.DataFrame(rows), protocol, readings).to_dict(orient="records")[0]
    return judge_animal(rows, animal, true_s)


def _confidence(corner_sd_cm: float) -> float:
    """Return the confidence at which csds takes found corners to be so far off."""
    worst, best = DETECTED_CORNER_SD_CM
    return (worst - corner_sd_cm) / (worst - best)


def judge_animal(sessions: list[dict[Any, Any]], animal: Mapping[Any, Any], true_s: list[float]) -> Trial | None:
    """Return whether the intervals of both sessions and of the animal held what is true; None without a ratio."""
    if not np.isfinite(animal["si_ratio"]) or true_s[0] == 0:
        return None
    values = [
        *((row["interaction_low_s"], row["interaction_high_s"], t) for row, t in zip(sessions, true_s, strict=True)),
        (animal["si_ratio_low"], animal["si_ratio_high"], true_s[1] / true_s[0]),
    ]
    tolerance = 1e-9
    return Trial(
        held=tuple(low - tolerance <= true and not high < true - tolerance for low, high, true in values),
        relative_width=tuple((high - low) / true if true else np.nan for low, high, true in values),
    )


@lru_cache(64)
def _true_path(seed: int, phase: str, protocol_name: str, seconds: float, fps: float) -> tuple[pd.DataFrame, Arena]:
    room = "round_cage" if protocol_name == "witness_round_cage" else "clean"
    scene = scenario(room, phase=phase, seed=seed, duration_s=seconds + 2 * _BEYOND_S)
    behaviour = "explore" if phase == PHASES[0] else BEHAVIOURS[seed % len(BEHAVIOURS)]
    scene = replace(scene, behaviour=behaviour, fps=fps)
    poses = subject_poses(scene)
    return pd.DataFrame({"time_s": poses.time_s, "x_cm": poses.x_cm, "y_cm": poses.y_cm}), scene.arena


def _measured_path(
    truth: pd.DataFrame, arena: Arena, corners_off: Floats, errors: Errors, seconds: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Return what a tracker with these errors would give of a path."""
    corners = np.asarray(arena.corners_cm, float)
    x, y = project(solve_homography(corners + corners_off, corners), truth["x_cm"], truth["y_cm"])
    time = truth["time_s"].to_numpy(float)
    point = POINT_ERRORS["centre"]
    x, y = (values + rng.normal(0, point.steady_cm) + _wandering(time, rng) * point.changing_cm for values in (x, y))
    late = rng.normal(0.0, errors.start_sd_s)
    kept = (time >= _BEYOND_S + late) & (time < _BEYOND_S + late + seconds)
    track = pd.DataFrame({"time_s": time[kept] - _BEYOND_S - late, "x_cm": x[kept], "y_cm": y[kept]})
    return _with_gaps(track, errors, seconds, rng)


def _wandering(time: Floats, rng: np.random.Generator) -> Floats:
    """Return an Ornstein-Uhlenbeck process of SD 1."""
    keep = np.exp(-np.diff(time, prepend=time[0]) / POINT_ERRORS["centre"].time_constant_s)
    values = rng.standard_normal(time.size)
    for i in range(1, time.size):
        values[i] = keep[i] * values[i - 1] + np.sqrt(1 - keep[i] ** 2) * values[i]
    return values


def _with_gaps(track: pd.DataFrame, errors: Errors, seconds: float, rng: np.random.Generator) -> pd.DataFrame:
    time = track["time_s"].to_numpy(float)
    lost = np.zeros(time.size, bool)
    for rate, lengths in ((errors.short_gaps_per_min, (0.1, 0.45)), (errors.long_gaps_per_min, (0.8, 4.0))):
        for start in rng.uniform(1.0, seconds - 5.0, rng.poisson(rate * seconds / 60)):
            lost |= (time >= start) & (time < start + rng.uniform(*lengths))
    interpolated = np.zeros(time.size, bool)
    found = np.flatnonzero(~lost)
    for before, after in itertools.pairwise(found):
        if after - before > 1 and time[after] - time[before] <= 0.5:
            interpolated[before + 1 : after] = True
    gapped = track.assign(detected=~lost, interpolated=interpolated)
    for name in ("x_cm", "y_cm"):
        filled = np.interp(time, time[~lost], track[name].to_numpy(float)[~lost])
        gapped[name] = np.where(lost & ~interpolated, np.nan, np.where(interpolated, filled, track[name]))
    return gapped


def count(trials: list[Trial]) -> tuple[Floats, Floats]:
    """Return the share of intervals that held the truth and the median relative width, of each of `COUNTED`."""
    return np.mean([trial.held for trial in trials], axis=0), np.nanmedian(
        [trial.relative_width for trial in trials], axis=0
    )


def fewest_held(trials: int, level: float = 0.001) -> int:
    """Return how many of so many intervals hold the truth but once in ``1 / level`` times, if 95 % do in the mean."""
    return int(binom.ppf(level, trials, COVERAGE))


def film_animal(seed: int, room: str, *, folder: Path, seconds: float, to_find: bool) -> list[dict[str, object]]:
    """Film both phases of an animal and return its rows of the sheet.

    Either with an arena file whose corners are off, or with arena and trial ``to_find``.
    """
    rng = np.random.default_rng([seed, 78])
    off = rng.normal(0.0, Errors().corner_sd_cm, (4, 2))
    rows: list[dict[str, object]] = []
    for phase in PHASES:
        scene = scenario(room, phase=phase, seed=seed, duration_s=seconds)
        if phase == PHASES[1]:
            scene = replace(scene, behaviour=BEHAVIOURS[seed % len(BEHAVIOURS)])
        if to_find:
            scene = place_by_hand(scene)
        name = f"{room}_{seed}"
        video = folder / f"{name}_{phase}{scene.encoding.suffix}"
        truth = simulate_recording(scene, video)
        (trial,) = truth.trials
        during = truth.table[truth.table["time_s"].between(trial.start_s, trial.end_s, inclusive="left")]
        during.assign(time_s=during["time_s"] - trial.start_s).to_csv(folder / f"{name}_{phase}.truth.csv", index=False)
        row = {"animal_id": name, "phase": phase, "video": video.name, "duration_s": seconds, "stress": "defeated"}
        if not to_find:
            x, y = scene.arena.to_px(*(np.asarray(scene.arena.corners_cm) + off).T)
            drawn = tuple((float(a), float(b)) for a, b in zip(x, y, strict=True))
            write_arenas(arena_path(video), [replace(scene.arena, corners_px=drawn)])
            row["start_s"] = 0
        rows.append(row)
    return rows


def measure_filmed(
    folder: Path, animals: int, seed: int, *, jobs: int, to_find: bool = False, seconds: float = 45.0
) -> list[Trial]:
    """Film animals in `ROOMS`, track them from end to end, and return what their intervals held."""
    seeds = range(seed, seed + animals)
    rooms = [ROOMS[i % len(ROOMS)] for i in range(animals)]
    film = partial(film_animal, folder=folder, seconds=seconds, to_find=to_find)
    with ProcessPoolExecutor(jobs) as pool:
        rows = [row for film in pool.map(film, seeds, rooms) for row in film]
    write_table(pd.DataFrame(rows), folder / "study.csv")
    protocol = load_protocol("golden2011")
    study, _ = load_study(folder / "study.csv", protocol)
    result = track_study(study, protocol, folder / "results", TrackOptions(force=True, jobs=jobs))
    zone = resolve_zones(protocol, protocol.arena_width_cm, protocol.arena_height_cm)[0]
    trials = []
    for animal in result.animals.to_dict(orient="records"):
        own = result.sessions[result.sessions["animal_id"] == animal["animal_id"]].set_index("phase")
        true_s = []
        for phase in PHASES:
            truth = pd.read_csv(folder / f"{animal['animal_id']}_{phase}.truth.csv")
            inside = zone.shape.distance(truth["x_cm"], truth["y_cm"]) <= 0
            true_s.append(float(lasting(truth["time_s"].to_numpy(float), seconds)[inside].sum()))
        trial = judge_animal([own.loc[phase].to_dict() for phase in PHASES], animal, true_s)
        trials += [trial] if trial else []
    return trials


def main() -> int:
    """Print the table and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--animals", type=int, default=200, help="simulated animals of each kind")
    parser.add_argument("--seconds", type=float, default=150.0, help="length of each phase")
    parser.add_argument("--protocol", default="golden2011")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--filmed", type=int, default=0, help="animals to film and track as well")
    parser.add_argument("--to-find", action="store_true", help="film hands, too; arenas and trials have to be found")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    arguments = parser.parse_args()
    print(f"{'kind':34} animals   A     P   ratio    width of A    P   ratio", flush=True)
    seeds = range(arguments.seed, arguments.seed + arguments.animals)
    measure = partial(measure_kinds, kinds=KINDS, protocol_name=arguments.protocol, seconds=arguments.seconds, fps=15.0)
    with ProcessPoolExecutor(arguments.jobs) as pool:
        by_animal = list(pool.map(measure, seeds, chunksize=4))
    short = []
    for name in KINDS if by_animal else ():
        short += _show(name, [trials[name] for trials in by_animal])
    if arguments.filmed:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
            films = measure_filmed(
                Path(temporary),
                arguments.filmed,
                arguments.seed,
                jobs=arguments.jobs,
                to_find=arguments.to_find,
            )
            short += _show("filmed, all found" if arguments.to_find else "filmed and tracked", films)
    print("falls short: " + "; ".join(short) if short else "no coverage is significantly below 95 %")
    return 1 if short else 0


def measure_kinds(
    seed: int, *, kinds: dict[str, Errors], protocol_name: str, seconds: float, fps: float
) -> dict[str, Trial | None]:
    """Return what one animal's intervals held with each kind of errors; its paths are made once."""
    settings: dict[str, Any] = {"protocol_name": protocol_name, "seconds": seconds, "fps": fps}
    return {name: measure_animal(seed, errors=errors, **settings) for name, errors in kinds.items()}


def _show(name: str, trials: Sequence[Trial | None]) -> list[str]:
    defined = [trial for trial in trials if trial is not None]
    held, width = count(defined)
    numbers = " ".join(f"{share:5.3f}" for share in held), " ".join(f"{value:5.3f}" for value in width)
    print(f"{name:34} {len(defined):7d} {numbers[0]}      {numbers[1]}", flush=True)
    least = fewest_held(len(defined)) / len(defined)
    return [f"{name}: {what} {share:.3f}" for what, share in zip(COUNTED, held, strict=True) if share < least]


if __name__ == "__main__":
    sys.exit(main())
