"""Colours, one per meaning, the same in every picture of csds.

The named colours are those of Okabe & Ito (2008, "Color universal design", also Wong 2011,
Nat Methods 8:441, 10.1038/nmeth.1618), which people with any common colour blindness can tell
apart. Colour maps run evenly from dark to light and avoid the tones that vanish on the light
floor they are drawn on.
"""

from __future__ import annotations

from functools import cache

import matplotlib
import numpy as np
from matplotlib.colors import ListedColormap

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
    channels = [round(int(colour[i : i + 2], 16) * (1 - share)) for i in (1, 3, 5)]
    return "#" + "".join(f"{channel:02X}" for channel in channels)


@cache
def path_colormap() -> ListedColormap:
    """Return the map for time along a path: indigo to salmon, no tone as light as the floor."""
    return ListedColormap(matplotlib.colormaps["plasma"](np.linspace(0.0, 0.74, 256)), name="csds_path")


@cache
def occupancy_colormap() -> ListedColormap:
    """Return the map for time per area: white where the animal never was, then ever darker."""
    colours = matplotlib.colormaps["magma_r"](np.linspace(0.0, 1.0, 256))
    blend = np.linspace(0.0, 1.0, 32)[:, None]
    colours[:32, :3] = (1 - blend) + blend * colours[:32, :3]
    return ListedColormap(colours, name="csds_occupancy")
