"""The model that contrasts of groups are taken from: linear, or mixed where the plan has random intercepts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from csds.analysis.results import Result
from csds.model.shapes import FloatArray
from csds.stats.design import CellContrast, ContrastEstimate, Factor, Variable, crossed, design_matrix
from csds.stats.effect_sizes import partial_eta_squared, partial_omega_squared
from csds.stats.linear import LinearModel, SumsOfSquares, anova, fit_linear_model, linear_contrast
from csds.stats.mixed_model import MixedModel, fit_mixed_model
from csds.stats.mixed_tests import model_contrast, term_tests

_TYPES: dict[str, SumsOfSquares] = {"I": 1, "II": 2, "III": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class CellModel:
    """A fitted model of groups' means.

    Parameters
    ----------
    fitted : LinearModel or MixedModel
    extras : str
        What it has beside the factors, in words; empty where there is nothing.
    """

    fitted: LinearModel | MixedModel
    extras: str

    @property
    def variance(self) -> str:
        """What the tests assume of the variance, in words."""
        if isinstance(self.fitted, LinearModel):
            return "pooled variance" + self.extras
        singular = "; singular: no variance between them was found" if self.fitted.is_singular else ""
        return f"Satterthwaite's degrees of freedom{self.extras}{singular}"

    def residuals(self, values: FloatArray) -> FloatArray:
        """Return the values less what the fixed effects predict."""
        if isinstance(self.fitted, LinearModel):
            return self.fitted.residuals
        return np.asarray(values - self.fitted.design.matrix @ self.fitted.coefficients)

    def contrast(self, contrast: CellContrast) -> ContrastEstimate:
        """Return a contrast of cell means, other factors averaged over and covariates at their mean."""
        if isinstance(self.fitted, LinearModel):
            return linear_contrast(self.fitted, contrast)
        return model_contrast(self.fitted, contrast)

    def terms(self, sum_of_squares: str) -> Iterator[Result]:
        """Return the F test of every term but the intercept, with its effect sizes."""
        if isinstance(self.fitted, LinearModel):
            yield from self._linear_terms(self.fitted, sum_of_squares)
            return
        ss_type: Literal[2, 3] = 2 if sum_of_squares == "II" else 3
        for test in term_tests(self.fitted, ss_type=ss_type):
            yield Result(
                term=test.name, test=f"linear mixed model, type {'I' * ss_type}", statistic_name="F", statistic=test.f,
                df1=test.df1, df2=test.df2, p_value=test.p_value, note=self.variance,
            )  # fmt: skip
        for group in self.fitted.groups:
            yield Result(
                term=group.name, test="intraclass correlation", effect_name="intraclass correlation", effect=group.icc,
                note=f"{group.units} units of {group.mean_size:.3g} values on average; no interval{self.extras}",
            )  # fmt: skip
        yield Result(
            term=", ".join(group.name for group in self.fitted.groups), test="design effect",
            effect_name="design effect", effect=self.fitted.design_effect,
            note=f"times that a mean's variance exceeds that of independent values{self.extras}",
        )  # fmt: skip

    def _linear_terms(self, model: LinearModel, sum_of_squares: str) -> Iterator[Result]:
        for test in anova(model, ss_type=_TYPES[sum_of_squares]):
            if not test.term:
                continue  # the intercept: that the mean isn't 0 is no question
            eta = partial_eta_squared(test.f, test.df1, test.df2)
            omega = partial_omega_squared(test.f, test.df1, test.df2, n=len(model.outcome))
            yield Result(
                term=test.name, test=f"ANOVA, type {sum_of_squares}", statistic_name="F", statistic=test.f,
                df1=test.df1, df2=test.df2, p_value=test.p_value, effect_name="partial eta squared", effect=eta.value,
                ci_low=eta.ci_low, ci_high=eta.ci_high, note=f"equal variances assumed{self.extras}",
            )  # fmt: skip
            yield Result(
                term=test.name, test="partial omega squared", effect_name="partial omega squared", effect=omega.value,
                ci_low=omega.ci_low, ci_high=omega.ci_high, note=f"type {sum_of_squares}",
            )  # fmt: skip


def fit_cell_model(
    values: FloatArray, factors: Sequence[Factor], *, added: Sequence[Variable] = (), random: Sequence[Factor] = ()
) -> CellModel:
    """Return the model of factors with all their interactions, and of what a plan adds.

    Parameters
    ----------
    values : (n,) float
    factors : sequence of Factor
    added : sequence of Factor or Covariate
        Without interactions.
    random : sequence of Factor
        Whose levels are random intercepts, the outer first.

    Raises
    ------
    StatsError
        It can't be fitted; the message says why.
    """
    terms = (*crossed([one.name for one in factors]), *((one.name,) for one in added))
    design = design_matrix([*factors, *added], terms=terms)
    extras = "".join(f"; {one.name} in the model" for one in added)
    if not random:
        return CellModel(fitted=fit_linear_model(values, design), extras=extras)
    names = " and ".join(one.name for one in random)
    return CellModel(fitted=fit_mixed_model(values, design, random), extras=f"{extras}; random intercept of {names}")
