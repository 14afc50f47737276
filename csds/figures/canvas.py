"""Blank figures measured in inches, the house style, and writing pictures to disk.

Nothing here touches pyplot. The style is matplotlib's own default plus a few settings,
whatever the user's ``matplotlibrc`` says, and is in force only while a picture is made.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import cv2
import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.markers import TICKDOWN, TICKLEFT, TICKRIGHT
from matplotlib.transforms import ScaledTranslation

from csds.figures.lettering import FAMILY
from csds.figures.palette import INK, MUTED
from csds.formats.atomic import atomic_path
from csds.model.shapes import FloatArray

DPI = 130

Side = Literal["bottom", "left", "right"]

_SIDES: dict[Side, tuple[float, float, Any, dict[str, Any]]] = {
    "bottom": (0.0, -4.5, TICKDOWN, {"ha": "center", "va": "top"}),
    "left": (-4.5, 0.0, TICKLEFT, {"ha": "right", "va": "center_baseline"}),
    "right": (4.5, 0.0, TICKRIGHT, {"ha": "left", "va": "center_baseline"}),
}
"""For each side of axes: where labels stand (points), the tick's marker, how labels are aligned."""

_STYLE = {
    "font.family": [FAMILY],
    "font.size": 7.0,
    # Ids are text: a "$" in one is a dollar sign, never mathematics.
    "text.parse_math": False,
    "text.color": INK,
    # Letters as designed: hinting to the pixel grid costs a quarter of the time and gains nothing here.
    "text.hinting": "none",
    "pdf.fonttype": 42,
    "axes.linewidth": 0.6,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 7.0,
}


#: The style in force is the whole program's, so two threads can't draw at once.
_DRAWING = threading.RLock()


class BareAxes(Axes):
    """Axes that never show a grid or ticks, and so don't make any: half of what axes cost."""

    def grid(self, *_: object, **__: object) -> None:
        """Leave out the grid, with which the ticks would come."""


@contextmanager
def house_style() -> Iterator[None]:
    """Put csds's style in force for the ``with`` block, and the caller's back after it; one thread at a time."""
    with _DRAWING, matplotlib.style.context(["default", _STYLE]):
        yield


def blank_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty white figure with an Agg canvas."""
    figure = Figure(figsize=(width_in, height_in), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def axes_at(figure: Figure, *, left: float, top: float, width: float, height: float) -> Axes:
    """Return bare axes placed in inches from the figure's left and top edges."""
    figure_width, figure_height = figure.get_size_inches()
    axes = figure.add_axes(
        (
            left / figure_width,
            1 - (top + height) / figure_height,
            width / figure_width,
            height / figure_height,
        ),
        axes_class=BareAxes,
    )
    axes.set_axis_off()
    return axes


def draw_scale(axes: Axes, places: FloatArray, labels: list[str], *, side: Side, at: float) -> None:
    """Tick and label bare axes along one side: at the value ``at`` of the other direction.

    Does for a few milliseconds less what matplotlib's own axis would do.
    """
    x, y, marker, align = _SIDES[side]
    fixed = np.full(len(places), at)
    across, down = (places, fixed) if side == "bottom" else (fixed, places)
    axes.plot(
        across, down, marker=marker, linestyle="none", color=MUTED, markersize=2.5, markeredgewidth=0.6, clip_on=False
    )
    inches = axes.figure.dpi_scale_trans
    shifted = axes.transData + ScaledTranslation(x / 72, y / 72, inches)
    for mark_x, mark_y, label in zip(across, down, labels, strict=True):
        axes.text(mark_x, mark_y, label, fontsize=6.5, color=MUTED, transform=shifted, **align)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as the file type that the path's suffix names, whole or not at all."""
    with atomic_path(path) as unfinished, house_style():
        if path.suffix.lower() == ".png":
            unfinished.write_bytes(_png(figure))
        else:
            figure.savefig(unfinished, dpi=DPI)


def _png(figure: Figure) -> bytes:
    """Return a figure as PNG: OpenCV packs it in half the time that matplotlib takes, and a little less tightly."""
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    _, data = cv2.imencode(".png", cv2.cvtColor(np.asarray(canvas.buffer_rgba()), cv2.COLOR_RGBA2BGR))
    return data.tobytes()
