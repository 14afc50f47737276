"""Power in words and as plain data: for a protocol, a grant, and another program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from csds.model.columns import POWER_COLUMNS, names
from csds.power.designs import CONTROL, PROPORTIONS
from csds.power.model import TimesModel
from csds.power.simulate import PowerCurve, PowerPoint, PowerStudy, SampleSize, with_attrition

#: A true difference that is none but for rounding.
_NONE = 1e-9


def power_table(points: Sequence[PowerPoint]) -> pd.DataFrame:
    """Return the points of a curve as the table ``power.csv``, unrounded."""
    rows = [
        [one.contrast, one.n, one.power.value, one.power.ci_low, one.power.ci_high, one.normal_power, one.draws]
        for one in points
    ]
    return pd.DataFrame(rows, columns=names(POWER_COLUMNS))


def needed_text(needed: SampleSize, curve: PowerCurve) -> str:
    """Return a number of animals with what chance leaves open; where it isn't known, beyond which number it lies."""
    points = curve.of(needed.contrast)
    if abs(curve.differences[curve.study.design.contrasts.index(needed.contrast)]) < _NONE:
        return "nothing to find"
    if needed.n is None:
        reached = points[-1].power.value >= needed.power
        return f"≤ {points[0].n}" if reached else f"> {points[-1].n}"
    low, high = (needed.low or points[0].n), (needed.high or points[-1].n)
    return f"{needed.n} ({low}–{high})"


def power_sentence(curve: PowerCurve, needed: SampleSize, *, attrition: float = 0.0) -> str:
    """Return the sentence on sample size for an ethics form or a grant, for one planned test.

    Raises
    ------
    StatsError
        The share of animals that is lost isn't from 0 to less than 1.
    """
    study, points = curve.study, curve.of(needed.contrast)
    place = study.design.contrasts.index(needed.contrast)
    effect = f"{needed.contrast} of {curve.differences[place]:.2f} in {outcome_words(study)}"
    # A difference that was named is no share of a stress effect where no group shows that effect.
    if isinstance(study.model, TimesModel) or any(group.startswith(CONTROL) for group in study.design.groups):
        effect += f", treatment removing {study.design.rescue:.0%} of the stress effect"
    how = f"{study.design.test_words}, two-sided {study.alpha * 100:g} %, {points[0].draws:,} simulated studies"
    if needed.n is None:
        here = points[-1]
        if here.power.value >= needed.power:
            here = points[0]
        return (
            f"{_mice(here.n, study)} find {effect}, with a power of {here.power.value:.0%} "
            f"({how}); a power of {needed.power:.0%} lies outside of the numbers looked at."
        )
    text = (
        f"{_mice(needed.n, study)} give a power of {needed.power:.0%} to find {effect} ({how}; by the "
        f"simulation's own error the number is between {needed.low or points[0].n} and {needed.high or points[-1].n})."
    )
    if study.cage_size > 1:
        text += (
            f" In cages of {study.cage_size} with an intraclass correlation of {study.icc:.2f} the design effect is "
            f"{study.design_effect:.2f}: {needed.n} mice count as {needed.n / study.design_effect:.0f}."
        )
    start = with_attrition(needed.n, attrition, multiple=study.cage_size)
    if start > needed.n:
        text += (
            f" Allowing for {attrition:.0%} of the animals to be lost or excluded, {_mice(start, study)} are needed."
        )
    return text


def outcome_words(study: PowerStudy) -> str:
    """Return what is compared, in words."""
    if study.design.name == PROPORTIONS:
        return "share of animals with SI < 1"
    if study.design.within == "target" and study.model.outcome != "outcome":
        return "change of time in the interaction zone (s)"
    return f"change of {study.model.outcome}" if study.design.within else study.model.outcome


def power_summary(curve: PowerCurve, needed: Sequence[SampleSize], *, attrition: float = 0.0) -> dict[str, Any]:
    """Return a curve, what it was drawn from and the animals that are needed as plain data, unrounded."""
    study = curve.study
    design = study.design
    return {
        "design": design.name,
        "test": design.test_words,
        "outcome": outcome_words(study),
        "alpha": study.alpha,
        "cage_size": study.cage_size,
        "icc": study.icc,
        "design_effect": study.design_effect,
        "attrition": attrition,
        "model": {"kind": type(study.model).__name__, **asdict(study.model)},
        "groups": [
            {"name": name, "severity": severity, "sd": sd}
            for name, severity, sd in zip(design.groups, design.severity.tolist(), curve.sds, strict=True)
        ],
        "differences": dict(zip(design.contrasts, curve.differences, strict=True)),
        "curve": power_table(curve.points).to_dict("records"),
        "needed": [
            {
                **asdict(one),
                "n_to_start": one.n and with_attrition(one.n, attrition, multiple=study.cage_size),
            }
            for one in needed
        ],
        "sentence": power_sentence(curve, needed[0], attrition=attrition),
    }


def _mice(n: int, study: PowerStudy) -> str:
    groups = study.design.groups
    return f"{n} mice in each of {len(groups)} groups ({', '.join(groups)}; {n * len(groups)} in all)"
