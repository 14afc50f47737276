"""Frames, their numbers and their times, whatever the container and wherever the window begins."""

from __future__ import annotations

import gc
import itertools
import struct
import sys
import tracemalloc
import weakref
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csds.errors import VideoError
from csds.video import DecodingLog, open_recording, probe
from csds.video import read as reading

EVERY_KIND = [
    "mp4", "mov", "mkv", "ts", "h264_avi", "h264_avi_b_frames", "mjpeg_avi", "xvid_avi", "xvid_avi_b_frames", "dv_avi",
    "mpeg2", "mpeg1", "wmv2", "ffv1_avi", "ffv1_mkv", "rate_varies_mp4", "rate_varies_mkv", "starts_late_mkv",
]  # fmt: skip
MILLISECONDS = (".mkv", ".wmv")


def read(path, number, *args, **options):
    """Numbers, times and the numbers that stand in the pictures."""
    frames = [
        (frame.index, frame.time_s, number(frame.luma)) for frame in open_recording(path).frames(*args, **options)
    ]
    return tuple(map(list, zip(*frames, strict=True))) if frames else ([], [], [])


@pytest.mark.parametrize("threads", [0, 1])
@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_frame_comes_once_in_order_with_the_stream_s_own_time(kind, threads, films, kinds, number):
    log = DecodingLog()
    indices, times, numbers = read(films(kind), number, threads=threads, log=log)
    truth = kinds[kind].times
    if films(kind).suffix in MILLISECONDS:
        truth = np.round(truth, 3)
    assert numbers == list(range(len(truth)))
    assert indices == numbers
    assert times[0] == 0.0
    np.testing.assert_allclose(times, truth, atol=1e-4)
    assert log == DecodingLog()


@pytest.fixture
def seeks_early(monkeypatch):
    monkeypatch.setattr(reading, "_SEEK_FROM_S", 0.0)


@pytest.mark.parametrize("kind", [kind for kind in EVERY_KIND if kind != "dv_avi"])
def test_a_window_holds_what_decoding_everything_would_have_given(kind, films, number, seeks_early):
    everything = list(zip(*read(films(kind), number), strict=True))

    @settings(max_examples=5)
    @given(st.floats(0, 2.9), st.floats(0, 1.0))
    def check(start, length):
        expected = [row for row in everything if start <= row[1] < start + length]
        assert list(zip(*read(films(kind), number, start, start + length, threads=1), strict=True)) == expected

    check()


@pytest.mark.parametrize("kind", ["mp4", "mkv", "ts", "xvid_avi", "h264_avi_b_frames", "mpeg2", "rate_varies_mp4"])
def test_a_late_window_is_sought_not_decoded_from_the_beginning(kind, films, seeks_early, monkeypatch):
    decoded = []
    place = reading.Clock.place
    monkeypatch.setattr(reading.Clock, "place", lambda clock, frame: decoded.append(frame.pts) or place(clock, frame))
    recording = open_recording(films(kind))
    decoded.clear()
    first = next(recording.frames(1.7, threads=1))
    assert first.time_s == pytest.approx(1.7, abs=0.05)
    # One second of margin, a group of pictures, what the decoder holds back, and the file's first frame.
    assert len(decoded) <= 25 + 12 + 4


def test_a_group_of_pictures_longer_than_the_margin_is_decoded_from_its_key_frame(shoot, number, seeks_early):
    path = shoot(name="long.mpg", codec="mpeg2video", muxer="vob", key_every=60, count=100)
    expected = [row for row in zip(*read(path, number), strict=True) if row[1] >= 2.2]
    log = DecodingLog()
    assert list(zip(*read(path, number, 2.2, threads=1, log=log), strict=True)) == expected
    assert log.damaged == []


def test_a_window_beyond_the_end_is_empty(films, number):
    assert read(films("mp4"), number, 2.0)[0] == []
    assert read(films("mp4"), number, 60.0)[0] == []
    assert read(films("mp4"), number, 1.0, 1.0)[0] == []


