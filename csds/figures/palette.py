"""Colours, one per meaning, the same in every picture of csds.

The named colours are those of Okabe & Ito (2008, "Color universal design", also Wong 2011,
Nat Methods 8:441, 10.1038/nmeth.1618), which people with any common colour blindness can tell
apart. Colour maps run evenly from dark to light and avoid the tones that vanish on the light
floor they are drawn on.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.model.shapes import FloatArray

INK = "#1A1A1A"
"""Text and data without a colour of their own."""
MUTED = "#6B6B6B"
"""Secondary text, ticks."""
FAINT = "#D0D0D0"
"""Rules and empty tracks."""
WARNING = "#A32A12"
"""What should be looked at before the numbers are used."""

CONTROL = "#6E6E6E"
"""Undefeated animals."""
ISOTYPE = "#56B4E9"
"""The treatment study's reference arm."""
TREATMENT = "#CC79A7"
"""The treatment under study."""
SUSCEPTIBLE = "#D55E00"
"""Defeated animals that avoid the target."""
RESILIENT = "#0072B2"
"""Defeated animals that do not."""

INTERACTION = "#009E73"
"""The interaction zone."""
CORNERS = "#E69F00"
"""The corner zones."""
CENTRE = "#0072B2"
"""The centre of an open field."""
ENCLOSURE = "#333333"
"""The target's enclosure."""
OTHER_ZONES = ("#CC79A7", "#56B4E9", "#D55E00")
"""Zones of the user's own, in turn."""

_PHENOTYPES = {"susceptible": SUSCEPTIBLE, "resilient": RESILIENT, "control": CONTROL}


def phenotype_colour(phenotype: str) -> str:
    """Return the colour of a phenotype; the muted ink for those that call nothing.

    Examples
    --------
    >>> phenotype_colour("susceptible")
    '#D55E00'
    """
    return _PHENOTYPES.get(phenotype, MUTED)


def zone_colours(names: tuple[str, ...]) -> dict[str, str]:
    """Return one colour per zone name; related names (``corners``, ``corner_left``) share theirs.

    Examples
    --------
    >>> zone_colours(("interaction", "corners", "nest"))
    {'interaction': '#009E73', 'corners': '#E69F00', 'nest': '#CC79A7'}
    """
    colours: dict[str, str] = {}
    others = 0
    for name in names:
        known = _known_zone(name)
        colours[name] = known or OTHER_ZONES[others % len(OTHER_ZONES)]
        others += known is None
    return colours


def _known_zone(name: str) -> str | None:
    if "interaction" in name:
        return INTERACTION
    if "corner" in name:
        return CORNERS
    if name.startswith(("centre", "center")):
        return CENTRE
    return None


def darker(colour: str, share: float = 0.3) -> str:
    """Return the colour mixed with black, for text in a zone's colour.

    Examples
    --------
    >>> darker("#64C800", 0.5)
    '#326400'
    """
    return hex_colour(tuple(round(channel * (1 - share)) for channel in channels(colour)))


@cache
def channels(colour: str) -> tuple[int, int, int]:
    """Return a colour's red, green and blue, 0 to 255.

    Examples
    --------
    >>> channels("#64C800")
    (100, 200, 0)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def hex_colour(rgb: Sequence[int]) -> str:
    """Return red, green and blue as this module writes colours: what `channels` undoes."""
    return "#" + "".join(f"{channel:02X}" for channel in rgb)


def path_colours(shares: FloatArray) -> NDArray[np.uint8]:
    """Return RGB for shares of the time along a path: indigo to salmon, no tone as light as the floor."""
    return _looked_up(_path_table(), shares)


def occupancy_colours(shares: FloatArray) -> NDArray[np.uint8]:
    """Return RGB for shares of the most time per area: white where the animal never was, then ever darker."""
    return _looked_up(_occupancy_table(), shares)


def _looked_up(table: NDArray[np.uint8], shares: FloatArray) -> NDArray[np.uint8]:
    return table[np.clip(np.asarray(shares) * 256, 0, 255).astype(np.intp)]


@cache
def _path_table() -> NDArray[np.uint8]:
    return _looked_up(_opencv_table(cv2.COLORMAP_PLASMA), np.linspace(0.0, 0.74, 256))


@cache
def _occupancy_table() -> NDArray[np.uint8]:
    colours = _opencv_table(cv2.COLORMAP_MAGMA)[::-1].astype(float)
    blend = np.linspace(0.0, 1.0, 32)[:, None]
    colours[:32] = (1 - blend) * 255 + blend * colours[:32]
    return np.round(colours).astype(np.uint8)


def _opencv_table(name: int) -> NDArray[np.uint8]:
    bgr = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], name)
    return np.asarray(bgr[:, 0, ::-1], np.uint8)
