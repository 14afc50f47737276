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

#: What scales and gaps take of each panel's width, pt.
_BESIDE_PT = 12.0


def group_panels(arms: Sequence[Arm], style: Style, narrowest_pt: float) -> tuple[Figure, list[Axes], int]:
    """Return a figure with axes for each group, which share their scales, under the groups' names; and their rows.

    Parameters
    ----------
    arms : sequence of Arm
        Whose colours the names are underlined with.
    style : Style
    narrowest_pt : float
        How narrow a panel may be, pt.
    """
    width = style.width_in * labels.POINTS_PER_INCH
    down = -(-len(arms) // max(1, min(len(arms), int(width / narrowest_pt))))
    across = -(-len(arms) // down)
    place = width / across - _BESIDE_PT
    names = [labels.wrap_label(f"{arm.name}\nn = {len(arm.rows)}", place, TEXT_PT) for arm in arms]
    figure = new_figure(style, 2.0 * down)
    grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for axes in grid[len(arms) :]:
        axes.remove()
    for axes, arm, name in zip(grid, arms, names, strict=False):
        axes.set_title(name, fontsize=TEXT_PT, fontweight="normal", loc="left", pad=4)
        axes.plot([0, 1], [1, 1], transform=axes.transAxes, color=arm.colour(style), linewidth=1.6, clip_on=False)
    return figure, list(grid[: len(arms)]), down
