"""Time in the interaction zone with the target absent and present: a line an animal, a panel a group."""

from __future__ import annotations

import math

from csds.analysis.phenotypes import PHENOTYPE
from csds.analysis.within import PHASES
from csds.plots import marks
from csds.plots.panels import group_panels, name_panels
from csds.plots.plot import Plot
from csds.plots.study import StudyResults
from csds.plots.style import SMALL_PT, TEXT_PT, Style, drawing

NAME = "paired"
_HEIGHT_PT, _NARROWEST_PT = 110.0, 60.0


def draw_paired(study: StudyResults, *, style: Style) -> Plot:
    """Return the figure of each animal's time in the interaction zone with the target absent, then present, by group.

    Where the analysis has the groups' means they are drawn as well.

    Raises
    ------
    StatsError
        No animal of the groups has both times.
    TableError
        A column is missing or holds text.
    """
    animals, arms = study.having(list(PHASES.values()))
    data = study.listing(list(PHASES.values()), (animals.table.index[at] for arm in arms for at in arm.rows), NAME)
    arms = tuple(arm for arm in arms if arm.rows)
    absent, present = (animals.numbers(column) for column in PHASES.values())
    phenotypes, inks = animals.texts(PHENOTYPE), style.inks
    with drawing(style):
        figure, panels, rows = group_panels(arms, style, _NARROWEST_PT)
        for axes, arm in zip(panels, arms, strict=True):
            for at in arm.rows:
                mark = marks.mark_of(phenotypes[at], arm, style)
                colour = mark.edge if mark.face == inks.page else mark.face
                axes.plot(
                    [0, 1], [absent[at], present[at]], color=colour, linewidth=0.7, alpha=0.8, marker=mark.marker,
                    markersize=2.6, markerfacecolor=mark.face, markeredgecolor=colour, markeredgewidth=0.3, zorder=2,
                )  # fmt: skip
            means = [_mean(study, column, arm.name) for column in PHASES.values()]
            if all(map(math.isfinite, means)):
                axes.plot([0, 1], means, color=inks.ink, linewidth=1.8, zorder=4)
            axes.set_xlim(-0.2, 1.2)
            axes.set_xticks([0, 1], list(PHASES), fontsize=SMALL_PT)
        everyone = [at for arm in arms for at in arm.rows]
        panels[0].set_ylim(*marks.value_limits([*absent[everyone], *present[everyone]]))
        figure.supylabel("Time in the interaction zone (s)", fontsize=TEXT_PT)
        figure.supxlabel("Target", fontsize=TEXT_PT)
        handles = marks.phenotype_handles((phenotypes[at] for at in everyone), style)
        if any(math.isfinite(_mean(study, PHASES["present"], arm.name)) for arm in arms):
            handles.append(marks.mean_handle(style))
        marks.add_legend(figure, handles, style)
        name_panels(panels, arms)
        marks.fit_height(figure, panels[0], _HEIGHT_PT, rows=rows)
    rose = "; ".join(
        f"{arm.name}, longer with the target present in {sum(present[at] > absent[at] for at in arm.rows)} of "
        f"{len(arm.rows)}"
        for arm in arms
    )
    alt = f"Time in the interaction zone, a line an animal from target absent to present, by group: {rose}."
    return Plot(name=NAME, figure=figure, data=data, alt=alt, style=style)


def _mean(study: StudyResults, column: str, group: str) -> float:
    found = [one for one in study.results(column, "description") if one.term == group and one.effect_name == "mean"]
    return found[0].effect if found else math.nan
