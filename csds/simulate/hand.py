"""A gloved hand that reaches in: its shape from above, its way, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from csds.model.arena import Arena
from csds.model.shapes import FloatArray
from csds.simulate.backdrop import Frame, Image, bounding_crop
from csds.simulate.greys import BLACK_LEVEL, LIGHT_GAIN
from csds.simulate.painting import to_frame
from csds.simulate.scene import Light

#: cm; from the finger tips to the wrist, to the sleeve's hem, and to far beyond any picture.
_WRIST_CM, _HEM_CM, _SHOULDER_CM = 16.0, 21.0, 160.0
#: Fingers and thumb: where they begin at the palm and end (cm from the grip, the arm along x), and half-width.
_FINGERS = (
    ((8.2, -3.4), (1.4, -2.0), 0.85),
    ((7.2, -1.3), (-0.4, -0.9), 0.95),
    ((7.2, 0.9), (-0.5, 0.3), 0.95),
    ((8.0, 2.9), (0.6, 1.3), 0.9),
    ((11.0, 4.2), (3.0, 3.6), 1.05),
)
#: cm; how far the finger tips reach beyond what the hand holds.
_GRIP_CM = 3.0
#: The palm's outline, cm.
_PALM = np.array(
    [
        (6.6, -3.9),
        (9.5, -4.5),
        (13.0, -4.0),
        (16.0, -3.1),
        (16.0, 3.1),
        (13.5, 4.2),
        (10.5, 5.0),
        (7.6, 3.9),
        (6.4, 0.0),
    ]
)
#: A hand above the floor is nearer to the camera: its size, and that while it is carried in.
_NEAR, _NEARER = 1.08, 1.22
#: Softness and shift of the hand's shadow in cm, and the share of the light that it takes.
_SHADOW_CM, _SHADOW_SHIFT_CM, _SHADOW_DEPTH = 1.6, (1.6, 2.2), 0.28


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A hand's way in, its stay at one point, and its way out.

    Parameters
    ----------
    start_s, touch_s, leave_s, end_s : float
        Times at which it sets out from beyond the frame, arrives, leaves and is out again.
    contact_px : (x, y)
        What it reaches for.
    from_px : (x, y)
        From where it comes, beyond the frame.
    px_per_cm : float
    """

    start_s: float
    touch_s: float
    leave_s: float
    end_s: float
    contact_px: tuple[float, float]
    from_px: tuple[float, float]
    px_per_cm: float

    def is_seen(self, time_s: float) -> bool:
        """Return True while the hand is on its way or at its point."""
        return self.start_s < time_s < self.end_s

    def nearness(self, time_s: float) -> float:
        """Return the share of its way in that the hand has behind it: 0 beyond the frame, 1 at its point."""
        if time_s < self.touch_s:
            return _ease((time_s - self.start_s) / (self.touch_s - self.start_s))
        return 1.0 - _ease((time_s - self.leave_s) / (self.end_s - self.leave_s))

    def shift_px(self, time_s: float) -> FloatArray:
        """Return how far the hand is from its point, (2,)."""
        way = np.array(self.from_px) - np.array(self.contact_px)
        away = 1.0 - self.nearness(time_s)
        # Nobody reaches along a ruler.
        aside = 0.06 * np.sin(np.pi * away) * np.array([-way[1], way[0]])
        return np.asarray(away * way + aside, float)

    def layers(self, time_s: float, glove: float, sleeve: float) -> list[tuple[FloatArray, float]]:
        """Return the hand's outlines in pixels, each with its grey, the later over the earlier."""
        way = np.array(self.from_px) - np.array(self.contact_px)
        along = way / np.hypot(*way)
        axes = np.array([along, (-along[1], along[0])])
        size = self.px_per_cm * (_NEARER - (_NEARER - _NEAR) * self.nearness(time_s))
        tip = np.array(self.contact_px) + self.shift_px(time_s)
        return [(tip + size * outline @ axes, grey) for outline, grey in _hand(glove, sleeve)]


def _hand(glove: float, sleeve: float) -> list[tuple[FloatArray, float]]:
    arm = np.array([(_WRIST_CM - 0.5, -3.0), (_SHOULDER_CM, -6.0), (_SHOULDER_CM, 6.0), (_WRIST_CM - 0.5, 3.0)])
    cloth = np.array([(_HEM_CM, -4.0), (_SHOULDER_CM, -8.0), (_SHOULDER_CM, 8.0), (_HEM_CM + 0.8, 4.0)])
    layers = [(arm, 0.9 * glove), (cloth, sleeve), (cloth * (1.0, 0.45), 1.1 * sleeve)]
    for number, (root, tip, half) in enumerate(_FINGERS):
        layers.append((_capsule(np.array(root), np.array(tip), half), (0.88 + 0.05 * (number % 3)) * glove))
    palm = _PALM - (11.0, 0.0)
    layers += [(_PALM, glove), (palm * 0.6 + (11.0, 0.0), min(1.08 * glove, 235.0))]
    return [(outline - (_GRIP_CM, 0.0), grey) for outline, grey in layers]


