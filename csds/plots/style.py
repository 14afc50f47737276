"""How figures look: sizes of journal columns, small text, one colour for each meaning, on a light or a dark page.

Widths are those of most journals' columns (89 and 183 mm), text has 6 to 8 points at that size. Nothing here touches
matplotlib's global settings: `drawing` sets them while a figure is drawn, and puts them back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from csds.figures import palette

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Width = Literal["single", "double"]
Theme = Literal["light", "dark"]

WIDTHS_MM: Mapping[str, float] = {"single": 89.0, "double": 183.0}
"""Widths of a journal's columns."""
TEXT_PT, SMALL_PT, TITLE_PT = 7.0, 6.0, 8.0
_MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Inks:
    """Colours of a page: its ground, what is written, what is second to that, and rules."""

    page: str
    ink: str
    muted: str
    faint: str


_INKS: Mapping[str, Inks] = {
    "light": Inks(page="#FFFFFF", ink=palette.INK, muted=palette.MUTED, faint=palette.FAINT),
    "dark": Inks(page="#16181C", ink="#ECECEC", muted="#A8A8A8", faint="#4A4D52"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a figure is to look.

    Parameters
    ----------
    width : {"single", "double"}
        The journal's column.
    theme : {"light", "dark"}
        The page.
    """

    width: Width = "single"
    theme: Theme = "light"

    @property
    def width_in(self) -> float:
        """The figure's width in inches."""
        return WIDTHS_MM[self.width] / _MM_PER_INCH

    @property
    def inks(self) -> Inks:
        """The page's colours."""
        return _INKS[self.theme]

    def colour_of(self, meaning: str, place: int = 0) -> str:
        """Return the colour of a meaning, the same in every figure.

        Parameters
        ----------
        meaning : str
            ``control``, ``isotype``, ``treatment``, ``susceptible`` or ``resilient``; anything else, such as a further
            antibody, has one of the other colours by its place.
        place : int
            Among those without a colour of their own.

        Examples
        --------
        >>> Style().colour_of("susceptible"), Style().colour_of("anti-IL-6", 1)
        ('#D55E00', '#E69F00')
        """
        return _MEANINGS.get(meaning) or _OTHERS[place % len(_OTHERS)]

    def settings(self) -> Any:
        """Return matplotlib's settings of this style, for ``matplotlib.rc_context``."""
        inks = self.inks
        return {
            "font.family": "DejaVu Sans",  # comes with matplotlib, and has Greek letters
            "font.size": TEXT_PT,
            "axes.labelsize": TEXT_PT,
            "axes.titlesize": TITLE_PT,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "xtick.labelsize": SMALL_PT,
            "ytick.labelsize": SMALL_PT,
            "legend.fontsize": SMALL_PT,
            "legend.frameon": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.6,
            "xtick.major.width": 0.6,
            "ytick.major.width": 0.6,
            "xtick.major.size": 2.5,
            "ytick.major.size": 2.5,
            "lines.linewidth": 1.0,
            "figure.facecolor": inks.page,
            "axes.facecolor": inks.page,
            "savefig.facecolor": inks.page,
            "text.color": inks.ink,
            "axes.labelcolor": inks.ink,
            "axes.edgecolor": inks.ink,
            "xtick.color": inks.ink,
            "ytick.color": inks.ink,
            "pdf.fonttype": 42,  # text stays text
            "svg.fonttype": "none",
            "text.parse_math": False,  # a group may be called "$5"
            "svg.hashsalt": "csds",  # the same figure is the same file
            "savefig.dpi": 600,
            "figure.constrained_layout.use": True,
        }


_MEANINGS: Mapping[str, str] = {
    "control": palette.CONTROL,
    "isotype": palette.ISOTYPE,
    "treatment": palette.TREATMENT,
    "susceptible": palette.SUSCEPTIBLE,
    "resilient": palette.RESILIENT,
}
_OTHERS = (palette.INTERACTION, palette.CORNERS, "#F0E442", palette.MUTED)


@contextmanager
def drawing(style: Style) -> Iterator[None]:
    """Set matplotlib's settings to a style's while figures are drawn or written, and put them back."""
    import matplotlib as mpl

    with mpl.rc_context(style.settings()):
        yield


def new_figure(style: Style, height_in: float) -> Figure:
    """Return an empty figure of a style's width, tied to no window; to be called within `drawing`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(style.width_in, height_in))
    FigureCanvasAgg(figure)
    return figure
