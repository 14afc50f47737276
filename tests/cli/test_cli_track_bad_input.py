"""Bad input to ``csds track``: what is said of it, and the exit code."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from csds.cli import app
from csds.formats.tables import read_table
from csds.model.flags import FLAGS, split_flags
from csds.results.folder import ResultsFolder

pytestmark = pytest.mark.usefixtures("no_pictures")


@pytest.fixture
def sheet(copied: Callable[..., Path]) -> Path:
    """The sheet of one animal with both phases."""
    return copied("M01")


def track(*arguments: object):
    return CliRunner().invoke(app, ["track", *map(str, arguments)])


def failure(sheet: Path, result, message: str, stage: str) -> None:
    """See that one session failed for this reason, the other is done, and the animal is in the table."""
    assert result.exit_code == 1, result.output
    assert message in result.stderr
    assert "fix:" in result.stderr
    failures = read_table(sheet.parent / "results" / "failures.csv")
    assert failures["stage"].tolist() == [stage]
    assert failures["session_id"].tolist() == ["C1_M01_target_absent"]
    assert message in failures["error"].iloc[0]
    assert failures["how_to_fix"].iloc[0]
    animals = read_table(sheet.parent / "results" / "animals.csv")
    assert animals["animal_id"].tolist() == ["M01"]
    assert {"failed", "missing_phase"} <= set(split_flags(animals["flags"].iloc[0]))
    assert read_table(sheet.parent / "results" / "sessions.csv")["n_frames"].tolist() == ["", "120"]


class TestRecordings:
    @pytest.mark.parametrize(
        ("content", "message"),
        [(None, "expected the recording"), (b"", "empty"), (b"Dear diary, " * 500, "M01_absent.mp4")],
        ids=["missing", "empty", "text"],
    )
    def test_not_a_film(self, sheet: Path, content: bytes | None, message: str):
        video = sheet.parent / "videos" / "M01_absent.mp4"
        video.unlink()
        if content is not None:
            video.write_bytes(content)
        failure(sheet, track(sheet), message, "video")

    def test_audio_only(self, sheet: Path):
        with av.open(str(sheet.parent / "videos" / "M01_absent.mp4"), "w") as container:
            stream = container.add_stream("aac", rate=48_000)
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.float32), format="fltp", layout="mono")
            sound.sample_rate = 48_000
            container.mux([*stream.encode(sound), *stream.encode()])
        failure(sheet, track(sheet), "M01_absent.mp4", "video")

    def test_truncated(self, sheet: Path):
        """An AVI can be read as far as it goes."""
        videos = sheet.parent / "videos"
        with av.open(str(videos / "M01_absent.mp4")) as source, av.open(str(videos / "M01_absent.avi"), "w") as target:
            stream = target.add_stream("mpeg4", rate=15, bit_rate=2_000_000)
            stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
            for frame in source.decode(video=0):
                target.mux(stream.encode(av.VideoFrame.from_ndarray(frame.to_ndarray(format="gray"), format="gray")))
            target.mux(stream.encode())
        whole = (videos / "M01_absent.avi").read_bytes()
        (videos / "M01_absent.avi").write_bytes(whole[: len(whole) * 2 // 3])
        (videos / "M01_absent.mp4.arena.toml").rename(videos / "M01_absent.avi.arena.toml")
        sheet.write_text(sheet.read_text(encoding="utf-8").replace("M01_absent.mp4", "M01_absent.avi"))
        result = track(sheet)
        assert result.exit_code == 0, result.output
        sessions = read_table(sheet.parent / "results" / "sessions.csv")
        assert "short_recording" in split_flags(sessions["flags"].iloc[0])
        assert 60 < int(sessions["n_frames"].iloc[0]) < 90

    def test_window_beyond_the_end(self, sheet: Path):
        sheet.write_text(sheet.read_text(encoding="utf-8").replace("M01_absent.mp4,0,8", "M01_absent.mp4,60,8"))
        failure(sheet, track(sheet), "the window lies beyond the recording's end", "video")

    def test_window_of_one_frame(self, sheet: Path):
        sheet.write_text(sheet.read_text(encoding="utf-8").replace("M01_absent.mp4,0,8", "M01_absent.mp4,7.92,8"))
        failure(sheet, track(sheet), "one frame alone between 7.92 s and", "tracking")

    def test_window_that_ends_later_is_flagged(self, sheet: Path):
        sheet.write_text(sheet.read_text(encoding="utf-8").replace("M01_absent.mp4,0,8", "M01_absent.mp4,2,8"))
        assert track(sheet).exit_code == 0
        sessions = read_table(sheet.parent / "results" / "sessions.csv")
        assert [split_flags(cell)[:1] for cell in sessions["flags"]] == [("short_recording",), ()]

    def test_no_mouse_in_view(self, sheet: Path):
        videos = sheet.parent / "videos"
        for phase, seed in (("absent", 1), ("present", 2)):
            film_empty_floor(videos / f"M01_{phase}.mp4", seed)
        result = track(sheet)
        animals = read_table(sheet.parent / "results" / "animals.csv")
        assert result.exit_code == 1 or has_trust_flags(sheet), result.output
        assert animals["phenotype"].iloc[0] in ("control", "undetermined")

    def test_no_mouse_in_one_phase(self, sheet: Path):
        film_empty_floor(sheet.parent / "videos" / "M01_absent.mp4", 1)
        result = track(sheet)
        assert result.exit_code == 1 or has_trust_flags(sheet), result.output


def has_trust_flags(sheet: Path) -> bool:
    flags = split_flags(read_table(sheet.parent / "results" / "sessions.csv")["flags"].iloc[0])
    return any(FLAGS[code].trust for code in flags)


def film_empty_floor(path: Path, seed: int) -> None:
    """Film 8 s of a floor with a texture, an enclosure and a camera's noise."""
    rng = np.random.default_rng(seed)
    floor = np.full((240, 320), 60.0)
    floor[21:219, 61:259] = 150 + np.random.default_rng(0).normal(0, 4, (198, 198))
    floor[22:53, 137:184] = 90
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=15, bit_rate=600_000, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _ in range(120):
            noisy = np.clip(floor + rng.normal(0, 2.5, floor.shape), 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noisy, format="gray")))
        container.mux(stream.encode())


