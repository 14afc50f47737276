"""From what is asked about a study yet to be done to the study that is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from csds.analysis.between import planned_variances
from csds.analysis.plan import AnalysisPlan
from csds.errors import UsageError
from csds.model.shapes import FloatArray
from csds.model.zone_times import PUBLISHED_TIMES, StressLaw
from csds.power.designs import POWER_DESIGNS, PROPORTIONS, PowerDesign, power_design
from csds.power.model import OUTCOMES, RETEST, Model, NormalModel, TimesModel, find_rescue, with_correlation
from csds.power.simulate import PowerStudy
from csds.protocol.nearest import nearest, quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRequest:
    """What is asked; what is empty or None takes its default.

    Parameters
    ----------
    design : str
        One of `csds.power.designs.POWER_DESIGNS`.
    rescue : tuple of float
        Share of the stress effect that treatment removes, for ``one_way`` of each group; half by default.
    difference : float or None
        In its place, the difference that treatment makes, in the outcome's unit.
    sd : float or None
        With a difference: the outcome is normal with this standard deviation in every group, and ``rescue`` the share
        of the stress effect that the difference (of ``one_way``, the largest) is.
    outcome : str
        One of `csds.power.model.OUTCOMES`; of a normal outcome, any name.
    law : StressLaw
        Of the animals' times.
    adjust : str
        Of the planned contrasts.
    correlation : float or None
        Between an animal's measurements, where the law of its times doesn't tell.
    alpha, cage_size, icc
        As in `csds.power.simulate.PowerStudy`.
    """

    design: str = "stress_by_treatment"
    rescue: tuple[float, ...] = ()
    difference: float | None = None
    sd: float | None = None
    outcome: str = ""
    law: StressLaw = PUBLISHED_TIMES["male"]
    adjust: str = ""
    correlation: float | None = None
    alpha: float = 0.05
    cage_size: int = 1
    icc: float | None = None


def plan_study(asked: PowerRequest) -> PowerStudy:
    """Return the study that is asked about.

    Raises
    ------
    UsageError
        Words are unknown, or what is asked contradicts itself or lacks a part; the message names the option.
    StatsError
        A number is out of its range.
    """
    _check_words(asked)
    _check_parts(asked)
    adjust = AnalysisPlan().changed(adjust=asked.adjust).adjust or "holm"
    rescue = asked.rescue or ((0.25, 0.5) if asked.design == "one_way" else (0.5,))
    design = _as_planned(power_design(asked.design, rescue, adjust=adjust), asked)
    model = _model(asked, design, rescue)
    if asked.difference is not None and asked.sd is None:
        share = find_rescue(model, lambda share: _treated(design, share), design.within, abs(asked.difference))
        design = _as_planned(power_design(asked.design, (share,), adjust=adjust), asked)
    return PowerStudy(design=design, model=model, alpha=asked.alpha, cage_size=asked.cage_size, icc=asked.icc or 0.0)


def _as_planned(design: PowerDesign, asked: PowerRequest) -> PowerDesign:
    """Return the design with the variances that ``csds stats`` plans for its outcome."""
    if design.name == "one_way" and asked.adjust:
        design = replace(design, adjust=AnalysisPlan().changed(adjust=asked.adjust).adjust or "dunnett")
    if design.name not in ("stress_by_treatment", "one_way") or asked.sd is not None or asked.cage_size > 1:
        return design
    if planned_variances(AnalysisPlan(), design.name, asked.outcome or "si_ratio") == "pooled":
        return design
    adjust = "holm" if design.adjust in ("tukey", "dunnett") else design.adjust
    return replace(design, test="welch", adjust=adjust)


def _model(asked: PowerRequest, design: PowerDesign, rescue: Sequence[float]) -> Model:
    correlation = RETEST if asked.correlation is None else asked.correlation
    if asked.sd is None or asked.difference is None:
        outcome = "below_cutoff" if design.name == PROPORTIONS else asked.outcome or "si_ratio"
        return with_correlation(TimesModel(law=asked.law, outcome=outcome), correlation)
    effect = -asked.difference / max(rescue)
    return with_correlation(
        NormalModel(stress_effect=effect, sd=asked.sd, outcome=asked.outcome or "outcome"), correlation
    )


def _treated(design: PowerDesign, share: float) -> FloatArray:
    """Return the severities of the untreated defeated and of the treated group, of whom a share is rescued."""
    severity = design.severity[-2:].copy()
    severity[1, -1] = 1 - share
    return np.asarray(severity)


def _check_words(asked: PowerRequest) -> None:
    outcomes = [name for name in OUTCOMES if name != "below_cutoff"]
    for option, word, known in (("design", asked.design, list(POWER_DESIGNS)), ("outcome", asked.outcome, outcomes)):
        if not word or word in known or (option == "outcome" and asked.sd is not None):
            continue
        near = nearest(word, known)
        hint = f"Did you mean '{near}'?" if near else ""
        if option == "outcome" and not near:
            hint = "For another outcome give its --difference and --sd."
        raise UsageError(f"--{option} {word}: expected one of {quoted(known)}", hint=hint)


def _check_parts(asked: PowerRequest) -> None:
    wrong = {
        "--sd: expected --difference with it": asked.sd is not None and asked.difference is None,
        "--sd: expected a positive number": asked.sd is not None and not 0 < asked.sd < np.inf,
        "--difference: expected a number other than 0": asked.difference is not None
        and not 0 < abs(asked.difference) < np.inf,
        "--difference and --rescue say the same twice (but for a normal outcome, with --sd)": asked.difference
        is not None
        and bool(asked.rescue)
        and asked.sd is None,
        "--difference: expected --rescue instead for one_way, or --sd with it": asked.difference is not None
        and asked.sd is None
        and asked.design == "one_way",
        "--sd: expected none for proportions, which are shares of animals": asked.sd is not None
        and asked.design == PROPORTIONS,
        f"--outcome: expected none for {asked.design}, which says what is compared": bool(asked.outcome)
        and asked.sd is None
        and asked.design in ("target_by_group", PROPORTIONS),
        "--correlation: expected only for pre_post, or with --sd for target_by_group": asked.correlation is not None
        and asked.design != "pre_post"
        and not (asked.sd is not None and asked.design == "target_by_group"),
        "--icc: expected --cage-size with it": asked.icc is not None and asked.cage_size == 1,
        "--cage-size: expected --icc with it": asked.icc is None and asked.cage_size > 1,
    }
    for message, is_wrong in wrong.items():
        if is_wrong:
            raise UsageError(message, hint="See csds power --help.")
