"""A few well-spread frames of a recording, without decoding the whole of it."""

from __future__ import annotations

import av.error
import numpy as np

from csds.video.read import DecodingLog, Luma, Recording, _decoded, _open, _picture_stream, luma


def sample_frames(
    recording: Recording, start_s: float, end_s: float, *, count: int = 24
) -> tuple[list[float], list[Luma]]:
    """Return up to ``count`` frames spread over a window, with their times.

    Key frames are used, as these decode alone: for each wanted moment the key frame at or
    before it. Where a window holds fewer than half of ``count`` key frames, the frames between
    them are decoded as well, and the nearest to each wanted moment kept.

    Returns
    -------
    times_s : list of float
        Seconds within the recording, rising.
    frames : list of (height, width) uint8 arrays
        Copies, free to keep.
    """
    end_s = min(end_s, _claimed_end(recording))
    times, frames = _key_frames(recording, np.linspace(start_s, end_s, count, endpoint=False), start_s)
    if len(times) * 2 < count:
        return _every_so_often(recording, start_s, end_s, count)
    return times, frames


def _claimed_end(recording: Recording) -> float:
    """Return when the file says that it ends: only a hint for where to look, as headers lie."""
    with _open(recording.paths[-1]) as container:
        length = container.duration
    return recording.offsets_s[-1] + length / 1e6 if length and length > 0 else float("inf")


def _key_frames(recording: Recording, wanted: np.ndarray, start_s: float) -> tuple[list[float], list[Luma]]:
    found: dict[float, Luma] = {}
    ends = [*recording.offsets_s[1:], np.inf]
    for path, offset, end in zip(recording.paths, recording.offsets_s, ends, strict=True):
        with _open(path) as container:
            stream = _picture_stream(container, path)
            stream.thread_type = "NONE"
            stream.codec_context.skip_frame = "NONKEY"
            base = stream.time_base
            if base is None:
                continue
            origin: int | None = None
            for moment in wanted[(wanted >= offset) & (wanted < end)]:
                if origin is None:
                    first = next(_decoded(container, stream, DecodingLog()), None)
                    if first is None or first.pts is None:
                        break
                    origin = first.pts
                try:
                    container.seek(origin + int((moment - offset) / base), stream=stream)
                except av.error.FFmpegError:
                    break
                frame = next(_decoded(container, stream, DecodingLog()), None)
                if frame is None or frame.pts is None:
                    continue
                time_s = float((frame.pts - origin) * base) + offset
                if time_s >= start_s and time_s not in found:
                    found[time_s] = luma(frame).copy()
    times = sorted(found)
    return times, [found[time] for time in times]


def _every_so_often(recording: Recording, start_s: float, end_s: float, count: int) -> tuple[list[float], list[Luma]]:
    """Decode the window in order and keep ``count`` frames; the window's end may lie beyond the recording's."""
    times: list[float] = []
    frames: list[Luma] = []
    step = min((end_s - start_s) / count, 1.0)
    for frame in recording.frames(start_s, end_s):
        if not times or frame.time_s >= times[-1] + step:
            times.append(frame.time_s)
            frames.append(frame.luma.copy())
        if len(times) == 2 * count:
            # Half of what was kept, twice as far apart: the spread stays even whatever the length.
            times, frames, step = times[::2], frames[::2], 2 * step
    return times, frames
