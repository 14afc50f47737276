"""Blank figures measured in inches, the house style, and writing pictures to disk.

Nothing here touches pyplot. The style is matplotlib's own default plus a few settings,
whatever the user's ``matplotlibrc`` says, and is in force only while a picture is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from csds.figures.lettering import FAMILY
from csds.figures.palette import INK, MUTED
from csds.formats.atomic import atomic_path

DPI = 130

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
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Put csds's style in force for the ``with`` block, and the caller's back after it."""
    with matplotlib.style.context(["default", _STYLE]):
        yield


def blank_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty white figure with an Agg canvas."""
    figure = Figure(figsize=(width_in, height_in), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def axes_at(figure: Figure, *, left: float, top: float, width: float, height: float) -> Axes:
    """Return axes placed in inches from the figure's left and top edges."""
    figure_width, figure_height = figure.get_size_inches()
    return figure.add_axes(
        (
            left / figure_width,
            1 - (top + height) / figure_height,
            width / figure_width,
            height / figure_height,
        )
    )


def bare(axes: Axes) -> Axes:
    """Take frame and ticks off axes, and return them."""
    axes.set_axis_off()
    return axes


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as the file type that the path's suffix names, whole or not at all."""
    with atomic_path(path) as unfinished, house_style():
        options: dict[str, Any] = {}
        if path.suffix.lower() == ".png":
            options["pil_kwargs"] = {"compress_level": 2}
        figure.savefig(unfinished, dpi=DPI, **options)
