"""A few well-spread frames of a recording, without decoding the whole of it."""

from __future__ import annotations

import numpy as np

from csds.video.planes import Luma, luma
from csds.video.read import Recording
from csds.video.streams import first_picture, key_picture, open_stream, picture_stamps

#: Key frames of a window that show enough of the floor; frames between them cost a second decoding.
_ENOUGH = 8


def sample_frames(
    recording: Recording, start_s: float, end_s: float, *, count: int = 24
) -> tuple[list[float], list[Luma]]:
    """Return up to ``count`` frames spread over a window, with their times.

    Key frames are used, as these decode alone: for each wanted moment the key frame at or
    before it. Only where a window holds fewer than eight key frames (a short one, or a recorder
    that hardly writes any), the frames between them are decoded as well, and evenly spread ones kept.

    Returns
    -------
    times_s : list of float
        Seconds within the recording, rising.
    frames : list of (height, width) uint8 arrays
        Copies, free to keep.
    """
    end_s = min(end_s, _end(recording, end_s))
    if np.isfinite(end_s):
        times, frames = _key_frames(recording, start_s, end_s, count)
        if len(times) >= min(count, _ENOUGH):
            return times, frames
    return _every_so_often(recording, start_s, end_s, count)


def _end(recording: Recording, needed_s: float) -> float:
    """Return when the recording ends, in s, inf where unknown; a header that claims enough is believed.

    One that claims too little is not: the packets' stamps then tell.
    """
    path, offset = recording.paths[-1], recording.offsets_s[-1]
    with open_stream(path) as (container, stream):
        length, base = container.duration, stream.time_base
    if length and length > 0 and offset + length / 1e6 >= needed_s:
        return offset + length / 1e6
    stamps = list(picture_stamps(path))
    if len(stamps) < 2 or base is None:
        return float("inf")
    return offset + (2 * stamps[-1] - stamps[-2] - stamps[0]) * float(base)


def _key_frames(recording: Recording, start_s: float, end_s: float, count: int) -> tuple[list[float], list[Luma]]:
    wanted = np.linspace(start_s, end_s, count, endpoint=False)
    size = (recording.info.height, recording.info.width)
    found: dict[float, Luma] = {}
    ends = (*recording.offsets_s[1:], np.inf)
    for path, offset, end in zip(recording.paths, recording.offsets_s, ends, strict=True):
        moments = wanted[(wanted >= offset) & (wanted < end)]
        if not len(moments):
            continue
        with open_stream(path) as (container, stream):
            stream.codec_context.skip_frame = "NONKEY"
            base, first = stream.time_base, first_picture(container, stream)
            if base is None or first is None or first.pts is None:
                continue
            seen: set[int] = set()
            for moment in moments:
                frame = key_picture(container, stream, first.pts + int((moment - offset) / base), seen)
                if frame is None or frame.pts is None:
                    continue
                seen.add(frame.pts)
                time_s = float((frame.pts - first.pts) * base) + offset
                picture = luma(frame)
                if start_s <= time_s < end_s and picture.shape == size:
                    found[time_s] = picture.copy()
    times = sorted(found)
    return times, [found[time] for time in times]


def _every_so_often(recording: Recording, start_s: float, end_s: float, count: int) -> tuple[list[float], list[Luma]]:
    """Decode the window in order and keep ``count`` frames; the window's end may lie beyond the recording's."""
    times: list[float] = []
    frames: list[Luma] = []
    step = min((end_s - start_s) / count, 0.25)
    for frame in recording.frames(start_s, end_s):
        if not times or frame.time_s >= times[-1] + step:
            times.append(frame.time_s)
            frames.append(frame.luma.copy())
        if len(times) == 2 * count:
            # Half of what was kept, twice as far apart: the spread stays even whatever the length.
            times, frames, step = times[::2], frames[::2], 2 * step
    kept = np.linspace(0, len(times) - 1, min(count, len(times))).round().astype(int)
    return [times[i] for i in kept], [frames[i] for i in kept]
