"""Results folders of simulated studies, as ``csds track`` leaves them, made without filming every animal.

Paths are drawn, and everything that follows from a path is csds's own: zone times, readings, records, tables,
provenance. Floors, small pictures and floor plans are those of two sample recordings.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from csds.batch import TrackOptions, track_study
from csds.batch.measure import finish_session
from csds.batch.options import Outcome
from csds.batch.pictures import save_session
from csds.batch.prepare import Context, Placed, open_session
from csds.batch.provenance import describe_run
from csds.batch.reuse import session_keys
from csds.batch.tables import animals_table, failures_table, sessions_table, time_bins_table
from csds.formats.digest import file_digest
from csds.formats.json_files import read_json, write_json
from csds.formats.tables import write_table
from csds.model.study import Study
from csds.protocol import load_protocol
from csds.results.folder import ResultsFolder, read_picture, write_picture
from csds.results.record import arena_of
from csds.shipped import shipped_folder
from csds.simulate.cohort import CohortDesign, simulate_cohort
from csds.study import read_study
from csds.tracking import Track, Window

PHASES = ("target_absent", "target_present")
SECONDS, FPS = 150.0, 25.0
#: When the small pictures show a session, s from its start.
SHOWN_S = (-2.0, -1.0, -0.5, 0.0, 1.0, 2.0, 149.0, 150.0, 151.0)

#: How often an animal's next goal lies at the enclosure: absent, and present by stress and treatment.
_ABSENT = 0.4
_PRESENT = {
    ("control", "isotype"): 0.65,
    ("control", "anti-IL-4Rα"): 0.65,
    ("defeated", "isotype"): 0.25,
    ("defeated", "anti-IL-4Rα"): 0.45,
}
_BETWEEN_COHORTS, _BETWEEN_ANIMALS, _BETWEEN_SESSIONS = 0.03, 0.08, 0.06
#: One animal in so many is lost for a while, one in so many is excluded by the sheet.
_LOST_ONE_IN, _EXCLUDED_ONE_IN = 10, 20
_LOST_S = (60.0, 80.0)
_WIDTH_CM, _WALL_CM, _SPEED_CM_S, _PAUSE_S, _NOSE_CM = 42.0, 2.0, 12.0, 1.5, 4.0
#: Where goals at the enclosure lie, cm: left, right, near, far.
_AT_ENCLOSURE = (10.0, 32.0, 7.5, 13.0)

_SETTINGS = """\
title = "Simulated antibody study"
protocol = "golden2011"

[reference]
stress = "control"
treatment = "isotype"

[treatment]
antibody_clone = "open"
isotype_clone = "open"
dose_mg_kg = "open"
route = "i.p."
days = "open"

