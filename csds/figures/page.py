"""What a picture is made of: marks on a page, each measured as the panel is in which it stands.

Nothing is painted here: `csds.figures.canvas` does that. A page can be asked what it shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from csds.figures.lettering import Weight, text_width_in
from csds.figures.palette import INK
from csds.model.shapes import FloatArray

Across = Literal["left", "center", "right"]
Down = Literal["baseline", "top", "center", "bottom"]
Side = Literal["bottom", "left", "right"]

_BASELINES: dict[Down, float] = {"baseline": 0.0, "top": 0.76, "center": 0.36, "bottom": -0.24}
"""How far below a text's anchor its baseline lies, in its size: as high as letters rise, and as low as they reach."""
_ACROSS: dict[Across, float] = {"left": 0.0, "center": 0.5, "right": 1.0}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Lines:
    """Polylines of (n, 2) points with one colour each, or one for all; round ends unless ``butt``.

    ``dash_pt`` are the lengths of dashes and gaps; beyond ``within``, if given, nothing is drawn.
    """

    lines: tuple[FloatArray, ...]
    colours: tuple[str, ...]
    width_pt: float
    z: float = 2.0
    name: str = ""
    alpha: float = 1.0
    butt: bool = False
    dash_pt: tuple[float, float] | None = None
    within: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Areas:
    """Disjoint polygons, filled or outlined, and only drawn ``within`` another where that is given."""

    outlines: tuple[FloatArray, ...]
    face: str = ""
    edge: str = ""
    width_pt: float = 1.0
    z: float = 1.0
    name: str = ""
    alpha: float = 1.0
    within: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pixels:
    """An image, (h, w) grey or (h, w, 3) RGB, between left, top, right and bottom."""

    pixels: NDArray[np.uint8]
    extent: tuple[float, float, float, float]
    z: float = 0.0
    name: str = ""
    within: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Dots:
    """Filled circles, or squares, around (n, 2) points; the edge, if any, lies half without."""

    points: FloatArray
    size_pt: float
    face: str
    edge: str = ""
    edge_pt: float = 1.0
    square: bool = False
    z: float = 2.0
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Text:
    """A line of printable text at a place; ``shift_pt`` moves it right and down, ``upright`` turns it left."""

    place: tuple[float, float]
    text: str
    size_pt: float = 7.0
    weight: Weight = "normal"
    colour: str = INK
    across: Across = "left"
    down: Down = "baseline"
    shift_pt: tuple[float, float] = (0.0, 0.0)
    halo: str = ""
    halo_pt: float = 1.0
    upright: bool = False
    z: float = 3.0
    name: str = ""


Mark = Lines | Areas | Pixels | Dots | Text


@dataclass(slots=True, eq=False)
class Page:
    """White paper and all that stands on it."""

    width_in: float
    height_in: float
    marks: list[tuple[Panel, Mark]] = field(default_factory=list)

    @property
    def paper(self) -> Panel:
        """The whole page, measured in inches from its top left."""
        size = (self.width_in, self.height_in)
        return Panel(page=self, box=(0.0, 0.0, *size), x=(0.0, size[0]), y=(0.0, size[1]))

    def named(self, name: str) -> list[Mark]:
        """Return the marks of a name."""
        return [mark for _, mark in self.marks if mark.name == name]

    def texts(self) -> list[str]:
        """Return all that is written."""
        return [mark.text for _, mark in self.marks if isinstance(mark, Text)]

    def text_boxes(self) -> list[tuple[float, float, float, float]]:
        """Return left, top, right and bottom, in inches, of all that is written."""
        return [text_box(panel, mark) for panel, mark in self.marks if isinstance(mark, Text) and mark.text]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Panel:
    """A part of a page with measures of its own; what is drawn may reach beyond it.

    ``box`` is its left, top, width and height in inches; ``x`` its values at the left and right side, ``y`` at
    the top and bottom.
    """

    page: Page
    box: tuple[float, float, float, float]
    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (1.0, 0.0)

    def add(self, mark: Mark) -> None:
        """Put a mark on the page, measured as this panel is."""
        self.page.marks.append((self, mark))

    def inches(self, points: FloatArray) -> FloatArray:
        """Return (n, 2) points of the panel in inches from the page's top left."""
        left, top, width, height = self.box
        x = left + (points[:, 0] - self.x[0]) / (self.x[1] - self.x[0]) * width
        y = top + (points[:, 1] - self.y[0]) / (self.y[1] - self.y[0]) * height
        return np.column_stack([x, y])


def text_start(panel: Panel, mark: Text) -> tuple[float, float]:
    """Return where a text's baseline starts, in inches; ``upright`` text runs upwards from there."""
    ((x, y),) = panel.inches(np.array([mark.place], float))
    x, y = x + mark.shift_pt[0] / 72, y + mark.shift_pt[1] / 72
    width = text_width_in(mark.text, mark.size_pt, mark.weight)
    below = _BASELINES[mark.down] * mark.size_pt / 72
    if mark.upright:
        return float(x + _BASELINES["top"] * mark.size_pt / 72), float(y + width / 2)
    return float(x - _ACROSS[mark.across] * width), float(y + below)


def text_box(panel: Panel, mark: Text) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a text in inches, as high as letters can be."""
    x, y = text_start(panel, mark)
    width = text_width_in(mark.text, mark.size_pt, mark.weight)
    up, down = (abs(_BASELINES[side]) * mark.size_pt / 72 for side in ("top", "bottom"))
    return (x - up, y - width, x + down, y) if mark.upright else (x, y - up, x + width, y + down)
