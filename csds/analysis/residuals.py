"""The residuals of the planned model of the primary outcome: what its checks are of, and what a figure shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from csds.analysis.animals import Animals
from csds.analysis.assumptions import Check, check_assumptions
from csds.analysis.cell_models import fit_cell_model
from csds.analysis.comparison import REPEATED, Comparison
from csds.analysis.groups import group_values
from csds.analysis.plan import AnalysisPlan
from csds.analysis.selection import circular
from csds.analysis.within import PHASES, changes_by_group, repeated_rows
from csds.errors import StatsError
from csds.model.shapes import FloatArray
from csds.stats.design import Factor


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedResiduals:
    """What the planned model leaves of each value; of repeated measures, of each animal's change, last less first.

    Parameters
    ----------
    outcome : str
    values, residuals : (n,) float
        Of a mixed model less what the fixed effects predict.
    group : Factor
    lines : tuple of int
        Of the file; of repeated tests each animal's first.
    matrix : (n, p) float
        The design matrix of the fixed effects.
    is_change : bool
        Whether values are changes.
    """

    outcome: str
    values: FloatArray
    residuals: FloatArray
    group: Factor
    lines: tuple[int, ...]
    matrix: FloatArray
    is_change: bool

    @property
    def fitted(self) -> FloatArray:
        """What the model predicts."""
        return self.values - self.residuals

    def checks(self) -> tuple[Check, ...]:
        """Return the checks of what the model assumes."""
        return check_assumptions(self.values, self.group, self.residuals, rows=self.lines)


def as_compared(plan: AnalysisPlan, comparison: Comparison) -> AnalysisPlan:
    """Return the plan with the outcome that a design is about: absent against present is about the times themselves."""
    return replace(plan, primary=PHASES["present"]) if comparison.name == "target_by_group" else plan


def planned_residuals(animals: Animals, comparison: Comparison, planned: AnalysisPlan) -> PlannedResiduals | None:
    """Return the residuals of the primary outcome's model; None where no model of groups is fitted.

    That is where nothing tells groups apart, the scores themselves define them, or repeated measures have no complete
    animals.

    Raises
    ------
    StatsError
        A group has no animal with a value, or the model can't be fitted.
    TableError
        There is no column of the outcome, or it holds text.
    """
    plan = as_compared(planned, comparison)
    if not comparison.factors or circular(animals, [one.name for one in comparison.factors], plan.primary):
        return None
    outcome, is_change = plan.primary, comparison.name in REPEATED
    if is_change:
        try:
            rows = repeated_rows(animals, comparison, plan.primary, plan)
            values, group, lines = changes_by_group(rows)
        except StatsError:
            return None  # no complete animals: the mixed ANOVA, which these checks are of, says so
        outcome = rows.outcome
        fitted = fit_cell_model(values, (group,))
    else:
        groups = group_values(animals, comparison, plan.primary, plan)
        values, group, lines = groups.values, groups.group, groups.lines
        factors = groups.factors if comparison.name == "stress_by_treatment" else (group,)
        fitted = fit_cell_model(values, factors, added=groups.added, random=groups.random)
    return PlannedResiduals(
        outcome=outcome,
        values=values,
        residuals=fitted.residuals(values),
        group=group,
        lines=lines,
        matrix=np.asarray(fitted.fitted.design.matrix),
        is_change=is_change,
    )
