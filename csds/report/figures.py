"""The figures of a report: all of the gallery that its results allow."""

from __future__ import annotations

from csds.errors import CsdsError
from csds.plots.gallery import find_figures
from csds.plots.opened import open_study
from csds.plots.plot import Plot
from csds.plots.style import Style
from csds.report.content import Report

#: Figures of every animal on pages of their own, which csds plot draws.
_TOO_LARGE = ("paths",)


def report_plots(report: Report) -> tuple[list[Plot], list[str]]:
    """Return the figures that can be drawn, and what is to be said of them: why others are not, letters they lack."""
    try:
        study = open_study(report.folder, analysis=report.analysis)
    except CsdsError as error:
        return [], [f"Not drawn: {error.message}"]
    drawn, remarks = [], []
    for one in (one for one in find_figures((), studies=bool(study.analysis.across)) if one.name not in _TOO_LARGE):
        try:
            drawn.append(one.draw(study, style=Style()))
        except CsdsError as error:
            remarks.append(f"Not drawn: {one.name}: {error.message.removeprefix(f'figure {one.name!r}: ')}")
    if unshown := study.unshown_letters:
        remarks.append(f"Names have letters that the figures' font lacks, and that stand there as □: {unshown}")
    return drawn, remarks