class TestArenas:
    def edit(self, sheet: Path, old: str, new: str) -> None:
        path = sheet.parent / "videos" / "M01_absent.mp4.arena.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def corners(self, sheet: Path, *corners: tuple[float, float]) -> None:
        path = sheet.parent / "videos" / "M01_absent.mp4.arena.toml"
        lines = path.read_text(encoding="utf-8").splitlines()
        listed = f"corners_px = {[list(corner) for corner in corners]}"
        path.write_text("\n".join(listed if line.startswith("corners") else line for line in lines), encoding="utf-8")

    def test_size_of_another_video(self, sheet: Path):
        self.edit(sheet, "[320, 240]", "[640, 480]")
        failure(sheet, track(sheet), "drawn on frames of 640 × 480 px, but the video's are 320 × 240 px", "arena")

    @pytest.mark.parametrize(
        ("corners", "message"),
        [
            ([(60, 20), (260, 220), (260, 20), (60, 220)], "cross"),
            ([(60, 20), (60, 220), (260, 220), (260, 20)], "counter-clockwise"),
            ([(60, 20), (460, 20), (460, 220), (60, 220)], "lies outside the frame"),
            ([(60, 20), (120, 21), (180, 22), (240, 21)], "nearly in line"),
        ],
    )
    def test_corners(self, sheet: Path, corners: list[tuple[float, float]], message: str):
        self.corners(sheet, *corners)
        failure(sheet, track(sheet), message, "arena")

    def test_unknown_key(self, sheet: Path):
        self.edit(sheet, "width_cm", "widht_cm")
        failure(sheet, track(sheet), "widht_cm", "arena")

    def test_not_toml(self, sheet: Path):
        self.edit(sheet, "[[arena]]", "[[arena")
        failure(sheet, track(sheet), "line 1", "arena")


