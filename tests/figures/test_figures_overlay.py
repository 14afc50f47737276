"""The annotated video holds every frame at its own time, with marks where the track says."""

from __future__ import annotations

import weakref
from itertools import pairwise

import av
import numpy as np
import pandas as pd
import pytest

from csds.errors import ResultsError, VideoError
from csds.figures.overlay_video import OverlayPlan, annotate_frame, write_overlay_video

HEIGHT, WIDTH = 480, 640


@pytest.fixture
def plan(arena, zones, track) -> OverlayPlan:
    return OverlayPlan(
        arena=arena, zones=zones, track=track, durations_s=np.full(len(track), 0.1), title="M01 α \N{TEST TUBE} $x$"
    )


def frames(times, height=HEIGHT, width=WIDTH, first=30):
    luma = np.full((height, width), 180, np.uint8)
    return ((float(time), luma, first + i) for i, time in enumerate(times))


def read(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        found = [(float(frame.time), frame.width, frame.height) for frame in container.decode(stream)]
        return stream.codec_context.name, stream.codec_context.pix_fmt, found


def test_all_frames_arrive_at_their_own_times(plan, tmp_path) -> None:
    times = [0.0, 0.1, 0.2, 0.75, 0.8, 2.0]
    path = tmp_path / "Überlagerung α.mp4"
    assert write_overlay_video(frames(times), path, plan, rate=10.0) == 6
    codec, pixels, found = read(path)
    assert (codec, pixels) == ("h264", "yuv420p")
    assert [time for time, *_ in found] == pytest.approx(times, abs=1e-4)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("height", "width"), [(481, 639), (404, 416), (97, 101)])
def test_any_size_is_made_even(plan, tmp_path, height, width) -> None:
    write_overlay_video(frames([0.0], height, width), tmp_path / "a.mp4", plan)
    ((_, got_width, got_height),) = read(tmp_path / "a.mp4")[2]
    assert got_width == width + width % 2
    assert got_height % 2 == 0
    assert got_height > height


def test_stamps_that_do_not_rise_are_left_out(plan, tmp_path) -> None:
    assert write_overlay_video(frames([0.0, 0.1, 0.1, 0.05, 0.2]), tmp_path / "a.mp4", plan) == 3


def test_frames_are_taken_one_by_one(plan, tmp_path) -> None:
    """No more than a handful of frames is alive at once."""
    made: list[weakref.ref[np.ndarray]] = []
    alive = []

    def stream():
        for i in range(40):
            luma = np.full((HEIGHT, WIDTH), 180, np.uint8)
            made.append(weakref.ref(luma))
            alive.append(sum(reference() is not None for reference in made))
            yield i / 10, luma, 30 + i

    write_overlay_video(stream(), tmp_path / "a.mp4", plan)
    assert max(alive) <= 3


def marks(image: np.ndarray) -> np.ndarray:
    """Return where the picture has the yellow of trail and centre, which no outline has."""
    picture = image[:HEIGHT].astype(int)
    return (picture[..., 2] > 240) & (picture[..., 1] > 180) & (picture[..., 0] < 100)


def marked(image: np.ndarray) -> tuple[float, float]:
    """Return the mean place of the marks."""
    rows, columns = np.nonzero(marks(image))
    return float(columns.mean()), float(rows.mean())


def test_the_centre_is_marked_where_the_track_says(plan, track) -> None:
    still = OverlayPlan(arena=plan.arena, zones=(), track=track, durations_s=plan.durations_s, trail_s=0.0)
    image = annotate_frame(np.full((HEIGHT, WIDTH), 180, np.uint8), 30 + 25, 2.5, still)
    x, y = plan.arena.to_px(track.loc[25, "x_cm"], track.loc[25, "y_cm"])
    # The line to the nose, to the right, covers a few of the centre's pixels.
    assert marked(image) == pytest.approx((float(x), float(y)), abs=1.0)


def test_a_frame_without_a_position_has_no_marks(plan) -> None:
    luma = np.full((HEIGHT, WIDTH), 180, np.uint8)
    unknown = annotate_frame(luma, 30 + 60, 6.0, plan)
    absent = annotate_frame(luma, 9999, 6.0, plan)
    assert not marks(unknown).any()
    assert not marks(absent).any()


