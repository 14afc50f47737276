"""How fast csds is: ``python -m benchmarks.speed``.

What a frame costs is the slope between a recording of 150 s and one ten times as long, for
``csds track`` and for ``ffmpeg -i FILE -f null -``, which only decodes, in the same run and in
turns. What is left at no frames is the fixed cost: start-up, background, files and pictures.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import av
import pandas as pd

from benchmarks.accuracy import film as film_room
from benchmarks.startup import describe_startup, measure_startup
from csds.arena import write_arenas
from csds.batch import track_study
from csds.formats.tables import write_table
from csds.protocol import load_protocol
from csds.simulate.recording import simulate_recording
from csds.simulate.scenarios import find_scenario, scenario
from csds.simulate.scene import Encoding
from csds.study import load_study

SHORT_S, TIMES, ABSENT_S = 150.0, 10, 60.0
PER_FRAME_BAR, MEMORY_BAR_MB, STARTUP_BAR = 1.5, 300.0, 1.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One finished command: its seconds, and its largest anonymous memory in MB (NaN where it can't be read)."""

    seconds: float
    anonymous_mb: float


def run(command: Sequence[str]) -> Run:
    """Run a command to its end, watching its anonymous memory (Linux only)."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        peak = [float("nan")]
        watcher = threading.Thread(target=_watch, args=(process, peak), daemon=True)
        watcher.start()
        _, complaint = process.communicate()
    seconds = time.perf_counter() - began
    watcher.join()
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{complaint.decode()}")
    return Run(seconds=seconds, anonymous_mb=peak[0])


def _watch(process: subprocess.Popen[bytes], peak: list[float]) -> None:
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        try:
            lines = status.read_text().splitlines()
        except OSError:
            return
        for line in lines:
            if line.startswith("RssAnon:"):
                now = float(line.split()[1]) / 1024
                peak[0] = now if peak[0] != peak[0] else max(peak[0], now)
        time.sleep(0.02)


def film(folder: Path) -> tuple[Path, Path, int]:
    """Film both phases, and the second one ten times over; return both sheets and the frames between them."""
    encoding = Encoding(bitrate_kbps=2000, preset="veryfast", keyframe_every=250)
    rows: dict[str, list[dict[str, object]]] = {"short": [], "long": []}
    frames = 0
    for phase in ("target_absent", "target_present"):
        length = SHORT_S if phase == "target_present" else ABSENT_S
        scene = replace(scenario("clean", phase=phase, duration_s=length), encoding=encoding)
        short = folder / f"{phase}.mp4"
        simulate_recording(scene, short)
        long = short if phase == "target_absent" else repeat(short, folder / f"{phase}_long.mp4", TIMES)
        frames = round(SHORT_S * scene.fps)
        for name, video in (("short", short), ("long", long)):
            write_arenas(video.with_name(video.name + ".arena.toml"), [scene.arena])
            seconds = length * (TIMES if video != short else 1)
            rows[name].append({"animal_id": "M01", "phase": phase, "video": video.name, "duration_s": seconds})
    for name, sheet in rows.items():
        write_table(pd.DataFrame(sheet).assign(stress="defeated"), folder / f"{name}.csv")
    return folder / "short.csv", folder / "long.csv", frames * (TIMES - 1)


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


def measure_tracking(folder: Path, rounds: int) -> list[str]:
    """Print cost per frame, fixed cost and memory; return what misses its bar."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise SystemExit("ffmpeg is not on the path: install it to compare with decoding alone")
    short, long, frames = film(folder)
    took: dict[str, list[Run]] = {"csds short": [], "csds long": [], "ffmpeg short": [], "ffmpeg long": []}
    for number in range(rounds):
        for length, sheet in (("short", short), ("long", long)):
            video = folder / ("target_present.mp4" if length == "short" else "target_present_long.mp4")
            took[f"ffmpeg {length}"].append(run([ffmpeg, "-v", "error", "-i", str(video), "-f", "null", "-"]))
            out = folder / f"results_{length}_{number}"
            took[f"csds {length}"].append(
                run([sys.executable, "-m", "csds", "track", str(sheet), "--out", str(out), "--quiet"])
            )
    slopes = {
        who: [(b.seconds - a.seconds) / frames for a, b in zip(took[f"{who} short"], took[f"{who} long"], strict=True)]
        for who in ("csds", "ffmpeg")
    }
    ratios = [a / b for a, b in zip(slopes["csds"], slopes["ffmpeg"], strict=True)]
    ratio = statistics.median(ratios)
    per_frame = {who: statistics.median(values) for who, values in slopes.items()}
    decoded = frames / (TIMES - 1) * (1 + ABSENT_S / SHORT_S)
    fixed = statistics.median(r.seconds for r in took["csds short"]) - decoded * per_frame["csds"]
    memory = {length: max(r.anonymous_mb for r in took[f"csds {length}"]) for length in ("short", "long")}
    print(f"cost per frame      csds {1e3 * per_frame['csds']:.3f} ms, ffmpeg {1e3 * per_frame['ffmpeg']:.3f} ms")
    print(f"ratio               {ratio:.2f} (of {', '.join(f'{r:.2f}' for r in ratios)}; bar {PER_FRAME_BAR})")
    print(f"fixed cost          {fixed:.2f} s for a command with two sessions")
    print(f"anonymous memory    {memory['short']:.0f} MB, {memory['long']:.0f} MB at ten times the length")
    short_of = ["cost per frame"] if ratio > PER_FRAME_BAR else []
    return short_of + (["memory"] if max(memory.values()) > MEMORY_BAR_MB else [])


def measure_sessions(sheet: Path, protocol_name: str, out: Path) -> None:
    """Print what each recording of a sheet costs as a whole, pictures and files included, beside decoding it."""
    protocol = load_protocol(protocol_name)
    study, _ = load_study(sheet, protocol)
    for session in study.sessions:
        began = time.perf_counter()
        result = track_study(replace(study, sessions=(session,)), protocol, out / session.session_id)
        took = time.perf_counter() - began
        frames = int(result.sessions["n_frames"].iloc[0])
        decoding = run(["ffmpeg", "-v", "error", "-i", str(session.videos[0]), "-f", "null", "-"])
        print(
            f"{session.videos[0].name + ' ' + (session.arena or ''):44} {frames:6d} frames {took:7.2f} s"
            f" {frames / took:6.0f} frames/s   ffmpeg {decoding.seconds:6.2f} s",
            flush=True,
        )


def main() -> int:
    """Print the figures and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each command")
    parser.add_argument("--keep", type=Path, help="a folder for the recordings, which are then kept")
    arguments = parser.parse_args()
    startup = measure_startup()
    print(describe_startup(startup))
    short = ["start-up"] if startup.ratio > STARTUP_BAR else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        short += measure_tracking(folder, arguments.rounds)
        print("\nwhole sessions: tracking, pictures and files (what is decoded beyond the window costs ffmpeg only)")
        for name in ("clean", "large", "mjpeg", "mpeg2_bedding", "small_wmv"):
            sheet = film_room(name, folder, 90.0, 1)
            measure_sessions(sheet, find_scenario(name).protocol, Path(temporary) / "sessions" / name)
        shared = os.environ.get("CSDS_REAL_DATA")
        if shared:
            measure_sessions(Path(shared) / "real" / "study.csv", "open_field", Path(temporary) / "real")
        else:
            print("CSDS_REAL_DATA is not set; recordings made by others are left out")
    print("falls short: " + "; ".join(short) if short else "all bars held")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
