"""Damage in the middle and files that were cut: used as far as they go, and said."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
import pytest

from csds.errors import VideoError
from csds.video import DecodingLog, open_recording
from csds.video import read as reading

HIT = 18  # of 50 frames, with key frames at 0, 12, 24, …


def spoil(source: Path, target: Path, *, packet: int = HIT, length: int = 60) -> Path:
    """Overwrite bytes in the middle of one picture's packet with zeros, as a disk does that lost a sector.

    H.264's arithmetic code may make a picture of any bytes, zeros too; what begins a new unit cuts it off for certain.
    """
    content = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        payload = bytes(list(container.demux(video=0))[packet])
        is_h264 = container.streams.video[0].codec_context.name == "h264"
    # A stretch in the middle of it is found even where the container cuts packets up.
    third = len(payload) // 3
    at = next(i for i in (content.find(payload[third + k : third + k + length]) for k in range(0, third, 16)) if i >= 0)
    content[at : at + length] = b"\0\0\1" * (length // 3) if is_h264 else bytes(length)
    target.write_bytes(content)
    return target


def read(path, number, *args, **options):
    return [
        (round(frame.time_s * 25), frame.index, number(frame.luma))
        for frame in open_recording(path).frames(*args, **options)
    ]


@pytest.mark.parametrize("threads", [0, 1])
@pytest.mark.parametrize(
    "kind", ["h264_avi", "xvid_avi", "xvid_avi_b_frames", "mjpeg_avi", "mpeg2", "mpeg1", "wmv2", "rate_varies_mp4"]
)
def test_damaged_frames_are_skipped_and_noted_and_all_goes_on(kind, threads, films, kinds, tmp_path, number):
    path = spoil(films(kind), tmp_path / films(kind).name)
    log = DecodingLog()
    frames = list(open_recording(path).frames(threads=threads, log=log))
    times = kinds[kind].times
    assert log.damaged == pytest.approx([times[HIT]] * len(log.damaged), abs=0.13)
    assert log.damaged
    assert not log.ended_early
    # The next key frame heals what was predicted from the damaged one.
    sound = [i for i in range(50) if i < HIT - 3 or i >= 26]
    found = {frame.index: (frame.time_s, number(frame.luma)) for frame in frames}
    assert [found[i][1] for i in sound] == sound
    np.testing.assert_allclose([found[i][0] for i in sound], times[sound], atol=1e-3)
    assert len(frames) < 50


@pytest.mark.parametrize("kind", ["mp4", "mov", "mkv", "ts"])
def test_damage_to_reordered_h264_is_seen_on_one_thread(kind, films, tmp_path, number):
    # On several, FFmpeg may report a picture before it has noticed that it had to be patched.
    path = spoil(films(kind), tmp_path / films(kind).name, length=30)
    log = DecodingLog()
    frames = read(path, number, threads=1, log=log)
    assert log.damaged == pytest.approx([HIT / 25] * len(log.damaged), abs=0.13)
    assert log.damaged
    assert [row for row in frames if row[0] >= 26] == [(i, i, i) for i in range(26, 50)]
    assert read(path, number, threads=0)[-20:] == frames[-20:]


def test_numbers_and_times_of_a_window_after_damage_are_those_of_the_whole(films, tmp_path, number, monkeypatch):
    monkeypatch.setattr(reading, "_SEEK_FROM_S", 0.0)
    for kind in ("mjpeg_avi", "h264_avi", "mpeg2"):
        path = spoil(films(kind), tmp_path / films(kind).name, packet=6)
        log = DecodingLog()
        assert read(path, number, 1.6, threads=1, log=log) == [(i, i, i) for i in range(40, 50)]
        assert log.damaged == []


@pytest.mark.parametrize(
    "kind", ["mp4", "mkv", "ts", "h264_avi_b_frames", "xvid_avi_b_frames", "mjpeg_avi", "mpeg2", "wmv2", "ffv1_mkv"]
)
def test_no_damage_stops_the_reading(kind, films, tmp_path, number):
    whole = films(kind).read_bytes()
    for seed in range(4):
        chance = np.random.default_rng(seed)
        content = bytearray(whole)
        at, length = int(len(whole) * chance.uniform(0.3, 0.6)), int(chance.choice([8, 300, 3000]))
        content[at : at + length] = chance.bytes(length)
        path = tmp_path / f"{seed}{films(kind).suffix}"
        path.write_bytes(content)
        frames = list(open_recording(path).frames(threads=seed % 2))
        assert len(frames) >= 35
        assert all(a.time_s < b.time_s and a.index < b.index for a, b in itertools.pairwise(frames))
        # AVI has no stamps: a chunk whose header is lost takes its frame's time with it.
        off = 2 / 25 if path.suffix == ".avi" else 1e-3
        assert frames[-1].time_s == pytest.approx(number(frames[-1].luma) / 25, abs=off)


CUT = 0.6


@pytest.fixture
def cut(films, shoot, tmp_path):
    """Return a film that ends at 60 % of its bytes."""

    def make(kind: str) -> Path:
        if kind == "mp4":
            source = shoot(name="whole.mp4", b_frames=2, muxer_options=(("movflags", "faststart"),))
        else:
            source = films(kind)
        path = tmp_path / f"cut{source.suffix}"
        content = source.read_bytes()
        path.write_bytes(content[: int(len(content) * CUT)])
        return path

    return make


@pytest.mark.parametrize(
    "kind",
    [
        "mp4",
        "mkv",
        "ts",
        "h264_avi",
        "h264_avi_b_frames",
        "xvid_avi",
        "mjpeg_avi",
        "mpeg2",
        "wmv2",
        "ffv1_avi",
        "ffv1_mkv",
    ],
)
def test_a_cut_file_is_used_as_far_as_it_goes(kind, cut, number):
    path = cut(kind)
    frames = read(path, number, threads=1)
    assert 25 <= len(frames) <= 33
    assert [row[0] for row in frames] == [row[2] for row in frames]
    # Only of the last few may one be missing, which stood behind the cut in the file's own order.
    assert frames[:24] == [(i, i, i) for i in range(24)]
    # Whether a transport stream's last picture, cut in two, was patched is not always noticed on several threads.
    threaded = read(path, number, threads=4)
    assert abs(len(threaded) - len(frames)) <= (1 if kind == "ts" else 0)
    assert all(a == b for a, b in zip(threaded, frames, strict=False))
    assert read(path, number, 1.9) == []


def test_a_cut_mp4_is_said_to_have_ended_early(cut):
    log = DecodingLog()
    list(open_recording(cut("mp4")).frames(log=log))
    assert log == DecodingLog(damaged=[], ended_early=True)


def test_an_mp4_that_lost_its_index_is_an_error_that_says_so(films, tmp_path):
    content = films("mp4").read_bytes()
    assert content.rindex(b"moov") > len(content) / 2
    path = tmp_path / "no_index.mp4"
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(VideoError, match=r"no_index\.mp4: not a video that can be read") as caught:
        open_recording(path)
    assert "its index is missing" in caught.value.hint
