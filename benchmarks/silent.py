"""Is csds ever wrong in silence? ``python -m benchmarks.silent [--scenes 500] [--first SEED]``.

Scenes are drawn at random (geometry, contrast, nuisances and behaviour), both phases filmed, and
each session held against its truth. A *silent miss* is a session without a trust flag whose worst
zone is off by more than 2 s per 90 s. *Crying wolf* is a scene that was measured right in every way
and carries such a flag. Ends with 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from benchmarks.compare import NUISANCE_BARS, SessionScore
from benchmarks.nuisances import measure_sheet, trust_flags
from csds.arena import write_arenas
from csds.formats.tables import write_table
from csds.simulate.random_rooms import RandomRoom, random_scene
from csds.simulate.recording import simulate_recording

#: Of the scenes with so many nuisances that were measured right, at most this share may carry a trust flag.
WOLF_BARS = {0: 0.03, 1: 0.15}


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneScore:
    """How a scene's two sessions were measured; ``failed`` holds the errors of those that weren't."""

    seed: int
    nuisances: tuple[str, ...]
    sessions: tuple[SessionScore, ...]
    failed: tuple[str, ...]

    @property
    def silent(self) -> list[SessionScore]:
        """The sessions whose zone time is off with no flag that says so."""
        return [s for s in self.sessions if "zone" in NUISANCE_BARS.missed_by(s) and not trust_flags(s.flags)]

    @property
    def is_right(self) -> bool:
        """True if every session was measured, and holds every bar."""
        return not self.failed and not any(NUISANCE_BARS.missed_by(session) for session in self.sessions)

    @property
    def flags(self) -> list[str]:
        """The trust flags of its sessions, each as often as it is raised."""
        return [code for session in self.sessions for code in trust_flags(session.flags)]

    @property
    def name(self) -> str:
        """Seed and nuisances."""
        return f"{self.seed} ({' + '.join(self.nuisances) or 'nothing wrong'})"


def film_scene(seed: int, room: RandomRoom, folder: Path, *, with_arenas: bool) -> Path:
    """Film both phases of a scene into a folder, unless they are there, and return their sheet."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for scene in (*room.absent, *room.present):
        video = folder / f"{seed}_{scene.phase}{scene.encoding.suffix}"
        row = {"animal_id": f"{seed}", "phase": scene.phase, "video": video.name}
        rows.append({**row, "start_s": 0.0, "duration_s": scene.duration_s, "stress": "defeated"})
        if not (video.is_file() and video.with_suffix(".truth.csv").is_file()):
            simulate_recording(scene, video).save(video.with_suffix(".truth.csv"))
        arena_file = video.with_name(f"{video.name}.arena.toml")
        if with_arenas:
            write_arenas(arena_file, [scene.arena])
        else:
            arena_file.unlink(missing_ok=True)
    write_table(pd.DataFrame(rows), folder / "study.csv")
    return folder / "study.csv"


def measure_scene(seed: int, *, keep: Path | None, seconds: float, find: bool) -> SceneScore:
    """Film and track one scene and return how it was measured; its files go, unless a folder is given to keep them."""
    room = random_scene(seed, duration_s=seconds)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = (keep or Path(temporary)) / str(seed)
        sheet = film_scene(seed, room, folder, with_arenas=not find)
        shutil.rmtree(folder / "results", ignore_errors=True)
        sessions, failed = measure_sheet(sheet, room.protocol, folder / "results")
    nuisances = tuple(nuisance.name for nuisance in room.absent[0].nuisances)
    return SceneScore(seed=seed, nuisances=nuisances, sessions=sessions, failed=failed)


def read_scores(path: Path) -> dict[int, SceneScore]:
    """Return the scores that an earlier run has written, by seed."""
    scores = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        score = json.loads(line)
        score["sessions"] = tuple(SessionScore(**session) for session in score["sessions"])
        score = SceneScore(**score | {name: tuple(score[name]) for name in ("nuisances", "failed")})
        scores[score.seed] = score
    return scores


