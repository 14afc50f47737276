"""Recordings that show more than the trial: hands, an empty arena, both phases one after the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import pandas as pd
import pytest

from csds.arena import write_arenas
from csds.batch import RunResult, TrackOptions, track_study
from csds.protocol import load_protocol
from csds.simulate.course import Trial, join_phases, place_by_hand
from csds.simulate.recording import simulate_recording
from csds.simulate.scenarios import PHASES, find_scenario, scenario
from csds.simulate.scene import Encoding, Scene
from csds.study import load_study

TRIAL_S = 12.0
ROOM = replace(find_scenario("clean"), frame_size_px=(320, 240))


def film(scene: Scene, video: Path) -> tuple[Trial, ...]:
    truth = simulate_recording(scene, video)
    write_arenas(video.with_name(video.name + ".arena.toml"), [scene.arena])
    return truth.trials


def phases(seed: int) -> tuple[Scene, Scene]:
    absent, present = (
        replace(
            scenario("clean", phase=phase, seed=seed, duration_s=TRIAL_S),
            arena=ROOM.arena(),
            fps=12.0,
            encoding=Encoding(bitrate_kbps=400, preset="ultrafast"),
        )
        for phase in PHASES
    )
    return absent, present


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, tuple[Trial, ...]]]:
    """A recording with one trial that a hand begins and ends, and one with both phases."""
    folder = tmp_path_factory.mktemp("staged")
    absent, present = phases(3)
    return folder, {
        "one.mp4": film(place_by_hand(absent, empty_s=3.0, after_s=2.0), folder / "one.mp4"),
        "both.mp4": film(join_phases(absent, present, empty_s=2.0, break_s=6.0, after_s=2.0), folder / "both.mp4"),
    }


def track(folder: Path, out: Path, *rows: str) -> RunResult:
    sheet = folder / f"{out.name}.csv"
    sheet.write_text("\n".join(["animal_id,phase,video,start_s,duration_s,stress", *rows, ""]), encoding="utf-8")
    protocol = load_protocol("golden2011")
    study, _ = load_study(sheet, protocol)
    return track_study(study, protocol, out, TrackOptions())


def found(result: RunResult) -> pd.DataFrame:
    return result.sessions.set_index("phase")


def test_the_trial_begins_when_the_hand_is_gone(staged, tmp_path: Path, no_pictures) -> None:
    folder, trials = staged
    row = found(track(folder, tmp_path / "out", f"M1,absent,one.mp4,,{TRIAL_S},defeated")).loc["target_absent"]

    assert row["start_s"] == pytest.approx(trials["one.mp4"][0].start_s, abs=0.2)
    assert (row["start_source"], row["duration_s"]) == ("found", TRIAL_S)
    assert row["recorded_s"] == pytest.approx(TRIAL_S, abs=0.2)
    assert row["tracked_fraction"] > 0.98
    assert not {"uncertain_start", "hand_in_trial", "short_recording"} & set(row["flags"].split(";"))


def test_a_trial_that_ends_early_is_short(staged, tmp_path: Path, no_pictures) -> None:
    folder, _ = staged
    row = found(track(folder, tmp_path / "out", "M1,absent,one.mp4,,16,defeated")).loc["target_absent"]

    # The hand sets out 0.8 s after the trial's end and is over the floor half a second later or two.
    assert TRIAL_S < row["recorded_s"] < TRIAL_S + 2.5
    assert row["duration_s"] == 16
    assert "short_recording" in row["flags"]


def test_a_start_in_the_sheet_wins(staged, tmp_path: Path, no_pictures) -> None:
    folder, _ = staged
    row = found(track(folder, tmp_path / "out", "M1,absent,one.mp4,4.5,5,defeated")).loc["target_absent"]

    assert (row["start_s"], row["duration_s"], row["start_source"]) == (4.5, 5, "sheet")


@pytest.mark.parametrize(
    "rows",
    [
        [f"M1,both,both.mp4,,{TRIAL_S},defeated"],
        [f"M1,present,both.mp4,,{TRIAL_S},defeated", f"M1,absent,both.mp4,,{TRIAL_S},defeated"],
    ],
)
def test_both_phases_are_found_in_one_recording(staged, tmp_path: Path, no_pictures, rows: list[str]) -> None:
    folder, trials = staged
    result = track(folder, tmp_path / "out", *rows)

    assert result.failures == ()
    for trial in trials["both.mp4"]:
        row = found(result).loc[trial.phase]
        assert row["start_s"] == pytest.approx(trial.start_s, abs=0.2)
        assert row["start_source"] == "found"
        assert "phases_swapped" not in row["flags"]


def test_targets_in_the_wrong_phase_are_seen(staged, tmp_path: Path, no_pictures) -> None:
    folder, _ = staged
    text = load_protocol("golden2011")
    swapped = replace(text, phases=tuple(reversed(text.phases)))
    sheet = folder / "swapped.csv"
    sheet.write_text(f"animal_id,phase,video,duration_s\nM1,both,both.mp4,{TRIAL_S}\n", encoding="utf-8")
    study, _ = load_study(sheet, swapped)
    result = track_study(study, swapped, tmp_path / "out", TrackOptions())

    assert all("phases_swapped" in flags for flags in result.sessions["flags"])


def test_a_phase_that_was_not_filmed_fails_with_a_picture(staged, tmp_path: Path, no_pictures) -> None:
    folder, _ = staged
    result = track(folder, tmp_path / "out", f"M1,both,one.mp4,,{TRIAL_S},defeated")

    (failure,) = result.failures
    assert failure.session_id == "M1_target_present"
    assert "expected 2 trials" in failure.error
    assert "found 1" in failure.error
    picture = tmp_path / "out" / "overlays" / "M1_target_present.png"
    assert "overlays/M1_target_present.png" in failure.how_to_fix
    assert [path.parent.name for path in (tmp_path / "out").rglob(picture.name)] == ["overlays"]
    assert cv2.imread(str(picture)).size > 0
    assert found(result).loc["target_absent", "n_frames"] > 0


def test_pictures_can_be_drawn_again_without_the_recording(staged, tmp_path: Path) -> None:
    folder, _ = staged
    out = tmp_path / "out"
    rows = [f"M1,absent,one.mp4,,{TRIAL_S},defeated"]
    track(folder, out, *rows)
    picture = out / "overlays" / "M1_target_absent.png"
    before = picture.read_bytes()
    picture.unlink()
    again = track(folder, out, *rows)

    assert again.work == {"kept": 1}
    assert picture.read_bytes() == before
