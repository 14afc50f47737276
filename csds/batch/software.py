"""What of the machine's software can change a number: csds, Python and the libraries that compute."""

from __future__ import annotations

import platform
from functools import cache
from importlib import metadata

from csds import __version__

LIBRARIES = ("numpy", "pandas", "scipy", "opencv-python", "av", "pyarrow", "matplotlib")


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that numbers and pictures are made with; none of them is imported."""
    return {name: version_of(name) for name in LIBRARIES}


@cache
def made_with() -> dict[str, str]:
    """Return this machine's name and system, and the versions that work here."""
    return {"machine": platform.node(), "system": platform.platform(), "python": platform.python_version(),
            **libraries()}  # fmt: skip


def software() -> dict[str, str]:
    """Return the versions that must be the same wherever parts of one result are computed.

    Python counts by its minor version: patches of one compute alike.

    Examples
    --------
    >>> sorted(software())[:3]
    ['Python', 'av', 'csds']
    """
    return {"csds": __version__, "Python": ".".join(platform.python_version_tuple()[:2]), **libraries()}


def version_of(library: str) -> str:
    """Return an installed library's version, ``unknown`` where there is none of that name."""
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "unknown"  # e.g. OpenCV from another distribution
