"""Tables of simulated animals, by the published numbers of the social interaction test.

The times in the interaction zone with the target absent and present are drawn jointly, and the
ratio is derived from them, never drawn. The numbers are those of Schuler … Bagot 2024 (per-mouse
data of 761 mice in 20 cohorts, 150 s trials): means, SDs, and the correlation of the two times.

How the times are drawn, by components of defeated animals and severity, is `csds.model.zone_times`.

An animal's severity is ``stress_effect · (1 − rescue)``: 0 is a control, 1 is as published, and the
mean stress effect shrinks by exactly the share that is rescued.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from csds.errors import SimulationError
from csds.model.shapes import FloatArray
from csds.model.zone_times import PHASE_S, PUBLISHED_TIMES, StressLaw, beta_quantiles, find_components, zone_times

Sex = Literal["male", "female"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SexLaw:
    """What is known of one sex: times in the interaction zone, corner times and distances.

    ``corners`` and ``distance`` hold means as (control absent, control present, stressed absent,
    stressed present), in s and cm. Their SDs are not published: see `simulate_cohort`.
    """

    times: StressLaw
    corners: tuple[float, float, float, float]
    distance: tuple[float, float, float, float]


PUBLISHED: dict[str, SexLaw] = {
    "male": SexLaw(times=PUBLISHED_TIMES["male"], corners=(25, 15, 27, 44), distance=(1265, 872, 1242, 811)),
    "female": SexLaw(times=PUBLISHED_TIMES["female"], corners=(24, 16, 23, 18), distance=(1424, 914, 1360, 1040)),
}
"""Schuler … Bagot 2024: males (defeat) and females (witness defeat)."""

# Not published; chosen here. Corner time as a share of the time outside the interaction zone, and distance.
_CORNER_SHARE_SD = 0.13
_DISTANCE_CV, _DISTANCE_CORRELATION = 0.28, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortDesign:
    """A stress × treatment design.

    Parameters
    ----------
    per_group : int
        Animals in each cell (stress × treatment), over all cohorts.
    cohorts : int
        Each cell is spread evenly over so many cohorts.
    sex : str
        ``male`` (two components of defeated animals) or ``female`` (witness defeat, one component).
    treatments : tuple of str
        Cells beside each other; none of them changes undefeated animals.
    rescue : tuple of float
        For each treatment, the share of the stress effect that it takes away: 0 none, 1 all,
        negative makes worse.
    stress_effect : float
        0 none, 1 as published.
    cohort_share : float
        Share of the variance of an animal's latent times, and of its liability to be susceptible,
        that its cohort holds. The ratio's own intraclass correlation is lower, since the two components
        of defeated males lie far apart within every cohort: 0.14 gives the published 0.08.
    """

    per_group: int = 10
    cohorts: int = 1
    sex: Sex = "male"
    treatments: tuple[str, ...] = ("isotype", "anti-IL-4Rα")
    rescue: tuple[float, ...] = (0.0, 0.5)
    stress_effect: float = 1.0
    cohort_share: float = 0.14

    def __post_init__(self) -> None:
        """Refuse what can't be drawn."""
        _require(self.per_group >= 1, "per_group", "1 or more", self.per_group)
        _require(1 <= self.cohorts <= self.per_group, "cohorts", "1 to per_group", self.cohorts)
        _require(self.sex in PUBLISHED, "sex", " or ".join(PUBLISHED), self.sex)
        _require(0 < len(self.treatments) == len(self.rescue), "rescue", "one share for each treatment", self.rescue)
        _require(all(share <= 1.0 for share in self.rescue), "rescue", "shares of at most 1", self.rescue)
        _require(self.stress_effect >= 0.0, "stress_effect", "0 or more", self.stress_effect)
        _require(0.0 <= self.cohort_share < 1.0, "cohort_share", "0 to less than 1", self.cohort_share)


