"""Tables of simulated animals, by the published numbers of the social interaction test.

The times in the interaction zone with the target absent and present are drawn jointly, and the
ratio is derived from them, never drawn. The numbers are those of Schuler … Bagot 2024 (per-mouse
data of 761 mice in 20 cohorts, 150 s trials): means, SDs, and the correlation of the two times.

For each animal a pair of correlated standard normals is drawn and taken through beta
distributions on (0 s, 150 s) that have the published means and SDs (a Gaussian copula). Defeated
males are two components, susceptible and resilient. The published correlation over all defeated
males is .20; it holds ``Σ share · r_within · SD_a · SD_p`` plus the covariance between the
components' means, hence r = .53 within them.

An animal's times are those that it would have undefeated, plus ``severity`` times the difference
that defeat makes to it, with ``severity = stress_effect · (1 − rescue)``: 0 is a control, 1 is
as published, and the mean stress effect shrinks by exactly the share that is rescued.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from csds.errors import SimulationError
from csds.model.shapes import FloatArray

PHASE_S = 150.0
Sex = Literal["male", "female"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesLaw:
    """Seconds in the interaction zone of one kind of animal: means, SDs, and their correlation."""

    absent_mean: float
    absent_sd: float
    present_mean: float
    present_sd: float
    correlation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SexLaw:
    """What is known of one sex: undefeated animals, and the components of defeated ones with their shares.

    ``corners`` and ``distance`` hold means as (control absent, control present, stressed absent,
    stressed present), in s and cm. Their SDs are not published: see `simulate_cohort`.
    """

    control: TimesLaw
    stressed: tuple[tuple[str, float, TimesLaw], ...]
    corners: tuple[float, float, float, float]
    distance: tuple[float, float, float, float]


PUBLISHED: dict[str, SexLaw] = {
    "male": SexLaw(
        control=TimesLaw(absent_mean=61, absent_sd=18, present_mean=91, present_sd=19, correlation=0.38),
        stressed=(
            (
                "susceptible",
                123 / 216,
                TimesLaw(absent_mean=63, absent_sd=16, present_mean=35, present_sd=21, correlation=0.53),
            ),
            (
                "resilient",
                93 / 216,
                TimesLaw(absent_mean=57, absent_sd=15, present_mean=80, present_sd=18, correlation=0.53),
            ),
        ),
        corners=(25, 15, 27, 44),
        distance=(1265, 872, 1242, 811),
    ),
    "female": SexLaw(
        control=TimesLaw(absent_mean=63, absent_sd=15, present_mean=92, present_sd=16, correlation=0.08),
        stressed=(
            (
                "stressed",
                1.0,
                TimesLaw(absent_mean=69, absent_sd=16, present_mean=85, present_sd=18, correlation=0.17),
            ),
        ),
        corners=(24, 16, 23, 18),
        distance=(1424, 914, 1360, 1040),
    ),
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
    component = _components(law, liability)
    times = _times(law, component, severity, (absent, present))
    names = np.array([name for name, _, _ in law.stressed])
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


def _components(law: SexLaw, liability: FloatArray) -> np.ndarray:
    """Return each animal's component: the higher the liability, the earlier in the law's list."""
    shares = np.cumsum([share for _, share, _ in law.stressed])
    rank = stats.norm.sf(liability)
    return np.minimum(np.searchsorted(shares, rank), len(shares) - 1)


def _times(
    law: SexLaw, component: np.ndarray, severity: FloatArray, latents: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    undefeated = _quantiles(law.control, latents)
    stressed = [_quantiles(kind, latents) for _, _, kind in law.stressed]
    both = []
    for phase in (0, 1):
        defeated = np.choose(component, [times[phase] for times in stressed])
        both.append(np.clip(undefeated[phase] + severity * (defeated - undefeated[phase]), 0.0, PHASE_S))
    return both[0], both[1]


def _quantiles(law: TimesLaw, latents: tuple[FloatArray, FloatArray]) -> tuple[FloatArray, FloatArray]:
    absent, own = latents
    present = law.correlation * absent + np.sqrt(1.0 - law.correlation**2) * own
    return (
        PHASE_S * _beta_quantiles(law.absent_mean / PHASE_S, law.absent_sd / PHASE_S, absent),
        PHASE_S * _beta_quantiles(law.present_mean / PHASE_S, law.present_sd / PHASE_S, present),
    )


def _beta_quantiles(mean: float | FloatArray, sd: float, latent: FloatArray) -> FloatArray:
    """Return the values of a beta distribution of given mean and SD at the normal's quantiles."""
    size = mean * (1.0 - mean) / sd**2 - 1.0
    return np.asarray(stats.beta.ppf(stats.norm.cdf(latent), mean * size, (1.0 - mean) * size), float)


def _corners(
    law: SexLaw, severity: FloatArray, times: tuple[FloatArray, FloatArray], rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    means = [sum(share * kind.absent_mean for _, share, kind in law.stressed)]
    means.append(sum(share * kind.present_mean for _, share, kind in law.stressed))
    shared = rng.standard_normal(len(severity))
    both = []
    for phase, control_mean in enumerate((law.control.absent_mean, law.control.present_mean)):
        control = law.corners[phase] / (PHASE_S - control_mean)
        stressed = law.corners[2 + phase] / (PHASE_S - means[phase])
        mean = np.clip(control + severity * (stressed - control), 0.03, 0.9)
        latent = np.sqrt(0.5) * (shared + rng.standard_normal(len(severity)))
        both.append(_beta_quantiles(mean, _CORNER_SHARE_SD, latent) * (PHASE_S - times[phase]))
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
