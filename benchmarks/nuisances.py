"""How csds holds up in rooms in which something is wrong: each nuisance alone, and in pairs."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.compare import NUISANCE_BARS, SessionScore, score_session
from csds.arena import write_arenas
from csds.batch import TrackOptions
from csds.batch.prepare import Context, group_sessions
from csds.batch.tables import sessions_table
from csds.batch.unit import process_unit
from csds.formats.tables import write_table
from csds.model.flags import FLAGS, split_flags
from csds.model.protocol import Protocol
from csds.protocol import load_protocol, resolve_zones
from csds.results.folder import ResultsFolder, prepare_folder
from csds.simulate.nuisance import NUISANCES
from csds.simulate.recording import simulate_recording
from csds.simulate.scenarios import PHASES, find_scenario, scenario
from csds.simulate.scene import Nuisance
from csds.study import load_study

#: The rooms that nuisances are filmed in, one after the other.
ROOMS = ("clean", "avoider", "white_mouse", "tilted")

#: With these there is nothing to track: all sessions are errors.
WITHOUT_TRACK = {"no_mouse", "two_mice"}
#: Of the sessions that were measured right, at most this share may carry a trust flag: with nothing wrong, with one
#: nuisance.
MOST_WOLF = {"none": 0.03, "one": 0.15}
#: Typical distance of the nose from the truth, cm; share of moving frames with it at the other end; share of the
#: frames of a clean room without it.
NOSE_CM, SWAPPED, NOSELESS = 0.6, 0.005, 0.10

Combination = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NuisanceScore:
    """How the sessions of one combination of nuisances were measured; ``failed`` holds their errors."""

    nuisances: Combination
    sessions: tuple[SessionScore, ...]
    failed: tuple[str, ...]

    @property
    def name(self) -> str:
        """The nuisances' names."""
        return " + ".join(self.nuisances) or "none"

    @property
    def silent(self) -> list[str]:
        """The sessions that miss a bar and carry no flag that says so."""
        return [s.name for s in self.sessions if NUISANCE_BARS.missed_by(s) and not trust_flags(s.flags)]

    @property
    def missed(self) -> list[str]:
        """The sessions that miss a bar, and which."""
        short = [(s.name, NUISANCE_BARS.missed_by(s)) for s in self.sessions]
        return [f"{name} {' '.join(bars)}" for name, bars in short if bars]

    @property
    def falls_short(self) -> list[str]:
        """What of this combination misses its bar: one nuisance must be measured right, two or else be flagged."""
        if WITHOUT_TRACK & set(self.nuisances):
            return [f"{self.name}: {session.name} was tracked" for session in self.sessions]
        short = [f"{self.name}: {why}" for why in (self.missed if len(self.nuisances) < 2 else self.silent)]
        if len(self.nuisances) < 2:
            short += [f"{self.name}: {why}" for why in self.failed]
            short += [f"{self.name}: {why}" for why in self._nose_short()]
        return short

    def _nose_short(self) -> list[str]:
        if not self.sessions:
            return []
        tests = {
            "nose off": float(np.median([s.nose_median_cm for s in self.sessions])) <= NOSE_CM,
            "nose swapped": float(np.mean([s.swapped for s in self.sessions])) <= SWAPPED,
            "no nose": bool(self.nuisances) or float(np.mean([s.nose_missing for s in self.sessions])) <= NOSELESS,
        }
        return [name for name, holds in tests.items() if not holds]

    @property
    def cried_wolf(self) -> list[str]:
        """The sessions that hold all bars and carry a flag that says not to trust them."""
        return [s.name for s in self.sessions if not NUISANCE_BARS.missed_by(s) and trust_flags(s.flags)]


def trust_flags(flags: str) -> list[str]:
    """Return those flags of a session that say not to trust how it was measured."""
    of_behaviour = {"immobile", "unequal_windows", "small_denominator", "zero_denominator"}
    return [code for code in split_flags(flags) if FLAGS[code].trust and code not in of_behaviour]


def combinations(*, pairs: bool) -> list[Combination]:
    """Return every nuisance alone, or every two."""
    names = sorted(NUISANCES)
    return list(itertools.combinations(names, 2)) if pairs else [(name,) for name in names]


def some_pairs(count: int, seed: int) -> list[Combination]:
    """Return so many pairs at random, or all."""
    pairs = combinations(pairs=True)
    order = np.random.default_rng(seed).permutation(len(pairs))
    return [pairs[i] for i in order[:count]]


def film_combination(nuisances: Combination, folder: Path, seconds: float, seeds: Sequence[int]) -> Path:
    """Film both phases with a combination of nuisances, once a seed, unless they are there; return their sheet."""
    folder = folder / ("+".join(nuisances) or "none")
    rows = []
    for seed in seeds:
        room = ROOMS[seed % len(ROOMS)]
        for phase in PHASES:
            scene = scenario(room, phase=phase, seed=seed, duration_s=seconds)
            scene = replace(scene, nuisances=(*scene.nuisances, *(Nuisance(name=name) for name in nuisances)))
            video = folder / f"{room}{seed}_{phase}{scene.encoding.suffix}"
            row = {"animal_id": f"{room}{seed}", "phase": phase, "video": video.name}
            rows.append({**row, "start_s": 0.0, "duration_s": seconds, "stress": "defeated"})
            if video.is_file() and video.with_suffix(".truth.csv").is_file():
                continue
            folder.mkdir(parents=True, exist_ok=True)
            simulate_recording(scene, video).save(video.with_suffix(".truth.csv"))
            write_arenas(video.with_name(video.name + ".arena.toml"), [scene.arena])
    write_table(pd.DataFrame(rows), folder / "study.csv")
    return folder / "study.csv"