class TestProtocols:
    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("smoothing_s", "smoothign_s", "smoothing_s"),
            ("max_gap_s = 0.5", "max_gap_s = 500", "500"),
            ("arena]\n", "arena]\nwidth_mm = 420.0\n", "width_mm"),
            ("max_gap_s = 0.5", 'max_gap_s = "0.5 s"', "max_gap_s"),
            ("[score]", "[score", "line"),
        ],
        ids=["unknown key", "out of range", "wrong unit", "text for a number", "not TOML"],
    )
    def test_faults(self, sheet: Path, short_protocol: Path, tmp_path: Path, old: str, new: str, message: str):
        text = short_protocol.read_text(encoding="utf-8")
        assert old in text
        (tmp_path / "own.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
        result = track(sheet, "--protocol", tmp_path / "own.toml")
        assert result.exit_code == 1
        assert message in result.stderr
        assert "own.toml" in result.stderr
        assert "fix:" in result.stderr
        assert not (sheet.parent / "results").exists()

    def test_left_open(self, sheet: Path):
        result = track(sheet, "--protocol", "schuler2024")
        assert result.exit_code == 1
        assert "leaves open what its source doesn't say" in result.stderr


class TestSheets:
    def lines(self, sheet: Path) -> list[str]:
        return sheet.read_text(encoding="utf-8").splitlines()

    def test_column_is_missing(self, sheet: Path):
        sheet.write_text(sheet.read_text(encoding="utf-8").replace("phase", "stage"), encoding="utf-8")
        result = track(sheet)
        assert result.exit_code == 1
        assert "the column 'phase' is missing" in result.stderr
        assert not (sheet.parent / "results").exists()

    def test_empty(self, sheet: Path):
        sheet.write_text("", encoding="utf-8")
        result = track(sheet)
        assert result.exit_code == 1
        assert "empty file" in result.stderr

    def test_doubled_session(self, sheet: Path):
        lines = self.lines(sheet)
        sheet.write_text("\n".join([*lines, lines[1]]), encoding="utf-8")
        result = track(sheet)
        assert result.exit_code == 1
        assert "expected target_absent of animal M01 (cohort C1) once, found it also in row 4" in result.stderr
        sessions = read_table(sheet.parent / "results" / "sessions.csv")
        assert sorted(sessions["n_frames"]) == ["", "120"]

    def test_phase_that_is_neither(self, sheet: Path):
        sheet.write_text(sheet.read_text(encoding="utf-8").replace("target_absent", "intermission"), encoding="utf-8")
        result = track(sheet)
        assert result.exit_code == 1
        assert "row 2, column 'phase': expected one of" in result.stderr
        assert "missing_phase" in read_table(sheet.parent / "results" / "animals.csv")["flags"].iloc[0]

    def test_one_phase_only(self, sheet: Path):
        sheet.write_text("\n".join(self.lines(sheet)[:2]), encoding="utf-8")
        result = track(sheet)
        assert result.exit_code == 1
        assert "expected target_absent and target_present of animal M01" in result.stderr
        animals = read_table(sheet.parent / "results" / "animals.csv")
        assert animals["interaction_absent_s"].iloc[0]
        assert "missing_phase" in split_flags(animals["flags"].iloc[0])
        assert "failed" not in split_flags(animals["flags"].iloc[0])

    def test_one_file_for_both_phases_at_the_same_time(self, sheet: Path):
        text = sheet.read_text(encoding="utf-8").replace("M01_present.mp4", "M01_absent.mp4")
        sheet.write_text(text, encoding="utf-8")
        result = track(sheet)
        assert result.exit_code == 1
        assert "are both taken from videos/M01_absent.mp4 at the same time (0 to 8 s" in result.stderr
        assert read_table(sheet.parent / "results" / "sessions.csv")["flags"].tolist() == ["failed", "failed"]


class TestResultsFolder:
    def test_of_another_study(self, sheet: Path, tracked: Path, tmp_path: Path):
        out = shutil.copytree(tracked, tmp_path / "out")
        text = sheet.read_text(encoding="utf-8").replace("M01,", "Z99,")
        sheet.write_text(text, encoding="utf-8")
        result = track(sheet, "--out", out)
        assert result.exit_code == 2
        assert "holds the results of another study" in result.stderr
        assert "--force" in result.stderr
        assert track(sheet, "--out", out, "--force").exit_code == 0

    def test_below_a_file(self, sheet: Path):
        result = track(sheet, "--out", sheet / "results")
        assert result.exit_code == 1
        assert "a file stands where a folder is needed" in result.stderr
        assert "--out" in result.stderr

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_full_disk_for_a_table(self, sheet: Path, tmp_path: Path):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "sessions.csv").symlink_to("/dev/full")
        result = track(sheet, "--out", tmp_path / "out")
        assert result.exit_code == 1
        assert "the disk is full" in result.stderr
        assert len(list((tmp_path / "out" / "tracks").glob("*.parquet"))) == 2

    def test_full_disk_in_the_middle(self, sheet: Path, tiny_disk: Path):
        result = track(sheet, "--out", tiny_disk / "out")
        assert result.exit_code == 1, result.output
        assert "the disk is full" in result.stderr
        assert "fix: Free some space" in result.stderr
        assert not list(tiny_disk.rglob(".csds-*"))

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is read-only to an administrator")
    def test_study_folder_that_is_read_only(self, sheet: Path, tmp_path: Path):
        for folder in (sheet.parent, sheet.parent / "videos"):
            folder.chmod(0o555)
        try:
            result = track(sheet)
            assert result.exit_code == 1
            assert "not writable" in result.stderr
            assert track(sheet, "--out", tmp_path / "out").exit_code == 0
        finally:
            for folder in (sheet.parent, sheet.parent / "videos"):
                folder.chmod(0o755)

    def test_study_folder_stays_as_it_is(self, sheet: Path, tmp_path: Path):
        def content() -> dict[Path, tuple[int, int]]:
            return {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in [sheet.parent, *sheet.parent.rglob("*")]}

        before = content()
        assert track(sheet, "--out", tmp_path / "out", "--time-bins", 2).exit_code == 0
        assert content() == before
        assert ResultsFolder(path=tmp_path / "out").provenance.is_file()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("file systems can't be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
