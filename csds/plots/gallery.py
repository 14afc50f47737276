"""All figures of a study: what each is called, what it shows and what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from csds.analysis.agreement_files import RECORD, read_agreement
from csds.errors import StatsError, UsageError
from csds.plots.agreement import draw_agreement
from csds.plots.certainty import draw_certainty
from csds.plots.comparison import draw_comparison
from csds.plots.diagnostics import draw_diagnostics
from csds.plots.estimation import draw_estimation
from csds.plots.forest import draw_forest
from csds.plots.occupancy import draw_occupancy
from csds.plots.paired import draw_paired
from csds.plots.paths import draw_paths
from csds.plots.phenotypes import draw_phenotypes
from csds.plots.plot import Plot
from csds.plots.scatter import draw_scatter
from csds.plots.specification_curve import draw_specifications
from csds.plots.study import StudyResults
from csds.plots.style import Style
from csds.plots.time_course import draw_time_course
from csds.protocol.nearest import nearest


class Draw(Protocol):
    """A function that draws a figure of a study."""

    def __call__(self, study: StudyResults, *, style: Style) -> Plot:
        """Return the figure."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryFigure:
    """A figure by the name that the command line has for it.

    Parameters
    ----------
    name : str
    shows : str
        What is seen.
    needs : str
        Beside the groups: columns of ``animals.csv``, or files of the results.
    draw : Draw
    takes_tracks : bool
        It is drawn from the tracks of a results folder, not from the table of animals alone.
    takes_studies : bool
        It is drawn from a table of several studies, not of one.
    """

    name: str
    shows: str
    needs: str
    draw: Draw
    takes_tracks: bool = False
    takes_studies: bool = False


GALLERY: tuple[GalleryFigure, ...] = (
    GalleryFigure(
        name="comparison",
        shows="every animal by group, means or medians with 95 % intervals, planned contrasts",
        needs="the outcome; groups of animals",
        draw=draw_comparison,
    ),
    GalleryFigure(
        name="estimation",
        shows="differences between groups, each with its bootstrap distribution and interval",
        needs="the outcome; three animals a group",
        draw=draw_estimation,
    ),
    GalleryFigure(
        name="paired",
        shows="time in the interaction zone, target absent to present, a line an animal, by group",
        needs="interaction_absent_s, interaction_present_s",
        draw=draw_paired,
    ),
    GalleryFigure(
        name="scatter",
        shows="time with the target present against absent, with the line where they are equal",
        needs="interaction_absent_s, interaction_present_s",
        draw=draw_scatter,
    ),
    GalleryFigure(
        name="phenotypes",
        shows="proportion susceptible by group, with counts and Wilson's intervals",
        needs="phenotype, of two groups at least",
        draw=draw_phenotypes,
    ),
    GalleryFigure(
        name="occupancy",
        shows="where groups spent their time, target absent and present, and how treatment differs from its reference",
        needs="tracks in the results folder",
        draw=draw_occupancy,
        takes_tracks=True,
    ),
    GalleryFigure(
        name="paths",
        shows="every animal's path, target absent and present, by group; on several pages where there are many",
        needs="tracks in the results folder",
        draw=draw_paths,
        takes_tracks=True,
    ),
    GalleryFigure(
        name="time_course",
        shows="time in the interaction zone over each phase, means of groups with 95 % intervals",
        needs="tracks in the results folder",
        draw=draw_time_course,
        takes_tracks=True,
    ),
    GalleryFigure(
        name="certainty",
        shows="each animal's SI ratio with the interval of its measurement, against the cut-off",
        needs="si_ratio, si_ratio_low, si_ratio_high",
        draw=draw_certainty,
    ),
    GalleryFigure(
        name="specification_curve",
        shows="the first contrast under every reasonable analysis choice, tested as a whole",
        needs="tracks in the results folder; three animals an arm",
        draw=draw_specifications,
        takes_tracks=True,
    ),
    GalleryFigure(
        name="diagnostics",
        shows="residuals of the planned model; missing frames and tracking, session by session",
        needs="groups of animals; sessions.csv beside it for the tracking",
        draw=draw_diagnostics,
    ),
    GalleryFigure(
        name="forest",
        shows="each study's own effect with its weight, the random-effects mean and the prediction interval",
        needs="a table of several studies, as catalogue.csv of csds batch",
        draw=draw_forest,
        takes_studies=True,
    ),
)
"""In the order in which they are drawn."""


def _draw_agreement(study: StudyResults, *, style: Style) -> Plot:
    found = read_agreement(study.home) if study.home else None
    if found is None:
        raise StatsError(
            f"expected {RECORD} in the results folder, found none", hint="Compare with an old table: csds agree."
        )
    return draw_agreement(found, style=style)


AGREEMENT = GalleryFigure(
    name="agreement",
    shows="differences from an old table's numbers, with bias and limits of agreement",
    needs="agreement.json of csds agree in the results folder",
    draw=_draw_agreement,
)
"""The figure of a comparison; only drawn where there is one, so not among those of every study."""


def find_figures(
    names: Sequence[str], *, tracks: bool = True, studies: bool = False, compared: bool = False
) -> tuple[GalleryFigure, ...]:
    """Return figures by their names; where none is given all that a table of animals of one study allows.

    With ``tracks`` those of saved tracks are among them, with ``studies`` those of several studies;
    where results were ``compared`` with an old table, `AGREEMENT` is among them.

    Raises
    ------
    UsageError
        There is no figure of a name.

    Examples
    --------
    >>> [one.name for one in find_figures(["scatter"])]
    ['scatter']
    """
    known = {one.name: one for one in (*GALLERY, AGREEMENT)}
    for name in names:
        if name not in known:
            near = nearest(name, list(known))
            raise UsageError(
                f"figure '{name}': expected one of {', '.join(known)}", hint=f"Did you mean '{near}'?" if near else ""
            )
    if names:
        return tuple(known[name] for name in dict.fromkeys(names))
    own = tuple(one for one in GALLERY if (tracks or not one.takes_tracks) and (studies or not one.takes_studies))
    return (*own, AGREEMENT) if compared else own
