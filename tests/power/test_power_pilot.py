"""A pilot's law is what its animals were drawn by, and what it can't tell is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from csds.analysis.animals import Animals, read_animals
from csds.errors import StatsError, TableError
from csds.formats.tables import write_table
from csds.model.zone_times import PUBLISHED_TIMES
from csds.power.pilot import pilot_icc, pilot_law
from csds.simulate.cohort import CohortDesign, simulate_cohort


@pytest.fixture(scope="module")
def cohort() -> pd.DataFrame:
    table = simulate_cohort(CohortDesign(per_group=600, cohorts=1, cohort_share=0), np.random.default_rng(4))
    return table.assign(phenotype=table["component"])


def animals(table: pd.DataFrame, folder: Path) -> Animals:
    write_table(table, folder / "animals.csv")
    return read_animals(folder)


def test_a_pilot_gives_back_the_law_that_it_was_drawn_by(cohort: pd.DataFrame, tmp_path: Path) -> None:
    law, true = pilot_law(animals(cohort, tmp_path), reference="isotype"), PUBLISHED_TIMES["male"]
    assert law.phase_s == 150
    assert [name for name, _, _ in law.stressed] == ["susceptible", "resilient"]
    assert law.stressed[0][1] == pytest.approx(true.stressed[0][1], abs=0.06)
    pairs = [(law.control, true.control)]
    pairs += [(mine[2], other[2]) for mine, other in zip(law.stressed, true.stressed, strict=True)]
    for mine, other in pairs:
        assert mine.absent_mean == pytest.approx(other.absent_mean, abs=2.5)
        assert mine.absent_sd == pytest.approx(other.absent_sd, abs=2)
        assert mine.present_mean == pytest.approx(other.present_mean, abs=2.5)
        assert mine.present_sd == pytest.approx(other.present_sd, abs=2)
        assert mine.correlation == pytest.approx(other.correlation, abs=0.1)


def test_moments_are_the_sample_s(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    absent, present = rng.uniform(30, 90, 12), rng.uniform(20, 110, 12)
    table = pd.DataFrame(
        {
            "animal_id": [f"M{i}" for i in range(12)],
            "stress": ["control"] * 6 + ["defeated"] * 6,
            "interaction_absent_s": absent,
            "interaction_present_s": present,
            "duration_present_s": 180.0,
        }
    )
    law = pilot_law(animals(table, tmp_path))
    assert law.phase_s == 180
    ((name, share, defeated),) = law.stressed  # no phenotypes: one component
    assert (name, share) == ("defeated", 1.0)
    assert defeated.present_sd == pytest.approx(np.std(present[6:], ddof=1))
    assert law.control.correlation == pytest.approx(np.corrcoef(absent[:6], present[:6])[0, 1])


def test_cages_of_a_pilot(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    values = 1 + rng.normal(0, 0.5, (200, 1)) + rng.normal(0, 0.5, (200, 4))
    table = pd.DataFrame(
        {
            "animal_id": [f"M{i}" for i in range(800)],
            "stress": "defeated",
            "treatment": np.repeat(["isotype", "drug"], 400),
            "cage": np.repeat([f"C{i}" for i in range(200)], 4),
            "si_ratio": values.ravel() + np.repeat([0.0, 5.0], 400),
        }
    )
    assert pilot_icc(animals(table, tmp_path), "si_ratio") == pytest.approx(0.5, abs=0.08)


def changed(**columns: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda table: table.assign(**columns)


@pytest.mark.parametrize(
    ("change", "reference", "message"),
    [
        (changed(stress="defeated"), "isotype", "expected 5 control animals"),
        (changed(), "", "expected one treatment, found isotype, anti-IL-4Rα"),
        (changed(), "vehicle", "reference treatment: expected one of"),
        (changed(interaction_present_s=200.0), "isotype", "from 0 to 150 s"),
        (changed(interaction_present_s=60.0), "isotype", "that vary"),
        (changed(test=["pre", "post"] * 1200), "isotype", "one test of each animal"),
    ],
)
def test_what_a_pilot_cannot_tell_is_refused(
    cohort: pd.DataFrame,
    tmp_path: Path,
    change: Callable[[pd.DataFrame], pd.DataFrame],
    reference: str,
    message: str,
) -> None:
    with pytest.raises(StatsError, match=message):
        pilot_law(animals(change(cohort), tmp_path), reference=reference)


def test_a_pilot_without_times_or_cages_is_refused(cohort: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(TableError, match="interaction_absent_s"):
        pilot_law(animals(cohort.drop(columns="interaction_absent_s"), tmp_path))
    with pytest.raises(StatsError, match="several animals in some cages"):
        pilot_icc(animals(cohort, tmp_path), "si_ratio")
    alone = cohort.assign(cage=[f"C{i}" for i in range(len(cohort))])
    with pytest.raises(StatsError, match="several animals in some cages"):
        pilot_icc(animals(alone, tmp_path), "si_ratio")