def show_scene(score: SceneScore) -> None:
    """Print what is worth a look about a scene: what failed, was off, or was flagged though right."""
    for error in score.failed:
        print(f"failed: {score.name}: {error}")
    for session in score.sessions:
        missed, flags = NUISANCE_BARS.missed_by(session), trust_flags(session.flags)
        if not missed and not flags:
            continue
        kind = "SILENT" if session in score.silent else "wolf" if not missed else "flagged" if flags else "off"
        off = max(0.0, session.zone_error_s - session.zone_edge_s)
        print(
            f"{kind}: {score.name} {session.name.split('_', 1)[1]}: {' '.join(missed) or 'right'}; zone {off:.2f} s, "
            f"centre {session.median_cm:.2f} and {session.p99_cm:.2f} cm, found {session.detection:.3f}; "
            f"{' '.join(flags) or 'no flag'}"
        )
    sys.stdout.flush()


def show_summary(scores: Sequence[SceneScore]) -> list[str]:
    """Print the figures of all scenes and return the bars that they miss."""
    sessions = [session for score in scores for session in score.sessions]
    failed = [error for score in scores for error in score.failed]
    silent = [session for score in scores for session in score.silent]
    off = [session for session in sessions if "zone" in NUISANCE_BARS.missed_by(session)]
    refused = sum("arena" in error for error in failed)
    print(
        f"\n{len(scores)} scenes, {len(sessions) + len(failed)} sessions: {len(failed)} failed "
        f"({refused} for their arena), {len(off)} off in zone time, {len(silent)} of them in silence"
    )
    short = [f"{len(silent)} silent misses"] if silent else []
    for count in sorted({len(score.nuisances) for score in scores}):
        alike = [score for score in scores if len(score.nuisances) == count]
        right = [score for score in alike if score.is_right]
        wolves = [score for score in right if score.flags]
        share, bar = len(wolves) / max(1, len(right)), WOLF_BARS.get(count)
        print(
            f"{count} nuisances: {len(alike)} scenes, {len(right)} measured right, {len(wolves)} of these flagged, "
            f"{share:.1%}{f' (at most {bar:.0%})' if bar is not None else ''}; "
            f"{sum(bool(score.failed) for score in alike)} failed"
        )
        if bar is not None and share > bar:
            short.append(f"crying wolf with {count} nuisances")
    of_right = Counter(code for score in scores if score.is_right for code in set(score.flags))
    for code, number in Counter(code for score in scores for code in score.flags).most_common():
        print(f"  {code}: {number} sessions; {of_right[code]} scenes that were measured right")
    return short


def main() -> int:
    """Print the figures and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument("--first", type=int, default=50_000, help="seed of the first scene")
    parser.add_argument("--only", type=int, nargs="*", help="seeds of the scenes, instead")
    parser.add_argument("--seconds", type=float, default=15.0, help="length of each phase")
    parser.add_argument("--find", action="store_true", help="give no arena files: csds finds the arenas")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a folder to keep the recordings in, and to take them from")
    parser.add_argument("--scores", type=Path, help="a file to which scores are added; scenes in it aren't run again")
    arguments = parser.parse_args()
    seeds = arguments.only or range(arguments.first, arguments.first + arguments.scenes)
    known = read_scores(arguments.scores) if arguments.scores else {}
    scores = [known[seed] for seed in seeds if seed in known]
    for score in scores:
        show_scene(score)
    measure = partial(measure_scene, keep=arguments.keep, seconds=arguments.seconds, find=arguments.find)
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for score in pool.map(measure, [seed for seed in seeds if seed not in known]):
            show_scene(score)
            scores.append(score)
            if arguments.scores:
                with arguments.scores.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(score)) + "\n")
    short = show_summary(scores)
    print("falls short: " + "; ".join(short) if short else "all bars held")
    return 1 if short else 0


if __name__ == "__main__":
    raise SystemExit(main())
