"""The differences that estimation plots show: the analysis's own, with the resamples that their intervals are from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from csds.analysis.comparison import EVERYONE, REPEATED
from csds.analysis.pairs import BCA, LOCATED
from csds.analysis.results import Result
from csds.analysis.within import changes_by_group, repeated_rows
from csds.errors import StatsError
from csds.model.shapes import FloatArray
from csds.plots.measured import Measured
from csds.plots.study import StudyResults
from csds.stats.bootstrap import bootstrap_draws


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference of two groups' means or medians, of their changes, or one group's change.

    Parameters
    ----------
    result : Result
        With its BCa interval.
    group, reference : str
        What is compared; a change has no reference.
    draws : (draws,) float
        Its resampled values.
    """

    result: Result
    group: str
    reference: str
    draws: FloatArray


def differences_of(study: StudyResults, data: Measured) -> list[Difference]:
    """Return the planned differences that the analysis has a bootstrap interval of.

    Of groups of animals one for each group but the reference, that from the first group where there are several; of
    repeated tests every group's change from the first test to the last, then the differences of these changes.

    Raises
    ------
    StatsError
        There is none: groups are too small or don't vary.
    """
    is_repeated = study.analysis.comparison.name in REPEATED
    found = list(_changes(study) if is_repeated else _differences(study, data))
    if not found:
        reasons = list(without_interval(study).values())
        raise StatsError(
            f"figure 'estimation': expected bootstrap intervals of {study.shown}, found none"
            + (f" ({reasons[0]})" if reasons else ""),
            hint="Three animals in each group, and values that vary, are needed; the figure 'comparison' needs less.",
        )
    return found


def without_interval(study: StudyResults) -> dict[str, str]:
    """Return the contrasts that the analysis could give no bootstrap interval, and why."""
    found = {}
    for one in study.analysis.not_computed:
        part, _, contrast = one.what.partition(" of ")[2].partition(" of ")
        if one.outcome == study.shown and part in (f"the {study.centre}", f"the {study.centre} difference"):
            found[contrast] = one.why.removeprefix("bootstrap: ")
    return found


def _differences(study: StudyResults, data: Measured) -> Iterator[Difference]:
    samples = {arm.name: data.numbers[list(arm.rows)] for arm in data.arms}
    results = _intervals(study)
    for group, x in samples.items():
        for reference, y in samples.items():
            if one := results.get(f"{group} - {reference}"):
                yield Difference(result=one, group=group, reference=reference, draws=_draws(study, x, y))
                break


def _changes(study: StudyResults) -> Iterator[Difference]:
    results = _intervals(study)
    if not results:
        return
    rows = repeated_rows(study.analysed, study.analysis.comparison, study.shown, study.analysis.plan)
    changes, group, _ = changes_by_group(rows)
    samples = {level: changes[group.codes == at] for at, level in enumerate(group.levels)}
    step = f"{rows.within.levels[-1]} - {rows.within.levels[0]}"
    for level, sample in samples.items():
        if one := results.get(step if level == EVERYONE else f"{level}: {step}"):
            yield Difference(result=one, group=level, reference="", draws=_draws(study, sample))
    for level, x in samples.items():
        for reference, y in samples.items():
            if one := results.get(f"({step}): {level} - {reference}"):
                yield Difference(result=one, group=level, reference=reference, draws=_draws(study, x, y))


def _intervals(study: StudyResults) -> dict[str, Result]:
    return {
        one.contrast: one
        for one in study.results(study.shown, "planned", "secondary", "sensitivity")
        if one.test == BCA and one.effect_name in LOCATED[study.centre]
    }


def _draws(study: StudyResults, x: FloatArray, y: FloatArray | None = None) -> FloatArray:
    """Return resamples, of sorted values and from the plan's seed, as the analysis draws them."""
    plan = study.analysis.plan
    return bootstrap_draws(
        np.sort(x), None if y is None else np.sort(y), rng=np.random.default_rng(plan.seed), location=study.centre,
        draws=plan.draws,
    )  # fmt: skip