def measure_combination(nuisances: Combination, sheet: Path, out: Path) -> NuisanceScore:
    """Track a combination's recordings and return how they were measured."""
    sessions, failed = measure_sheet(sheet, load_protocol(find_scenario(ROOMS[0]).protocol), out)
    return NuisanceScore(nuisances=nuisances, sessions=sessions, failed=failed)


def measure_sheet(sheet: Path, protocol: Protocol, out: Path) -> tuple[tuple[SessionScore, ...], tuple[str, ...]]:
    """Track a sheet whose truths lie beside its videos; return its sessions' scores, and what failed and why.

    What tracks is what `csds.batch.track_study` runs, one session after the other and without pictures.
    """
    study, _ = load_study(sheet, protocol)
    folder = ResultsFolder(path=out)
    prepare_folder(folder)
    context = Context(protocol=protocol, folder=folder, options=TrackOptions(), sheet_folder=study.folder, threads=1)
    outcomes = [outcome for unit in group_sessions(study.sessions) for outcome in process_unit(unit, context=context)]
    table = sessions_table(study, {outcome.session_id: outcome for outcome in outcomes}, protocol)
    zones = resolve_zones(protocol, protocol.arena_width_cm, protocol.arena_height_cm)
    scores = []
    for session in table.to_dict(orient="records"):
        if "failed" in split_flags(session["flags"]):
            continue
        truth = pd.read_csv(sheet.parent / Path(session["video"]).with_suffix(".truth.csv"))
        track = pd.read_parquet(out / "tracks" / f"{session['session_id']}.parquet")
        name = f"{session['animal_id']}_{session['phase']}"
        scores.append(score_session(name, track, truth, zones, session["duration_s"], session["flags"]))
    failures = [outcome.failure for outcome in outcomes if outcome.failure is not None]
    return tuple(scores), tuple(f"{failure.session_id}: {failure.error}" for failure in failures)


def measure_nuisances(
    wanted: Sequence[Combination], folder: Path, out: Path, *, seconds: float, seeds: Sequence[int], jobs: int = 2
) -> Iterator[NuisanceScore]:
    """Yield how each combination's sessions were measured, in the order given."""
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(
            _film_and_measure,
            wanted,
            itertools.repeat(folder),
            itertools.repeat(out),
            itertools.repeat(seconds),
            itertools.repeat(tuple(seeds)),
        )


def _film_and_measure(
    nuisances: Combination, folder: Path, out: Path, seconds: float, seeds: Sequence[int]
) -> NuisanceScore:
    sheet = film_combination(nuisances, folder, seconds, seeds)
    return measure_combination(nuisances, sheet, out / sheet.parent.name)


def table_row(score: NuisanceScore) -> str:
    """Return a row of the Markdown table: the worst session's figures, and the flags with how many carry each."""
    sessions = score.sessions
    meaning = "; ".join(NUISANCES[name].meaning for name in score.nuisances) or "nothing is wrong"
    flags = Counter(code for session in sessions for code in trust_flags(session.flags))
    carried = ", ".join(f"`{code}` {count}/{len(sessions)}" for code, count in flags.items()) or "-"
    if not sessions:
        return f"| {score.name} | {meaning} | - | - | - | - | - | an error, no track: {len(score.failed)} |"
    return (
        f"| {score.name} | {meaning} | {max(s.median_cm for s in sessions):.2f} | {max(s.p99_cm for s in sessions):.2f}"
        f" | {100 * min(s.detection for s in sessions):.1f}"
        f" | {max(0.0, *(s.zone_error_s - s.zone_edge_s for s in sessions)):.2f}"
        f" | {np.median([s.nose_median_cm for s in sessions]):.2f},"
        f" {100 * np.mean([s.swapped for s in sessions]):.1f} %,"
        f" {100 * np.mean([s.nose_missing for s in sessions]):.0f} %"
        f" | {carried}{f', {len(score.failed)} failed' if score.failed else ''} |"
    )


TABLE_HEAD = """\
| nuisance | meaning | median cm | 99th % cm | found % | zone s | nose cm, swapped, none | trust flags |
|---|---|---|---|---|---|---|---|"""


def show_table(scores: Iterable[NuisanceScore]) -> list[str]:
    """Print the table of combinations as they come in, and return what falls short."""
    print(f"\n{TABLE_HEAD}")
    short: list[str] = []
    right: Counter[str] = Counter()
    wolves: Counter[str] = Counter()
    for score in scores:
        print(table_row(score), flush=True)
        short += score.falls_short
        kind = ("none", "one", "two")[len(score.nuisances)]
        right[kind] += sum(not NUISANCE_BARS.missed_by(session) for session in score.sessions)
        wolves[kind] += len(score.cried_wolf)
    for kind, count in right.items():
        print(f"of {count} sessions measured right with {kind} wrong, {wolves[kind]} carry a trust flag")
        if wolves[kind] > MOST_WOLF.get(kind, 1.0) * count:
            short.append(f"cried wolf with {kind} wrong")
    return short
