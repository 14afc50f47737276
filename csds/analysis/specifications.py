"""The treatment effect under every reasonable analysis choice, and a permutation test of all of them together.

A specification is one way to read the tracks (zone's edge, point, window), one outcome and one choice of animals. All
combinations are computed, each as the difference of the two arms of a planned contrast in standard deviations
(`csds.stats.arms`), above 0 where treated animals seek the target more. Whether so many effects would come about
without any is told by shuffling the arms' labels, as randomisation could have made them, through the whole curve
(Simonsohn, Simmons & Nelson 2020, doi:10.1038/s41562-020-0912-z).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.analysis.animals import Animals
from csds.analysis.between import pair_of, planned_model
from csds.analysis.comparison import REPEATED, find_comparison, groups_of
from csds.analysis.groups import group_values
from csds.analysis.members import unit_labels
from csds.analysis.plan import AnalysisPlan
from csds.analysis.sensitivity import ABSENT, PRESENT
from csds.behaviour.rules import classify
from csds.behaviour.sensitivity import Way
from csds.errors import StatsError
from csds.model.flags import FLAGS, split_flags
from csds.model.protocol import Criterion, Point, Protocol, RuleSpec
from csds.model.shapes import FloatArray
from csds.stats.arms import ArmOutcome, arm_effect, many_arm_effects, shuffled_labels
from csds.stats.design import listed
from csds.stats.samples import Estimate

SCORES = ("si_ratio", "log_si_ratio", "si_preference", "si_difference_s")
"""Scores that are outcomes of specifications as they are."""
ANCOVA = "ancova"
"""The time with the target present, adjusted for the time with it absent."""
RULE = "rule "
"""Stands before a classification rule's name: whether an animal is resilient by it."""
_RULES = (
    RuleSpec(name="cutoff", criteria=(Criterion(kind="cutoff"),)),
    RuleSpec(name="control_mean", criteria=(Criterion(kind="control_mean"),)),
)
_ALPHA = 0.05

