"""Recorders that compress, interlace, repeat, drop, wrongly stamp or write over pictures."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from csds.simulate.backdrop import Frame
from csds.simulate.clock import Clock
from csds.simulate.effect import Effect, Moment, Site, nuisance
from csds.simulate.scene import Scene

#: Share of the usual bit rate that is left: 40 of 2000 kbit/s.
_BIT_RATE_LEFT = 0.02
#: Frames that a recorder repeats when it stutters: fewest and most.
_REPEATED = (2, 12)
#: Frames lost in a short hole, seconds lost in a long one, seconds by which a clock jumps.
_LOST_FRAMES, _LOST_S, _JUMP_S = (2, 5), (0.6, 1.5), (0.7, 2.0)


@nuisance("compression", "so few bits that blocks show")
def compression(site: Site) -> Effect:
    """A fiftieth of the usual bit rate at strength 1; without effect on DV and FFV1, which have none."""
    if site.strength == 0:
        return Effect()

    def scene(scene: Scene) -> Scene:
        rate = max(8, round(scene.encoding.bitrate_kbps * _BIT_RATE_LEFT / site.strength))
        return replace(scene, encoding=replace(scene.encoding, bitrate_kbps=min(rate, scene.encoding.bitrate_kbps)))

    return Effect(scene=scene)


@nuisance("interlaced", "two fields half a frame apart are woven into each frame")
def interlaced(site: Site) -> Effect:
    """Even rows first, odd rows half a frame later at strength 1 (a whole frame at 2); coded as whole frames.

    The truth is told for the first field.
    """
    if site.strength == 0:
        return Effect()
    return Effect(clock=lambda clock: replace(clock, field_s=0.5 * site.strength / site.scene.fps))


@nuisance("repeated_frames", "the recorder stutters: it repeats a picture under new stamps, then jumps")
def repeated_frames(site: Site) -> Effect:
    """Twelve times a minute at strength 1, for 2 to 12 frames.

    The animal goes on meanwhile: the truth is where it is at a frame's stamp, not what the picture shows.
    """
    starts = site.moments(site.count(12.0))
    fewest, most = np.log(_REPEATED)
    lengths = np.round(np.exp(site.rng.uniform(fewest, most, len(starts)))).astype(int)

    def clock(clock: Clock) -> Clock:
        shown = clock.shown.copy()
        for start, length in zip(np.searchsorted(clock.due_s, starts), lengths, strict=True):
            shown[start : start + 1 + length] = shown[min(start, len(shown) - 1)]
        return replace(clock, shown=shown)

    return Effect(clock=clock)


@nuisance("dropped_frames", "frames are missing, and the stamps jump over them")
def dropped_frames(site: Site) -> Effect:
    """At strength 1 ten holes of 2 to 5 frames and two of 0.6 to 1.5 s a minute, at least one of each."""
    short, long = site.moments(site.count(10.0)), site.moments(site.count(2.0))
    frame_s = 1.0 / site.scene.fps
    starts = np.concatenate([short, long])
    lost = [site.rng.integers(_LOST_FRAMES[0], _LOST_FRAMES[1] + 1, len(short)) * frame_s]
    lengths = np.concatenate([*lost, site.rng.uniform(*_LOST_S, len(long))])

    def clock(clock: Clock) -> Clock:
        kept = np.ones(len(clock.due), bool)
        for start, length in zip(starts, lengths, strict=True):
            kept &= (clock.due_s < start) | (clock.due_s >= start + length)
        return clock.keep(kept)

    return Effect(clock=clock)


@nuisance("timestamp_gaps", "the recorder's clock jumps though no frame is missing")
def timestamp_gaps(site: Site) -> Effect:
    """Once a minute, at least once, the clock is set forward by 0.7 to 2 s at strength 1.

    So does a computer whose clock is corrected, or that stamps frames when they leave a full queue:
    the pictures go on without a break while the stamps leap. (Backwards it can't: no container takes
    stamps that fall.) The truth's times are the file's stamps, its positions those of the pictures.
    """
    jumps = site.moments(site.count(1.0))
    fps = site.scene.fps
    # Whole frames, so that containers of a constant rate can hold them too.
    sizes = np.ceil(site.rng.uniform(*_JUMP_S, len(jumps)) * site.strength * fps) / fps

    def clock(clock: Clock) -> Clock:
        late = (clock.due_s[:, None] >= jumps[None]) @ sizes
        return replace(clock, stamp_s=clock.stamp_s + late)

    return Effect(clock=clock)


@nuisance("time_overlay", "the recorder burns a running clock into the picture")
def time_overlay(site: Site) -> Effect:
    """White digits on black at the lower left, over the edge of a usual floor; larger with strength."""
    _, height = site.scene.arena.frame_size_px
    size = site.strength * height / 700.0
    left, low = round(0.04 * site.scene.arena.frame_size_px[0]), round(0.95 * height)
    bar, length = round(34 * size), round(360 * size)

    def recorder(frame: Frame, moment: Moment) -> Frame:
        if bar < 1:
            return frame
        drawn = frame.copy()
        text = f"2026-03-14 10:{int(moment.time_s // 60) % 60:02d}:{moment.time_s % 60:06.3f}"
        cv2.rectangle(drawn, (left, low - bar), (left + length, low), 16, -1)
        at = (left + 4, low - round(9 * size))
        cv2.putText(drawn, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, 235, max(1, int(2 * size)), cv2.LINE_AA)
        return drawn

    return Effect(recorder=recorder)
