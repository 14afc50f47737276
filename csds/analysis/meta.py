"""The planned contrasts across studies: each study's own effect, and the random-effects mean of them all.

A study's difference is the contrast that `csds.analysis.between` would plan for it alone, with its own variance; beside
it stands Hedges' g, which has no unit. Studies are combined by `csds.stats.meta_analysis.random_effects`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from csds.analysis.animals import Animals
from csds.analysis.between import planned_model, planned_variances
from csds.analysis.cell_models import fit_cell_model
from csds.analysis.comparison import REPEATED, Comparison, group_of
from csds.analysis.groups import group_values
from csds.analysis.pieces import NotComputed
from csds.analysis.plan import AnalysisPlan
from csds.analysis.results import Result
from csds.analysis.studies import STUDY, studies_of
from csds.analysis.within import changes_by_group, repeated_rows
from csds.errors import StatsError
from csds.model.columns import META_COLUMNS, names
from csds.model.shapes import FloatArray
from csds.stats.design import CellContrast, Factor, factor
from csds.stats.effect_sizes import hedges_g
from csds.stats.meta_analysis import MetaAnalysis, random_effects
from csds.stats.one_way import separate_contrast
from csds.stats.samples import Estimate

_COUNTS = {column.name: "Int64" for column in META_COLUMNS if column.kind == "integer"}
#: The effects that are combined.
DIFFERENCE, HEDGES_G = "difference", "Hedges' g"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyEffect:
    """A study's own effect.

    Parameters
    ----------
    study, protocol : str
    counts : tuple of int
        Animals in each of the groups that are compared.
    effect : Estimate
        With the study's own 95 % interval, as `csds stats` gives it of the study alone.
    error : float
        Its standard error.
    weight : float
        Its share in the mean effect; NaN where there is no mean.
    """

    study: str
    protocol: str
    counts: tuple[int, ...]
    effect: Estimate
    error: float
    weight: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossStudies:
    """A planned contrast across studies.

    Parameters
    ----------
    outcome, contrast : str
    groups : tuple of str
        Those that are compared, the first less the second.
    effect_name : str
        ``difference`` or ``Hedges' g``.
    studies : tuple of StudyEffect
    left_out : mapping
        By study, why it has no effect.
    found : MetaAnalysis or None
        Of these studies; None where they are fewer than two, or have none.
    why_not : str
        Why there is none.
    """

    outcome: str
    contrast: str
    groups: tuple[str, ...]
    effect_name: str
    studies: tuple[StudyEffect, ...]
    left_out: Mapping[str, str]
    found: MetaAnalysis | None
    why_not: str = ""

    @property
    def result(self) -> Result | None:
        """The mean effect as one result, tested against 0."""
        if self.found is None:
            return None
        effect = self.found.effect
        return Result(
            analysis="across studies", outcome=self.outcome, contrast=self.contrast,
            test=f"random-effects meta-analysis of {self.found.k} studies (REML, Hartung–Knapp)", statistic_name="t",
            statistic=self.found.statistic, df1=self.found.df, p_value=self.found.p_value,
            effect_name=self.effect_name, effect=effect.value, ci_low=effect.ci_low, ci_high=effect.ci_high,
            n=sum(sum(one.counts) for one in self.studies),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Values:
    """An outcome's values, or animals' changes, with the group and the study of each."""

    outcome: str
    numbers: FloatArray
    group: Factor
    study: Sequence[str]
    contrasts: Mapping[str, Mapping[str, float]]
    is_pooled: bool


def across_studies(animals: Animals, comparison: Comparison, plan: AnalysisPlan) -> tuple[AcrossStudies, ...]:
    """Return the planned contrasts of the primary outcome across the studies of a table; none of a single study.

    Differences come first, with pooled or separate variances as the study's own planned test has them, but without what
    a plan adds to the factors; of repeated measures they are differences between groups' changes, last level less
    first, with separate variances. Then Hedges' g of the contrasts between two groups, with the sampling variance
    ``1/n₁ + 1/n₂ + g² / (2 (n₁ + n₂))`` (Hedges 1982, 10.1037/0033-2909.92.2.490; R's ``metafor::escalc``, "SMD").

    Studies with fewer than two animals in a group, or without variation, are left out with the reason.

    Raises
    ------
    TableError
        There is no column of the outcome, or it holds text.
    StatsError
        A group has no animal with a value or, of repeated tests, none with all.
    """
    protocols = studies_of(animals)
    if len(protocols) < 2:
        return ()
    data = _values(animals, comparison, replace(plan, fixed=(), covariates=(), random=()))
    effects = {DIFFERENCE: _difference, HEDGES_G: _hedges_g}
    return tuple(
        _combine(data, protocols, contrast, weights, name, effect)
        for name, effect in effects.items()
        for contrast, weights in data.contrasts.items()
        if name == DIFFERENCE or len(weights) == 2
    )


def meta_table(across: Sequence[AcrossStudies]) -> pd.DataFrame:
    """Return the table ``meta_analysis.csv``: each contrast's studies, those left out, mean and prediction."""
    return pd.DataFrame([row for one in across for row in _rows(one)], columns=names(META_COLUMNS)).astype(_COUNTS)


def not_combined(across: Sequence[AcrossStudies]) -> Iterator[NotComputed]:
    """Yield the contrasts that have no mean across studies, and why."""
    for one in across:
        if one.found is None:
            yield NotComputed(
                outcome=one.outcome, what=f"{one.effect_name} across studies, {one.contrast}", why=one.why_not
            )


def left_out_studies(across: Sequence[AcrossStudies]) -> list[str]:
    """Return a line for each reason that a study has no effect for: the study, and of which contrasts."""
    contrasts: dict[tuple[str, str], list[str]] = {}
    for one in across:
        if one.effect_name == DIFFERENCE:
            for study, why in one.left_out.items():
                contrasts.setdefault((study, why), []).append(one.contrast)
    return [f"study {study}: {why} ({'; '.join(of)})" for (study, why), of in contrasts.items()]


def _values(animals: Animals, comparison: Comparison, plan: AnalysisPlan) -> _Values:
    if comparison.name not in REPEATED:
        groups = group_values(animals, comparison, plan.primary, plan)
        numbers, group, lines, outcome = groups.values, groups.group, groups.lines, plan.primary  # noqa: PD011 - an array
        contrasts = planned_model(groups, comparison.name)[1]
        is_pooled = planned_variances(plan, comparison.name, plan.primary) == "pooled"
    else:
        rows = repeated_rows(animals, comparison, plan.primary, plan)
        numbers, group, lines = changes_by_group(rows)
        step = f"{rows.within.levels[-1]} - {rows.within.levels[0]}"
        contrasts = [replace(one, name=f"({step}): {one.name}") for one in rows.contrasts]
        if not rows.between:
            contrasts = [CellContrast(name=step, weights=((1.0, {group.name: group.levels[0]}),))]
        outcome, is_pooled = rows.outcome, False
    study_of = dict(zip(map(int, animals.table.index), animals.texts(STUDY), strict=True))
    return _Values(
        outcome=outcome,
        numbers=numbers,
        group=group,
        study=[study_of[line] for line in lines],
        contrasts={
            one.name: {group_of(list(cell.values())): weight for weight, cell in one.weights} for one in contrasts
        },
        is_pooled=is_pooled,
    )


def _combine(
    data: _Values, protocols: Mapping[str, str], contrast: str, weights: Mapping[str, float], name: str, effect: _Effect
) -> AcrossStudies:
    studies: list[StudyEffect] = []
    left_out: dict[str, str] = {}
    group, of_row = np.asarray(data.group.labels), np.asarray(data.study)
    for study, protocol in protocols.items():
        samples = {level: data.numbers[(of_row == study) & (group == level)] for level in data.group.levels}
        small = [f"{len(samples[one]) or 'none'} in {one}" for one in weights if len(samples[one]) < 2]
        if small:
            left_out[study] = f"expected two animals in each group at least, found {' and '.join(small)}"
            continue
        try:
            value, error = effect(samples, weights, is_pooled=data.is_pooled)
        except StatsError as fault:
            left_out[study] = fault.message.rstrip(".")
            continue
        counts = tuple(len(samples[one]) for one in weights)
        studies.append(StudyEffect(study=study, protocol=protocol, counts=counts, effect=value, error=error))
    found, why_not = None, f"expected two studies at least, found {len(studies)}"
    if len(studies) > 1:
        try:
            found = random_effects([one.effect.value for one in studies], [one.error**2 for one in studies])
        except StatsError as fault:
            why_not = fault.message
    shares = found.weights if found else [math.nan] * len(studies)
    return AcrossStudies(
        outcome=data.outcome,
        contrast=contrast,
        groups=tuple(weights),
        effect_name=name,
        studies=tuple(replace(one, weight=share) for one, share in zip(studies, shares, strict=True)),
        left_out=left_out,
        found=found,
        why_not="" if found else why_not,
    )


#: What computes a study's effect and its standard error from the values of its groups and the weights of a contrast.
_Effect = Callable[..., tuple[Estimate, float]]


def _difference(
    samples: Mapping[str, FloatArray], weights: Mapping[str, float], *, is_pooled: bool
) -> tuple[Estimate, float]:
    held = {level: values for level, values in samples.items() if len(values)}
    if is_pooled and len(held) > 1:
        group = factor("group", [level for level, values in held.items() for _ in values], levels=tuple(held))
        cells = tuple((weight, {"group": level}) for level, weight in weights.items())
        model = fit_cell_model(np.concatenate(list(held.values())), (group,))
        found = model.contrast(CellContrast(name="difference", weights=cells))
    else:
        found = separate_contrast(held, weights, name="difference")
    return Estimate(value=found.estimate, ci_low=found.ci_low, ci_high=found.ci_high), found.se


def _hedges_g(
    samples: Mapping[str, FloatArray], weights: Mapping[str, float], *, is_pooled: bool
) -> tuple[Estimate, float]:
    del is_pooled  # its standard deviation is that of its two groups, whatever the difference has
    x, y = (samples[level] for level in weights)
    g = hedges_g(x, y)
    return g, math.sqrt(1 / len(x) + 1 / len(y) + g.value**2 / (2 * (len(x) + len(y))))


def _rows(one: AcrossStudies) -> Iterator[dict[str, Any]]:
    shared = {"outcome": one.outcome, "contrast": one.contrast, "effect_name": one.effect_name}
    for study in one.studies:
        yield {
            **shared, "row": "study", "study": study.study, "protocol": study.protocol, "n": sum(study.counts),
            "n_by_group": " / ".join(map(str, study.counts)), **_interval(study.effect), "standard_error": study.error,
            "weight": study.weight,
        }  # fmt: skip
    for name, why in one.left_out.items():
        yield {**shared, "row": "left out", "study": name, "note": why}
    found = one.found
    if found is None or found.heterogeneity is None:
        yield {**shared, "row": "mean", "note": f"not computed: {one.why_not}"}
        return
    spread = found.heterogeneity
    yield {
        **shared, "row": "mean", "n": sum(sum(study.counts) for study in one.studies), **_interval(found.effect),
        "standard_error": found.error, "weight": 1.0, "statistic": found.statistic, "df": found.df,
        "p_value": found.p_value, "tau2": spread.tau2.value, "tau2_low": spread.tau2.ci_low,
        "tau2_high": spread.tau2.ci_high, "i2": spread.i2.value, "i2_low": spread.i2.ci_low,
        "i2_high": spread.i2.ci_high, "q": spread.q, "q_df": spread.df, "q_p_value": spread.p_value,
        "note": "REML; Hartung–Knapp interval and test, not adjusted for the number of contrasts",
    }  # fmt: skip
    if found.prediction:
        yield {**shared, "row": "prediction", **_interval(found.prediction), "df": found.df,
               "note": "where the true effect of a study like these is expected"}  # fmt: skip


def _interval(effect: Estimate) -> dict[str, float]:
    return {"effect": effect.value, "ci_low": effect.ci_low, "ci_high": effect.ci_high}