Exclusions = Literal["as planned", "none", "flagged too"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Specification:
    """One way to analyse a study.

    Parameters
    ----------
    by : {"centre", "nose", "body"}
        What has to be in the interaction zone.
    edge_cm : float
        How far the zone's edge is moved outwards.
    window_share : float
        Share of each phase's window, from its start.
    outcome : str
        One of `SCORES`, `ANCOVA`, or `RULE` and a rule's name.
    exclusions : str
        Which animals are left out: those that the sheet excludes (``as planned``), ``none``, or also those with flags
        that touch trust (``flagged too``).
    """

    by: Point
    edge_cm: float
    window_share: float
    outcome: str
    exclusions: Exclusions

    @property
    def way(self) -> Way:
        """How the tracks are read."""
        return self.by, self.edge_cm, self.window_share


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecifiedEffect:
    """A specification's effect in standard deviations, its two-sided p value, and its animals of both arms."""

    specification: Specification
    effect: Estimate
    p_value: float
    n_treated: int
    n_reference: int
    is_planned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveTest:
    """A statistic of the whole curve, and the share of shuffled curves in which it is as extreme.

    ``name`` is ``median effect``, ``share significant`` (p < .05 in the direction that has more of them) or
    ``Stouffer's z`` (the sum of the specifications' z values over the root of their number).
    """

    name: str
    value: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecificationCurve:
    """The effect under every specification.

    Parameters
    ----------
    contrast : str
        Groups that are compared, first minus second.
    effects : tuple of SpecifiedEffect
        From the lowest to the highest; one is planned.
    tests : tuple of CurveTest
        Two-sided permutation tests.
    draws : int
        Shuffled curves.
    phase_s : float
        Length of the whole window.
    not_computed : tuple
        Specifications that these data don't allow, each with the reason.
    """

    contrast: str
    effects: tuple[SpecifiedEffect, ...]
    tests: tuple[CurveTest, ...]
    draws: int
    phase_s: float
    not_computed: tuple[tuple[Specification, str], ...]

    @property
    def planned(self) -> SpecifiedEffect:
        """The planned specification's effect."""
        return next(one for one in self.effects if one.is_planned)

    def table(self) -> pd.DataFrame:
        """Return a row a specification, from the lowest effect to the highest."""
        return pd.DataFrame(
            {
                "contrast": self.contrast, "by": one.specification.by, "edge_cm": one.specification.edge_cm,
                "window_s": one.specification.window_share * self.phase_s, "outcome": one.specification.outcome,
                "exclusions": one.specification.exclusions, "effect": one.effect.value, "ci_low": one.effect.ci_low,
                "ci_high": one.effect.ci_high, "p_value": one.p_value, "n_treated": one.n_treated,
                "n_reference": one.n_reference, "is_planned": one.is_planned,
            }
            for one in self.effects
        )  # fmt: skip


def specification_curve(
    readings: Mapping[Way, pd.DataFrame],
    plan: AnalysisPlan,
    protocol: Protocol,
    *,
    rng: np.random.Generator,
    draws: int = 1000,
    contrast: str = "",
) -> SpecificationCurve:
    """Return the effect of treatment under all specifications that the readings allow, and the tests of the curve.

    Specifications are of two arms and unadjusted but for the analysis of covariance. Choices of animals that come to
    the same animals count once. Labels are shuffled between the two arms, within cohorts and levels of the plan's
    fixed factors; animals of a unit of the plan's random intercepts, such as a cage, together where all of a unit are
    in one arm. p = (b + 1) / (draws + 1) with b shuffled curves as extreme in either direction (Phipson & Smyth 2010,
    doi:10.2202/1544-6115.1585).

    Parameters
    ----------
    readings : mapping of DataFrame
        The table of animals by each reading, the protocol's first, as `csds.results.reread.reread_animals` returns it.
    plan : AnalysisPlan
        Says the groups, the animals and the planned outcome.
    protocol : Protocol
        Its rule and two others (SI ratio below 1, and below the controls' mean less one SD) are outcomes.
    rng : Generator
    draws : int
        Shuffled curves.
    contrast : str
        Name of a planned contrast of two groups, as ``stats.csv`` has it; default: the first.

    Raises
    ------
    StatsError
        Animals have several tests, the planned outcome is none of a specification or can't be computed, there is no
        such contrast, or labels can't be shuffled.
    """
    own = next(iter(readings))
    name, arms, treated = _arms(readings[own], plan, contrast)
    rows, masks = arms.table.index.to_numpy(), _animals_used(arms)
    first = Specification(
        by=own[0], edge_cm=own[1], window_share=own[2], outcome=_planned_outcome(plan), exclusions="as planned"
    )
    outcomes: dict[Specification, ArmOutcome] = {}
    for way, table in readings.items():
        of_way = _outcomes(table, protocol)
        for (outcome, whole), (exclusions, mask) in itertools.product(of_way.items(), masks.items()):
            specification = replace(
                first, by=way[0], edge_cm=way[1], window_share=way[2], outcome=outcome, exclusions=exclusions
            )
            outcomes[specification] = whole.of(rows, mask)
    effects, failed = [], []
    for specification, outcome_of_arms in outcomes.items():
        try:
            found = arm_effect(outcome_of_arms, treated)
        except StatsError as error:
            if specification == first:
                raise
            failed.append((specification, error.message))
            continue
        effects.append(
            SpecifiedEffect(
                specification=specification, effect=found.effect, p_value=found.p_value, n_treated=found.n_treated,
                n_reference=found.n_reference, is_planned=specification == first,
            )
        )  # fmt: skip
    labels = shuffled_labels(
        treated, rng=rng, draws=draws, blocks=_blocks(arms, plan), units=_units(arms, plan, treated)
    )
    used = [outcomes[one.specification] for one in effects]
    return SpecificationCurve(
        contrast=name,
        effects=tuple(sorted(effects, key=lambda one: (one.effect.value, one.specification))),
        tests=curve_tests(used, treated, labels),
        draws=draws,
        phase_s=protocol.phases[0].duration_s,
        not_computed=tuple(failed),
    )


def curve_tests(
    outcomes: Sequence[ArmOutcome], treated: NDArray[np.bool_], labels: NDArray[np.bool_]
) -> tuple[CurveTest, ...]:
    """Return the permutation tests of a curve.

    Parameters
    ----------
    outcomes : sequence of ArmOutcome
        One of each specification, of the same n animals.
    treated : (n,) bool
        Which animals are in the treated arm.
    labels : (draws, n) bool
        The same, shuffled.
    """
    from scipy.special import ndtri

    found = many_arm_effects(outcomes, np.concatenate([treated[None], labels]))
    limit = -float(ndtri(_ALPHA / 2))
    above, below = (found.z > limit).mean(axis=1), (found.z < -limit).mean(axis=1)
    statistics = {
        "median effect": np.median(found.effect, axis=1),
        "share significant": np.maximum(above, below),
        "Stouffer's z": found.z.sum(axis=1) / np.sqrt(len(outcomes)),
    }
    return tuple(
        CurveTest(name=name, value=float(values[0]), p_value=_p_value(np.abs(values)))
        for name, values in statistics.items()
    )


def _p_value(sizes: FloatArray) -> float:
    """Return the share of all that are as large as the first, but for rounding, itself among them."""
    return float((sizes >= sizes[0] - 1e-12 * max(1.0, sizes[0])).mean())


def _arms(table: pd.DataFrame, plan: AnalysisPlan, asked: str) -> tuple[str, Animals, NDArray[np.bool_]]:
    """Return a contrast's name, the animals of its two groups, excluded ones too, and which are in the first."""
    every = Animals(table=table.reset_index(drop=True), left_out=())
    for column, value in plan.only.items():
        every = every.only(column, value)
    kept = replace(every, table=every.table[[not reason for reason in every.texts("exclude")]])
    comparison = find_comparison(kept, plan)
    if comparison.name in REPEATED or comparison.within is not None:
        raise StatsError(
            "specification curve: expected one test of each animal in a design of groups, found "
            f"'{comparison.name}' ({comparison.why})",
            hint="Take one test only, such as --only test=post.",
        )
    _planned_outcome(plan)
    _, contrasts = planned_model(group_values(kept, comparison, plan.primary, plan), comparison.name)
    pairs = {one.name: pair for one in contrasts if (pair := pair_of(one))}
    name = asked or next(iter(pairs))
    if name not in pairs:
        raise StatsError(
            f"specification curve: expected a contrast of two groups ({listed(pairs)}), found '{name}'",
            hint="Name it as stats.csv does.",
        )
    groups = groups_of(every, comparison.factors)
    at = [place for place, group in enumerate(groups) if group in pairs[name]]
    treated = np.array([groups[place] == pairs[name][0] for place in at], bool)
    return name, Animals(table=every.table.iloc[at], left_out=()), treated


def _planned_outcome(plan: AnalysisPlan) -> str:
    if plan.primary == PRESENT and plan.covariates == (ABSENT,):
        return ANCOVA
    if plan.primary not in SCORES:
        raise StatsError(
            f"specification curve: expected a planned outcome of the time in the interaction zone ({listed(SCORES)}, "
            f"or {PRESENT} with the covariate {ABSENT}), found '{plan.primary}'",
            hint="Name one with --outcome.",
        )
    return plan.primary


def _animals_used(arms: Animals) -> dict[Exclusions, NDArray[np.bool_]]:
    """Return which animals each choice takes; choices of the same animals once."""
    planned = np.array([not reason for reason in arms.texts("exclude")], bool)
    trusted = [not any(FLAGS[code].trust for code in split_flags(cell)) for cell in arms.texts("flags")]
    choices: dict[Exclusions, NDArray[np.bool_]] = {
        "as planned": planned,
        "none": np.ones(planned.size, bool),
        "flagged too": planned & np.array(trusted, bool),
    }
    measured = np.isfinite(arms.numbers(PRESENT) + arms.numbers(ABSENT))
    distinct: dict[bytes, Exclusions] = {}
    for choice, mask in choices.items():
        distinct.setdefault((mask & measured).tobytes(), choice)
    return {choice: choices[choice] for choice in distinct.values()}


def _outcomes(table: pd.DataFrame, protocol: Protocol) -> dict[str, ArmOutcome]:
    """Return the outcomes of all animals of a reading."""
    numbers = {
        name: np.asarray(table[name].to_numpy(dtype=float, na_value=np.nan)) for name in (*SCORES, PRESENT, ABSENT)
    }
    outcomes = {name: ArmOutcome(values=numbers[name]) for name in SCORES}
    outcomes[ANCOVA] = ArmOutcome(values=numbers[PRESENT], covariate=numbers[ABSENT])
    told = table["phenotype"].to_numpy()
    calls = {} if protocol.rule is None else {protocol.rule.name: told}
    for rule in _RULES:
        same = protocol.rule and (rule.criteria, rule.exclusions) == (protocol.rule.criteria, protocol.rule.exclusions)
        if protocol.score and not same:
            own = classify(table, rule, protocol.score)["phenotype"].to_numpy()
            calls[rule.name] = np.where(told == "undetermined", told, own)
    for name, call in calls.items():
        values = np.select([call == "resilient", call == "susceptible"], [1.0, 0.0], np.nan)
        outcomes[f"{RULE}{name}"] = ArmOutcome(values=values, is_binary=True)
    return outcomes


def _blocks(arms: Animals, plan: AnalysisPlan) -> NDArray[np.intp]:
    cells = zip(*(arms.texts(column) for column in ("cohort", *plan.fixed)), strict=True)
    places: dict[tuple[str, ...], int] = {}
    return np.array([places.setdefault(levels, len(places)) for levels in cells], np.intp)


def _units(arms: Animals, plan: AnalysisPlan, treated: NDArray[np.bool_]) -> list[str] | None:
    """Return the outermost units of the plan's random intercepts that are wholly in one arm each, None without any."""
    for column in plan.random:
        labels = [label or f"row {at}" for at, label in enumerate(unit_labels(arms, column))]
        if len(set(zip(labels, treated.tolist(), strict=True))) == len(set(labels)):
            return labels
    return None
