"""Figures of one panel a group: how many stand side by side, and what they are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from csds.plots import labels
from csds.plots.study import Arm
from csds.plots.style import SMALL_PT, Style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

#: Room on either side of a panel, for the numbers at its scale's ends, pt.
_APART_PT = 4.0


def group_panels(
    arms: Sequence[Arm], style: Style, narrowest_pt: float, *, least_pt: float = 60.0
) -> tuple[Figure, list[Axes], int]:
    """Return a figure with axes for each group, which share their scales; and how many rows they stand in.

    Where the groups of two crossed factors don't fit into one row, each begins with another level of the first.

    Parameters
    ----------
    arms : sequence of Arm
        Whose colours are drawn along the panels' tops.
    style : Style
    narrowest_pt : float
        How narrow a panel may be, pt.
    least_pt : float
        And where rows would else mix levels.
    """
    width = style.width_in * labels.POINTS_PER_INCH
    across = _across(arms, int(width / narrowest_pt), int(width / least_pt))
    down = -(-len(arms) // across)
    figure = new_figure(style, 2.0 * down)
    cast("ConstrainedLayoutEngine", figure.get_layout_engine()).set(w_pad=_APART_PT / labels.POINTS_PER_INCH)
    grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for axes in grid[len(arms) :]:
        axes.remove()
    panels = list(grid[: len(arms)])
    for axes in panels[-across:]:
        axes.tick_params(labelbottom=True)  # also where none stands below in an unfilled row
    for axes, arm in zip(panels, arms, strict=True):
        axes.plot([0, 1], [1, 1], transform=axes.transAxes, color=arm.colour(style), linewidth=1.6, clip_on=False)
    return figure, panels, down


def _across(arms: Sequence[Arm], fitting: int, most: int) -> int:
    """Return how many panels stand in a row, of which so many fit, or at most."""
    if len(arms) <= fitting:
        return len(arms)
    bands = Counter(arm.levels[0] for arm in arms if len(arm.levels) > 1)
    band = max(bands.values(), default=0)
    if 1 < band <= max(fitting, most) and set(bands.values()) == {band}:
        return max(fitting // band, 1) * band
    return -(-len(arms) // -(-len(arms) // max(1, fitting)))


def name_panels(panels: Sequence[Axes], arms: Sequence[Arm]) -> None:
    """Name panels, once their scales are drawn, by their groups, wrapped to their width and what stands out of it."""
    place = labels.width_pt(panels[0]) + min(labels.beyond_right_pt(axes) for axes in panels)
    labels.grow(panels[0], 72.0)
    for axes, arm in zip(panels, arms, strict=True):
        name = labels.wrap_label(f"{arm.label}\nn = {len(arm.rows)}", place, SMALL_PT)
        axes.set_title(name, fontsize=SMALL_PT, fontweight="normal", loc="left", pad=4)
