"""Tests of a linear mixed model's coefficients, contrasts and terms, with small-sample degrees of freedom.

By Satterthwaite's method, as R's lmerTest has it (Kuznetsova, Brockhoff and Christensen 2017, J Stat Softw 82(13),
doi:10.18637/jss.v082.i13), or Kenward and Roger's (1997, Biometrics 53:983–997, doi:10.2307/2533558), as pbkrtest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from csds.errors import StatsError
from csds.stats.design import (
    CellContrast,
    ContrastEstimate,
    Design,
    Factor,
    FloatArray,
    Term,
    estimate_contrast,
    f_tail,
    term_name,
)
from csds.stats.mixed_model import MixedModel, SmallSample

Denominator = Literal["satterthwaite", "kenward-roger"]
SumsOfSquares = Literal[2, 3]


@dataclass(frozen=True, slots=True, kw_only=True)
class TermTest:
    """The F test of a term; `ss` is F times its degrees of freedom and σ², as lmerTest prints it."""

    term: Term
    ss: float
    df1: float
    df2: float
    f: float
    p_value: float

    @property
    def name(self) -> str:
        """The term's name as R writes it."""
        return term_name(self.term)


def coefficient_tests(
    model: MixedModel, *, ddf: Denominator = "satterthwaite", confidence: float = 0.95
) -> tuple[ContrastEstimate, ...]:
    """Return the t test of each coefficient, as ``coef(summary(model))`` of lmerTest.

    Raises
    ------
    StatsError
        Kenward and Roger's method is asked of an ML fit.
    """
    names = model.design.column_names
    return tuple(
        _t_test(model, row, ddf, name=name, confidence=confidence)
        for name, row in zip(names, np.eye(len(names)), strict=True)
    )


def model_contrast(
    model: MixedModel, contrast: CellContrast, *, ddf: Denominator = "satterthwaite", confidence: float = 0.95
) -> ContrastEstimate:
    """Return a contrast of cell means, as emmeans gives it; `csds.stats.design.pairwise` makes the usual ones.

    Raises
    ------
    StatsError
        There is no such cell, its weights cancel, or Kenward and Roger's method is asked of an ML fit.
    """
    row = sum((weight * model.design.cell_row(cell) for weight, cell in contrast.weights), np.zeros(1))
    if not np.abs(row).max() > 1e-12:
        raise StatsError(f"The weights of {contrast.name} cancel; there is nothing to estimate.")
    return _t_test(model, row, ddf, name=contrast.name, at=contrast.at, confidence=confidence)


def term_tests(
    model: MixedModel, *, ss_type: SumsOfSquares = 3, ddf: Denominator = "satterthwaite"
) -> tuple[TermTest, ...]:
    """Return the F test of each term, as ``anova(model, type = ss_type, ddf = ddf)`` of lmerTest.

    Satterthwaite's degrees of freedom of a term with several are put together from those of t tests, whose choice
    isn't unique: as lmerTest, from differences to the first level (type III), and of a term that has the model to
    itself as of type I, whatever the type asked for.

    Parameters
    ----------
    model : MixedModel
        Of a sum-coded design.
    ss_type : {2, 3}
        Type II tests a term after all that don't contain it, type III after all others.
    ddf : {"satterthwaite", "kenward-roger"}
        How denominator degrees of freedom are found.

    Raises
    ------
    StatsError
        The design is treatment-coded, or Kenward and Roger's method is asked of an ML fit.
    """
    if model.design.coding != "sum":
        raise StatsError(
            "Tests of terms need sum-to-zero coding; the design has treatment coding.",
            hint="Make the design with coding='sum'.",
        )
    test = _satterthwaite_f if ddf == "satterthwaite" else _kenward_roger_f
    rows = []
    terms = model.design.terms[1:]
    for term in terms:
        contrasts = _type_3(model.design, term) if ss_type == 3 and len(terms) > 1 else _type_2(model.design, term)
        f, df2 = test(contrasts, model.coefficients, _small_sample(model, ddf))
        df1 = float(len(contrasts))
        ss = f * df1 * model.residual_variance
        rows.append(TermTest(term=term, ss=ss, df1=df1, df2=df2, f=f, p_value=f_tail(f, df1, df2)))
    return tuple(rows)


def _small_sample(model: MixedModel, ddf: Denominator) -> SmallSample:
    if ddf == "satterthwaite":
        return model.satterthwaite
    if model.kenward_roger is None:
        raise StatsError("Kenward and Roger's method needs a fit by REML.", hint="Fit with method='REML'.")
    return model.kenward_roger


def _t_test(
    model: MixedModel, row: FloatArray, ddf: Denominator, *, name: str, at: str = "", confidence: float
) -> ContrastEstimate:
    small = _small_sample(model, ddf)
    se = float(np.sqrt(row @ small.covariance @ row))
    estimate = float(row @ model.coefficients)
    return estimate_contrast(estimate, se, _t_df(row, small), name=name, at=at, confidence=confidence)