def test_an_avi_header_that_lies_about_the_number_of_frames_is_ignored(films, tmp_path, number):
    content = bytearray(films("xvid_avi").read_bytes())
    at = content.index(b"avih") + 8
    # dwTotalFrames of the main header, dwLength of the stream's.
    struct.pack_into("<I", content, at + 16, 7)
    struct.pack_into("<I", content, content.index(b"strh") + 8 + 32, 60_000)
    lying = tmp_path / "lying.avi"
    lying.write_bytes(content)
    indices, times, numbers = read(lying, number)
    assert indices == numbers == list(range(50))
    np.testing.assert_allclose(times, np.arange(50) / 25)


def test_an_mp4_header_that_lies_about_its_length_is_ignored(films, tmp_path, number):
    content = bytearray(films("mp4").read_bytes())
    for box, offset in ((b"mvhd", 20), (b"mdhd", 20)):
        struct.pack_into(">I", content, content.index(box) + offset, 3)
    lying = tmp_path / "lying.mp4"
    lying.write_bytes(content)
    indices, times, numbers = read(lying, number)
    assert indices == numbers == list(range(50))
    np.testing.assert_allclose(times, np.arange(50) / 25, atol=1e-6)


def test_chunks_that_a_recorder_left_empty_take_time_but_are_no_frames(films, tmp_path, number):
    content = films("mjpeg_avi").read_bytes()
    at = content.index(b"movi")
    for _ in range(20):
        at = content.index(b"00dc", at + 1)
    size = struct.unpack_from("<I", content, at + 4)[0]
    dropped = tmp_path / "dropped.avi"
    dropped.write_bytes(content[: at + 4] + bytes(4) + content[at + 8 + size + size % 2 :])
    _, times, numbers = read(dropped, number)
    assert numbers == [i for i in range(50) if i != 19]
    np.testing.assert_allclose(times, np.array(numbers) / 25)


def test_a_stream_without_stamps_steps_on_by_its_rate(shoot, number):
    path = shoot(name="raw.h264", muxer="h264")
    indices, times, numbers = read(path, number)
    assert indices == numbers == list(range(50))
    np.testing.assert_allclose(np.diff(times), 1 / float(probe(path).nominal_rate))


def test_what_probe_tells(films):
    info = probe(films("mpeg2"))
    assert (info.width, info.height, info.codec, info.rotation) == (160, 120, "mpeg2video", 0)
    assert info.nominal_rate == pytest.approx(25)


@pytest.mark.parametrize("name", ["two words.mp4", "Κλουβί αντι-IL-4Rα.mp4", "maus 🐁.mkv"])
def test_names_with_spaces_greek_and_emoji(name, films, tmp_path, number):
    folder = tmp_path / "µάτι 🎥"
    folder.mkdir()
    path = folder / name
    path.write_bytes(films("mp4" if name.endswith("mp4") else "mkv").read_bytes())
    assert read(path, number)[2] == list(range(50))


def open_files() -> set[str]:
    return {str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="open files are listed in /proc")
def test_the_file_is_closed_when_the_reading_stops(films, seeks_early):
    path = str(films("mp4"))
    for frame in (recording := open_recording(films("mp4"))).frames():
        assert path in open_files()
        if frame.index == 3:
            break
    del frame
    gc.collect()
    assert path not in open_files()
    frames = recording.frames(1.5)
    next(frames)
    frames.close()
    assert path not in open_files()
    list(recording.frames())
    assert path not in open_files()


def test_a_file_is_free_once_its_frames_are_read(films, tmp_path):
    # On Windows an open file can be neither renamed nor deleted.
    path = tmp_path / "a.mp4"
    path.write_bytes(films("mp4").read_bytes())
    frames = open_recording(path).frames()
    kept = next(frames)
    frames.close()
    path.replace(tmp_path / "b.mp4")
    (tmp_path / "b.mp4").unlink()
    assert kept.luma.shape == (120, 160)


def test_frames_are_streamed_not_gathered(films):
    alive: list[weakref.ref] = []
    most = 0
    tracemalloc.start()
    for frame in open_recording(films("mp4")).frames(threads=1):
        alive.append(weakref.ref(frame.luma))
        most = max(most, sum(ref() is not None for ref in alive))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(alive) == 50
    assert most <= 3
    assert peak < 2_000_000


# Recordings in parts