[analysis]
design = "stress_by_treatment"
primary = "si_ratio"
secondary = ["log_si_ratio", "interaction_present_s", "interaction_absent_s", "corner_ratio"]
"""


def write_results(folder: Path, animals: int = 40, *, seed: int = 1) -> Path:
    """Write a study of stress × treatment, both phases 150 s at 25 frames a second, and return its results folder.

    ``folder`` gets ``study.csv``, ``study.toml`` with a plan, ``videos`` with the two recordings that all sessions
    are said to come from, and ``results`` with tables, records, tracks, floors, small pictures, floor plans and
    provenance. Animals live in cages of two, in cohorts of 20; in a session of one animal in ten it is lost for
    a while, and one in twenty is excluded by the sheet.

    Parameters
    ----------
    folder : Path
        Made if need be.
    animals : int
        A multiple of four fills the groups evenly.
    seed : int
    """
    rng = np.random.default_rng(seed)
    results = ResultsFolder(path=folder / "results")
    study = _write_study(folder, animals, rng)
    protocol = load_protocol("golden2011")
    context = Context(protocol=protocol, folder=results, options=TrackOptions(time_bins_s=30.0), sheet_folder=folder)
    outcomes = _write_sessions(study, context, rng)
    tables = {"sessions": sessions_table(study, outcomes, protocol)}
    tables["animals"] = animals_table(study, tables["sessions"], outcomes, protocol)
    tables["time_bins"] = time_bins_table(study, outcomes, protocol)
    tables["failures"] = failures_table([])
    for name, table in tables.items():
        write_table(table, results.table(name))
    write_json(results.provenance, describe_run(study, context, outcomes.values(), {}, {}))
    return results.path


def write_several(folder: Path, studies: int = 8, *, seed: int = 1) -> Path:
    """Write the catalogue of several studies of stress × treatment, as ``csds batch`` does, and return it.

    Each has 6 to 16 animals in a group, and a rescue of its own, 10 to 90 % of the stress effect.
    """
    rng, tables = np.random.default_rng(seed), []
    for number in range(studies):
        name = f"{2018 + number // 2}/cohort{1 + number % 2}"
        design = CohortDesign(per_group=int(rng.integers(6, 17)), rescue=(0.0, float(rng.uniform(0.1, 0.9))))
        table = simulate_cohort(design, rng).drop(columns="component")
        tables.append(table.assign(study=name, protocol="golden2011", cohort=f"{name} C1"))
    folder.mkdir(parents=True, exist_ok=True)
    write_table(pd.concat(tables), folder / "catalogue.csv")
    return folder / "catalogue.csv"


def _write_study(folder: Path, animals: int, rng: np.random.Generator) -> Study:
    sample = shipped_folder("sample_videos") / "videos"
    (folder / "videos").mkdir(parents=True, exist_ok=True)
    for path in sample.glob("M01_*"):
        shutil.copyfile(path, folder / "videos" / path.name)
    rows = []
    for number in range(animals):
        # Groups change from cage to cage, so that each cohort holds all four.
        cage = number // 2
        stress, treatment = list(_PRESENT)[cage % 4]
        own = {
            "cohort": f"C{1 + number // 20}", "animal_id": f"M{1 + number:03}", "stress": stress,
            "treatment": treatment, "sex": "male", "cage": f"K{1 + cage:03}",
            "weight_g": f"{rng.normal(25.0, 1.5):.1f}",
            "exclude": "wound" if number % _EXCLUDED_ONE_IN == _EXCLUDED_ONE_IN - 1 else "",
        }  # fmt: skip
        rows += [own | _recording(phase, number) for phase in PHASES]
    write_table(pd.DataFrame(rows), folder / "study.csv")
    (folder / "study.toml").write_text(_SETTINGS, encoding="utf-8")
    return read_study(folder / "study.csv", load_protocol("golden2011"))


def _recording(phase: str, number: int) -> dict[str, str]:
    """Return what the sheet says of a session: all animals are said to follow each other in one recording."""
    name = f"videos/M01_{phase.removeprefix('target_')}.mp4"
    return {"phase": phase, "video": name, "start_s": f"{2 * number * SECONDS:g}", "duration_s": f"{SECONDS:g}"}


def _write_sessions(study: Study, context: Context, rng: np.random.Generator) -> dict[str, Outcome]:
    """Write each session's track, pictures and record."""
    with TemporaryDirectory() as elsewhere:
        sample = ResultsFolder(path=Path(elsewhere))
        track_study(replace(study, sessions=study.sessions[:2]), context.protocol, sample.path)
        kinds = [(session, read_json(sample.record(session.session_id)) or {}) for session in study.sessions[:2]]
        filmed = [open_session(session, context, file_digest) for session, _ in kinds]
        cohorts: dict[str, float] = {}
        outcomes: dict[str, Outcome] = {}
        for number in range(len(study.sessions) // 2):
            pair = study.sessions[2 * number : 2 * number + 2]
            opened = [replace(one, session=session) for one, session in zip(filmed, pair, strict=True)]
            of_cohort = cohorts.setdefault(pair[0].key.cohort, rng.normal(0.0, _BETWEEN_COHORTS))
            own = of_cohort + rng.normal(0.0, _BETWEEN_ANIMALS)
            for item, (source, record) in zip(opened, kinds, strict=True):
                session = item.session
                pull = _ABSENT if session.phase == PHASES[0] else _PRESENT[session.stress, session.treatment]
                table = draw_track(pull + own + rng.normal(0.0, _BETWEEN_SESSIONS), rng)
                if session.phase == PHASES[1] and number % _LOST_ONE_IN == 3:
                    table = _without(table, _LOST_S)
                _copy_pictures(sample, source.session_id, context.folder, session.session_id)
                placed = Placed(opened=item, arena=arena_of(record))
                window = Window(start_s=float(session.start_s or 0.0), end_s=float(session.start_s or 0.0) + SECONDS)
                track = Track(table=table, flags=(), window=window, thumbnails_s=SHOWN_S)
                made = finish_session(placed, track, session_keys(item, opened, context), context)
                outcomes[session.session_id] = Outcome(session_id=session.session_id, record=made)
    _draw_floor_plans(outcomes, context)
    return outcomes


def draw_track(pull: float, rng: np.random.Generator) -> pd.DataFrame:
    """Return a path that goes from goal to goal and rests at each, with the columns that tracking gives.

    Parameters
    ----------
    pull : float
        The share of goals that lie at the enclosure; the others lie anywhere.
    rng : numpy.random.Generator
    """
    count = round(SECONDS * 2 / _PAUSE_S)
    left, right, near, far = _AT_ENCLOSURE
    anywhere = rng.uniform(_WALL_CM, _WIDTH_CM - _WALL_CM, (count, 2))
    at_enclosure = rng.uniform((left, near), (right, far), (count, 2))
    goals = np.where(rng.random((count, 1)) < np.clip(pull, 0.03, 0.95), at_enclosure, anywhere)
    walks_s = np.hypot(*np.diff(goals, axis=0).T) / _SPEED_CM_S
    rests_s = rng.exponential(_PAUSE_S, count - 1)
    arrive_s = np.cumsum(walks_s + rests_s)
    moments = np.concatenate([[0.0], np.column_stack([arrive_s - walks_s, arrive_s]).ravel()])
    points = np.concatenate([goals[:1], np.repeat(goals, 2, axis=0)[1:-1]])
    time_s = np.arange(round(SECONDS * FPS)) / FPS
    x, y = (np.interp(time_s, moments, points[:, axis]) + rng.normal(0.0, 0.02, time_s.size) for axis in (0, 1))
    heading = np.interp(time_s, arrive_s, np.unwrap(np.arctan2(*np.diff(goals, axis=0).T[::-1])))
    nose = [np.clip(at + _NOSE_CM * turned(heading), 0.0, _WIDTH_CM) for at, turned in ((x, np.cos), (y, np.sin))]
    return pd.DataFrame(
        {
            "frame": np.arange(time_s.size), "time_s": time_s, "x_cm": x, "y_cm": y, "nose_x_cm": nose[0],
            "nose_y_cm": nose[1], "heading_rad": np.arctan2(nose[1] - y, nose[0] - x), "area_cm2": 18.5,
            "body_length_cm": 8.4, "body_width_cm": 2.9, "body_axis_rad": heading % np.pi, "detected": True,
            "interpolated": False,
        }
    )  # fmt: skip


def _without(track: pd.DataFrame, lost_s: tuple[float, float]) -> pd.DataFrame:
    """Return a track whose animal isn't found for a while."""
    lost = track["time_s"].between(*lost_s)
    measured = track.columns.difference(["frame", "time_s", "detected", "interpolated"])
    track = track.assign(detected=~lost)
    track.loc[lost, measured] = np.nan
    return track


def _copy_pictures(source: ResultsFolder, source_id: str, target: ResultsFolder, session_id: str) -> None:
    """Copy a floor, and small pictures: as many as there are of a trial found in a longer recording."""
    target.floor(session_id).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source.floor(source_id), target.floor(session_id))
    shown = read_picture(source.thumbnails(source_id))
    # Mirrored, the same pictures compress like others.
    write_picture(target.thumbnails(session_id), np.hstack([shown, shown[:, ::-1]])[:, : len(SHOWN_S) * len(shown)])


def _draw_floor_plans(outcomes: Mapping[str, Outcome], context: Context) -> None:
    """Draw the first animal's two floor plans, and take them for the others' as well."""
    folder = context.folder
    drawn = []
    for number, (session_id, outcome) in enumerate(outcomes.items()):
        if number < len(PHASES) and outcome.record:
            save_session(outcome.record, folder, context.protocol)
            drawn.append(folder.overlay(session_id))
        else:
            shutil.copyfile(drawn[number % len(PHASES)], folder.overlay(session_id))