def _t_df(row: FloatArray, small: SmallSample) -> float:
    """Return ``2 v² / var(v)`` with v the variance of a contrast; both methods have it so for one row."""
    gradient = row @ small.derivatives @ row
    return float(2 * (row @ small.unadjusted @ row) ** 2 / (gradient @ small.parameter_covariance @ gradient))


def _satterthwaite_f(contrasts: FloatArray, coefficients: FloatArray, small: SmallSample) -> tuple[float, float]:
    """Return F and its denominator's degrees of freedom by Fai and Cornelius.

    1996, J Stat Comput Simul 54:363–378, doi:10.1080/00949659608811740, as ``contestMD`` of lmerTest: F is the mean
    of q independent t², whose expectation Σ ν/(ν − 2) gives the degrees of freedom.
    """
    variances, axes = np.linalg.eigh(contrasts @ small.covariance @ contrasts.T)
    rows = axes.T @ contrasts
    f = float(np.mean((rows @ coefficients) ** 2 / variances))
    dfs = np.array([_t_df(row, small) for row in rows])
    if np.ptp(dfs) < 1e-8:
        return f, float(dfs.mean())
    if dfs.min() <= 2:
        return f, 2.0
    expected = float(np.sum(dfs / (dfs - 2)))
    return f, 2 * expected / (expected - len(dfs))


def _kenward_roger_f(contrasts: FloatArray, coefficients: FloatArray, small: SmallSample) -> tuple[float, float]:
    """Return the scaled F and its denominator's degrees of freedom by Kenward and Roger, as pbkrtest has them."""
    q = len(contrasts)
    estimate = contrasts @ coefficients
    wald = float(estimate @ np.linalg.solve(contrasts @ small.covariance @ contrasts.T, estimate))
    theta = contrasts.T @ np.linalg.solve(contrasts @ small.unadjusted @ contrasts.T, contrasts)
    effects = theta @ small.derivatives
    traces = np.trace(effects, axis1=1, axis2=2)
    weights = small.parameter_covariance
    a1 = float(traces @ weights @ traces)
    a2 = float(np.sum(weights * np.einsum("rab,sba->rs", effects, effects)))
    b = (a1 + 6 * a2) / (2 * q)
    g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
    c1, c2, c3 = (c / (3 * q + 2 * (1 - g)) for c in (g, q - g, q + 2 - g))
    # F's variance over its squared mean is 2 / q times above / below; these squares vanish where df2 is two.
    of_mean, of_variance = 1 - a2 / q, 1 - c2 * b
    if max(abs(of_mean), abs(of_variance)) < 1e-9:
        of_mean = of_variance = 1.0
    above, below = of_mean**2 * (1 + c1 * b), of_variance**2 * (1 - c3 * b)
    df2 = 4 + (q + 2) * below / (above - below) if above != below else np.inf
    scale = 1.0 if abs(df2 - 2) < 1e-2 else df2 * (1 - a2 / q) / (df2 - 2)
    if not (0 < df2 < np.inf and scale > 0):
        raise StatsError(
            "There are too few units for Kenward and Roger's method.", hint="Use Satterthwaite's, or more cages."
        )
    return scale * wald / q, df2


def _type_3(design: Design, term: Term) -> FloatArray:
    """Return the differences to the first level, of factors whose other factors' levels weigh the same."""
    block = np.ones((1, 1))
    for name in term:
        variable = next(each for each in design.variables if each.name == name)
        coded = variable.coded("sum") if isinstance(variable, Factor) else np.array([[0.0], [1.0]])
        block = np.kron(coded[1:] - coded[0], block)
    contrasts = np.zeros((len(block), design.matrix.shape[1]))
    contrasts[:, design.columns([term])] = block
    return contrasts


def _type_2(design: Design, term: Term) -> FloatArray:
    """Return a term's rows of the normalised triangular factor of X'X: others first, then it, then what contains it.

    A term that others don't contain stands for itself unless it is alone; alone it is of type I.
    """
    containing = design.containing(term)
    if not containing and len(design.terms) > 2:
        return np.eye(design.matrix.shape[1])[design.columns([term])]
    own = design.columns([term])
    after = design.columns(containing)
    before = np.setdiff1d(np.arange(design.matrix.shape[1]), np.concatenate([own, after]))
    order = np.concatenate([before, own, after])
    triangle = np.linalg.qr(design.matrix[:, order])[1]
    rows = triangle[len(before) : len(before) + len(own)]
    contrasts = np.empty_like(rows)
    contrasts[:, order] = rows / np.diag(triangle)[len(before) : len(before) + len(own), np.newaxis]
    return contrasts
