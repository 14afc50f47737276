"""A study tracked end to end: every file and column of the contract, and numbers as the truth has them."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from csds import __version__
from csds.arena import read_arenas, write_arenas
from csds.batch import RunResult, TrackOptions, track_study
from csds.cli import app
from csds.errors import ScoreError
from csds.formats.tables import read_table
from csds.model.columns import (
    ANIMAL_COLUMNS,
    FAILURE_COLUMNS,
    SESSION_COLUMNS,
    TIME_BIN_COLUMNS,
    TRACK_COLUMNS,
    names,
)
from csds.protocol import load_protocol
from csds.study import load_study, study_from_folder

ZONES = ("interaction", "corner_left", "corner_right", "corners")
IDS = ["C1_M01_target_absent", "C1_M01_target_present", "C1_M02_target_absent", "C1_M02_target_present"]
EDGE_CM = 0.35


def run(sheet: Path, out: Path, protocol: str | Path = "golden2011", **options: object) -> RunResult:
    settings = load_protocol(protocol)
    study, faults = load_study(sheet, settings)
    return track_study(study, settings, out, TrackOptions(**options), faults=faults)


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


def true_times(filmed: Path, name: str) -> tuple[float, float]:
    """Return the least and most seconds in the interaction zone (24 × 14 cm at the wall's middle)."""
    truth = pd.read_csv(filmed / "truth" / f"{name}.truth.csv")
    off = np.maximum(np.abs(truth.x_cm - 21.0) - 12.0, truth.y_cm - 14.0)
    return float((off <= -EDGE_CM).sum() / 15), float((off <= EDGE_CM).sum() / 15)


class TestFiles:
    def test_every_file_is_there_and_no_other(self, tracked: Path) -> None:
        found = {path.relative_to(tracked).as_posix() for path in tracked.rglob("*") if path.is_file()}
        expected = {f"{name}.csv" for name in ("sessions", "animals", "failures", "time_bins")} | {"provenance.json"}
        for name in IDS:
            expected |= {
                f"tracks/{name}.parquet",
                f"overlays/{name}.png",
                f"sessions/{name}.json",
                f"floors/{name}.png",
                f"thumbnails/{name}.png",
            }
        assert found == expected | {"animals/C1_M01.png", "animals/C1_M02.png"}

    def test_an_animal_of_a_single_phase_has_its_floor_plan_alone(self, filmed: Path, tmp_path: Path) -> None:
        settings = load_protocol("open_field")
        study, faults = study_from_folder(filmed, "videos/{animal_id}_absent.{ext}", settings)
        result = track_study(study, settings, tmp_path / "out", TrackOptions(), faults=faults)
        assert len(result.animals) == 2
        assert len(list((tmp_path / "out" / "overlays").glob("*.png"))) == 2
        assert not (tmp_path / "out" / "animals").exists()

    def test_pictures_are_pictures(self, tracked: Path) -> None:
        for path in tracked.rglob("*.png"):
            assert path.read_bytes().startswith(b"\x89PNG")

    def test_track(self, tracked: Path, filmed: Path) -> None:
        track = pd.read_parquet(tracked / "tracks" / f"{IDS[0]}.parquet")
        assert track.columns.tolist() == names(TRACK_COLUMNS, ZONES)
        kinds = {"number": "float64", "integer": "int64", "boolean": "bool"}
        for column in TRACK_COLUMNS:
            for name in names((column,), ZONES):
                assert str(track[name].dtype) == kinds[column.kind], name
        truth = pd.read_csv(filmed / "truth" / "M01_absent.truth.csv")
        assert track["frame"].tolist() == truth["frame"].tolist()
        np.testing.assert_allclose(track["time_s"], truth["time_s"], atol=1e-6)
        error = np.hypot(track.x_cm - truth.x_cm, track.y_cm - truth.y_cm)
        assert error.median() < 0.5
        assert track["detected"].mean() > 0.95

    def test_sessions(self, tracked: Path) -> None:
        sessions = read_table(tracked / "sessions.csv")
        wanted = [name for name in names(SESSION_COLUMNS, ZONES) if not name.startswith("centre_")]
        assert sessions.columns.tolist() == [*wanted, "sex", "cage", "weight_g"]
        assert sessions["session_id"].tolist() == IDS
        assert sessions["n_frames"].tolist() == ["120"] * 4
        assert sessions["treatment"].tolist() == ["isotype"] * 2 + ["anti-IL-4Rα"] * 2
        assert (tracked / "sessions.csv").read_bytes().startswith(b"\xef\xbb\xbf")

    def test_animals(self, tracked: Path) -> None:
        animals = read_table(tracked / "animals.csv")
        assert animals.columns.tolist() == [*names(ANIMAL_COLUMNS), "sex", "cage", "weight_g"]
        assert animals["phenotype"].tolist() == ["control", "susceptible"]
        assert animals["rule"].tolist() == ["si_cutoff"] * 2

    def test_scores_are_those_of_the_truth(self, tracked: Path, filmed: Path) -> None:
        animals = read_table(tracked / "animals.csv").set_index("animal_id")
        for animal in ("M01", "M02"):
            least, most = {}, {}
            for phase in ("absent", "present"):
                least[phase], most[phase] = true_times(filmed, f"{animal}_{phase}")
                assert least[phase] - 0.15 <= float(animals.loc[animal, f"interaction_{phase}_s"]) <= most[phase] + 0.15
            ratio = float(animals.loc[animal, "si_ratio"])
            assert (least["present"] - 0.15) / (most["absent"] + 0.15) <= ratio
            assert ratio <= (most["present"] + 0.15) / (least["absent"] - 0.15)

    def test_time_bins_add_up(self, tracked: Path) -> None:
        bins = read_table(tracked / "time_bins.csv")
        assert bins.columns.tolist() == names(TIME_BIN_COLUMNS, ZONES)
        assert bins["bin_end_s"].tolist()[:3] == ["3.0", "6.0", "8.0"]
        sessions = read_table(tracked / "sessions.csv").set_index("session_id")
        for name, own in bins.groupby("session_id"):
            whole = float(sessions.loc[name, "interaction_time_s"])
            assert own["interaction_time_s"].astype(float).sum() == pytest.approx(whole)

    def test_no_failures_is_a_table_without_rows(self, tracked: Path) -> None:
        failures = read_table(tracked / "failures.csv")
        assert failures.columns.tolist() == names(FAILURE_COLUMNS)
        assert failures.empty

    def test_provenance(self, tracked: Path, filmed: Path, short_protocol: Path) -> None:
        from csds.formats.digest import file_digest

        told = json.loads((tracked / "provenance.json").read_text(encoding="utf-8"))
        assert told["csds"] == __version__
        assert told["libraries"]["numpy"] == np.__version__
        assert told["command"] == ["csds", "track"]
        assert told["study"]["sheet"] == str(filmed / "study.csv")
        assert told["protocol"]["name"] == "golden2011"
        assert told["protocol"]["sha256"] == file_digest(short_protocol)
        assert told["options"]["time_bins_s"] == 3.0
        video = filmed / "videos" / "M01_absent.mp4"
        own = told["sessions"][IDS[0]]
        assert own["videos"] == {str(video): file_digest(video)}
        assert own["arena"]["frame_size_px"] == [320, 240]
        assert own["made_with"]["machine"] == platform.node()
        assert own["made_with"]["numpy"] == np.__version__

    def test_score_reads_sessions_again_and_says_the_same(
        self, tracked: Path, short_protocol: Path, tmp_path: Path
    ) -> None:
        again = tmp_path / "animals.csv"
        arguments = ["score", str(tracked / "sessions.csv"), "--protocol", str(short_protocol), "--out", str(again)]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        assert again.read_bytes() == (tracked / "animals.csv").read_bytes()

    def test_score_uses_no_readings_of_other_times(self, tracked: Path, short_protocol: Path, tmp_path: Path) -> None:
        import shutil

        out = shutil.copytree(tracked, tmp_path / "edited")
        for table in ("sessions", "animals"):
            path = out / f"{table}.csv"
            text = path.read_text(encoding="utf-8-sig")
            time = read_table(path).iloc[0]["interaction_time_s" if table == "sessions" else "interaction_absent_s"]
            path.write_text(text.replace(f",{time},", ",5.5,", 1), encoding="utf-8")
            arguments = ["score", str(path), "--protocol", str(short_protocol), "--out", str(tmp_path / "a.csv")]
            assert CliRunner().invoke(app, arguments).exit_code == 0
            ends = read_table(tmp_path / "a.csv")["si_ratio_high"].tolist()
            assert (ends[0] == "", ends[1] == "") == (True, False), table

    def test_intervals_hold_what_was_measured_and_what_is_true(self, tracked: Path, filmed: Path) -> None:
        sessions = read_table(tracked / "sessions.csv")
        low, time, high = (sessions[f"interaction_{end}_s"].astype(float) for end in ("low", "time", "high"))
        assert ((low <= time) & (time <= high)).all()
        for row, (a, b) in zip(sessions.to_dict(orient="records"), zip(low, high, strict=True), strict=True):
            truth = pd.read_csv(filmed / "truth" / Path(row["video"]).with_suffix(".truth.csv").name)
            inside = truth["x_cm"].between(9, 33) & (truth["y_cm"] <= 14)
            assert a <= inside.sum() / 15 <= b
        animals = read_table(tracked / "animals.csv")
        assert (animals["si_ratio_low"].astype(float) <= animals["si_ratio"].astype(float)).all()
        assert animals["phenotype_certainty"].iloc[0] == ""
        assert 0.5 < float(animals["phenotype_certainty"].iloc[1]) <= 1.0

    def test_nothing_is_written_beside_the_recordings(self, tracked: Path, filmed: Path) -> None:
        assert {path.name for path in filmed.iterdir()} == {"study.csv", "study.toml", "videos", "truth"}
        assert len(list((filmed / "videos").iterdir())) == 8


@pytest.mark.usefixtures("no_pictures")
class TestWaysOfFilming:
    @pytest.mark.slow
    def test_worker_processes_give_the_same_tables(
        self, tracked: Path, filmed: Path, short_protocol: Path, tmp_path: Path
    ) -> None:
        heard = [0, 0]

        def listen(frames: int, finished: object) -> None:
            heard[0] += frames
            heard[1] += len(finished)

        protocol = load_protocol(short_protocol)
        study, faults = load_study(filmed / "study.csv", protocol)
        options = TrackOptions(jobs=2, time_bins_s=3.0)
        result = track_study(study, protocol, tmp_path / "out", options, faults=faults, listener=listen)
        assert result.work == {"tracked": 4}
        assert tables(tmp_path / "out") == tables(tracked)
        assert heard == [480, 4]

    def test_two_arenas_in_one_picture(self, filmed: Path, tmp_path: Path, short_protocol: Path, tracked: Path) -> None:
        beside(filmed / "videos" / "M01_absent.mp4", filmed / "videos" / "M02_absent.mp4", tmp_path / "absent.mkv")
        beside(filmed / "videos" / "M01_present.mp4", filmed / "videos" / "M02_present.mp4", tmp_path / "present.mkv")
        (own,) = read_arenas(filmed / "videos" / "M01_absent.mp4.arena.toml", load_protocol("golden2011"))
        moved = tuple((x + 320.0, y) for x, y in own.corners_px)
        two = [
            replace(own, name="left", frame_size_px=(640, 240)),
            replace(own, name="right", frame_size_px=(640, 240), corners_px=moved),
        ]
        write_arenas(tmp_path / "two.arena.toml", two)
        rows = ["cohort,animal_id,phase,video,arena,duration_s,stress"]
        for animal, place, stress in (("M01", "left", "control"), ("M02", "right", "defeated")):
            rows += [f"C1,{animal},{phase},{phase}.mkv,{place},8,{stress}" for phase in ("absent", "present")]
        (tmp_path / "study.csv").write_text("\n".join(rows), encoding="utf-8")
        out = tmp_path / "out"
        result = run(tmp_path / "study.csv", out, short_protocol, arena_file=tmp_path / "two.arena.toml")
        assert result.failures == ()
        alone = read_table(tracked / "animals.csv")["si_ratio"].astype(float)
        np.testing.assert_allclose(result.animals["si_ratio"], alone, atol=0.1)
        assert result.sessions["arena"].tolist() == ["left", "left", "right", "right"]

    def test_both_phases_in_one_recording(self, filmed: Path, tmp_path: Path, short_protocol: Path) -> None:
        videos = filmed / "videos"
        one_after_another([videos / "M02_absent.mp4", videos / "M02_present.mp4"], tmp_path / "whole.mkv")
        sheet = tmp_path / "study.csv"
        sheet.write_text(
            "animal_id,phase,video,start_s,duration_s,stress\n"
            "M02,absent,whole.mkv,0,8,defeated\nM02,present,whole.mkv,8,8,defeated\n"
        )
        arena = videos / "M02_absent.mp4.arena.toml"
        result = run(sheet, tmp_path / "out", short_protocol, arena_file=arena)
        assert result.failures == ()
        assert result.animals["phenotype"].tolist() == ["susceptible"]
        assert result.sessions["n_frames"].tolist() == [120, 120]
        for phase, row in zip(("absent", "present"), result.sessions.itertuples(), strict=True):
            least, most = true_times(filmed, f"M02_{phase}")
            assert least - 0.2 <= row.interaction_time_s <= most + 0.2

    def test_time_bins_of_the_protocol(self, copied: Callable[..., Path], tmp_path: Path, short_protocol: Path) -> None:
        text = short_protocol.read_text(encoding="utf-8").replace("[behaviour]", "[behaviour]\ntime_bin_s = 4.0\n#")
        (tmp_path / "binned.toml").write_text(text, encoding="utf-8")
        sheet = copied("M01")
        run(sheet, tmp_path / "out", tmp_path / "binned.toml")
        assert len(read_table(tmp_path / "out" / "time_bins.csv")) == 4
        run(sheet, tmp_path / "out", tmp_path / "binned.toml", time_bins_s=2.0)
        assert len(read_table(tmp_path / "out" / "time_bins.csv")) == 8

    def test_overlay_video(self, copied: Callable[..., Path], tmp_path: Path) -> None:
        sheet = copied("M01")
        result = run(sheet, tmp_path / "out")
        assert not list(tmp_path.rglob("overlays/*.mp4"))
        result = run(sheet, tmp_path / "out", overlay_video=True)
        assert result.work == {"rescored": 2}
        assert result.messages == (
            "2 sessions scored anew from tracks that still hold (changed: the annotated video was missing)",
        )
        videos = sorted((tmp_path / "out" / "overlays").glob("*.mp4"))
        assert len(videos) == 2
        with av.open(str(videos[0])) as container:
            assert sum(1 for _ in container.decode(video=0)) == 120


def test_a_score_that_the_protocol_cannot_give_is_told_before_tracking(filmed: Path, tmp_path: Path) -> None:
    protocol = load_protocol("golden2011")
    study, _ = load_study(filmed / "study.csv", protocol)
    (phase, _) = protocol.phases
    with pytest.raises(ScoreError, match="one phase without and one with the target"):
        track_study(study, replace(protocol, phases=(phase, replace(phase, name="target_present"))), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def frames_of(path: Path) -> Iterator[np.ndarray]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="gray")


def film(path: Path, frames: Iterator[np.ndarray]) -> None:
    """Write grey frames at 15 frames per second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=15, bit_rate=4_000_000)
        for picture in frames:
            if not stream.codec_context.is_open:
                stream.height, stream.width = picture.shape
                stream.pix_fmt = "yuv420p"
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def beside(left: Path, right: Path, path: Path) -> None:
    film(path, (np.hstack(pair) for pair in zip(frames_of(left), frames_of(right), strict=True)))


def one_after_another(parts: list[Path], path: Path) -> None:
    film(path, (frame for part in parts for frame in frames_of(part)))
