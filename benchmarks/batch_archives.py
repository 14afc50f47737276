"""Archives of short simulated recordings, and ``csds batch`` over them in a process of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from csds.protocol import protocol_text
from csds.simulate.scene import Encoding
from csds.simulate.study import SimulatedAnimal, StudyDesign, simulate_study

JOBS = 2


def film_study(folder: Path, animals: int, *, seconds: float, fps: float = 15.0) -> Path:
    """Film a study of two recordings of 320 × 240 for each animal."""
    design = StudyDesign(
        animals=tuple(
            SimulatedAnimal(animal_id=f"M{number:02}", stress=("control", "defeated")[number % 2],
                            present=("social", "avoid")[number % 2])
            for number in range(1, animals + 1)
        ),
        duration_s=seconds, frame_size_px=(320, 240), fps=fps, seed=5,
        encoding=Encoding(bitrate_kbps=600, keyframe_every=8),
    )  # fmt: skip
    simulate_study(folder, design)
    return folder


def copy_studies(study: Path, archive: Path, copies: int) -> list[Path]:
    """Return the copies of a study in an archive."""
    return [Path(shutil.copytree(study, archive / f"study_{number:02}")) for number in range(copies)]


def write_protocol(folder: Path) -> Path:
    """Write golden2011 for recordings of seconds: a ratio is trusted from 1 s in the zone."""
    path = folder / "short.toml"
    text = protocol_text("golden2011").replace("min_denominator_s = 5.0", "min_denominator_s = 1.0")
    path.write_text(text, encoding="utf-8")
    return path


def start_batch(archive: Path, protocol: Path, out: Path, more: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start ``csds batch`` in a process group of its own."""
    asked = ["batch", str(archive), "--out", str(out), "--protocol", str(protocol), "--jobs", str(JOBS), *more]
    return subprocess.Popen(
        [sys.executable, "-m", "csds", *asked],
        start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
