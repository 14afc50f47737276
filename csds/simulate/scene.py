"""What a simulated recording shows: plain, frozen descriptions, checked when they are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from csds.errors import SimulationError
from csds.model.arena import Arena
from csds.model.shapes import Circle, FloatArray, Rectangle
from csds.simulate.box import Box
from csds.simulate.staging import Staging

Enclosure = Rectangle | Circle
Coat = Literal["black", "white"]
Light = Literal["white", "infrared"]
Wall = Literal["top", "right", "bottom", "left"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nuisance:
    """Something that disturbs a recording, by its registered name; strength 0 is none, 1 is usual."""

    name: str
    strength: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How a recording is written. The container follows from the file's suffix.

    Parameters
    ----------
    codec : str
        ``h264``, ``mpeg4`` (as Xvid), ``mjpeg``, ``dv``, ``mpeg2``, ``wmv2`` or ``ffv1``.
    bitrate_kbps : int
        Mean bit rate that the encoder aims at; without meaning for ``dv`` and ``ffv1``.
    keyframe_every : int
        Frames from one key frame to the next.
    preset : str
        The H.264 encoder's own balance of its speed and the quality for a bit rate.
    suffix : str
        Suffix that fits the codec, for names that csds chooses.
    """

    codec: str = "h264"
    bitrate_kbps: int = 2000
    keyframe_every: int = 120
    preset: str = "ultrafast"
    suffix: str = ".mp4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How regular the time stamps are.

    Parameters
    ----------
    jitter : float
        Standard deviation of each interval as a share of the nominal one (cut at ± 0.8).
    dropped_stretches : int
        Number of holes in the recording, spread over its length.
    dropped_s : (shortest, longest)
        Length of a hole in seconds.
    """

    jitter: float = 0.0
    dropped_stretches: int = 0
    dropped_s: tuple[float, float] = (0.6, 1.4)

    @property
    def is_constant(self) -> bool:
        """True if every interval is the nominal one."""
        return self.jitter == 0.0 and self.dropped_stretches == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One recording of one subject in one room.

    Two scenes of the same ``seed`` show the same room (texture, droppings); the subject's path
    differs between ``target_present`` True and False, as in the two phases of a test.

    Parameters
    ----------
    arena : Arena
        Where the floor lies in the picture; also gives the frame's size.
    enclosure : Rectangle, Circle or None
        Outline of the target's enclosure in arena cm.
    target_present : bool
        Whether a white mouse moves in the enclosure.
    behaviour : str
        Name in `csds.simulate.motion.BEHAVIOURS`.
    place : str
        Where a still subject sits and others start: ``far_left``, ``far_right``, ``near_left``,
        ``near_right``, ``beside_enclosure`` or ``middle``.
    coat : str
        ``black`` or ``white``.
    body_length_cm : float
        Nose to tail root.
    fps, duration_s : float
        Nominal frame rate and length.
    floor_grey, wall_grey, outside_grey : float
        Grey levels (0 to 255) under even light.
    light : str
        ``white``, or ``infrared``: dim, and black fur no longer black.
    noise_sigma : float
        Standard deviation of the sensor's noise, grey levels.
    vignette : float
        Share of the light that is lost in the frame's corners.
    shadow : float
        Darkness of the soft shadow around the subject, 0 to 1.
    box : Box or None
        The box in perspective; its camera must be the arena's (see `csds.simulate.box.Box.arena`).
        Without one, walls are seen as from very high above.
    staging : Staging or None
        The course of a recording that shows more than the trial: made by `csds.simulate.course.stage`,
        which also sets ``duration_s``.
    """

    arena: Arena
    enclosure: Enclosure | None
    target_present: bool = False
    behaviour: str = "explore"
    place: str = "middle"
    coat: Coat = "black"
    body_length_cm: float = 8.6
    fps: float = 30.0
    duration_s: float = 90.0
    floor_grey: float = 150.0
    wall_grey: float = 82.0
    outside_grey: float = 48.0
    light: Light = "white"
    noise_sigma: float = 2.5
    vignette: float = 0.2
    shadow: float = 0.18
    encoding: Encoding = field(default_factory=Encoding)
    timing: Timing = field(default_factory=Timing)
    box: Box | None = None
    staging: Staging | None = None
    nuisances: tuple[Nuisance, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what can't be filmed."""
        if not (self.fps > 0 and self.duration_s * self.fps >= 1):
            raise SimulationError(
                f"expected a positive frame rate and at least one frame, found fps {self.fps} "
                f"and duration {self.duration_s} s",
                hint="raise duration_s or fps",
            )
        if not 5.0 <= self.body_length_cm <= 12.0:
            raise SimulationError(
                f"expected a body length (nose to tail root) of 5 to 12 cm, found {self.body_length_cm}",
                hint="adult C57BL/6J mice measure 8 to 9 cm",
            )
        width, height = self.arena.frame_size_px
        if width % 2 or height % 2:
            raise SimulationError(
                f"expected a frame of even width and height (yuv420p), found {width} × {height}",
                hint="choose an even frame size",
            )

    @property
    def phase(self) -> str:
        """``target_present`` or ``target_absent``, or ``both`` for one recording of both."""
        if self.staging is not None and len(self.staging.stays) > 1:
            return "both"
        return "target_present" if self.target_present else "target_absent"

    def random(self, purpose: str) -> np.random.Generator:
        """Return the generator for one purpose: ``room`` is the same in both phases, all others differ."""
        streams = {"room": 0, "timing": 1, "subject": 2, "target": 3, "noise": 4, "nuisance": 5, "staging": 6}
        phase = 0 if purpose == "room" else 1 + int(self.target_present)
        # Animals of one frame share its seed, and with it the frame's time stamps and noise.
        own = (
            []
            if self.arena.name == "A" or purpose not in {"subject", "target", "staging"}
            else [*self.arena.name.encode()]
        )
        return np.random.default_rng([self.seed, streams[purpose], phase, *own])


def frame_times(scene: Scene) -> FloatArray:
    """Return the time of each frame in seconds, the first at 0.

    Examples
    --------
    >>> arena = Arena(
    ...     name="A",
    ...     shape="rectangle",
    ...     width_cm=42,
    ...     height_cm=42,
    ...     frame_size_px=(640, 480),
    ...     corners_px=corners((640, 480)),
    ... )
    >>> frame_times(Scene(arena=arena, enclosure=None, fps=10, duration_s=0.3)).tolist()
    [0.0, 0.1, 0.2]
    """
    count = max(1, round(scene.duration_s * scene.fps))
    if scene.timing.is_constant:
        return np.arange(count) / scene.fps
    rng = scene.random("timing")
    wobble = np.clip(rng.normal(0.0, scene.timing.jitter, count), -0.8, 0.8)
    times = np.concatenate([[0.0], np.cumsum((1.0 + wobble) / scene.fps)[:-1]])
    kept = times < scene.duration_s
    for start, length in _holes(scene, rng):
        kept &= (times <= start) | (times >= start + length)
    kept[0] = True
    return np.asarray(times[kept], float)


def _holes(scene: Scene, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Return start and length in seconds of the stretches that the recorder drops."""
    holes = scene.timing.dropped_stretches
    edges = np.linspace(0.05, 0.90, holes + 1) * scene.duration_s
    starts = rng.uniform(edges[:-1], edges[1:])
    return list(zip(starts.tolist(), rng.uniform(*scene.timing.dropped_s, holes).tolist(), strict=True))


def corners(
    frame_size_px: tuple[int, int],
    *,
    wall: Wall = "top",
    margin: float = 0.09,
    turn_deg: float = 0.0,
    tilt: float = 0.0,
) -> tuple[tuple[float, float], ...]:
    """Return ``corners_px`` of a square floor in the middle of the frame.

    Parameters
    ----------
    frame_size_px : (width, height)
    wall : str
        The picture's side at which the enclosure stands.
    margin : float
        Share of the frame's shorter side left free above and below.
    turn_deg : float
        Rotation of the floor, clockwise in the image.
    tilt : float
        Perspective: how much shorter the upper side is than the lower one, as a share.

    Examples
    --------
    >>> [tuple(round(v) for v in xy) for xy in corners((640, 480), wall="left", margin=0.1)]
    [(128, 432), (128, 48), (512, 48), (512, 432)]
    """
    width, height = frame_size_px
    half = (0.5 - margin) * min(width, height)
    square = half * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float)
    square[:, 0] *= 1.0 + tilt * square[:, 1] / half / 2.0
    angle = np.deg2rad(turn_deg)
    rotation = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    placed = square @ rotation.T + np.array([width / 2, height / 2])
    first = {"top": 0, "right": 1, "bottom": 2, "left": 3}[wall]
    return tuple((float(x), float(y)) for x, y in np.roll(placed, -first, axis=0))
