"""A figure with the data that it shows and what it says, and the files it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from csds.formats.atomic import atomic_path
from csds.formats.tables import write_table
from csds.plots.style import Style, drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = Literal["pdf", "svg", "png"]
KINDS: tuple[Kind, ...] = ("pdf", "svg", "png")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plot:
    """A drawn figure.

    Parameters
    ----------
    name : str
        As the command line calls it; also of its files.
    figure : Figure
        With its axes, for further changes.
    data : DataFrame
        All that the figure shows, a row a mark.
    alt : str
        What the figure shows, for those who don't see it.
    style : Style
        By which it was drawn.
    pages : tuple of Figure
        Further pages, where one doesn't hold it all.
    """

    name: str
    figure: Figure
    data: pd.DataFrame
    alt: str
    style: Style
    pages: tuple[Figure, ...] = ()


def write_plot(plot: Plot, folder: Path, kinds: Sequence[Kind] = KINDS) -> list[Path]:
    """Write a figure and its data, ``NAME.csv``, into a folder, and return the files; each is whole or not there.

    PDF and SVG keep their text editable, PNG has 600 dots an inch. Further pages are ``NAME_2`` and so on. The same
    figure gives the same bytes.
    """
    files = []
    for page, figure in enumerate((plot.figure, *plot.pages), start=1):
        for kind in kinds:
            path = folder / f"{plot.name}{f'_{page}' if page > 1 else ''}.{kind}"
            with drawing(plot.style), atomic_path(path) as part:
                figure.savefig(part, format=kind, metadata=_undated(kind))
            files.append(path)
    write_table(plot.data, folder / f"{plot.name}.csv")
    return [*files, folder / f"{plot.name}.csv"]


def _undated(kind: Kind) -> dict[str, None]:
    return {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {"Software": None}}[kind]
