"""Time in the interaction zone with the target present against absent: what the ratio hides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csds.analysis.phenotypes import PHENOTYPE
from csds.analysis.within import PHASES
from csds.plots import labels, marks
from csds.plots.panels import group_panels, name_panels
from csds.plots.plot import Plot
from csds.plots.study import StudyResults
from csds.plots.style import TEXT_PT, Style, drawing

if TYPE_CHECKING:
    from matplotlib.artist import Artist

NAME = "scatter"
_NARROWEST_PT = 84.0


def draw_scatter(study: StudyResults, *, style: Style) -> Plot:
    """Return the figure of the times in the interaction zone, present against absent, a panel a group.

    Each panel has the line on which both times are the same, an SI ratio of 1, and that of the cut-off where it is
    another.

    Raises
    ------
    StatsError
        No animal of the groups has both times.
    TableError
        A column is missing or holds text.
    """
    columns = list(PHASES.values())
    animals, arms = study.having(columns)
    data = study.listing(columns, (animals.table.index[at] for arm in arms for at in arm.rows), NAME)
    arms = tuple(arm for arm in arms if arm.rows)
    absent, present = (animals.numbers(column) for column in columns)
    phenotypes, inks = animals.texts(PHENOTYPE), style.inks
    everyone = [at for arm in arms for at in arm.rows]
    _, end = marks.value_limits([*absent[everyone], *present[everyone]])
    cutoff = study.cutoffs.get("si_ratio", 1.0)
    with drawing(style):
        figure, panels, down = group_panels(arms, style, _NARROWEST_PT)
        for axes, arm in zip(panels, arms, strict=True):
            axes.plot([0, end], [0, end], color=inks.muted, linewidth=0.7, zorder=1)
            if cutoff != 1:
                axes.plot([0, end], [0, cutoff * end], color=inks.muted, linewidth=0.7, linestyle=(0, (4, 2)), zorder=1)
            rows = list(arm.rows)
            marks.scatter(
                axes, absent[rows], present[rows], [marks.mark_of(phenotypes[at], arm, style) for at in rows], 3.2
            )
            axes.set(xlim=(0, end), ylim=(0, end))
            axes.xaxis.set_major_locator(marks.few_ticks())
            axes.yaxis.set_major_locator(marks.few_ticks())
        figure.supxlabel("Time in the interaction zone, target absent (s)", fontsize=TEXT_PT)
        figure.supylabel("Target present (s)", fontsize=TEXT_PT)
        handles = marks.phenotype_handles((phenotypes[at] for at in everyone), style)
        marks.add_legend(figure, [*handles, *_lines(cutoff, style)], style)
        name_panels(panels, arms)
        marks.fit_height(figure, panels[0], labels.width_pt(panels[0]), rows=down)
    above = "; ".join(
        f"{arm.name}, {sum(present[at] > absent[at] for at in arm.rows)} of {len(arm.rows)}" for arm in arms
    )
    alt = (
        f"Time in the interaction zone with the target present against absent; above the line of equal times: {above}."
    )
    return Plot(name=NAME, figure=figure, data=data, alt=alt, style=style)


def _lines(cutoff: float, style: Style) -> list[Artist]:
    from matplotlib.lines import Line2D

    same = Line2D([], [], color=style.inks.muted, linewidth=0.7, label="same time in both")
    if cutoff == 1:
        return [same]
    return [same, Line2D([], [], color=style.inks.muted, linewidth=0.7, linestyle="--", label=f"cut-off {cutoff:g}")]
