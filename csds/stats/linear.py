"""Linear models by least squares: analysis of variance and covariance, marginal means and their contrasts.

Designs come from `csds.stats.design`: factors coded to sum to zero, covariates as they are, interactions of any order.
Every mean and contrast is tested against the model's pooled error, as R's emmeans does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from csds.errors import StatsError
from csds.stats.design import (
    INTERCEPT,
    CellContrast,
    ContrastEstimate,
    Design,
    FloatArray,
    Term,
    estimate_contrast,
    f_tail,
    finite_values,
    listed,
    term_name,
)

#: Of Type I, each term is adjusted for those before it; II, for those that don't contain it; III, for all others.
SumsOfSquares = Literal[1, 2, 3]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinearModel:
    """A linear model fitted by ordinary least squares.

    Parameters
    ----------
    design : Design
        The design matrix and what its columns mean.
    outcome : ndarray, shape (n,)
        The outcome of each row.
    coefficients : ndarray, shape (p,)
        One of each column.
    covariance : ndarray, shape (p, p)
        Of the coefficients: the residual variance times (X'X)⁻¹.
    residuals : ndarray, shape (n,)
        Outcome less prediction.
    residual_ss : float
        Sum of the squared residuals.
    residual_df : int
        Rows less columns.
    """

    design: Design
    outcome: FloatArray
    coefficients: FloatArray
    covariance: FloatArray
    residuals: FloatArray
    residual_ss: float
    residual_df: int

    @property
    def residual_variance(self) -> float:
        """Residual mean square, the pooled error's variance."""
        return self.residual_ss / self.residual_df


@dataclass(frozen=True, slots=True, kw_only=True)
class AnovaTerm:
    """The F test of a term: its sum of squares and degrees of freedom, those of the error, F and p."""

    term: Term
    ss: float
    df1: int
    error_ss: float
    df2: int
    f: float
    p_value: float

    @property
    def name(self) -> str:
        """As R writes it: ``stress:treatment``."""
        return term_name(self.term)


def fit_linear_model(values: ArrayLike, design: Design) -> LinearModel:
    """Return the least-squares fit of an outcome, as R's ``lm``.

    Parameters
    ----------
    values : array_like, shape (n,)
        The outcome of each row.
    design : Design
        Of the same rows (`csds.stats.design.design_matrix`, which names an empty cell).

    Raises
    ------
    StatsError
        An outcome is missing or infinite, there are more or fewer outcomes than rows, no more rows than coefficients,
        or no outcome differs from what the design predicts.

    Examples
    --------
    >>> from csds.stats.design import design_matrix, factor
    >>> group = factor("group", ["isotype", "isotype", "antibody", "antibody"], levels=["isotype", "antibody"])
    >>> model = fit_linear_model([0.5, 0.7, 1.0, 1.2], design_matrix([group]))
    >>> model.coefficients.round(6).tolist(), model.residual_df
    ([0.85, -0.25], 2)
    """
    outcome, matrix = finite_values(values, "outcome"), design.matrix
    n, p = matrix.shape
    if len(outcome) != n:
        raise StatsError(f"Every row of the design needs one outcome; found {len(outcome)} outcomes for {n} rows.")
    if n <= p:
        raise StatsError(
            f"A model of {p} coefficients needs more than {p} animals to tell its error; found {n}.",
            hint="Leave a factor or an interaction out.",
        )
    q, r = np.linalg.qr(matrix)
    inverse = np.linalg.inv(r)
    coefficients = inverse @ (q.T @ outcome)
    residuals = outcome - matrix @ coefficients
    if np.max(np.abs(residuals)) <= 1e-12 * np.max(np.abs(outcome)):
        raise StatsError(
            "Outcomes should vary between animals that the design treats alike; they don't.",
            hint="See whether the column holds measurements, or one value for each group.",
        )
    residual_ss = float(residuals @ residuals)
    return LinearModel(
        design=design,
        outcome=outcome,
        coefficients=coefficients,
        covariance=residual_ss / (n - p) * inverse @ inverse.T,
        residuals=residuals,
        residual_ss=residual_ss,
        residual_df=n - p,
    )


def anova(model: LinearModel, *, ss_type: SumsOfSquares = 3) -> tuple[AnovaTerm, ...]:
    """Return the F test of every term against the pooled error, in the order of the design's terms.

    A term's sum of squares is what its columns add to those of other terms: to the terms before it (type I, R's
    ``anova``), to those that don't contain it (type II), or to all others (type III; both as R's ``car::Anova``, Fox
    and Weisberg 2019, An R Companion to Applied Regression, 5.3). Of type III, the intercept's test comes first.

    Parameters
    ----------
    model : LinearModel
        The fitted model.
    ss_type : {3, 2, 1}
        Type of the sums of squares.

    Raises
    ------
    StatsError
        Type III of a design that isn't coded to sum to zero: with other contrasts it doesn't test main effects.

    Examples
    --------
    >>> from csds.stats.design import design_matrix, factor
    >>> group = factor("group", ["isotype"] * 3 + ["antibody"] * 3, levels=["isotype", "antibody"])
    >>> test = anova(fit_linear_model([1, 2, 3, 3, 4, 5], design_matrix([group])), ss_type=2)[0]
    >>> test.name, test.df1, test.df2, round(test.f, 3), round(test.p_value, 4)
    ('group', 1, 4, 6.0, 0.0705)
    """
    design = model.design
    if ss_type == 3 and design.coding != "sum":
        raise StatsError("Type III needs factors coded to sum to zero.", hint='Make the design with coding="sum".')
    tests = []
    for term in design.terms if ss_type == 3 else design.terms[1:]:
        ss, df1 = sum_of_squares(model.outcome, design, term, ss_type=ss_type), len(design.columns([term]))
        f = ss / df1 / model.residual_variance
        tests.append(
            AnovaTerm(
                term=term,
                ss=ss,
                df1=df1,
                error_ss=model.residual_ss,
                df2=model.residual_df,
                f=f,
                p_value=f_tail(f, df1, model.residual_df),
            )
        )
    return tuple(tests)


def sum_of_squares(responses: FloatArray, design: Design, term: Term, *, ss_type: SumsOfSquares) -> float:
    """Return a term's sum of squares, that of all responses together where there are several, shape (n,) or (n, k)."""
    if ss_type == 1:
        others = design.terms[: design.terms.index(term)]
    else:
        left_out = {term, *(design.containing(term) if ss_type == 2 else ())}
        others = tuple(other for other in design.terms if other not in left_out)
    # What the term adds to the others: its columns, without what the others explain of them.
    basis = np.linalg.qr(design.matrix[:, design.columns(others)])[0]
    own = design.matrix[:, design.columns([term])]
    return float(np.sum((np.linalg.qr(own - basis @ (basis.T @ own))[0].T @ responses) ** 2))


def linear_contrast(model: LinearModel, contrast: CellContrast, *, confidence: float = 0.95) -> ContrastEstimate:
    """Return a weighted sum of marginal means, tested against the pooled error, as R's ``emmeans::contrast``.

    With ``l`` the sum of the cells' weighted rows: ``l'b ± t √(l'Vl)``.

    Parameters
    ----------
    model : LinearModel
        The fitted model.
    contrast : CellContrast
        The cells and their weights. Factors that a cell doesn't name are averaged over, covariates stand at their mean.
    confidence : float
        Of the interval, which isn't adjusted for other contrasts (`csds.stats.adjust`).

    Raises
    ------
    StatsError
        There is no such cell, or the weights leave nothing to compare.

    Examples
    --------
    >>> from csds.stats.design import design_matrix, factor
    >>> stress, drug = factor("stress", list("ccccdddd")), factor("drug", list("nnyynnyy"))
    >>> model = fit_linear_model([1, 2, 1, 3, 5, 6, 2, 2], design_matrix([stress, drug]))
    >>> cells = ((1, "c", "n"), (-1, "c", "y"), (-1, "d", "n"), (1, "d", "y"))
    >>> interaction = CellContrast(
    ...     name="stress:drug", weights=tuple((weight, {"stress": s, "drug": d}) for weight, s, d in cells)
    ... )
    >>> round(linear_contrast(model, interaction).estimate, 6)
    -4.0
    """
    row = np.sum([weight * model.design.cell_row(cell) for weight, cell in contrast.weights], axis=0)
    if not np.any(np.abs(row) > 1e-12):
        raise StatsError(
            f"The weights of “{contrast.name}” leave nothing to compare.",
            hint="Give the cells that are compared different weights.",
        )
    return estimate_contrast(
        float(row @ model.coefficients),
        float(np.sqrt(row @ model.covariance @ row)),
        model.residual_df,
        name=contrast.name,
        at=contrast.at,
        confidence=confidence,
    )


def marginal_means(model: LinearModel, of: Sequence[str], *, confidence: float = 0.95) -> tuple[ContrastEstimate, ...]:
    """Return the estimated marginal mean of each combination of some factors' levels, the last factor's first.

    Other factors are averaged over with equal weights and covariates stand at their mean, as ``emmeans(model, ~ of)``.

    Raises
    ------
    StatsError
        The model has no such factor.

    Examples
    --------
    >>> from csds.stats.design import design_matrix, factor
    >>> stress, drug = factor("stress", list("ccdd")), factor("drug", list("nyny"))
    >>> model = fit_linear_model([1, 2, 3, 5], design_matrix([stress, drug], terms=[("stress",), ("drug",)]))
    >>> [(mean.name, round(mean.estimate, 6)) for mean in marginal_means(model, ["drug"])]
    [('n', 2.0), ('y', 3.5)]
    """
    levels = {each.name: each.levels for each in model.design.factors}
    unknown = [name for name in of if name not in levels]
    if unknown:
        raise StatsError(f"The model has the factors {listed(levels) or '(none)'}; found {listed(unknown)}.")
    cells = [dict(zip(of, cell, strict=True)) for cell in product(*(levels[name] for name in of))]
    return tuple(
        linear_contrast(
            model,
            CellContrast(name=" × ".join(cell.values()) or term_name(INTERCEPT), weights=((1.0, cell),)),
            confidence=confidence,
        )
        for cell in cells
    )
