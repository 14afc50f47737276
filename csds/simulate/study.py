"""Whole simulated studies: recordings, arena files, sheet, study.toml and truth, ready for ``csds track``."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from csds.arena.files import arena_path, write_arenas
from csds.errors import SimulationError
from csds.formats.atomic import atomic_path
from csds.formats.tables import write_table
from csds.simulate.recording import simulate_recording
from csds.simulate.scenarios import PHASES, find_scenario, scenario
from csds.simulate.scene import Encoding, Scene

TRUTH_FOLDER = "truth"
_PHASE_WORDS = {"target_absent": "absent", "target_present": "present"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAnimal:
    """One animal of a simulated study and what it does with the target absent and present.

    ``seed`` tells apart repetitions of the same animal; its id makes it differ from others anyway.
    """

    animal_id: str
    cohort: str = "C1"
    stress: str = "control"
    treatment: str = "isotype"
    sex: str = "male"
    cage: str = ""
    weight_g: float = 25.0
    absent: str = "explore"
    present: str = "social"
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyDesign:
    """A study to film.

    Parameters
    ----------
    animals : tuple of SimulatedAnimal
    scenario : str
        The room, a name in `csds.simulate.scenarios.SCENARIOS`; each animal has its own bedding and seed.
    duration_s : float
        Length of each phase; written into the sheet.
    seed : int
    title : str
    protocol : str or None
        Written into study.toml; None for the room's own.
    frame_size_px, fps, encoding : optional
        Instead of the room's.
    """

    animals: tuple[SimulatedAnimal, ...]
    scenario: str = "clean"
    duration_s: float = 150.0
    seed: int = 1
    title: str = "Simulated study"
    protocol: str | None = None
    frame_size_px: tuple[int, int] | None = None
    fps: float | None = None
    encoding: Encoding | None = None

    def __post_init__(self) -> None:
        """Refuse a study without animals or with one animal twice."""
        if not self.animals:
            raise SimulationError("expected at least one animal, found none", hint="give the study animals")
        keys = [(animal.cohort, animal.animal_id) for animal in self.animals]
        doubled = {key for key in keys if keys.count(key) > 1}
        if doubled:
            raise SimulationError(
                f"expected each animal once in its cohort, found twice: {sorted(doubled)}", hint="give each its own id"
            )


def two_by_two(per_group: int, *, rescue: float = 0.5) -> tuple[SimulatedAnimal, ...]:
    """Return animals of a stress × treatment study.

    Undefeated mice greet the target; defeated ones avoid it, but for the share ``rescue`` of those
    that were given the antibody.

    Examples
    --------
    >>> [animal.present for animal in two_by_two(2)]
    ['social', 'social', 'social', 'social', 'avoid', 'avoid', 'social', 'avoid']
    """
    if per_group < 1 or not 0.0 <= rescue <= 1.0:
        raise SimulationError(
            f"expected at least one animal in each group and a rescued share of 0 to 1, found {per_group} and {rescue}",
            hint="correct per_group or rescue",
        )
    animals: list[SimulatedAnimal] = []
    for stress in ("control", "defeated"):
        for treatment in ("isotype", "anti-IL-4Rα"):
            for number in range(per_group):
                is_rescued = treatment != "isotype" and number < round(rescue * per_group)
                place = len(animals)
                animals.append(
                    SimulatedAnimal(
                        animal_id=f"M{place + 1:02d}",
                        stress=stress,
                        treatment=treatment,
                        # Undefeated mice live in pairs, defeated ones alone, as is usual.
                        cage=f"K{1 + place // 2:02d}" if stress == "control" else f"K{1 + place:02d}",
                        weight_g=round(24.0 + 0.37 * (zlib.crc32(f"{place}".encode()) % 11), 1),
                        present="social" if stress == "control" or is_rescued else "avoid",
                    )
                )
    return tuple(animals)


def study_scene(design: StudyDesign, animal: SimulatedAnimal, phase: str) -> Scene:
    """Return what the recording of one animal in one phase shows."""
    own = zlib.crc32(f"{animal.cohort}/{animal.animal_id}/{animal.seed}".encode()) % 1_000_000
    scene = scenario(design.scenario, phase=phase, seed=design.seed * 1_000_000 + own, duration_s=design.duration_s)
    if design.frame_size_px is not None:
        room = replace(find_scenario(design.scenario), frame_size_px=design.frame_size_px)
        scene = replace(scene, arena=room.arena())
    return replace(
        scene,
        behaviour=animal.present if phase == "target_present" else animal.absent,
        fps=design.fps or scene.fps,
        encoding=design.encoding or scene.encoding,
    )


def simulate_study(
    folder: Path, design: StudyDesign, *, on_recording: Callable[[str, int], None] | None = None
) -> Path:
    """Write a study into a folder and return its sheet.

    Leaves ``study.csv``, ``study.toml``, ``videos/`` with an arena file beside each recording, and
    ``truth/<name>.truth.csv``. What stands there under these names is replaced.

    Parameters
    ----------
    folder : Path
        Made if need be.
    design : StudyDesign
    on_recording : callable, optional
        Told the name of each recording that is finished and how many are.

    Raises
    ------
    SimulationError
        Unknown scenario or behaviour.
    ResultsError
        The folder can't be written to.
    """
    rows = []
    for animal in design.animals:
        for phase in PHASES:
            scene = study_scene(design, animal, phase)
            name = f"{animal.animal_id}_{_PHASE_WORDS[phase]}{scene.encoding.suffix}"
            if len({other.cohort for other in design.animals}) > 1:
                name = f"{animal.cohort}_{name}"
            video = folder / "videos" / name
            truth = simulate_recording(scene, video)
            write_arenas(arena_path(video), [scene.arena])
            truth.save(folder / TRUTH_FOLDER / f"{video.stem}.truth.csv")
            rows.append(_sheet_row(animal, phase, f"videos/{name}", design.duration_s))
            if on_recording is not None:
                on_recording(name, len(rows))
    sheet = folder / "study.csv"
    write_table(pd.DataFrame(rows), sheet)
    with atomic_path(folder / "study.toml") as part:
        part.write_text(_study_toml(design), encoding="utf-8", newline="\n")
    return sheet


def _sheet_row(animal: SimulatedAnimal, phase: str, video: str, duration_s: float) -> dict[str, str]:
    return {
        "cohort": animal.cohort,
        "animal_id": animal.animal_id,
        "phase": phase,
        "video": video,
        "start_s": "0",
        "duration_s": f"{duration_s:g}",
        "stress": animal.stress,
        "treatment": animal.treatment,
        "sex": animal.sex,
        "cage": animal.cage,
        "weight_g": f"{animal.weight_g:g}",
    }


def _study_toml(design: StudyDesign) -> str:
    treatments = list(dict.fromkeys(animal.treatment for animal in design.animals))
    reference = "isotype" if "isotype" in treatments else treatments[0]
    title = design.title.replace("\\", "\\\\").replace('"', '\\"')
    return f'''# Simulated by csds: no animal was tested. Positions are known exactly: see truth/.

title = "{title}"
protocol = "{design.protocol or find_scenario(design.scenario).protocol}"

[reference]               # the level that others are compared with
stress = "control"
treatment = "{reference}"

[treatment]               # left open: nothing was given to anybody
antibody_clone = "open"
isotype_clone = "open"
dose_mg_kg = "open"
route = "open"
days = "open"
'''
