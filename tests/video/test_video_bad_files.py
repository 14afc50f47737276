"""What is no recording: an error that says what was found and what to do, never a traceback."""

from __future__ import annotations

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from csds.cli import app
from csds.errors import VideoError
from csds.formats.tables import read_table
from csds.video import open_recording, probe


def empty(folder, films):
    (folder / "bad.mp4").touch()
    return folder / "bad.mp4"


def text(folder, films):
    path = folder / "bad.mp4"
    path.write_text("animal_id,phase,video\nM01,target_absent,a.mp4\n" * 40, encoding="utf-8")
    return path


def noise(folder, films):
    path = folder / "bad.avi"
    path.write_bytes(np.random.default_rng(1).bytes(50_000))
    return path


def missing(folder, films):
    return folder / "bad.mp4"


def a_folder(folder, films):
    (folder / "bad.mp4").mkdir()
    return folder / "bad.mp4"


def sound(folder, films):
    path = folder / "bad.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        for i in range(10):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16_000, 1024 * i
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def wav(folder, films):
    path = folder / "bad.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1600), np.int16), format="s16", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def nothing_decodes(folder, films):
    """The container is whole, but every picture in it was overwritten."""
    content = bytearray(films("mp4").read_bytes())
    start = content.index(b"mdat") + 4
    end = content.rindex(b"moov") - 4
    content[start:end] = bytes(end - start)
    path = folder / "bad.mp4"
    path.write_bytes(content)
    return path


CASES = [
    (missing, r"bad\.mp4: no such file", "paths are relative to the sheet"),
    (empty, r"bad\.mp4: the file is empty \(0 bytes\)", "Copy it again"),
    (text, r"bad\.mp4: not a video that can be read \(.+\)", "Check that the file is a recording"),
    (noise, r"bad\.avi: not a video that can be read \(.+\)", "Check that the file is a recording"),
    (a_folder, r"bad\.mp4: is a folder, not a recording", "Name a video file"),
    (sound, r"bad\.mp4: expected a picture stream, found audio", "not, say, a sound file"),
    (wav, r"bad\.wav: expected a picture stream, found audio", "not, say, a sound file"),
    (nothing_decodes, r"bad\.mp4: not one frame could be decoded \(h264\)", "Try to play the file"),
]


@pytest.mark.parametrize(("make", "message", "hint"), CASES, ids=[case[0].__name__ for case in CASES])
def test_what_is_no_recording_is_refused_with_a_hint(make, message, hint, tmp_path, films):
    path = make(tmp_path, films)
    for look in (open_recording, probe):
        with pytest.raises(VideoError, match=message) as caught:
            look(path)
        assert hint in caught.value.hint
        assert caught.value.exit_code == 1


def test_a_file_that_vanishes_after_it_was_opened(films, tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(films("mp4").read_bytes())
    recording = open_recording(path)
    path.unlink()
    with pytest.raises(VideoError, match="no such file"):
        list(recording.frames())


def test_track_lists_recordings_that_can_not_be_read_and_finishes_the_rest(copied, short_protocol, no_pictures, films):
    sheet = copied()
    videos = sheet.parent / "videos"
    (videos / "M01_absent.mp4").unlink()
    (videos / "M01_present.mp4").write_text("no video", encoding="utf-8")
    nothing_decodes(videos, films).replace(videos / "M02_present.mp4")
    out = sheet.parent / "out"
    result = CliRunner().invoke(app, ["track", str(sheet), "--protocol", str(short_protocol), "--out", str(out)])
    assert result.exit_code == 1, result.output
    failures = read_table(out / "failures.csv").set_index("session_id")
    assert set(failures["stage"]) == {"video"}
    told = failures["error"] + " | " + failures["how_to_fix"]
    assert "found no file" in told["C1_M01_target_absent"]
    assert "not a video that can be read" in told["C1_M01_target_present"]
    assert "not one frame could be decoded" in told["C1_M02_target_present"]
    sessions = read_table(out / "sessions.csv").set_index("session_id")
    assert sessions.loc["C1_M02_target_absent", "n_frames"] == "120"


def test_track_flags_damaged_and_short_recordings(copied, short_protocol, no_pictures):
    sheet = copied("M01")
    videos = sheet.parent / "videos"
    for path, change in ((videos / "M01_absent.mp4", damage), (videos / "M01_present.mp4", shorten)):
        change(path)
    out = sheet.parent / "out"
    result = CliRunner().invoke(app, ["track", str(sheet), "--protocol", str(short_protocol), "--out", str(out)])
    assert result.exit_code == 0, result.output
    flags = read_table(out / "sessions.csv").set_index("session_id")["flags"]
    assert "damaged_frames" in flags["C1_M01_target_absent"].split(";")
    assert "short_recording" not in flags["C1_M01_target_absent"].split(";")
    assert "short_recording" in flags["C1_M01_target_present"].split(";")


def damage(path):
    """Overwrite a stretch of pictures in the middle."""
    content = bytearray(path.read_bytes())
    middle = (content.index(b"mdat") + len(content)) // 2
    content[middle : middle + 20_000] = np.random.default_rng(0).bytes(20_000)
    path.write_bytes(content)


def shorten(path):
    """Move the index to the front, as recorders that stream do, and cut the file."""
    front = path.with_suffix(".front.mp4")
    with av.open(str(path)) as source, av.open(str(front), "w", options={"movflags": "faststart"}) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    content = front.read_bytes()
    front.unlink()
    path.write_bytes(content[: int(len(content) * 0.75)])
