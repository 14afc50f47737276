"""A study: its animals, their sessions and what the sheet says about them. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalKey:
    """What makes an animal's test unique in a study; absent parts are empty."""

    cohort: str
    animal_id: str
    test: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One animal, one phase, one recording or part of one.

    ``videos`` are the parts of the recording in order; ``video`` is the sheet's own text.
    ``start_s`` and ``duration_s`` are None where the sheet leaves them open. ``design`` holds
    every other column of the sheet as text, in its order. ``row`` is the sheet's line number.
    """

    session_id: str
    key: AnimalKey
    phase: str
    video: str
    videos: tuple[Path, ...]
    start_s: float | None = None
    duration_s: float | None = None
    arena: str | None = None
    stress: str = ""
    treatment: str = ""
    exclude: str = ""
    design: Mapping[str, str] = field(default_factory=dict)
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """All sessions of a sheet, or of recordings named by ``pattern``. ``settings`` is the parsed ``study.toml``.

    ``unusable`` are the sessions of rows that can't be tracked, as far as their animal is known: they
    have their place in the tables. Their ``session_id`` is empty where the phase isn't known either.
    """

    title: str
    folder: Path
    sheet: Path | None
    sessions: tuple[Session, ...]
    design_columns: tuple[str, ...] = ()
    unusable: tuple[Session, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    pattern: str = ""
