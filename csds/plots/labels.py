"""Labels that don't overlap: text is measured as Agg draws it, then wrapped into its place, or turned upright.

Places are in points, 1/72 inch, so that a label is the same in PDF, SVG and PNG.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, cast

from csds.figures.lettering import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.figure import Figure

POINTS_PER_INCH = 72.0
_WORDS = re.compile(r"\s*\S+(?: \+)?\s*")
#: A word may be broken after these.
_PARTS = re.compile(r"[^\-–/_]*[\-–/_]*[\s]*")
_LINE_SPACING = 1.2
_MEASURED_AT_DPI = 600
#: Shares of its place that a label fills at most, so that neighbours stay apart.
_ACROSS, _UPRIGHT = 0.94, 0.96
_MOST_LINES = 4
#: Lengths that an upright label is wrapped to, shortest first, pt.
_UPRIGHT_PT = (60.0, 90.0, 130.0, 200.0, 10_000.0)
#: Longer words are broken anywhere.
_LONGEST_PT = 130.0
#: Letters of a name that figures have room for, at any number of groups.
MOST_LETTERS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedLabels:
    """Labels as they are to be drawn.

    Parameters
    ----------
    texts : tuple of str
        With line breaks.
    is_upright : bool
        Whether they are turned by 90°.
    height_pt : float
        Of the tallest, as drawn.
    """

    texts: tuple[str, ...]
    is_upright: bool
    height_pt: float


def fit_labels(labels: Sequence[str], place_pt: float, size_pt: float, *, upright: bool | None = None) -> FittedLabels:
    r"""Return labels that fit side by side, each into a place of the same width.

    They are wrapped at spaces and hyphens into four lines at most; where a word is too long for that, all stand
    upright, and are wrapped there as far as the place is wide.

    Parameters
    ----------
    labels : sequence of str
        A line break in them stays one.
    place_pt : float
        How wide each may be, pt.
    size_pt : float
        Of the letters.
    upright : bool, optional
        False keeps them level: a word that is too long is then broken anywhere.

    Examples
    --------
    >>> fit_labels(["isotype", "anti-IL-4Rα 10 mg/kg"], 40.0, 6.0).texts
    ('isotype', 'anti-IL-4Rα\n10 mg/kg')
    >>> fit_labels(["isotype", "dexamethasone-phosphate"], 20.0, 6.0).is_upright
    True
    """
    width = place_pt * _ACROSS
    if not upright:
        level = [_wrapped(label, width, size_pt, anywhere=upright is False) for label in labels]
        fits = all(text_width(line, size_pt) <= width for lines in level for line in lines)
        if upright is False or (fits and max(map(len, level)) <= _MOST_LINES + _breaks(labels)):
            most = max(map(len, level))
            return FittedLabels(texts=_joined(level), is_upright=False, height_pt=lines_height(most, size_pt))
    most_lines = max(1, int(place_pt * _UPRIGHT / lines_height(1, size_pt)))
    longest = max(text_width(word, size_pt) for label in labels for word in _wrapped(label, 0.0, size_pt))
    for length in _UPRIGHT_PT:
        reach = max(length, min(longest, _LONGEST_PT))
        turned = [_wrapped(label, reach, size_pt, anywhere=True) for label in labels]
        if max(map(len, turned)) <= most_lines:
            break
    else:
        turned = [[" ".join(printable(part) for part in label.split("\n"))] for label in labels]
    highest = max(text_width(line, size_pt) for lines in turned for line in lines)
    return FittedLabels(texts=_joined(turned), is_upright=True, height_pt=highest)


def wrap_label(label: str, width_pt: float, size_pt: float) -> str:
    """Return a label wrapped to a width, words that are too long broken anywhere."""
    return "\n".join(_wrapped(label, width_pt, size_pt, anywhere=True))


def shortened(name: str) -> str:
    """Return a name that figures have room for: of a longer one its beginning and end, around an ellipsis.

    Examples
    --------
    >>> shortened("anti-IL-4Rα, 10 mg/kg, i.p., before each defeat, dose 2")
    'anti-IL-4Rα, 10 mg/kg, i.p…efeat, dose 2'
    """
    if len(name) <= MOST_LETTERS:
        return name
    end = MOST_LETTERS // 3
    return f"{name[: MOST_LETTERS - end - 1].rstrip()}…{name[-end:].lstrip()}"


@lru_cache(maxsize=4096)
def text_width(line: str, size_pt: float) -> float:
    """Return how wide a line of text is, pt.

    Examples
    --------
    >>> text_width("wide", 6.0) > text_width("in", 6.0)
    True
    """
    return _measure(line, size_pt)[0]


def lines_height(lines: int, size_pt: float) -> float:
    """Return how high some lines of text are, pt."""
    return lines * _LINE_SPACING * _measure("lp", size_pt)[1]


def figure_of(axes: Axes) -> Figure:
    """Return the figure that axes are in."""
    return cast("Figure", axes.get_figure(root=True))


def width_pt(axes: Axes) -> float:
    """Return how wide axes are once the figure is laid out, pt."""
    return _extent(axes)[0]


def height_pt(axes: Axes) -> float:
    """Return how high axes are once the figure is laid out, pt."""
    return _extent(axes)[1]


def beyond_right_pt(axes: Axes) -> float:
    """Return how far the numbers of a laid out figure's axes stand out beyond their right end, pt."""
    figure = figure_of(axes)
    canvas: Any = figure.canvas
    drawn = axes.get_tightbbox(canvas.get_renderer())
    return max(0.0, (drawn.x1 - axes.get_window_extent().x1) * POINTS_PER_INCH / figure.dpi) if drawn else 0.0


