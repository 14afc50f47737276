"""The recordings that speed is measured on, filmed once into a folder and taken from it after that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import av
import pandas as pd

from csds.formats.tables import write_table
from csds.simulate.recording import simulate_recording
from csds.simulate.scenarios import scenario
from csds.simulate.scene import Encoding

SHORT_S, TIMES = 150.0, 10
FPS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of recording: the room it is filmed in, how it is encoded, and the bar of its cost per frame."""

    name: str
    room: str
    encoding: Encoding
    bar: float | None


KINDS = (
    Kind(
        name="h264_640x480",
        room="clean",
        encoding=Encoding(bitrate_kbps=2000, preset="veryfast", keyframe_every=250),
        bar=1.15,
    ),
    Kind(
        name="h264_1280x960",
        room="large",
        encoding=Encoding(bitrate_kbps=8000, preset="veryfast", keyframe_every=250),
        bar=1.15,
    ),
    Kind(
        name="mjpeg_640x480",
        room="mjpeg",
        encoding=Encoding(codec="mjpeg", bitrate_kbps=12_000, suffix=".avi"),
        bar=None,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A recording of 150 s, one ten times as long, their study sheets, and the frames between them."""

    short: Path
    long: Path
    short_sheet: Path
    long_sheet: Path
    frames: int


def film_pair(kind: Kind, folder: Path) -> Pair:
    """Return the recordings of a kind; the longer one repeats the shorter one's packets, encoded once."""
    suffix = kind.encoding.suffix
    short, long = folder / f"{kind.name}{suffix}", folder / f"{kind.name}_long{suffix}"
    if not short.is_file():
        film(kind, short, SHORT_S)
    if not long.is_file():
        repeat(short, long, TIMES)
    return Pair(
        short=short,
        long=long,
        short_sheet=write_sheet(folder / f"{kind.name}.csv", [short], SHORT_S),
        long_sheet=write_sheet(folder / f"{kind.name}_long.csv", [long], SHORT_S * TIMES),
        frames=round(SHORT_S * FPS) * (TIMES - 1),
    )


def film_sessions(kind: Kind, folder: Path, *, count: int, seconds: float) -> list[Path]:
    """Return ``count`` recordings, absent and present by turns, each animal in a room of its own."""
    videos = [folder / f"{kind.name}_{number}_{seconds:g}s{kind.encoding.suffix}" for number in range(count)]
    for number, video in enumerate(videos):
        if not video.is_file():
            film(kind, video, seconds, phase=_phase(number), seed=10 + number // 2)
    return videos


def film(kind: Kind, video: Path, seconds: float, *, phase: str = "target_present", seed: int = 0) -> None:
    """Film a room of a kind."""
    video.parent.mkdir(parents=True, exist_ok=True)
    scene = scenario(kind.room, phase=phase, duration_s=seconds, seed=seed)
    simulate_recording(replace(scene, encoding=kind.encoding), video)


def write_sheet(path: Path, videos: list[Path], seconds: float) -> Path:
    """Write a study sheet of recordings, two an animal; one alone has the target present. No arena is given."""
    rows = [
        {
            "animal_id": f"M{1 + number // 2:02d}",
            "phase": _phase(number) if len(videos) > 1 else "target_present",
            "video": video.name,
            "start_s": 0,
            "duration_s": seconds,
            "stress": "defeated",
        }
        for number, video in enumerate(videos)
    ]
    write_table(pd.DataFrame(rows), path)
    return path


def _phase(number: int) -> str:
    return "target_present" if number % 2 else "target_absent"


def repeat(source: Path, target: Path, times: int) -> Path:
    """Write a recording several times over into one file, without encoding it anew."""
    with av.open(str(target), "w") as out:
        stream = None
        shift = 0
        for _ in range(times):
            with av.open(str(source)) as part:
                video = part.streams.video[0]
                stream = stream or out.add_stream_from_template(video)
                last = 0
                for packet in part.demux(video):
                    if packet.dts is None or packet.pts is None:
                        continue
                    last = max(last, packet.pts + (packet.duration or 0))
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = stream
                    out.mux(packet)
                shift += last
    return target