def test_the_trail_never_bridges_a_gap(plan, track) -> None:
    """Just behind the gap the trail begins there, however long it may be."""
    long = OverlayPlan(arena=plan.arena, zones=(), track=track, durations_s=plan.durations_s, trail_s=60.0)
    image = annotate_frame(np.full((HEIGHT, WIDTH), 180, np.uint8), 30 + 70, 7.0, long)
    x, y = plan.arena.to_px(track.loc[70, "x_cm"], track.loc[70, "y_cm"])
    assert marked(image) == pytest.approx((float(x), float(y)), abs=1.0)


def test_the_zone_the_animal_is_in_is_tinted(arena, zones, track) -> None:
    inside = track.assign(in_interaction=True)
    luma = np.full((HEIGHT, WIDTH), 180, np.uint8)
    spot = tuple(int(v) for v in np.round(arena.to_px(11.0, 12.0)))[::-1]

    def colour(table: pd.DataFrame) -> np.ndarray:
        plan = OverlayPlan(arena=arena, zones=zones, track=table, durations_s=np.full(len(table), 0.1))
        return annotate_frame(luma, 30, 0.0, plan)[spot].astype(int)

    assert colour(track).tolist() == [180, 180, 180]
    assert colour(inside)[1] > colour(inside)[2] + 20


def test_the_band_tells_the_time(plan) -> None:
    luma = np.full((HEIGHT, WIDTH), 180, np.uint8)
    bands = [annotate_frame(luma, 30, time, plan)[HEIGHT:] for time in (0.0, 0.04, 3.0)]
    assert np.array_equal(bands[0], bands[1])
    assert not np.array_equal(bands[0], bands[2])


def test_dim_frames_are_brightened_and_bright_ones_left(plan) -> None:
    dim = annotate_frame(np.full((HEIGHT, WIDTH), 40, np.uint8), 9999, 0.0, plan)
    bright = annotate_frame(np.full((HEIGHT, WIDTH), 180, np.uint8), 9999, 0.0, plan)
    assert dim[5, 5].tolist() == [160, 160, 160]
    assert bright[5, 5].tolist() == [180, 180, 180]


@pytest.mark.parametrize("kind", ["empty", "nowhere", "bare"])
def test_poor_tracks_are_drawn(plan, track, kind, tmp_path) -> None:
    table = {
        "empty": track.iloc[:0],
        "nowhere": track.assign(x_cm=np.nan, y_cm=np.nan, nose_x_cm=np.nan),
        "bare": track[["frame", "time_s", "x_cm", "y_cm"]],
    }[kind]
    poor = OverlayPlan(arena=plan.arena, zones=plan.zones, track=table, durations_s=np.full(len(table), 0.1))
    assert write_overlay_video(frames([0.0, 0.1]), tmp_path / "a.mp4", poor) == 2


def test_no_frame_is_an_error_and_leaves_no_file(plan, tmp_path) -> None:
    with pytest.raises(VideoError, match="at least one frame") as caught:
        write_overlay_video(iter(()), tmp_path / "a.mp4", plan)
    assert "duration_s" in caught.value.hint
    assert not list(tmp_path.iterdir())


def test_frames_of_two_sizes_are_an_error_and_leave_no_file(plan, tmp_path) -> None:
    mixed = [(0.0, np.zeros((48, 64), np.uint8), 0), (0.1, np.zeros((96, 64), np.uint8), 1)]
    with pytest.raises(VideoError, match="frame 1 of the window is 64") as caught:
        write_overlay_video(mixed, tmp_path / "a.mp4", plan)
    assert caught.value.hint
    assert not list(tmp_path.iterdir())


def test_an_interrupted_video_leaves_no_file(plan, tmp_path) -> None:
    def interrupted():
        yield from frames([0.0, 0.1])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_overlay_video(interrupted(), tmp_path / "a.mp4", plan)
    assert not list(tmp_path.iterdir())


def test_a_video_that_cannot_be_written_is_an_error(plan, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError):
        write_overlay_video(frames([0.0]), tmp_path / "file" / "a.mp4", plan)


def test_counters_add_up_the_durations(arena, zones, track) -> None:
    """Two bands differ once the animal has been in a zone for a tenth of a second more."""
    inside = track.assign(in_corners=track["time_s"] < 1.0)
    plan = OverlayPlan(arena=arena, zones=zones, track=inside, durations_s=np.full(len(track), 0.1))
    luma = np.full((HEIGHT, WIDTH), 180, np.uint8)
    bands = [annotate_frame(luma, 30 + row, 0.0, plan)[HEIGHT:] for row in (8, 9, 12, 20)]
    changed = [not np.array_equal(a, b) for a, b in pairwise(bands)]
    assert changed == [True, True, False]