def grow(axes: Axes, by_pt: float) -> None:
    """Make the figure that axes are in higher, so that what comes below them leaves them room."""
    figure = figure_of(axes)
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + by_pt / POINTS_PER_INCH)


def _extent(axes: Axes) -> tuple[float, float]:
    figure = figure_of(axes)
    figure.draw_without_rendering()
    box, scale = axes.get_window_extent(), POINTS_PER_INCH / figure.dpi
    return box.width * scale, box.height * scale


def _breaks(labels: Sequence[str]) -> int:
    return max(label.count("\n") for label in labels)


def _joined(wrapped: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple("\n".join(lines) for lines in wrapped)


def _wrapped(label: str, width: float, size_pt: float, *, anywhere: bool = False) -> list[str]:
    lines: list[str] = []
    for part in label.split("\n"):
        line = ""
        for piece in _pieces(printable(part), width, size_pt):
            if line and text_width((line + piece).rstrip(), size_pt) > width:
                lines.append(line.rstrip())
                line = ""
            line += piece
            while anywhere and text_width(line.rstrip(), size_pt) > width and len(line.rstrip()) > 1:
                most = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or text_width(line[:n], size_pt) <= width)
                lines.append(line[:most])
                line = line[most:]
        lines.append(line.rstrip())
    return lines


def _pieces(line: str, width: float, size_pt: float) -> Iterator[str]:
    """Yield what a line may be broken between: words and, where these are too long, their parts."""
    for word in _WORDS.findall(line):
        yield from [word] if text_width(word.rstrip(), size_pt) <= width else _PARTS.findall(word)


def _measure(line: str, size_pt: float) -> tuple[float, float]:
    from matplotlib.font_manager import FontProperties

    font = FontProperties(family="DejaVu Sans", size=size_pt)
    renderer: Any = _renderer()
    width, height, _ = renderer.get_text_width_height_descent(printable(line), font, ismath=False)
    scale = POINTS_PER_INCH / _MEASURED_AT_DPI
    return width * scale, height * scale


@cache
def _renderer() -> RendererAgg:
    from matplotlib.backends.backend_agg import RendererAgg

    agg: Any = RendererAgg  # has no types of its own
    return cast("RendererAgg", agg(8, 8, _MEASURED_AT_DPI))
