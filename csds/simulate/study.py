"""Whole simulated studies: recordings, arena files, sheet, study.toml and truth, ready for ``csds track``."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from csds.arena.files import arena_path, write_arenas
from csds.errors import SimulationError
from csds.formats.atomic import atomic_path
from csds.formats.tables import write_table
from csds.simulate.recording import save_truths, simulate_arenas
from csds.simulate.scenarios import find_scenario, room_seed
from csds.simulate.scene import Encoding, Nuisance, Scene

TRUTH_FOLDER = "truth"
_PHASE_WORDS = {"target_absent": "absent", "target_present": "present", "both": "both"}


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
    """Return what the recording of one animal in one phase shows, in a room of one arena."""
    (scene,) = study_scenes(design, (animal,), phase)
    return scene


def study_scenes(design: StudyDesign, animals: Sequence[SimulatedAnimal], phase: str) -> tuple[Scene, ...]:
    """Return what the recording of one phase shows: an animal in each arena; arenas left over stay empty."""
    room, first = find_scenario(design.scenario), animals[0]
    if design.frame_size_px is not None:
        room = replace(room, frame_size_px=design.frame_size_px)
    own = zlib.crc32(f"{first.cohort}/{first.animal_id}/{first.seed}".encode()) % 1_000_000
    scenes = room.scenes(
        phase=phase,
        seed=room_seed(design.scenario, design.seed * 1_000_000 + own),
        duration_s=design.duration_s,
        behaviours=[(animal.absent, animal.present) for animal in animals],
    )
    return tuple(
        replace(
            scene,
            fps=design.fps or scene.fps,
            encoding=design.encoding or scene.encoding,
            nuisances=scene.nuisances if number < len(animals) else (*scene.nuisances, Nuisance(name="no_mouse")),
        )
        for number, scene in enumerate(scenes)
    )


def study_groups(design: StudyDesign) -> tuple[tuple[SimulatedAnimal, ...], ...]:
    """Return the animals that are filmed together: as many as the room has arenas."""
    together = find_scenario(design.scenario).arena_count
    starts = range(0, len(design.animals), together)
    return tuple(design.animals[start : start + together] for start in starts)


def recording_count(design: StudyDesign) -> int:
    """Return how many recordings a study has."""
    return len(study_groups(design)) * len(find_scenario(design.scenario).phases)


def simulate_study(
    folder: Path,
    design: StudyDesign,
    *,
    arena_files: bool = True,
    on_recording: Callable[[str, int], None] | None = None,
) -> Path:
    """Write a study into a folder and return its sheet.

    Leaves ``study.csv``, ``study.toml``, ``videos/`` with an arena file beside each recording, and
    ``truth/<name>.truth.csv``; where a frame shows several arenas ``truth/<name>.<arena>.truth.csv``, and
    where a recording shows more than the trial ``….trials.csv`` beside it. The sheet then leaves the
    trial's start open. What stands there under these names is replaced.

    Parameters
    ----------
    folder : Path
        Made if need be.
    design : StudyDesign
    arena_files : bool
        False leaves the arena files out, for arenas to be found.
    on_recording : callable, optional
        Told the name of each recording that is finished and how many are.

    Raises
    ------
    SimulationError
        Unknown scenario or behaviour.
    ResultsError
        The folder can't be written to.
    """
    rows: list[dict[str, str]] = []
    done = 0
    for animals in study_groups(design):
        for phase in find_scenario(design.scenario).phases:
            scenes = study_scenes(design, animals, phase)
            name = _video_name(design, animals, phase) + scenes[0].encoding.suffix
            video = folder / "videos" / name
            truths = simulate_arenas(scenes, video)
            save_truths(truths, folder / TRUTH_FOLDER, video)
            if arena_files:
                write_arenas(arena_path(video), [scene.arena for scene in scenes])
            for animal, scene in zip(animals, scenes, strict=False):
                rows.append(_sheet_row(animal, scene, f"videos/{name}", design.duration_s, len(scenes)))
            done += 1
            if on_recording is not None:
                on_recording(name, done)
    sheet = folder / "study.csv"
    write_table(pd.DataFrame(rows), sheet)
    with atomic_path(folder / "study.toml") as part:
        part.write_text(_study_toml(design), encoding="utf-8", newline="\n")
    return sheet


def _video_name(design: StudyDesign, animals: Sequence[SimulatedAnimal], phase: str) -> str:
    ids = [animals[0].animal_id] if len(animals) == 1 else [animals[0].animal_id, animals[-1].animal_id]
    name = f"{'-'.join(ids)}_{_PHASE_WORDS[phase]}"
    is_shared = len({animal.cohort for animal in design.animals}) > 1
    return f"{animals[0].cohort}_{name}" if is_shared else name


def _sheet_row(
    animal: SimulatedAnimal, scene: Scene, video: str, duration_s: float, arena_count: int
) -> dict[str, str]:
    place = {"arena": scene.arena.name} if arena_count > 1 else {}
    return {
        "cohort": animal.cohort,
        "animal_id": animal.animal_id,
        "phase": scene.phase,
        "video": video,
        **place,
        "start_s": "0" if scene.staging is None else "",
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
