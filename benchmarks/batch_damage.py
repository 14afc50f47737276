"""An archive of 200 recordings of which 40 are damaged in ten ways."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np

from benchmarks.batch_archives import copy_studies, film_study, start_batch, write_protocol
from benchmarks.measures import Measure
from csds.arena.files import arena_path

STUDIES, ANIMALS = 25, 4
"""Each study has two recordings of each of four animals."""

_MEASURED = ("interaction_time_s", "corners_time_s", "distance_cm")


def measure_damage(folder: Path) -> list[Measure]:
    """Return how many recordings are right, and how many damaged ones are told with their cause.

    Right is what equals the undisturbed study's row, where the animal's other recording is whole too; beside a damaged
    one the floor was learnt from one recording in the place of two, and numbers are right within what that changes.
    """
    filmed = film_study(folder / "filmed", ANIMALS, seconds=8.0)
    studies, protocol = copy_studies(filmed, folder / "archive", STUDIES), write_protocol(folder)
    start_batch(filmed, protocol, folder / "whole").wait()
    right = {row["session_id"]: row for row in _rows(folder / "whole", "sessions")}
    videos = [video for study in studies for video in sorted((study / "videos").glob("*.mp4"))]
    ways = {}
    for number, video in enumerate(random.Random(4).sample(videos, 4 * len(DAMAGES))):  # noqa: S311 - no secrets
        way = list(DAMAGES)[number % len(DAMAGES)]
        DAMAGES[way][0](video)
        ways[video.parent.parent.name, video.name] = way
    hurt = {(study, _animal(name)) for study, name in ways}
    code = start_batch(folder / "archive", protocol, folder / "out").wait()
    told: dict[str, set[str]] = {way: set() for way in DAMAGES}
    failed = wrong_cause = good = wrong = 0
    for study in studies:
        out = folder / "out" / study.name
        for row in _rows(out, "failures"):
            damage = ways.get((study.name, Path(row["video"]).name))
            failed += damage is not None
            wrong_cause += not (damage and DAMAGES[damage][1] in row["error"] and row["how_to_fix"])
            if damage is not None:
                told[damage].add(row["error"].replace(str(study), "…").replace(row["video"], "…"))
        for row in _rows(out, "sessions"):
            name, whole = Path(row["video"]).name, right[row["session_id"]]
            if (study.name, name) not in ways:
                is_near = all(_near(row[column], whole[column]) for column in _MEASURED)
                alike = is_near if (study.name, _animal(name)) in hurt else row == whole
                good, wrong = good + alike, wrong + (not alike)
    for way, causes in told.items():
        print(f"  {way}: {' | '.join(sorted(causes)) or 'NOT TOLD'}")
    return [
        Measure(what="recordings that are right of 160", value=good, bar=160, unit="", is_least=True),
        Measure(what="others that aren't", value=wrong, bar=0, unit=""),
        Measure(what="damaged recordings in failures.csv of 40", value=failed, bar=40, unit="", is_least=True),
        Measure(what="rows there of others, or without its own cause or what to do", value=wrong_cause, bar=0, unit=""),
        Measure(what="exit code, less 1", value=abs(code - 1), bar=0, unit=""),
    ]


def _near(found: str, wanted: str) -> bool:
    """Return whether a number is the same within what a floor changes."""
    return bool(found) and abs(float(found) - float(wanted)) <= 0.05 * float(wanted) + 0.2


def _animal(video: str) -> str:
    """Return whose a recording is, by its file name."""
    return video.split("_", maxsplit=1)[0]


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    text = (folder / f"{name}.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def _cut(video: Path) -> None:
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])


def _header_alone(video: Path) -> None:
    video.write_bytes(video.read_bytes()[:40])


def _folder(video: Path) -> None:
    video.unlink()
    video.mkdir()


def _one_frame(video: Path) -> None:
    with av.open(str(video)) as source:
        frame = next(source.decode(video=0)).to_ndarray(format="gray")
    _encode(video, [frame])


def _encode(video: Path, frames: list[np.ndarray]) -> None:
    with av.open(str(video), "w") as target:
        stream = target.add_stream("mpeg4", rate=15)
        stream.height, stream.width = frames[0].shape
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            target.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="gray").reformat(format="yuv420p")))
        target.mux(stream.encode())


def _audio_alone(video: Path) -> None:
    with av.open(str(video), "w") as target:
        stream = target.add_stream("aac", rate=44_100)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 44_100
        target.mux(stream.encode(silence))
        target.mux(stream.encode())


def _other_size(video: Path) -> None:
    arenas = arena_path(video)
    arenas.write_text(arenas.read_text(encoding="utf-8").replace("[320, 240]", "[640, 480]"), encoding="utf-8")


def _noise_within(video: Path) -> None:
    """Overwrite all but the container's own tables."""
    content = bytearray(video.read_bytes())
    start = content.find(b"mdat") + 4
    end = content.find(b"moov") - 4
    end = end if end > start else len(content)
    content[start:end] = random.Random(1).randbytes(end - start)  # noqa: S311 - no secrets
    video.write_bytes(content)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut off": (_cut, "not a video that can be read"),
    "empty": (lambda video: video.write_bytes(b""), "the file is empty"),
    "text": (lambda video: video.write_text("not a video\n" * 50, encoding="utf-8"), "not a video that can be read"),
    "header alone": (_header_alone, "not a video that can be read"),
    "missing": (Path.unlink, "found no file"),
    "a folder": (_folder, "found a folder"),
    "one frame": (_one_frame, "one frame alone"),
    "sound alone": (_audio_alone, "expected a picture stream, found audio"),
    "not the arena file's size": (_other_size, "drawn on frames of 640 × 480 px, but the video's are 320 × 240 px"),
    "noise within": (_noise_within, "not one frame could be decoded"),
}
"""What is done to a recording, and words of what is said of it."""
