"""Cohorts against the published table (Schuler … Bagot 2024) that they are meant to resemble."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csds.errors import SimulationError
from csds.model.columns import ANIMAL_COLUMNS, names
from csds.simulate.cohort import PHASE_S, CohortDesign, simulate_cohort

# group: absent mean, SD; present mean, SD; r; SI mean, SD; share below 1; corners; distance.
PUBLISHED = {
    ("male", "control"): (61, 18, 91, 19, 0.38, 1.62, 0.52, 0.085, (25, 15), (1265, 872)),
    ("male", "defeated"): (61, 16, 55, 30, 0.20, 0.94, 0.56, 0.57, (27, 44), (1242, 811)),
    ("female", "control"): (63, 15, 92, 16, 0.08, 1.55, 0.52, 0.063, (24, 16), (1424, 914)),
    ("female", "defeated"): (69, 16, 85, 18, 0.17, 1.31, 0.39, 0.22, (23, 18), (1360, 1040)),
}


@pytest.fixture(scope="module")
def big_tables():
    # Many cohorts, so that the cohort effect averages out of the means.
    design = {"per_group": 6000, "cohorts": 1500, "treatments": ("isotype", "anti-IL-4Rα"), "rescue": (0.0, 0.5)}
    return {
        sex: simulate_cohort(CohortDesign(sex=sex, **design), np.random.default_rng(20)) for sex in ("male", "female")
    }


@pytest.mark.parametrize(("sex", "stress"), PUBLISHED)
def test_untreated_animals_have_the_published_numbers(big_tables, sex, stress):
    table = big_tables[sex].query("treatment == 'isotype' and stress == @stress")
    absent, present = table["interaction_absent_s"], table["interaction_present_s"]
    a_mean, a_sd, p_mean, p_sd, r, si_mean, si_sd, below, corners, distance = PUBLISHED[sex, stress]
    assert absent.mean() == pytest.approx(a_mean, abs=1.5)
    assert absent.std() == pytest.approx(a_sd, abs=1.0)
    assert present.mean() == pytest.approx(p_mean, abs=2.0)
    assert present.std() == pytest.approx(p_sd, abs=1.5)
    assert absent.corr(present) == pytest.approx(r, abs=0.06)
    # The published table had dropped ratios of 4 and more.
    ratio = table["si_ratio"][table["si_ratio"] < 4]
    assert ratio.mean() == pytest.approx(si_mean, abs=0.06)
    assert ratio.std() == pytest.approx(si_sd, abs=0.08)
    assert (table["si_ratio"] < 1).mean() == pytest.approx(below, abs=0.035)
    assert table["corners_absent_s"].mean() == pytest.approx(corners[0], abs=1.5)
    assert table["corners_present_s"].mean() == pytest.approx(corners[1], abs=1.5)
    assert table["distance_absent_cm"].mean() == pytest.approx(distance[0], rel=0.03)
    assert table["distance_present_cm"].mean() == pytest.approx(distance[1], rel=0.03)


def test_the_two_components_of_defeated_males(big_tables):
    table = big_tables["male"].query("treatment == 'isotype' and stress == 'defeated'")
    susceptible = table.query("component == 'susceptible'")
    resilient = table.query("component == 'resilient'")
    assert len(susceptible) / len(table) == pytest.approx(123 / 216, abs=0.03)
    assert susceptible["interaction_present_s"].mean() == pytest.approx(35, abs=2)
    assert resilient["interaction_present_s"].mean() == pytest.approx(80, abs=2)
    assert susceptible["si_ratio"].mean() == pytest.approx(0.6, abs=0.1)
    assert resilient["si_ratio"].mean() == pytest.approx(1.5, abs=0.1)


def test_half_a_rescue_takes_away_half_of_the_mean_stress_effect(big_tables):
    present = big_tables["male"].groupby(["stress", "treatment"])["interaction_present_s"].mean()
    effect = present["control", "isotype"] - present["defeated", "isotype"]
    left = present["control", "isotype"] - present["defeated", "anti-IL-4Rα"]
    assert left / effect == pytest.approx(0.5, abs=0.05)
    # Undefeated animals are the same by law with either treatment.
    assert present["control", "anti-IL-4Rα"] == pytest.approx(present["control", "isotype"], abs=1.5)


def test_no_stress_effect_leaves_controls():
    design = CohortDesign(per_group=3000, cohorts=1500, stress_effect=0.0)
    mean = simulate_cohort(design, np.random.default_rng(3)).groupby("stress")["interaction_present_s"].mean()
    assert mean["defeated"] == pytest.approx(mean["control"], abs=1.5)


def test_cohorts_hold_the_published_share_of_variance():
    # One-way intraclass correlation of SI after the groups' means, over 20 cohorts, averaged over repetitions.
    shares = []
    for seed in range(30):
        design = CohortDesign(per_group=180, cohorts=20, treatments=("none",), rescue=(0.0,))
        table = simulate_cohort(design, np.random.default_rng(seed)).query("si_ratio < 4")
        rest = table["si_ratio"] - table.groupby("stress")["si_ratio"].transform("mean")
        groups = rest.groupby(table["cohort"])
        between = (groups.mean() ** 2 * groups.size()).sum() / 19
        within = ((rest - groups.transform("mean")) ** 2).sum() / (len(rest) - 21)
        size = len(rest) / 20
        shares.append((between - within) / (between + (size - 1) * within))
    assert np.mean(shares) == pytest.approx(0.08, abs=0.03)


@settings(max_examples=25, deadline=None)
@given(
    per_group=st.integers(2, 12),
    rescue=st.floats(-0.5, 1.0),
    stress_effect=st.floats(0.0, 1.5),
    sex=st.sampled_from(["male", "female"]),
    seed=st.integers(0, 1000),
)
def test_every_table_is_possible(per_group, rescue, stress_effect, sex, seed):
    design = CohortDesign(per_group=per_group, cohorts=2, rescue=(0.0, rescue), stress_effect=stress_effect, sex=sex)
    table = simulate_cohort(design, np.random.default_rng(seed))
    assert len(table) == 4 * per_group
    assert not table.duplicated(["cohort", "animal_id"]).any()
    for phase in ("absent", "present"):
        interaction, corners = table[f"interaction_{phase}_s"], table[f"corners_{phase}_s"]
        assert interaction.between(0, PHASE_S).all()
        assert corners.ge(0).all()
        assert (interaction + corners <= PHASE_S + 1e-9).all()
        assert table[f"distance_{phase}_cm"].gt(0).all()
    with_ratio = table.dropna(subset="si_ratio")
    np.testing.assert_allclose(
        with_ratio["si_ratio"], with_ratio["interaction_present_s"] / with_ratio["interaction_absent_s"]
    )


def test_columns_are_those_of_animals_csv():
    table = simulate_cohort(CohortDesign(per_group=2), np.random.default_rng(0))
    known = [name for name in names(ANIMAL_COLUMNS) if name in table]
    assert set(table) - set(known) == {"sex", "component"}
    assert {"si_ratio", "log_si_ratio", "corner_ratio", "delta_velocity_cm_s"} <= set(known)


def test_the_same_generator_gives_the_same_table():
    first, second = (simulate_cohort(CohortDesign(), np.random.default_rng(5)) for _ in range(2))
    assert first.equals(second)


@pytest.mark.parametrize(
    "wrong",
    [
        {"per_group": 0},
        {"cohorts": 0},
        {"per_group": 2, "cohorts": 3},
        {"sex": "unknown"},
        {"rescue": (0.5,)},
        {"rescue": (0.0, 1.2)},
        {"stress_effect": -0.1},
        {"cohort_share": 1.0},
    ],
)
def test_impossible_designs_are_refused(wrong):
    with pytest.raises(SimulationError, match="expected") as caught:
        CohortDesign(**wrong)
    assert caught.value.hint
