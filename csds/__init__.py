"""csds: from social-interaction-test video to phenotype and statistics.

The functions of ``__all__`` are what most scripts need; each is imported from its room when it
is first used. Everything else is found in the rooms themselves (`csds.video`, `csds.tracking`, …).

Examples
--------
>>> import csds
>>> csds.load_protocol("golden2011").arena_width_cm
42.0
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from csds.batch import TrackOptions, track_study
    from csds.behaviour.score import score_animals
    from csds.errors import CsdsError
    from csds.protocol import load_protocol
    from csds.simulate.cohort import simulate_cohort
    from csds.simulate.recording import simulate_recording
    from csds.study import read_study

__version__ = "0.1.0"

__all__ = [
    "CsdsError",
    "TrackOptions",
    "load_protocol",
    "read_study",
    "score_animals",
    "simulate_cohort",
    "simulate_recording",
    "track_study",
]

# Where each public name is at home. Looking a name up imports its room, and with it numpy or OpenCV,
# which `import csds` alone must not.
_HOMES = {
    "CsdsError": "csds.errors",
    "TrackOptions": "csds.batch",
    "load_protocol": "csds.protocol",
    "read_study": "csds.study",
    "score_animals": "csds.behaviour.score",
    "simulate_cohort": "csds.simulate.cohort",
    "simulate_recording": "csds.simulate.recording",
    "track_study": "csds.batch",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'csds' has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