@pytest.fixture(scope="session")
def parts(film_folder):
    """50 frames and 30 frames that go on where the first part ends, in files with B-frames."""
    return (
        film_folder(name="part 1.mp4", b_frames=2),
        film_folder(name="part 2.ts", b_frames=2, first=50, count=30),
    )


def test_a_second_part_goes_on_after_the_first(parts, number):
    indices, times, numbers = read(parts, number)
    assert indices == numbers == list(range(80))
    np.testing.assert_allclose(times, np.arange(80) / 25, atol=1e-6)
    assert open_recording(parts).offsets_s == pytest.approx((0.0, 2.0))


def test_windows_across_the_seam(parts, number, seeks_early):
    everything = list(zip(*read(parts, number), strict=True))
    for start, end in itertools.product((0.5, 1.97, 2.0, 2.5), (1.0, 2.3, 99.0)):
        expected = [row for row in everything if start <= row[1] < end]
        assert list(zip(*read(parts, number, start, end, threads=1), strict=True)) == expected


def test_damage_in_a_later_part_is_timed_within_the_recording(parts, tmp_path):
    content = bytearray(parts[1].read_bytes())
    rng = np.random.default_rng(2)
    # What the transport stream's packets of 188 bytes carry, their headers left whole: the container notices nothing.
    for packet in range(len(content) // 188 // 3, 2 * (len(content) // 188) // 3):
        content[packet * 188 + 60 : packet * 188 + 188] = rng.bytes(128)
    damaged = tmp_path / "damaged.ts"
    damaged.write_bytes(content)
    log = DecodingLog()
    times = [frame.time_s for frame in open_recording((parts[0], damaged)).frames(threads=1, log=log)]
    assert log.damaged
    assert all(2.0 < moment < 3.2 for moment in log.damaged)
    assert times[-1] == pytest.approx(79 / 25)


def test_parts_must_be_of_one_size(shoot):
    first, second = shoot(name="a.mp4"), shoot(name="b.mp4", size=(80, 60))
    with pytest.raises(VideoError, match=r"b\.mp4: is 80 × 60 pixels, but .*a\.mp4.* is 160 × 120") as caught:
        open_recording((first, second))
    assert "one recording" in caught.value.hint


def test_a_part_without_time_stamps_can_not_be_joined(shoot):
    raw, second = shoot(name="a.h264", muxer="h264"), shoot(name="b.mp4")
    with pytest.raises(VideoError, match="too few time stamps") as caught:
        open_recording((raw, second))
    assert "start_s" in caught.value.hint


def test_a_missing_part_is_named(films, tmp_path):
    with pytest.raises(VideoError, match=r"gone\.mp4: no such file"):
        open_recording((films("mp4"), tmp_path / "gone.mp4"))


def test_a_stream_that_changes_its_size_loses_those_frames(shoot, tmp_path, number):
    # Transport streams may be glued together as bytes.
    small, large = shoot(name="a.ts", size=(160, 120)), shoot(name="b.ts", size=(320, 240))
    glued = tmp_path / "glued.ts"
    glued.write_bytes(small.read_bytes() + large.read_bytes())
    log = DecodingLog()
    shapes = {frame.luma.shape for frame in open_recording(glued).frames(log=log)}
    assert shapes == {(120, 160)}


def test_another_sound_or_data_stream_is_passed_over(tmp_path, number, picture):
    path = tmp_path / "with_sound.mkv"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        video = container.add_stream("ffv1", rate=25)
        video.width, video.height, video.pix_fmt = 160, 120, "gray"
        for i in range(10):
            samples = av.AudioFrame.from_ndarray(np.zeros((1, 320), np.int16), format="s16", layout="mono")
            samples.sample_rate, samples.pts = 8000, 320 * i
            container.mux(sound.encode(samples))
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture(i, (160, 120)), format="gray")))
        for stream in (sound, video):
            container.mux(stream.encode(None))
    assert read(path, number)[2] == list(range(10))


def test_times_never_stand_still_or_go_back(films, tmp_path):
    # Two transport streams glued: the second begins again at the first one's time.
    content = films("ts").read_bytes()
    glued = tmp_path / "twice.ts"
    glued.write_bytes(content + content)
    times = [frame.time_s for frame in open_recording(glued).frames()]
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
