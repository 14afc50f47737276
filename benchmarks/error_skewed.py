"""Studies of real social interaction ratios: skewed, differing in spread, defeated mice two kinds mixed.

Times with the target absent and present are drawn jointly and scores derived from them, for so many animals
(`POPULATION`) that they are a population themselves: studies are samples of it, and what is true of it is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial

import numpy as np

from benchmarks.error_models import LEVEL, PLANNED, Rng, crossed_design, sized, told
from benchmarks.findings import Finding, Scenario, is_held
from csds.analysis.between import planned_contrasts
from csds.model.zone_times import PHASE_S, PUBLISHED_TIMES, TimesLaw
from csds.simulate.cohort import CohortDesign, simulate_cohort
from csds.stats.adjust import adjust_contrasts
from csds.stats.bootstrap import Location, bootstrap
from csds.stats.design import ContrastEstimate, covariate, design_matrix, estimate_contrast, factor
from csds.stats.dominance import dominance
from csds.stats.effect_sizes import glass_delta, hedges_g, rank_biserial
from csds.stats.linear import anova, fit_linear_model, linear_contrast
from csds.stats.one_way import separate_contrast
from csds.stats.ranks import aligned_ranks
from csds.stats.samples import FloatArray
from csds.stats.two_groups import permutation_test, t_test
from csds.stats.wilcoxon import hodges_lehmann, mann_whitney

POPULATION = 100_000
#: Resamples of each bootstrap; csds's own default is 10,000.
RESAMPLES = 2_000
#: Animals in a group.
SIZES = (8, 15, 30)

RATIO, LOG, ABSENT, PRESENT = "si_ratio", "log_si_ratio", "interaction_absent_s", "interaction_present_s"
SCALES = {
    RATIO: "ratio",
    LOG: "log ratio",
    "si_preference": "preference",
    "si_difference_s": "present − absent",
    PRESENT: "time present",
}
Scores = Mapping[str, FloatArray]
#: Groups of stress × treatment by their initials, and the planned contrasts of `PLANNED` as weights of their means.
CELLS = ("ci", "ct", "di", "dt")
WEIGHTS = {
    "rescue": {"dt": 1.0, "di": -1.0},
    "model worked": {"di": 1.0, "ci": -1.0},
    "treatment alone": {"ct": 1.0, "ci": -1.0},
    "interaction": {"dt": 1.0, "di": -1.0, "ct": -1.0, "ci": 1.0},
}


@lru_cache
def populations(law: str) -> Mapping[str, Scores]:
    """Return the scores of controls, defeated mice, and defeated mice half rescued.

    ``published`` times are csds's own simulated ones; ``cut`` ones are normal, cut at 0 and 150 s, so that defeated
    mice may stay away altogether: their log ratio isn't defined, and they are left out of it.
    """
    if law == "published":
        design = CohortDesign(per_group=POPULATION, treatments=("isotype", "half"), rescue=(0.0, 0.5), cohort_share=0.0)
        table = simulate_cohort(design, np.random.default_rng(1))
        groups = {"control": ("control", "isotype"), "defeated": ("defeated", "isotype"), "half": ("defeated", "half")}
        return {
            name: {
                scale: table.loc[(table["stress"] == stress) & (table["treatment"] == treatment), scale].to_numpy(float)
                for scale in (*SCALES, ABSENT)
            }
            for name, (stress, treatment) in groups.items()
        }
    rng = np.random.default_rng(1)
    kinds = {
        "control": [(1.0, PUBLISHED_TIMES["male"].control)],
        "defeated": [(share, of) for _, share, of in PUBLISHED_TIMES["male"].stressed],
    }
    return {name: _cut_normal(parts, rng) for name, parts in kinds.items()}


def _cut_normal(parts: list[tuple[float, TimesLaw]], rng: Rng) -> Scores:
    times = np.vstack(
        [
            rng.multivariate_normal(
                (of.absent_mean, of.present_mean),
                [
                    [of.absent_sd**2, of.correlation * of.absent_sd * of.present_sd],
                    [of.correlation * of.absent_sd * of.present_sd, of.present_sd**2],
                ],
                round(share * POPULATION),
            )
            for share, of in parts
        ]
    )
    absent, present = np.clip(times, 0.0, PHASE_S).T
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(absent > 0, present / absent, np.nan)
        log = np.where(ratio > 0, np.log(ratio), np.nan)
        preference = present / (present + absent)
    return {
        RATIO: ratio,
        LOG: log,
        "si_preference": preference,
        "si_difference_s": present - absent,
        PRESENT: present,
        ABSENT: absent,
    }


@lru_cache(None)
def truths(law: str, first: str, second: str, scale: str) -> dict[str, float]:
    """Return what is true of the difference of two populations."""
    x, y = (_defined(populations(law)[name][scale]) for name in (first, second))
    alike = first == second
    lower, either = np.searchsorted(np.sort(y), x), np.searchsorted(np.sort(y), x, side="right")
    pairs = np.random.default_rng(2).permutation(y)[: len(x)]
    return {
        "mean": float(x.mean() - y.mean()),
        "median": float(np.median(x) - np.median(y)),
        "shift": 0.0 if alike else float(np.median(x[: len(pairs)] - pairs[: len(x)])),
        "g": float((x.mean() - y.mean()) / math.sqrt((x.var() + y.var()) / 2)),
        "delta": float((x.mean() - y.mean()) / y.std()),
        "dominance": float((lower + either).mean() / len(y) - 1),
    }


def _defined(values: FloatArray) -> FloatArray:
    return values[np.isfinite(values)]


def _sample(law: str, name: str, n: int, rng: Rng) -> Scores:
    scores = populations(law)[name]
    drawn = rng.integers(len(scores[RATIO]), size=n)
    return {scale: values[drawn] for scale, values in scores.items()}


def two_groups(
    rng: Rng, n: int, *, law: str, first: str, second: str, sizes: tuple[int, int] | None = None
) -> Iterator[Finding]:
    """Yield what is made of two groups of mice."""
    n_x, n_y = sizes or (n, n)
    mice = _sample(law, first, n_x, rng), _sample(law, second, n_y, rng)
    null = first == second
    for scale, named in SCALES.items():
        x, y = (_defined(scores[scale]) for scores in mice)
        true = truths(law, first, second, scale)
        kinds = {"Welch t": False, "Student t": True} if scale in (RATIO, LOG) else {"Welch t": False}
        for name, equal in kinds.items():
            test = t_test(x, y, equal_variances=equal)
            yield Finding(
                method=f"{name}, {named}",
                rejects=test.p_value < LEVEL if null else None,
                holds=is_held(true["mean"], (test.ci_low, test.ci_high)),
            )
        if scale in (RATIO, LOG):
            if null:
                p_value = permutation_test(x, y, rng=rng, draws=RESAMPLES).p_value
                yield Finding(method=f"permutation, {named}", rejects=p_value < LEVEL, is_exact=True)
            yield from _bootstrapped(x, y, true, named, rng)
    x, y = (_defined(scores[RATIO]) for scores in mice)
    true = truths(law, first, second, RATIO)
    if null:
        yield Finding(method="Mann–Whitney", rejects=mann_whitney(x, y).p_value < LEVEL, is_exact=True)
        absent = np.concatenate([scores[ABSENT] for scores in mice])
        group = factor("group", ["x"] * n_x + ["y"] * n_y)
        model = fit_linear_model(
            np.concatenate([scores[PRESENT] for scores in mice]), design_matrix([group, covariate("absent", absent)])
        )
        yield Finding(method="ANCOVA, present by absent", rejects=anova(model)[1].p_value < LEVEL)
    shift = hodges_lehmann(x, y)
    yield Finding(method="Hodges–Lehmann, ratio", holds=is_held(true["shift"], (shift.ci_low, shift.ci_high)))
    yield sized("Hedges' g, ratio", hedges_g(x, y), true["g"])
    yield sized("Glass's Δ, ratio", glass_delta(x, y), true["delta"])
    yield sized("rank-biserial, effectsize's", rank_biserial(x, y), true["dominance"])
    yield sized("rank-biserial, Newcombe's", dominance(x, y), true["dominance"])


def _bootstrapped(x: FloatArray, y: FloatArray, true: Mapping[str, float], named: str, rng: Rng) -> Iterator[Finding]:
    locations: tuple[Location, ...] = ("mean", "median")
    for location in locations:
        found = bootstrap(x, y, rng=rng, location=location, draws=RESAMPLES)
        for kind, bounds in (
            ("percentile", found.percentile),
            ("BCa", found.bca),
            ("studentised", found.studentised),
        ):
            if bounds:
                method = f"bootstrap {kind}, {location} of the {named}"
                yield Finding(method=method, holds=is_held(true[location], bounds))


def hc3_contrast(samples: Mapping[str, FloatArray], weights: Mapping[str, float], *, name: str) -> ContrastEstimate:
    """Return a contrast of groups' means with HC3's standard error (as R's sandwich) and pooled degrees of freedom.

    Of group means that is n − 1 in place of n in each one's squared standard error.
    """
    estimate = sum(weight * float(samples[group].mean()) for group, weight in weights.items())
    variance = sum(
        weight**2 * float(samples[group].var(ddof=1)) / (len(samples[group]) - 1) for group, weight in weights.items()
    )
    df = sum(len(sample) - 1 for sample in samples.values())
    return estimate_contrast(estimate, math.sqrt(variance), df, name=name)


def two_way(rng: Rng, n: int, *, law: str, treated: str) -> Iterator[Finding]:
    """Yield the planned contrasts of stress × treatment, the treatment doing nothing to controls."""
    names = ("control", "control", "defeated", treated)
    mice = [_sample(law, name, n, rng) for name in names]
    for scale, named in SCALES.items():
        means = [float(np.nanmean(populations(law)[name][scale])) for name in names]
        a, b, c, d = means
        true = (d - c, c - a, b - a, (d - c) - (b - a))
        values = np.concatenate([scores[scale] for scores in mice])
        kept = np.isfinite(values)
        design = crossed_design((n, n, n, n))
        values, design = (values, design) if kept.all() else (values[kept], design.take(kept))
        model, contrasts = fit_linear_model(values, design), planned_contrasts(design.factors)
        pooled = [linear_contrast(model, contrast) for contrast in contrasts]
        own = np.cumsum([np.isfinite(scores[scale]).sum() for scores in mice])[:-1]
        samples = dict(zip(CELLS, np.split(values, own), strict=True))
        kinds = {
            "pooled": pooled,
            "separate": [separate_contrast(samples, each, name=name) for name, each in WEIGHTS.items()],
        }
        if scale in (RATIO, LOG):
            kinds["HC3"] = [hc3_contrast(samples, each, name=name) for name, each in WEIGHTS.items()]
        for kind, estimates in kinds.items():
            for what, found, truth in zip(PLANNED, estimates, true, strict=True):
                yield told(f"{kind}, {named}, {what}", found, truth)
            if scale in (RATIO, LOG) and treated == "defeated":
                # The three that are true of the four that Holm's procedure adjusts.
                adjusted = adjust_contrasts(estimates, "holm")
                wrong = min(adjusted[at].p_adjusted for at in (0, 2, 3)) < LEVEL
                yield Finding(method=f"{kind}, {named}, any wrong, holm", rejects=wrong, is_exact=True)
        if scale in (RATIO, LOG) and treated == "defeated":
            for term in anova(model):
                if "treatment" in term.term:
                    yield Finding(method=f"ANOVA, {named}, {term.name}", rejects=term.p_value < LEVEL)
            if scale == RATIO:
                stress, treatment = (each.labels for each in design.factors)
                for ranked in aligned_ranks(values, stress, treatment)[1:]:
                    name = {"second": "treatment", "first:second": "stress:treatment"}[ranked.term]
                    yield Finding(method=f"aligned ranks, {name}", rejects=ranked.p_value < LEVEL)


def scenarios() -> list[Scenario]:
    """Return all of them, in the order of the table."""
    pairs = {
        "two groups of controls": ("published", "control", "control"),
        "two groups of defeated mice": ("published", "defeated", "defeated"),
        "defeated mice − controls": ("published", "defeated", "control"),
        "half rescued − defeated mice": ("published", "half", "defeated"),
        "two groups of defeated mice, times cut": ("cut", "defeated", "defeated"),
        "defeated mice − controls, times cut": ("cut", "defeated", "control"),
    }
    found = [
        Scenario(name=name, draw=partial(two_groups, law=law, first=first, second=second), sizes=SIZES)
        for name, (law, first, second) in pairs.items()
    ]
    uneven = partial(two_groups, law="published", first="defeated", second="control", sizes=(8, 15))
    found.insert(4, Scenario(name="8 defeated mice − 15 controls", draw=uneven, sizes=(8,)))
    crossed = {
        "stress × treatment without effect": ("published", "defeated"),
        "stress × treatment, half rescued": ("published", "half"),
        "stress × treatment without effect, times cut": ("cut", "defeated"),
    }
    found += [
        Scenario(name=name, draw=partial(two_way, law=law, treated=treated), sizes=SIZES)
        for name, (law, treated) in crossed.items()
    ]
    return found
