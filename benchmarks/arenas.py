"""How well arenas are found: ``python -m benchmarks.arenas [--scenes 300]``.

Rooms are drawn at random, both phases filmed, and the arenas that are found held against the
truth; then the rooms and recordings made by others, where the environment variable CSDS_REAL_DATA
names their folder. Prints a row for each style of room. Ends with 1 if a wrong arena was accepted.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena import CONFIDENCE, read_arenas
from csds.arena.find import FoundArenas, find_arenas
from csds.model.arena import Arena
from csds.model.protocol import Protocol
from csds.protocol import load_protocol
from csds.simulate.boxes import box_of
from csds.simulate.random_rooms import random_room
from csds.simulate.render import Renderer
from csds.simulate.scene import Scene
from csds.video import open_recording, sample_frames

#: cm; corners (root of the mean square) must be nearer to the truth than this.
BAR_CM = 0.8
#: Pictures of each phase that are looked at, the rate and length of the recordings they are taken from.
_SAMPLES, _FPS, _SECONDS = 12, 6.0, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One frame's arenas against the truth; ``error_cm`` is the worst arena's, inf where number or wall is wrong."""

    name: str
    style: str
    arenas: int
    accepted: bool
    confidence: float
    error_cm: float
    cpu_s: float

    @property
    def right(self) -> bool:
        """True if every arena was found where it is."""
        return self.error_cm < BAR_CM


def film(scenes: tuple[Scene, ...]) -> NDArray[np.uint8]:
    """Return pictures spread over scenes that share a frame, compressed as a camera would."""
    renderer = Renderer(*(replace(scene, fps=_FPS) for scene in scenes))
    places = np.linspace(0, len(renderer) - 1, _SAMPLES).round().astype(int)
    packed = [cv2.imencode(".jpg", renderer.frame(int(i)), [cv2.IMWRITE_JPEG_QUALITY, 75])[1] for i in places]
    return np.array([cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) for data in packed], np.uint8)


def score_room(seed: int) -> Score:
    """Return how well the arenas of a random room are found."""
    room = random_room(seed, duration_s=_SECONDS)
    stacks = [film(room.absent), film(room.present)]
    started = time.process_time()
    found = find_arenas(stacks, room.protocol)
    cpu_s = time.process_time() - started
    first = room.absent[0]
    floor = "round floor" if room.protocol.arena_shape == "circle" else f"{box_of(first).finish}, {first.light}"
    return _score(str(seed), floor, found, [scene.arena for scene in room.absent], cpu_s)


def score_others(folder: Path) -> list[Score]:
    """Return how well the arenas of rooms and recordings made by others are found."""
    golden, open_field = load_protocol("golden2011"), load_protocol("open_field")
    scores = []
    for first in sorted((folder / "scenes").glob("room?_absent.*[4i]")):
        videos = [first, first.with_name(first.name.replace("absent", "present"))]
        scores.append(_score_videos(videos, golden))
    scores.append(_score_videos([folder / "real" / "videos" / "two_rats_two_boxes.avi"], open_field))
    return scores


def _score_videos(videos: list[Path], protocol: Protocol) -> Score:
    stacks = [np.array(sample_frames(open_recording((video,)), 0.0, 150.0)[1], np.uint8) for video in videos]
    true = read_arenas(videos[0].with_name(f"{videos[0].name}.arena.toml"), protocol)
    started = time.process_time()
    found = find_arenas(stacks, protocol)
    return _score(videos[0].stem, "made by others", found, list(true), time.process_time() - started)


def _score(name: str, style: str, found: FoundArenas, true: list[Arena], cpu_s: float) -> Score:
    error = np.inf
    if len(found.arenas) == len(true):
        apart = [np.array(a.corners_px) - np.array(b.corners_px) for a, b in zip(found.arenas, true, strict=True)]
        error = max(
            float(np.sqrt((d**2).sum(axis=1).mean())) / arena.px_per_cm for d, arena in zip(apart, true, strict=True)
        )
    return Score(
        name=name,
        style=style,
        arenas=len(true),
        accepted=found.confidence >= CONFIDENCE,
        confidence=found.confidence,
        error_cm=error,
        cpu_s=cpu_s,
    )


def show(title: str, scores: Iterable[Score]) -> None:
    """Print one row of the table."""
    rows = list(scores)
    if not rows:
        return
    accepted = [row for row in rows if row.accepted]
    errors = [row.error_cm for row in accepted] or [np.nan]
    wrong = sum(not row.right for row in accepted)
    seconds = float(np.median([row.cpu_s for row in rows]))
    print(
        f"{title:26s} {len(rows):5d} {len(accepted) / len(rows):9.1%} {wrong:6d} {np.median(errors):8.2f} "
        f"{max(errors):7.2f} {sum(row.right for row in rows) / len(rows):10.1%} {seconds:6.2f}"
    )


def main() -> int:
    """Print the table and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=300, help="random rooms to film")
    parser.add_argument("--first", type=int, default=10_000, help="seed of the first one")
    parser.add_argument("--verbose", action="store_true", help="also name each room that was refused or wrong")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:
        seeds = range(arguments.first, arguments.first + arguments.scenes)
        rooms = list(pool.map(score_room, seeds, chunksize=4))
    heads = ("accepted", "wrong", "median", "worst", "best right", "CPU s")
    print(
        f"{'rooms':26s} {'n':>5s} "
        + " ".join(f"{head:>{width}s}" for head, width in zip(heads, (9, 6, 8, 7, 10, 6), strict=True))
    )
    for style in sorted({room.style for room in rooms}):
        show(style, (room for room in rooms if room.style == style))
    for low, high in ((1, 1), (2, 2), (3, 8)):
        show(
            f"{low} to {high} arenas" if high > low else f"{low} in a frame",
            (r for r in rooms if low <= r.arenas <= high),
        )
    show("all", rooms)
    if arguments.verbose:
        for room in rooms:
            if not (room.accepted and room.right):
                print(
                    f"  {room.name}: {room.style}, {room.arenas} arenas, {room.confidence:.2f}, {room.error_cm:.2f} cm"
                )
    others = score_others(Path(os.environ["CSDS_REAL_DATA"])) if os.environ.get("CSDS_REAL_DATA") else []
    for other in others:
        show(other.name, [other])
    return int(any(score.accepted and not score.right for score in [*rooms, *others]))


if __name__ == "__main__":
    raise SystemExit(main())
