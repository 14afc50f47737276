"""Logistic regression of a yes or no, such as susceptible, with Firth's correction where a cell is empty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from csds.errors import StatsError
from csds.stats.samples import FloatArray, Numbers, check_confidence, check_sample

_MOST_STEPS = 200
_MOST_HALVINGS = 40
#: A log odds beyond this is on its way to infinity.
_MOST_LOG_ODDS = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticTerm:
    """A coefficient of a logistic regression.

    Parameters
    ----------
    name : str
        Column of the design.
    log_odds : float
        The coefficient; its exponential is an odds ratio.
    standard_error : float
        From the Fisher information at the estimate; ``log_odds / standard_error`` is Wald's z.
    ci_low, ci_high : float
        Interval of the log odds, by the profile of the (penalised) likelihood.
    statistic, p_value : float
        Twice the fall of the (penalised) log likelihood where the coefficient is 0, and its p by χ² with one degree
        of freedom.
    """

    name: str
    log_odds: float
    standard_error: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticFit:
    """A fitted logistic regression.

    Parameters
    ----------
    terms : tuple of LogisticTerm
        One a column of the design.
    log_likelihood : float
        Of the fit; with Firth's penalty, where there is one.
    firth : bool
        Whether the likelihood was penalised.
    n : int
        Animals.
    """

    terms: tuple[LogisticTerm, ...]
    log_likelihood: float
    firth: bool
    n: int


def fit_logistic(
    outcome: Numbers, design: FloatArray, *, names: Sequence[str], firth: bool, confidence: float = 0.95
) -> LogisticFit:
    """Return the logistic regression of an outcome of 0 or 1.

    Without ``firth`` the coefficients are those of R's ``glm(family=binomial)``, the intervals those of its
    ``confint`` (profile likelihood) and the tests those of ``drop1(test="LRT")``. With it the log likelihood has the
    penalty ½ log |I(β)| (Firth 1993, 10.1093/biomet/80.1.27), which keeps estimates finite where an outcome never or
    always happens, and intervals and tests are by the penalised likelihood (Heinze & Schemper 2002, 10.1002/sim.1047),
    as R's ``logistf``.

    Parameters
    ----------
    outcome : sequence of float, shape (n,)
        1 where it happened, else 0.
    design : array, shape (n, columns)
        The design matrix, with a column of ones for the intercept.
    names : sequence of str
        Names of the columns.
    firth : bool
        Whether the likelihood is penalised.
    confidence : float
        Confidence level.

    Raises
    ------
    StatsError
        The outcome isn't of 0 and 1, the design doesn't fit it or has columns that depend on each other, or without
        ``firth`` a coefficient is infinite.

    Examples
    --------
    With one group, Firth's estimate is the log odds with ½ added to both counts.

    >>> fit = fit_logistic([1, 1, 1, 0], np.ones((4, 1)), names=["intercept"], firth=True)
    >>> round(math.exp(fit.terms[0].log_odds), 6)  # 3.5 / 1.5
    2.333333
    """
    from scipy.special import chdtrc, chdtri

    model = _model(outcome, design, names, firth)
    fit = model.maximum(model.at(np.zeros(len(names))))
    if model.is_infinite(fit):
        raise StatsError(
            "logistic regression: a coefficient is infinite, as the outcome never or always happens for some animals",
            hint="Use Firth's correction.",
        )
    errors = np.sqrt(np.diag(np.linalg.inv(fit.information)))
    fall = float(chdtri(1, 1 - check_confidence(confidence))) / 2
    terms = []
    for j, name in enumerate(names):
        statistic = max(0.0, 2 * (fit.value - model.profile(fit, j, 0.0).value))
        low, high = (_bound(model, fit, j, side * float(errors[j]), fall) for side in (-1, 1))
        terms.append(
            LogisticTerm(
                name=name,
                log_odds=float(fit.beta[j]),
                standard_error=float(errors[j]),
                ci_low=low,
                ci_high=high,
                statistic=statistic,
                p_value=float(chdtrc(1, statistic)),
            )
        )
    return LogisticFit(terms=tuple(terms), log_likelihood=fit.value, firth=firth, n=len(model.outcome))


def logistic_by_group(
    outcome: Numbers, groups: Sequence[str], *, levels: Sequence[str], confidence: float = 0.95
) -> LogisticFit:
    """Return the logistic regression of an outcome on groups, each compared with the first of the levels.

    Firth's correction is used where the outcome never or always happens in some group.

    Parameters
    ----------
    outcome : sequence of float, shape (n,)
        1 where it happened, else 0.
    groups : sequence of str, shape (n,)
        Each animal's group.
    levels : sequence of str
        The groups, the reference first.
    confidence : float
        Confidence level.

    Raises
    ------
    StatsError
        The outcome isn't of 0 and 1, a group is none of the levels or a level holds no animal, or there is one only.

    Examples
    --------
    >>> fit = logistic_by_group([0, 0, 1, 1, 1, 0], ["a", "a", "a", "b", "b", "b"], levels=["a", "b"])
    >>> [term.name for term in fit.terms], round(math.exp(fit.terms[1].log_odds), 6), fit.firth
    (['intercept', 'b'], 4.0, False)
    """
    if len(set(levels)) < 2 or set(groups) != set(levels) or len(set(levels)) != len(levels):
        raise StatsError(
            f"logistic regression: expected animals of two groups at least, and of each of {', '.join(levels)}; "
            f"found {', '.join(dict.fromkeys(groups)) or 'none'}"
        )
    labels = np.asarray(groups)
    design = np.column_stack([np.ones(len(labels)), *((labels == level).astype(float) for level in levels[1:])])
    return fit_logistic(
        outcome,
        design,
        names=["intercept", *levels[1:]],
        firth=has_empty_cell(outcome, groups),
        confidence=confidence,
    )


def has_empty_cell(outcome: Numbers, groups: Sequence[str]) -> bool:
    """Return whether the outcome never or always happens in one of the groups.

    Raises
    ------
    StatsError
        The outcome isn't of 0 and 1, or there are not as many groups.

    Examples
    --------
    >>> has_empty_cell([0, 1, 1, 1], ["a", "a", "b", "b"])
    True
    """
    happened = _check_outcome(outcome)
    if len(groups) != len(happened):
        raise StatsError(f"expected a group for each of {len(happened)} outcomes, found {len(groups)} groups")
    labels = np.asarray(groups)
    return any(np.ptp(happened[labels == label]) == 0 for label in np.unique(labels))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """Coefficients, with the (penalised) log likelihood, its gradient, and curvature matrices there."""

    beta: FloatArray
    value: float
    score: FloatArray
    information: FloatArray
    curvature: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    outcome: FloatArray
    design: FloatArray
    firth: bool

    def at(self, beta: FloatArray) -> _Point:
        from scipy.special import expit

        log_odds = self.design @ beta
        chance = expit(log_odds)
        weights = chance * expit(-log_odds)
        value = float((self.outcome * log_odds - np.logaddexp(0, log_odds)).sum())
        # Firth's score is that of data with half a success and half a failure more, by each animal's leverage.
        leverage = np.zeros(len(weights))
        if self.firth:
            q, r = np.linalg.qr(np.sqrt(weights)[:, None] * self.design)
            pivots = np.abs(np.diag(r))
            value = value + float(np.log(pivots).sum()) if pivots.min() > 0 else -math.inf
            leverage = (q**2).sum(axis=1)
        return _Point(
            beta=beta,
            value=value,
            score=self.design.T @ (self.outcome + leverage / 2 - (1 + leverage) * chance),
            information=self.design.T @ (weights[:, None] * self.design),
            curvature=self.design.T @ (((1 + leverage) * weights)[:, None] * self.design),
        )

    def maximum(self, point: _Point, fixed: int | None = None) -> _Point:
        """Return the maximum over all coefficients but the fixed one, by Fisher scoring with halved steps."""
        free = [j for j in range(len(point.beta)) if j != fixed]
        for _ in range(_MOST_STEPS):
            step = np.zeros(len(point.beta))
            step[free] = _solve(point.curvature[np.ix_(free, free)], point.score[free])
            # What the step gains, but for a factor; and on the way to infinity there is no end.
            if step @ point.score < 1e-18 or (fixed is None and self.is_infinite(point)):
                break
            trial = self.at(point.beta + step)
            for _ in range(_MOST_HALVINGS):
                # Near the maximum a fall is rounding.
                if trial.value >= point.value - 1e-12 * (1 + abs(point.value)):
                    break
                step = step / 2
                trial = self.at(point.beta + step)
            point = trial
        return point

    def is_infinite(self, point: _Point) -> bool:
        return not self.firth and bool(np.abs(self.design @ point.beta).max() > _MOST_LOG_ODDS)

    def profile(self, point: _Point, j: int, value: float) -> _Point:
        """Return the maximum where a coefficient has that value, coming from another point of the same profile."""
        free = [i for i in range(len(point.beta)) if i != j]
        change = value - point.beta[j]
        beta = point.beta.copy()
        # The others move along.
        beta[free] -= _solve(point.curvature[np.ix_(free, free)], point.curvature[free, j]) * change
        beta[j] = value
        start = self.at(beta)
        if start.value == -math.inf:
            return self.profile(self.profile(point, j, value - change / 2), j, value)
        return self.maximum(start, fixed=j)


def _solve(matrix: FloatArray, values: FloatArray) -> FloatArray:
    """Solve symmetric equations whose unknowns may differ much in scale."""
    scale = np.sqrt(np.diag(matrix))
    return np.asarray(np.linalg.lstsq(matrix / np.outer(scale, scale), values / scale)[0] / scale)


def _model(outcome: Numbers, design: FloatArray, names: Sequence[str], firth: bool) -> _Model:
    happened = _check_outcome(outcome)
    matrix = np.array(design, dtype=np.float64)
    if matrix.shape != (len(happened), len(names)):
        raise StatsError(
            f"logistic regression: expected a design of {len(happened)} animals and {len(names)} columns, "
            f"found shape {matrix.shape}"
        )
    if not np.isfinite(matrix).all():
        raise StatsError(
            "logistic regression: expected finite numbers in the design, found some missing or infinite",
            hint="Leave these animals out, saying why.",
        )
    if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        raise StatsError(
            f"logistic regression: expected independent columns, found that {', '.join(names)} depend on each other",
            hint="Leave out a column that the others tell: a group without animals, or a covariate without variation.",
        )
    return _Model(outcome=happened, design=matrix, firth=firth)


def _check_outcome(outcome: Numbers) -> FloatArray:
    happened = check_sample(outcome, name="outcome", at_least=1)
    if not np.isin(happened, (0, 1)).all():
        raise StatsError("outcome: expected 0 and 1 only, found other numbers")
    return happened


def _bound(model: _Model, fit: _Point, j: int, step: float, fall: float) -> float:
    """Return where the profile of a coefficient, on the side to which the step goes, has fallen by so much."""
    from scipy.optimize import brentq

    nearest = fit

    def above(value: float) -> float:
        nonlocal nearest
        nearest = model.profile(nearest, j, value)
        return nearest.value - (fit.value - fall)

    inside, outside = float(fit.beta[j]), float(fit.beta[j]) + 2 * step
    while above(outside) > 0:
        inside, outside = outside, outside + step
    return float(brentq(above, inside, outside, xtol=1e-9 * abs(step), rtol=1e-12))
