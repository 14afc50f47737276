"""Samples for the background: spread over the window, and without a second decoding of everything."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from csds.video import open_recording, sample_frames
from csds.video.streams import Clock

LENGTH = 200  # frames at 25/s: 8 s


@pytest.fixture(scope="session")
def long_film(film_folder):
    made = {}

    def film(kind):
        if kind not in made:
            options = {
                "mp4": {"name": "l.mp4", "b_frames": 2},
                "mkv": {"name": "l.mkv", "b_frames": 2},
                "avi": {"name": "l.avi", "codec": "mpeg4", "tag": "XVID"},
                "mpg": {"name": "l.mpg", "codec": "mpeg2video", "muxer": "vob", "b_frames": 2},
                "wmv": {"name": "l.wmv", "codec": "wmv2", "muxer": "asf"},
                "one_key": {"name": "k.mp4", "key_every": 999},
                "raw": {"name": "r.h264", "muxer": "h264"},
            }[kind]
            key_every = options.pop("key_every", 5)
            made[kind] = film_folder(count=LENGTH, key_every=key_every, **options)
        return made[kind]

    return film


@pytest.fixture
def decoded(monkeypatch):
    """Counts the pictures that come out of decoders."""
    frames = []
    place = Clock.place
    monkeypatch.setattr(Clock, "place", lambda clock, frame: frames.append(1) or place(clock, frame))
    return frames


def check(sample, number, start, end, *, least, widest, off=0):
    times, frames = sample
    assert len(times) == len(frames) >= least
    assert times == sorted(set(times))
    assert start <= times[0]
    assert times[-1] < end
    assert max(np.diff([start, *times, end])) <= widest
    # Each picture is the one of its time; in mpg, where a seek ends between stamps, of one close by.
    for time, frame in zip(times, frames, strict=True):
        assert number(frame) == pytest.approx(time * 25, abs=off + 1e-6)


@pytest.mark.parametrize("kind", ["mp4", "mkv", "avi", "mpg"])
def test_samples_are_spread_over_the_window(kind, long_film, number, decoded):
    recording = open_recording(long_film(kind))
    decoded.clear()
    off = 4 if kind == "mpg" else 0
    check(sample_frames(recording, 1.0, 7.0, count=12), number, 1.0, 7.0, least=9, widest=1.2, off=off)
    assert len(decoded) <= 30


def test_where_the_index_is_coarse_samples_are_as_far_apart_as_it_is(long_film, number, decoded):
    # wmv is indexed by the second.
    recording = open_recording(long_film("wmv"))
    decoded.clear()
    check(sample_frames(recording, 0.0, 8.0, count=6), number, 0.0, 8.0, least=5, widest=2.4)
    assert len(decoded) <= 30


def test_the_frames_are_copies(long_film):
    _, frames = sample_frames(open_recording(long_film("mp4")), 0.0, 8.0, count=8)
    assert all(frame.flags.owndata and frame.flags.writeable for frame in frames)


def test_a_window_beyond_the_end_is_sampled_where_there_is_something(long_film, number):
    check(sample_frames(open_recording(long_film("mp4")), 0.0, 150.0, count=12), number, 0.0, 8.0, least=9, widest=1.2)
    assert sample_frames(open_recording(long_film("mp4")), 20.0, 150.0, count=12) == ([], [])


@pytest.mark.parametrize("end", [7.0, 99.0])
@pytest.mark.parametrize("kind", ["one_key", "raw"])
def test_without_key_frames_or_stamps_to_seek_by_the_window_is_decoded(kind, end, long_film, number):
    recording = open_recording(long_film(kind))
    times, frames = sample_frames(recording, 1.0, end, count=12)
    assert len(times) == 12
    rate = recording.info.nominal_rate
    last = min(end, LENGTH / rate)
    assert max(np.diff([1.0, *times, last])) <= 2.5 * (last - 1.0) / 12
    assert [number(frame) for frame in frames] == [round(time * rate) for time in times]


def test_a_cut_file_is_sampled_as_far_as_it_goes(film_folder, tmp_path, number):
    whole = film_folder(name="front.mp4", count=LENGTH, key_every=5, muxer_options=(("movflags", "faststart"),))
    content = whole.read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(content[: len(content) // 2])
    end = LENGTH / 25 / 2
    check(sample_frames(open_recording(path), 0.0, 8.0, count=12), number, 0.0, end + 0.3, least=5, widest=1.2)


@pytest.mark.parametrize("claimed_s", [1.0, 60.0])
def test_a_header_that_lies_about_the_length_is_seen_through(claimed_s, long_film, tmp_path, number):
    content = bytearray(long_film("mkv").read_bytes())
    # EBML: the duration's element 4489, its size of 8 bytes, a float64 in ms.
    at = content.index(b"\x44\x89\x88") + 3
    assert struct.unpack_from(">d", content, at)[0] == pytest.approx(8000, abs=100)
    struct.pack_into(">d", content, at, 1000 * claimed_s)
    path = tmp_path / "lying.mkv"
    path.write_bytes(content)
    check(sample_frames(open_recording(path), 0.0, 8.0, count=12), number, 0.0, 8.0, least=9, widest=1.5)
    check(sample_frames(open_recording(path), 0.0, 50.0, count=12), number, 0.0, 8.0, least=6, widest=2.5)


def test_a_split_recording_is_sampled_in_all_its_parts(film_folder, number):
    parts = tuple(film_folder(name=f"part{i}.mp4", count=100, key_every=5, first=100 * i) for i in range(2))
    check(sample_frames(open_recording(parts), 1.0, 8.0, count=12), number, 1.0, 8.0, least=9, widest=1.3)
    check(sample_frames(open_recording(parts), 5.0, 8.0, count=12), number, 5.0, 8.0, least=9, widest=0.7)


def test_damaged_key_frames_are_left_out(long_film, tmp_path, number):
    content = bytearray(long_film("avi").read_bytes())
    at = content.index(b"00dc", len(content) // 2)
    content[at + 2000 : at + 9000] = np.random.default_rng(1).bytes(7000)
    path = tmp_path / "damaged.avi"
    path.write_bytes(content)
    times, frames = sample_frames(open_recording(path), 0.0, 8.0, count=12)
    assert len(times) >= 8
    assert all(abs(number(frame) - time * 25) <= 2 for time, frame in zip(times, frames, strict=True))
