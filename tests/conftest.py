"""What all tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: how long one example takes depends on what else the machine does.
# The same examples each time where a change is judged, so that it isn't refused for an older fault; new ones elsewhere.
settings.register_profile("csds", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("csds")

REAL_DATA = "CSDS_REAL_DATA"


def pytest_report_header() -> str:
    return f"recordings of others: {os.environ.get(REAL_DATA) or f'none ({REAL_DATA} is not set)'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with ``real/`` and ``scenes/``; the test is skipped where there is none."""
    named = os.environ.get(REAL_DATA)
    if not named:
        pytest.skip(f"{REAL_DATA} names no folder with recordings of others")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"{REAL_DATA} names {folder}, which is no folder")
    return folder


@pytest.fixture(scope="session")
def short_protocol(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """golden2011 for recordings of seconds: a ratio is trusted from 1 s in the zone."""
    from csds.protocol import protocol_text

    path = tmp_path_factory.mktemp("protocol") / "short.toml"
    text = protocol_text("golden2011").replace("min_denominator_s = 5.0", "min_denominator_s = 1.0")
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated study of 8 s recordings, not to be written to: M01 greets the target, defeated M02 avoids it."""
    from csds.simulate.scene import Encoding
    from csds.simulate.study import SimulatedAnimal, StudyDesign, simulate_study

    folder = tmp_path_factory.mktemp("filmed")
    animals = (
        SimulatedAnimal(animal_id="M01"),
        SimulatedAnimal(animal_id="M02", stress="defeated", treatment="anti-IL-4Rα", present="avoid"),
    )
    design = StudyDesign(
        animals=animals,
        duration_s=8,
        frame_size_px=(320, 240),
        fps=15,
        seed=5,
        encoding=Encoding(bitrate_kbps=600, keyframe_every=8),
    )
    simulate_study(folder, design)
    return folder


@pytest.fixture(scope="session")
def tracked(filmed: Path, short_protocol: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of tracking the simulated study, not to be written to."""
    from csds.batch import TrackOptions, track_study
    from csds.protocol import load_protocol
    from csds.study import load_study

    out = tmp_path_factory.mktemp("tracked") / "results"
    protocol = load_protocol(short_protocol)
    study, faults = load_study(filmed / "study.csv", protocol)
    assert faults == []
    track_study(study, protocol, out, TrackOptions(time_bins_s=3.0, command=("csds", "track")), faults=faults)
    return out


@pytest.fixture
def grown(tracked: Path, tmp_path: Path) -> Path:
    """The results as if of six animals: each of the two three times, as 0-M01, 1-M01 …; they vary in grams alone."""
    results = tmp_path / "grown" / "results"
    (results / "sessions").mkdir(parents=True)
    (results / "tracks").mkdir()
    shutil.copy2(tracked / "provenance.json", results)
    for name in ("animals", "sessions"):
        head, *lines = (tracked / f"{name}.csv").read_text(encoding="utf-8-sig").splitlines()
        copies = [f"{line.replace('M0', f'{copy}-M0')},{20 + copy}" for line in lines for copy in range(3)]
        (results / f"{name}.csv").write_text("\n".join([f"{head},grams", *copies, ""]), encoding="utf-8")
    for path in (tracked / "sessions").iterdir():
        for copy in range(3):
            name = path.stem.replace("M0", f"{copy}-M0")
            text = path.read_text(encoding="utf-8").replace('"M0', f'"{copy}-M0')
            (results / "sessions" / f"{name}.json").write_text(text, encoding="utf-8")
            shutil.copy2(tracked / "tracks" / f"{path.stem}.parquet", results / "tracks" / f"{name}.parquet")
    return results


@pytest.fixture
def copied(filmed: Path, tmp_path: Path) -> Callable[..., Path]:
    """Copy the study, or some of its recordings and rows, into a folder of one's own; return the sheet."""

    def copy(*animals: str, name: str = "study") -> Path:
        folder = tmp_path / name
        (folder / "videos").mkdir(parents=True)
        lines = (filmed / "study.csv").read_text(encoding="utf-8-sig").splitlines()
        kept = [line for line in lines[1:] if not animals or line.split(",")[1] in animals]
        (folder / "study.csv").write_text("\n".join([lines[0], *kept, ""]), encoding="utf-8")
        for animal in animals or ("M01", "M02"):
            for file in (filmed / "videos").glob(f"{animal}_*"):
                shutil.copy2(file, folder / "videos")
        return folder / "study.csv"

    return copy


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a stand-in for each picture: drawing takes longer than tracking a recording of seconds."""

    def save_session(record, folder, protocol) -> None:
        path = folder.overlay(record["row"]["session_id"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture")

    def save_animal(animal, records, name, folder, protocol) -> None:
        folder.animal(name).parent.mkdir(parents=True, exist_ok=True)
        folder.animal(name).write_bytes(b"picture")

    monkeypatch.setattr("csds.batch.artist.save_session", save_session)
    monkeypatch.setattr("csds.batch.artist.save_animal", save_animal)


@pytest.fixture
def archive(tmp_path: Path) -> Callable[[Sequence[Mapping[str, object]]], Path]:
    """Return what makes a results folder of animals: the rows of ``animals.csv``, a session a phase, and its pictures.

    Rows give ``animal_id``, ``absent`` and ``present`` (s in the interaction zone), and what else ``animals.csv`` has.
    """

    def make(rows: Sequence[Mapping[str, object]]) -> Path:
        import cv2
        import numpy as np
        import pandas as pd

        from csds.formats.tables import write_table
        from csds.study.session_ids import safe_name

        folder = tmp_path / "results"
        animals, sessions = [], []
        for row in rows:
            key = {name: str(row.get(name, "")) for name in ("cohort", "animal_id", "test")}
            times = {"absent": row["absent"], "present": row["present"]}
            own = {name: value for name, value in row.items() if name not in (*key, *times)}
            animals.append(key | {f"interaction_{phase}_s": value for phase, value in times.items()} | own)
            for phase, value in times.items():
                session = safe_name("_".join(part for part in (*key.values(), f"target_{phase}") if part))
                sessions.append(
                    {"session_id": session, **key, "phase": f"target_{phase}", "interaction_time_s": value}
                )  # fmt: skip
                for place in ("overlays", "thumbnails"):
                    (folder / place).mkdir(parents=True, exist_ok=True)
                    (folder / place / f"{session}.png").write_bytes(
                        cv2.imencode(".png", np.zeros((4, 6), np.uint8))[1].tobytes()
                    )  # fmt: skip
        write_table(pd.DataFrame(animals), folder / "animals.csv")
        write_table(pd.DataFrame(sessions), folder / "sessions.csv")
        return folder

    return make
