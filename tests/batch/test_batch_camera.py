"""A camera that moved between the phases: arena and floor follow, the flag and the record say so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest

from csds.arena import arena_path, read_arenas, write_arenas
from csds.arena.view import learn_view
from csds.batch import RunResult, TrackOptions, track_study
from csds.batch.camera import follow_camera
from csds.batch.prepare import Opened, Placed
from csds.formats.tables import write_table
from csds.model.study import AnimalKey, Session
from csds.protocol import load_protocol
from csds.simulate.recording import Truth, simulate_recording
from csds.simulate.scenarios import PHASES, scenario
from csds.simulate.scene import Nuisance
from csds.study import load_study

SECONDS = 10.0


@pytest.fixture(scope="module")
def bumped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Truth]]:
    """Return the sheet and the truths of a mouse that sits still in the phase before which the camera was knocked."""
    folder = tmp_path_factory.mktemp("bumped")
    truths, rows = {}, []
    for phase in PHASES:
        scene = scenario("still", phase=phase, seed=5, duration_s=SECONDS)
        corners = tuple((x / 2, y / 2) for x, y in scene.arena.corners_px)
        arena = replace(scene.arena, corners_px=corners, frame_size_px=(320, 240))
        scene = replace(scene, arena=arena, fps=12.0, nuisances=(Nuisance(name="bump_between"),))
        video = folder / f"{phase}.mp4"
        truths[phase] = simulate_recording(scene, video)
        rows.append({"animal_id": "M", "phase": phase, "video": video.name, "duration_s": SECONDS})
    write_table(pd.DataFrame(rows), folder / "study.csv")
    return folder / "study.csv", truths


def run(sheet: Path, out: Path, **options: object) -> RunResult:
    protocol = load_protocol("golden2011")
    study, faults = load_study(sheet, protocol)
    return track_study(study, protocol, out, TrackOptions(**options), faults=faults)


def record(out: Path, phase: str) -> dict[str, object]:
    return dict(json.loads((out / "sessions" / f"M_{phase}.json").read_text(encoding="utf-8")))


def corner_error_cm(out: Path, phase: str, truth: Truth) -> float:
    seen = truth.arenas[-1].arena
    off = np.array(record(out, phase)["made_from"]["arena"]["corners_px"]) - np.array(seen.corners_px)
    return float(np.sqrt((off**2).sum(axis=1).mean())) / seen.px_per_cm


def centre_error_cm(out: Path, phase: str, truth: Truth) -> float:
    track = pd.read_parquet(out / "tracks" / f"M_{phase}.parquet")
    true = truth.table.set_index("frame").loc[track["frame"]]
    return float(np.median(np.hypot(track.x_cm.to_numpy() - true.x_cm, track.y_cm.to_numpy() - true.y_cm)))


def flags(result: RunResult) -> dict[str, bool]:
    rows = result.sessions.to_dict(orient="records")
    return {row["phase"]: "camera_moved" in row["flags"].split(";") for row in rows}


@pytest.mark.parametrize("drawn_on", PHASES)
def test_an_arena_drawn_on_one_phase_follows_to_the_other(
    bumped: tuple[Path, dict[str, Truth]], drawn_on: str, tmp_path: Path
) -> None:
    sheet, truths = bumped
    file = tmp_path / arena_path(sheet.parent / f"{drawn_on}.mp4").name
    write_arenas(file, [truths[drawn_on].arenas[-1].arena])
    result = run(sheet, tmp_path / "out", arena_file=file)
    assert flags(result) == {phase: phase != drawn_on for phase in PHASES}
    for phase in PHASES:
        assert corner_error_cm(tmp_path / "out", phase, truths[phase]) < 0.05
        # A mouse that never moves is only seen against the floor of the other phase.
        assert centre_error_cm(tmp_path / "out", phase, truths[phase]) < 0.2
    moved = next(phase for phase in PHASES if phase != drawn_on)
    ((shift,), none) = (record(tmp_path / "out", phase)["made_from"]["camera_shifts"] for phase in (moved, drawn_on))
    assert none == []
    assert 2.0 < shift["shift_px"] < 15.0

    # Scoring again without tracking forgets nothing of it.
    before = record(tmp_path / "out", moved)
    again = run(sheet, tmp_path / "out", arena_file=file, time_bins_s=5.0)
    assert flags(again) == flags(result)
    assert record(tmp_path / "out", moved)["made_from"] == before["made_from"]


def test_arenas_drawn_for_each_phase_stay_and_still_share_their_floor(
    bumped: tuple[Path, dict[str, Truth]], tmp_path: Path
) -> None:
    sheet, truths = bumped
    arenas = sheet.parent / "arenas"
    arenas.mkdir()
    for phase, truth in truths.items():
        write_arenas(arenas / arena_path(Path(f"{phase}.mp4")).name, [truth.arenas[-1].arena])
    result = run(sheet, tmp_path / "out")
    assert flags(result) == dict.fromkeys(PHASES, False)
    for phase, truth in truths.items():
        assert corner_error_cm(tmp_path / "out", phase, truth) == pytest.approx(0.0, abs=1e-9)
        assert centre_error_cm(tmp_path / "out", phase, truth) < 0.2
    assert not result.sessions["flags"].str.contains("uncertain_animal").any()


def test_a_camera_at_rest_has_no_shifts_and_the_arena_of_the_file(filmed: Path, tracked: Path) -> None:
    for path in (tracked / "sessions").glob("*.json"):
        written = json.loads(path.read_text(encoding="utf-8"))
        assert written["made_from"]["camera_shifts"] == []
        (drawn,) = read_arenas(arena_path(filmed / written["row"]["video"]), load_protocol("golden2011"))
        assert np.array_equal(written["made_from"]["arena"]["corners_px"], drawn.corners_px)


def boxes(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    picture = np.full((240, 320), 70, np.uint8)
    for grey in rng.integers(30, 200, 30):
        x, y, w, h = (int(v) for v in rng.integers((0, 0, 15, 15), (300, 220, 80, 80)))
        cv2.rectangle(picture, (x, y), (x + w, y + h), int(grey), -1)
    return picture


def even_room(*places: tuple[int, int]) -> list[np.ndarray]:
    """Return frames of a room that shows little but a cage, with a bright mouse in one place after the other."""
    frames = []
    for place in places:
        frame = np.full((240, 320), 40, np.uint8)
        cv2.polylines(frame, [np.array([(40, 232), (12, 232), (12, 15), (319, 15)])], False, 60, 3)
        cv2.rectangle(frame, (140, 22), (185, 50), 90, 2)
        cv2.ellipse(frame, place, (22, 10), 30, 0, 360, 190, -1)
        frames.append(frame)
    return frames


RESTING = even_room(*[(60, 200)] * 8)
WALKING = even_room(*((30 + 37 * i, 200 - 55 * (i % 3)) for i in range(8)))


@pytest.mark.parametrize(
    ("first", "second", "file", "unsure"),
    [
        ([boxes(1)] * 3, [boxes(1)] * 3, "room.toml", False),
        ([boxes(1)] * 3, [boxes(2)] * 3, "room.toml", True),
        ([boxes(1)] * 3, [boxes(2)] * 3, "target_absent.mp4.arena.toml", True),
        # Told of this very recording: another look of the room, or one that noise hides, is no reason to doubt it.
        ([boxes(1)] * 3, [boxes(2)] * 3, "{phase}.mp4.arena.toml", False),
        (RESTING, WALKING, "room.toml", False),
    ],
)
def test_an_arena_of_another_room_is_used_but_not_trusted(
    first: list[np.ndarray], second: list[np.ndarray], file: str, *, unsure: bool
) -> None:
    arena = scenario("small_wmv").arena  # of 320 × 240
    views = {"target_absent": learn_view(first)[0], "target_present": learn_view(second)[0]}
    placed = [
        Placed(
            opened=Opened(
                session=Session(
                    session_id=phase,
                    key=AnimalKey(cohort="", animal_id="M", test=""),
                    phase=phase,
                    video=f"{phase}.mp4",
                    videos=(Path(f"{phase}.mp4"),),
                ),
                recording=None,
                seen=[],
                video_sha256=(),
                given=arena,
                arena_file=Path(file.format(phase=phase)),
            ),
            arena=arena,
        )
        for phase in PHASES
    ]
    samples = SimpleNamespace(view=lambda opened: views[opened.session.phase])
    absent, present = follow_camera(placed, samples, load_protocol("golden2011"))
    assert not absent.is_unsure
    assert present.is_unsure is unsure
    assert present.arena == arena
