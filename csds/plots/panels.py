"""Figures of one panel a group: how many stand side by side, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from csds.plots import labels
from csds.plots.study import Arm
from csds.plots.style import TEXT_PT, Style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

#: Room on either side of a panel, for the numbers at its scale's ends, pt.
_APART_PT = 5.0


def group_panels(arms: Sequence[Arm], style: Style, narrowest_pt: float) -> tuple[Figure, list[Axes], int]:
    """Return a figure with axes for each group, which share their scales; and how many rows they stand in.

    Parameters
    ----------
    arms : sequence of Arm
        Whose colours are drawn along the panels' tops.
    style : Style
    narrowest_pt : float
        How narrow a panel may be, pt.
    """
    width = style.width_in * labels.POINTS_PER_INCH
    down = -(-len(arms) // max(1, min(len(arms), int(width / narrowest_pt))))
    across = -(-len(arms) // down)
    figure = new_figure(style, 2.0 * down)
    cast("ConstrainedLayoutEngine", figure.get_layout_engine()).set(w_pad=_APART_PT / labels.POINTS_PER_INCH)
    grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for axes in grid[len(arms) :]:
        axes.remove()
    panels = list(grid[: len(arms)])
    for axes, arm in zip(panels, arms, strict=True):
        axes.plot([0, 1], [1, 1], transform=axes.transAxes, color=arm.colour(style), linewidth=1.6, clip_on=False)
    return figure, panels, down


def name_panels(panels: Sequence[Axes], arms: Sequence[Arm]) -> None:
    """Name panels, once their scales are drawn, by their groups, wrapped to their width."""
    place = labels.width_pt(panels[0])
    labels.grow(panels[0], 72.0)
    for axes, arm in zip(panels, arms, strict=True):
        name = labels.wrap_label(f"{arm.name}\nn = {len(arm.rows)}", place, TEXT_PT)
        axes.set_title(name, fontsize=TEXT_PT, fontweight="normal", loc="left", pad=4)