def simulate_cohort(design: CohortDesign, rng: np.random.Generator) -> pd.DataFrame:
    """Return one row per animal with the columns of ``animals.csv`` that a simulation knows.

    Corner times are a share of the time outside the interaction zone, so no animal is in two
    places at once; their means are published, their spread is an assumption (SD 0.13 of that
    share). So is the spread of distances (log-normal, coefficient of variation 0.28, correlation
    0.5 between the phases).

    Parameters
    ----------
    design : CohortDesign
    rng : numpy.random.Generator

    Returns
    -------
    DataFrame
        ``cohort, animal_id, test, stress, treatment, sex, component``, then interaction and
        corner times (s), distances (cm) and the scores derived from them. ``component`` is the
        truth behind a defeated animal (``susceptible``, ``resilient``; ``control`` if undefeated),
        not a phenotype by any rule.

    Examples
    --------
    >>> table = simulate_cohort(CohortDesign(per_group=4), np.random.default_rng(1))
    >>> table.groupby(["stress", "treatment"]).size().tolist()
    [4, 4, 4, 4]
    """
    table = _design_table(design)
    defeated = (table["stress"] == "defeated").to_numpy()
    rescue = table["treatment"].map(dict(zip(design.treatments, design.rescue, strict=True))).to_numpy(float)
    severity = np.where(defeated, design.stress_effect * (1.0 - rescue), 0.0)
    law = PUBLISHED[design.sex]
    absent, present, liability = _latents(table["cohort"].to_numpy(), design, rng)
    component = find_components(law.times, liability)
    times = zone_times(law.times, component, severity, (absent, present))
    names = np.array([name for name, _, _ in law.times.stressed])
    table["component"] = np.where(defeated, names[component], "control")
    table["interaction_absent_s"], table["interaction_present_s"] = times
    corners = _corners(law, severity, times, rng)
    table["corners_absent_s"], table["corners_present_s"] = corners
    table["distance_absent_cm"], table["distance_present_cm"] = _distances(law, severity, rng)
    return _with_scores(table)


def _design_table(design: CohortDesign) -> pd.DataFrame:
    rows = [
        {"cohort": f"C{1 + number % design.cohorts:02d}", "stress": stress, "treatment": treatment}
        for stress in ("control", "defeated")
        for treatment in design.treatments
        for number in range(design.per_group)
    ]
    table = pd.DataFrame(rows).sort_values("cohort", kind="stable", ignore_index=True)
    table.insert(1, "animal_id", [f"M{number:0{max(2, len(str(len(rows))))}d}" for number in range(1, len(rows) + 1)])
    table.insert(2, "test", "")
    table["sex"] = design.sex
    return table


def _latents(
    cohort: np.ndarray, design: CohortDesign, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return three standard normals an animal (absent, present's own part, liability), part of each its cohort's."""
    codes, index = np.unique(cohort, return_inverse=True)
    between, within = np.sqrt(design.cohort_share), np.sqrt(1.0 - design.cohort_share)
    shared = rng.standard_normal((3, len(codes)))
    own = rng.standard_normal((3, len(cohort)))
    absent, present, liability = within * own + between * shared[:, index]
    return absent, present, liability


def _corners(
    law: SexLaw, severity: FloatArray, times: tuple[FloatArray, FloatArray], rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    means = [sum(share * kind.absent_mean for _, share, kind in law.times.stressed)]
    means.append(sum(share * kind.present_mean for _, share, kind in law.times.stressed))
    shared = rng.standard_normal(len(severity))
    both = []
    for phase, control_mean in enumerate((law.times.control.absent_mean, law.times.control.present_mean)):
        control = law.corners[phase] / (PHASE_S - control_mean)
        stressed = law.corners[2 + phase] / (PHASE_S - means[phase])
        mean = np.clip(control + severity * (stressed - control), 0.03, 0.9)
        latent = np.sqrt(0.5) * (shared + rng.standard_normal(len(severity)))
        both.append(beta_quantiles(mean, _CORNER_SHARE_SD, latent) * (PHASE_S - times[phase]))
    return both[0], both[1]


def _distances(law: SexLaw, severity: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    sigma = np.sqrt(np.log1p(_DISTANCE_CV**2))
    shared = rng.standard_normal(len(severity))
    both = []
    for phase in (0, 1):
        mean = law.distance[phase] + severity * (law.distance[2 + phase] - law.distance[phase])
        own = rng.standard_normal(len(severity))
        latent = np.sqrt(_DISTANCE_CORRELATION) * shared + np.sqrt(1.0 - _DISTANCE_CORRELATION) * own
        both.append(np.maximum(mean, 1.0) * np.exp(sigma * latent - sigma**2 / 2))
    return both[0], both[1]


def _with_scores(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the scores of its times; what isn't defined is NaN."""
    absent, present = table["interaction_absent_s"], table["interaction_present_s"]
    ratio = present / absent.where(absent > 0)
    return table.assign(
        si_ratio=ratio,
        log_si_ratio=np.log(ratio.where(ratio > 0)),
        si_preference=present / (present + absent).where(present + absent > 0),
        si_difference_s=present - absent,
        corner_ratio=table["corners_present_s"] / table["corners_absent_s"].where(table["corners_absent_s"] > 0),
        delta_velocity_cm_s=(table["distance_absent_cm"] - table["distance_present_cm"]) / PHASE_S,
    )


def _require(is_right: bool, name: str, expected: str, found: object) -> None:
    if not is_right:
        raise SimulationError(f"expected {name}: {expected}, found {found!r}", hint=f"correct {name}")