def _capsule(root: FloatArray, tip: FloatArray, half: float) -> FloatArray:
    along = (tip - root) / np.hypot(*(tip - root))
    across = np.array([-along[1], along[0]])
    turn = np.linspace(np.pi / 2, -np.pi / 2, 9)
    end = tip + 0.8 * half * (np.cos(turn)[:, None] * along + np.sin(turn)[:, None] * across)
    return np.concatenate([[root + half * across], end, [root - half * across]])


def draw_hand(image: Frame, layers: list[tuple[FloatArray, float]], px_per_cm: float, light: Light) -> None:
    """Draw a hand with its shadow into a picture, in place.

    Parameters
    ----------
    image : (height, width) uint8 array
    layers : list of (outline, grey)
        As `Reach.layers` gives them.
    px_per_cm : float
    light : str
    """
    height, width = image.shape
    outlines = np.concatenate([outline for outline, _ in layers])
    crop = bounding_crop(outlines, (width, height), scale=2, margin=round(6 * px_per_cm))
    if crop is None:
        return
    share, grey = crop.paint(layers)
    right, down = _SHADOW_SHIFT_CM
    shift = np.array([(1, 0, right * px_per_cm), (0, 1, down * px_per_cm)], np.float32)
    # A soft shadow needs no sharp pixels: a quarter of the size each way.
    size = max(1, crop.width // 4), max(1, crop.height // 4)
    moved = cv2.warpAffine(share, shift, (crop.width, crop.height), borderMode=cv2.BORDER_REPLICATE)
    small = cv2.GaussianBlur(cv2.resize(moved, size, interpolation=cv2.INTER_AREA), (0, 0), _SHADOW_CM * px_per_cm / 4)
    soft = cv2.resize(small, (crop.width, crop.height), interpolation=cv2.INTER_LINEAR)
    part = image[crop.window] * (1.0 - _SHADOW_DEPTH * np.asarray(soft, np.float32))
    lit: Image = np.asarray(LIGHT_GAIN[light] * grey + BLACK_LEVEL[light] * share, np.float32)
    image[crop.window] = to_frame(np.asarray(part * (1.0 - share) + lit, np.float32))


def is_over_floor(reach: Reach, arena: Arena, time_s: float) -> bool:
    """Return True where some of the hand or arm is seen over the arena's floor."""
    if not reach.is_seen(time_s):
        return False
    for outline, _ in reach.layers(time_s, 1.0, 1.0):
        # The arm's outline has long sides: points every fraction of a cm are needed on them.
        ends = np.roll(outline, -1, axis=0)
        share = np.linspace(0.0, 1.0, 60)[:, None, None]
        points = (outline + share * (ends - outline)).reshape(-1, 2)
        width, height = arena.frame_size_px
        near = (np.abs(points - (width / 2, height / 2)) < (width, height)).all(axis=1)
        x, y = arena.to_cm(points[near, 0], points[near, 1])
        if (arena.floor.distance(x, y) <= 0).any():
            return True
    return False


def clear_s(reach: Reach, arena: Arena) -> float:
    """Return the time from which nothing of the withdrawing hand is over the arena's floor any more."""
    low, high = reach.leave_s, reach.end_s
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if is_over_floor(reach, arena, middle) else (low, middle)
    return high


def reach_from(side: int, arena: Arena, contact_cm: tuple[float, float], times: tuple[float, float, float, float],
               slant: float) -> Reach:  # fmt: skip
    """Return a reach to a point of the floor from one side of the picture (0 right, 1 below, 2 left, 3 above).

    Parameters
    ----------
    side : int
    arena : Arena
    contact_cm : (x, y)
        In arena cm.
    times : (start, touch, leave, end)
        Seconds.
    slant : float
        How far the arm's direction is from the straight one to that side, rad.
    """
    x, y = arena.to_px(*contact_cm)
    contact = np.array([float(x), float(y)])
    angle = side * np.pi / 2 + slant
    along = np.array([np.cos(angle), np.sin(angle)])
    width, height = arena.frame_size_px
    room = np.array([(width if along[0] > 0 else 0.0) - contact[0], (height if along[1] > 0 else 0.0) - contact[1]])
    far = float(np.min(room / np.where(np.abs(along) < 1e-6, 1e-6, along))) + 8.0 * arena.px_per_cm
    start = contact + far * along
    return Reach(
        start_s=times[0],
        touch_s=times[1],
        leave_s=times[2],
        end_s=times[3],
        contact_px=(float(contact[0]), float(contact[1])),
        from_px=(float(start[0]), float(start[1])),
        px_per_cm=arena.px_per_cm,
    )


def _ease(share: float) -> float:
    """Return a smooth step from 0 to 1 (least jerk: Flash and Hogan 1985, doi:10.1523/JNEUROSCI.05-07-01688.1985)."""
    u = min(max(share, 0.0), 1.0)
    return u**3 * (10.0 - 15.0 * u + 6.0 * u**2)
