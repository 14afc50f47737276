"""Figures of one panel a group: how many stand side by side, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from csds.plots import labels
from csds.plots.study import Arm
from csds.plots.style import TEXT_PT, Style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_ACROSS = {"single": 4, "double": 8}
#: What scales and gaps take of each panel's width, pt.
_BESIDE_PT = 12.0


def group_panels(arms: Sequence[Arm], style: Style, height_pt: float) -> tuple[Figure, list[Axes]]:
    """Return a figure with axes for each group, which share their scales, under the groups' names.

    Parameters
    ----------
    arms : sequence of Arm
        Whose colours the names are underlined with.
    style : Style
    height_pt : float
        Of each panel, pt.
    """
    across = min(len(arms), _MOST_ACROSS[style.width])
    down = -(-len(arms) // across)
    across = -(-len(arms) // down)
    place = style.width_in * labels.POINTS_PER_INCH / across - _BESIDE_PT
    names = [labels.wrap_label(f"{arm.name}\nn = {len(arm.rows)}", place, TEXT_PT) for arm in arms]
    most = max(name.count("\n") + 1 for name in names)
    panel = height_pt + labels.lines_height(most, TEXT_PT) + 8
    figure = new_figure(style, (down * panel + 40) / labels.POINTS_PER_INCH)
    grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for axes in grid[len(arms) :]:
        axes.remove()
    for axes, arm, name in zip(grid, arms, names, strict=False):
        axes.set_title(name, fontsize=TEXT_PT, fontweight="normal", loc="left", pad=4)
        axes.spines["top"].set(visible=False)
        axes.plot([0, 1], [1, 1], transform=axes.transAxes, color=arm.colour(style), linewidth=1.6, clip_on=False)
    return figure, list(grid[: len(arms)])
