"""The figures of a report: all of the gallery that its results allow."""

from __future__ import annotations

from csds.errors import CsdsError
from csds.plots.gallery import GALLERY
from csds.plots.opened import open_study
from csds.plots.plot import Plot
from csds.plots.style import Style
from csds.report.content import Report

#: Figures of every animal on pages of their own, which csds plot draws.
_TOO_LARGE = ("paths",)


def report_plots(report: Report) -> tuple[list[Plot], list[str]]:
    """Return the figures that can be drawn, and of the others why not."""
    try:
        study = open_study(report.folder, analysis=report.analysis)
    except CsdsError as error:
        return [], [error.message]
    drawn, missing = [], []
    for one in (one for one in GALLERY if one.name not in _TOO_LARGE):
        try:
            drawn.append(one.draw(study, style=Style()))
        except CsdsError as error:
            missing.append(f"{one.name}: {error.message.removeprefix(f'figure {one.name!r}: ')}")
    return drawn, missing
