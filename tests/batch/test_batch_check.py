"""Every fault of a study is found before anything is tracked."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from csds.arena import write_arenas
from csds.batch.check import check_study
from csds.errors import UnknownProtocolError, UsageError
from csds.model.arena import Arena
from csds.protocol import find_protocol

RATE = 4
HEADER = "animal_id,phase,video,start_s,duration_s,arena\n"


def film(path: Path, seconds: float = 5, size: tuple[int, int] = (160, 120)) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        picture = np.full((size[1], size[0], 3), 128, np.uint8)
        for _ in range(round(seconds * RATE)):
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def arena(name: str = "A", size: tuple[int, int] = (160, 120), side_cm: float = 42.0) -> Arena:
    corners = ((30.0, 10.0), (130.0, 10.0), (130.0, 110.0), (30.0, 110.0))
    return Arena(
        name=name, shape="rectangle", corners_px=corners, width_cm=side_cm, height_cm=side_cm, frame_size_px=size
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two good recordings of 5 s, their arena files and a sheet."""
    for name in ("a.mp4", "b.mp4"):
        film(tmp_path / name)
        write_arenas(tmp_path / f"{name}.arena.toml", [arena()])
    sheet(tmp_path, "M1,absent,a.mp4,0,5,\nM1,present,b.mp4,0,5,\n")
    return tmp_path


def sheet(folder: Path, rows: str) -> Path:
    (folder / "study.csv").write_text(HEADER + rows, encoding="utf-8")
    return folder / "study.csv"


def messages(folder: Path, **options: Path) -> list[str]:
    found = check_study(folder / "study.csv", **options)
    assert all(fault.hint for fault in found.faults)
    return [f"{fault.severity} {fault.stage} {fault}" for fault in found.faults]


def test_a_good_study_has_no_fault(folder: Path) -> None:
    assert messages(folder) == []


def test_recordings_without_arena_files_are_told_apart(folder: Path) -> None:
    assert check_study(folder / "study.csv").without_arena == ()
    (folder / "b.mp4.arena.toml").unlink()
    found = check_study(folder / "study.csv")
    assert found.faults == ()
    assert found.without_arena == ("b.mp4",)
    assert check_study(folder / "study.csv", arena=folder / "a.mp4.arena.toml").without_arena == ()


def test_arenas_beside_the_sheet_or_given(folder: Path) -> None:
    (folder / "arenas").mkdir()
    (folder / "a.mp4.arena.toml").rename(folder / "arenas" / "a.mp4.arena.toml")
    assert messages(folder) == []
    assert messages(folder, arena=folder / "b.mp4.arena.toml") == []
    with pytest.raises(UsageError, match="no such arena file"):
        check_study(folder / "study.csv", arena=folder / "nowhere.toml")


def test_arena_of_another_size(folder: Path) -> None:
    write_arenas(folder / "a.mp4.arena.toml", [arena(size=(320, 240))])
    (said,) = messages(folder)
    assert "error arena row 2, column 'arena'" in said
    assert "drawn on frames of 320 × 240 px, but the video's are 160 × 120 px" in said


def test_unknown_arena_name(folder: Path) -> None:
    sheet(folder, "M1,absent,a.mp4,0,5,B\nM1,present,b.mp4,0,5,A\n")
    (said,) = messages(folder)
    assert "no arena 'B'; the file holds 'A'" in said


def test_arena_too_small_for_the_zones(folder: Path) -> None:
    write_arenas(folder / "a.mp4.arena.toml", [arena(side_cm=20.0)])
    (said,) = messages(folder)
    assert "beyond the arena of 20 × 20 cm" in said


def test_text_named_as_a_video(folder: Path) -> None:
    (folder / "a.mp4").write_text("hello", encoding="utf-8")
    (said,) = messages(folder)
    assert said.startswith("error video row 2, column 'video'")


def test_windows_beyond_the_recording(folder: Path) -> None:
    sheet(folder, "M1,absent,a.mp4,60,5,\nM1,present,b.mp4,0,30,\n")
    first, second = messages(folder)
    assert "error video row 2, column 'start_s'" in first
    assert "ends before the window's start at 60 s" in first
    assert "warning video row 3, column 'duration_s'" in second
    assert "ends before the window of 0 to 30 s does" in second


def test_one_bad_file_is_told_once(folder: Path) -> None:
    (folder / "a.mp4").write_text("hello", encoding="utf-8")
    sheet(folder, "M1,absent,a.mp4,0,2,\nM1,present,a.mp4,2,2,\n")
    assert len(messages(folder)) == 1


def test_faults_of_sheet_and_protocol_are_faults_too(folder: Path) -> None:
    sheet(folder, "M1,absent,a.mp4,0,5,\n")
    assert "error sheet row 2, column 'phase'" in messages(folder)[0]
    (folder / "study.csv").write_text("animal\nM1\n", encoding="utf-8")
    assert "is missing" in messages(folder)[0]
    (fault,) = check_study(folder / "study.csv", "schuler2024").faults
    assert (fault.stage, "arena.width_cm" in fault.message) == ("protocol", True)


def test_wrong_calls_are_raised(folder: Path) -> None:
    with pytest.raises(UnknownProtocolError):
        check_study(folder / "study.csv", "nowhere")
    with pytest.raises(UsageError, match="no such study sheet"):
        check_study(folder / "nowhere.csv")


def test_the_protocol_is_the_one_that_study_toml_names_as_for_track(folder: Path) -> None:
    (folder / "study.toml").write_text('protocol = "accelerated_defeat"\n', encoding="utf-8")
    found = check_study(folder / "study.csv")
    assert found.protocol is not None
    assert found.protocol.name == "accelerated_defeat"
    given = check_study(folder / "study.csv", "golden2011")
    assert given.protocol is not None
    assert given.protocol.name == "golden2011"
    (folder / "study.toml").write_text('protocol = "nowhere"\n', encoding="utf-8")
    with pytest.raises(UnknownProtocolError):
        check_study(folder / "study.csv")
    (folder / "study.toml").write_text("protocol = golden2011\n", encoding="utf-8")
    (fault,) = check_study(folder / "study.csv").faults
    assert "study.toml" in fault.message


def test_a_protocol_file_that_study_toml_names_stands_beside_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = find_protocol("golden2011").read_text(encoding="utf-8").replace('name = "golden2011"', 'name = "lab"')
    (folder / "lab.toml").write_text(text, encoding="utf-8")
    (folder / "study.toml").write_text('protocol = "lab.toml"\n', encoding="utf-8")
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    found = check_study(folder / "study.csv")
    assert found.protocol is not None
    assert found.protocol.name == "lab"
    (folder / "study.toml").write_text("protocol = 5\n", encoding="utf-8")
    (fault,) = check_study(folder / "study.csv").faults
    assert "expected a name or a file in quotation marks, found 5" in fault.message
