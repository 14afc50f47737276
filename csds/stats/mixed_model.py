"""Linear mixed models with random intercepts for one grouping, or two nested ones (cage, animal in cage).

The model is ``y = X β + Σ_j Z_j b_j + e`` with ``b_j ~ N(0, σ_j² I)`` and ``e ~ N(0, σ² I)``, so that y has the
covariance ``σ² V``, ``V = I + Σ_j γ_j Z_j Z_j'``, ``γ_j = σ_j²/σ²``. With β and σ² profiled out, the criterion in γ
(Bates et al. 2015, J Stat Softw 67(1), doi:10.18637/jss.v067.i01) is, but for constants::

    REML   log|V| + log|X' V⁻¹ X| + (n − p) log(y' P y),   P = V⁻¹ − V⁻¹ X (X' V⁻¹ X)⁻¹ X' V⁻¹
    ML     log|V| + n log(y' P y)

Its gradient and Hessian are exact (`_criterion`), and so is what the small-sample methods need of the covariance
``C = σ² (X' V⁻¹ X)⁻¹`` of β: its derivatives by the variances, and the variances' own covariance from the observed
information (Satterthwaite, as R's lmerTest: Kuznetsova, Brockhoff and Christensen 2017, J Stat Softw 82(13),
doi:10.18637/jss.v082.i13) or the expected one (Kenward and Roger 1997, Biometrics 53:983–997,
doi:10.2307/2533558, as R's pbkrtest). Everything is computed from cross products of ``[Z, X, y]``, so that its cost
depends on the number of cages and animals, not of rows.

Where the best estimate of a variance is zero, the fit is *singular*: what the units have in common can't be told
from the residual. Satterthwaite's method then goes on without that variance, which is what lmerTest's comes to.
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
    Design,
    Factor,
    FloatArray,
    factor,
    finite_values,
)

Method = Literal["REML", "ML"]

SINGULAR_SD_RATIO = 1e-4
"""Below this ratio to the residual's a standard deviation counts as zero, as in lme4's ``isSingular``."""

LARGEST_RATIO = 1e6
"""Of a variance to the residual's: above it what is left within units is rounding, and so would be the answers."""

_START_RATIOS = (0.0, 0.1, 1.0, 10.0, 1e3)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVariance:
    """The variance between units of a grouping, and what it means for their values.

    Parameters
    ----------
    name : str
        The grouping's name; ``animal:cage`` for animals within cages, as lme4 writes it.
    units : int
        How many cages or animals there are.
    mean_size : float
        Values in a unit, weighted by size: ``Σ m² / Σ m``.
    variance, sd : float
        Zero in a singular fit.
    share : float
        The variance as a share of the total.
    icc : float
        Intraclass correlation: of two values of the same unit, so with the shares of the groupings around it.
    """

    name: str
    units: int
    mean_size: float
    variance: float
    sd: float
    share: float
    icc: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmallSample:
    """What approximate t and F tests take from a model, with the parameters (γ_1, …, log σ²).

    Parameters
    ----------
    covariance : ndarray, shape (p, p)
        Of the coefficients, as standard errors use it (Kenward and Roger's is adjusted).
    unadjusted : ndarray, shape (p, p)
        The same as the variances give it.
    derivatives : ndarray, shape (r, p, p)
        Of `unadjusted`, by each parameter.
    parameter_covariance : ndarray, shape (r, r)
        Of the parameters.
    """

    covariance: FloatArray
    unadjusted: FloatArray
    derivatives: FloatArray
    parameter_covariance: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MixedModel:
    """A fitted linear mixed model.

    Parameters
    ----------
    method : {"REML", "ML"}
        What was maximised.
    design : Design
        The fixed effects of the rows used.
    coefficients : ndarray, shape (p,)
        In the order of `design.column_names`.
    groups : tuple of GroupVariance
        Of the groupings, outermost first.
    residual_variance : float
        σ².
    log_likelihood : float
        Restricted for REML, and then only comparable between models of the same fixed effects and coding.
    n, n_missing : int
        Rows used, and rows whose value is missing.
    satterthwaite : SmallSample
        For Satterthwaite's method.
    kenward_roger : SmallSample or None
        For Kenward and Roger's; None for ML, for which it isn't defined.
    """

    method: Method
    design: Design
    coefficients: FloatArray
    groups: tuple[GroupVariance, ...]
    residual_variance: float
    log_likelihood: float
    n: int
    n_missing: int
    satterthwaite: SmallSample
    kenward_roger: SmallSample | None

    @property
    def is_singular(self) -> bool:
        """Whether some variance is zero, so that its grouping can't be told from the residual."""
        return any(group.variance == 0 for group in self.groups)

    @property
    def design_effect(self) -> float:
        """How many times a mean's variance exceeds that of independent values: ``1 + Σ (m − 1) share``.

        With one grouping this is 1 + (m − 1) ICC (Kish 1965, Survey Sampling), m being the mean size
        weighted by size, which is exact for the mean of all values.
        """
        return 1.0 + sum((group.mean_size - 1) * group.share for group in self.groups)


def fit_mixed_model(
    values: ArrayLike, design: Design, groupings: Sequence[Factor], *, method: Method = "REML"
) -> MixedModel:
    """Return the linear mixed model that ``lme4::lmer`` fits with random intercepts.

    Parameters
    ----------
    values : array_like, shape (n,)
        NaN where a value is missing: the row is left out, the animal's other rows are kept.
    design : Design
        The fixed effects of the same rows.
    groupings : sequence of Factor
        One, ``(1|cage)``, or two, the outer first: ``(1|cage/animal)``. Units within an outer unit need
        other names only within it.
    method : {"REML", "ML"}
        Restricted or full maximum likelihood.

    Raises
    ------
    StatsError
        A grouping can't be told from the residual, from the other or from the fixed effects whatever the values
        are (one value a cage, one animal a cage, one cage a group), values don't vary about their units' means,
        or there are too few of them. That the best estimate of a variance is zero is no error:
        see `MixedModel.is_singular`.

    Examples
    --------
    Balanced, the variance between cages is (MS between − MS within) / size = (51.25 − 1.25) / 2:

    >>> from csds.stats.design import design_matrix, factor
    >>> values = [10, 12, 20, 21, 1, 3, 5, 6]
    >>> cage = factor("cage", [1, 1, 2, 2, 3, 3, 4, 4])
    >>> stress = factor("stress", ["control"] * 4 + ["defeated"] * 4)
    >>> model = fit_mixed_model(values, design_matrix([stress]), [cage])
    >>> round(model.groups[0].variance, 6), round(model.residual_variance, 6)
    (25.0, 1.25)
    """
    numbers = finite_values(values, "values", missing_allowed=True)
    if not 1 <= len(groupings) <= 2:
        raise StatsError(f"A mixed model has one grouping or two nested ones; found {len(groupings)}.")
    if {len(numbers), len(design.matrix)} != {len(each.codes) for each in groupings}:
        raise StatsError("Values, design and groupings should have the same number of rows.")
    kept = ~np.isnan(numbers)
    if not kept.all():
        numbers, design = numbers[kept], design.take(kept)
    problem = _Problem.of(numbers, design, _nested([each.take(kept) for each in groupings]), method)
    problem.check()
    ratios = problem.minimise()
    if ratios.max() > LARGEST_RATIO:
        raise problem.too_alike()
    ratios = np.where(ratios < SINGULAR_SD_RATIO**2, 0.0, ratios)
    return problem.model(ratios, design, n_missing=int((~kept).sum()))


def _nested(groupings: Sequence[Factor]) -> list[Factor]:
    """Return groupings whose units are told apart by the units around them, without units that have no rows."""
    outer = factor(groupings[0].name, groupings[0].labels)
    if len(groupings) == 1:
        return [outer]
    inner = groupings[1]
    labels = [str(pair) for pair in zip(outer.labels, inner.labels, strict=True)]
    return [outer, factor(f"{inner.name}:{outer.name}", labels)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Solution:
    """What the criterion is made of at given ratios γ; cross products are of ``[Z, Q, y]``, Q spanning X."""

    weighted: FloatArray
    """[Z, Q, y]' V⁻¹ [Z, Q, y]."""
    projected: FloatArray
    """[Z, Q, y]' P [Z, Q, y]."""
    log_v: float
    log_x: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Problem:
    """A model's data, y being the residuals of ordinary least squares in units of their SD (`scale`)."""

    groupings: list[Factor]
    owner: FloatArray
    """Which grouping a unit belongs to, shape (units, groupings), ones and zeros."""
    products: FloatArray
    """[Z, Q, y]' [Z, Q, y], where X = Q R."""
    triangle: FloatArray
    """R."""
    ordinary: FloatArray
    """Coefficients of ordinary least squares."""
    scale: float
    n: int
    method: Method

    @classmethod
    def of(cls, values: FloatArray, design: Design, groupings: list[Factor], method: Method) -> _Problem:
        n, p = design.matrix.shape
        if n <= p:
            raise StatsError(f"There should be more values than coefficients; found {n} and {p}.")
        q, triangle = np.linalg.qr(design.matrix)
        ordinary = np.linalg.solve(triangle, q.T @ values)
        rest = values - design.matrix @ ordinary
        scale = float(np.sqrt(rest @ rest / (n - p)))
        if scale <= 1e-12 * max(np.abs(values).max(), np.finfo(float).tiny):
            raise StatsError("Values should vary about what the fixed effects predict; they don't.")
        units = np.hstack([np.eye(len(each.levels))[each.codes] for each in groupings])
        table = np.column_stack([units, q, rest / scale])
        owner = np.repeat(np.eye(len(groupings)), [len(each.levels) for each in groupings], axis=0)
        return cls(
            groupings=groupings,
            owner=owner,
            products=table.T @ table,
            triangle=triangle,
            ordinary=ordinary,
            scale=scale,
            n=n,
            method=method,
        )

    @property
    def units(self) -> slice:
        return slice(0, len(self.owner))

    @property
    def fixed(self) -> slice:
        return slice(len(self.owner), -1)

    @property
    def df(self) -> int:
        """What σ² is divided by."""
        return self.n - len(self.triangle) if self.method == "REML" else self.n

    def check(self) -> None:
        """Raise StatsError where the variances can't be told apart, whatever the values."""
        projected = self.solve(np.zeros(len(self.groupings))).projected
        information = self.information(projected)
        size = np.sqrt(np.diag(information))
        names = [each.name for each in self.groupings]
        if size.min() < 1e-6 or np.linalg.eigvalsh(information / np.outer(size, size)).min() < 1e-9:
            raise StatsError(
                f"The variance of {' and '.join(names)} can't be told from the others: there are {self.counts()}.",
                hint="Some units should hold several values (cages several animals) and each group several units; "
                "otherwise leave the grouping out and say so.",
            )
        inside, to_y = projected[self.units, self.units], projected[self.units, -1]
        within = float(projected[-1, -1] - to_y @ np.linalg.pinv(inside, rcond=1e-10, hermitian=True) @ to_y)
        if within < 1e-10 * self.n or self.n - len(self.triangle) - np.linalg.matrix_rank(inside, tol=1e-8) < 1:
            raise self.too_alike()

    def too_alike(self) -> StatsError:
        """Return the error of values that don't vary within units."""
        return StatsError(
            f"Values should vary within {self.groupings[-1].name} about what the fixed effects predict; they hardly "
            f"do: there are {self.counts()}.",
            hint="Check that no row was copied; otherwise leave the grouping out.",
        )

    def counts(self) -> str:
        """Return what there is, for messages."""
        units = ", ".join(f"{len(each.levels)} of {each.name}" for each in self.groupings)
        return f"{units}, {self.n} values and {len(self.triangle)} coefficients"

    def solve(self, ratios: FloatArray) -> _Solution:
        root = np.sqrt(self.owner @ ratios)[:, np.newaxis]
        factor_v = np.linalg.cholesky(np.eye(len(root)) + root * self.products[self.units, self.units] * root.T)
        half = np.linalg.solve(factor_v, root * self.products[self.units])
        weighted = self.products - half.T @ half
        factor_x = np.linalg.cholesky(weighted[self.fixed, self.fixed])
        half = np.linalg.solve(factor_x, weighted[self.fixed])
        return _Solution(
            weighted=weighted,
            projected=weighted - half.T @ half,
            log_v=2 * float(np.log(np.diag(factor_v)).sum()),
            log_x=2 * float(np.log(np.diag(factor_x)).sum()),
        )

    def information(self, projected: FloatArray) -> FloatArray:
        """Return ``tr(P V_i P V_j)``, twice the expected information of (γ_1, …, log σ²)."""
        between = self.owner.T @ projected[self.units, self.units] ** 2 @ self.owner
        with_residual = self.owner.T @ np.diag(projected)[self.units]
        last = [*with_residual, self.n - len(self.triangle)]
        return np.block([[between, with_residual[:, np.newaxis]], [np.array([last])]])

    def criterion(self, ratios: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return the profiled criterion, its gradient and its Hessian."""
        solution = self.solve(ratios)
        rest = float(solution.projected[-1, -1])
        squares, curved = self.quadratics(solution)
        penalty = solution.projected if self.method == "REML" else solution.weighted
        value = solution.log_v + (solution.log_x if self.method == "REML" else 0.0) + self.df * np.log(rest)
        gradient = self.owner.T @ np.diag(penalty)[self.units] - self.df * squares / rest
        hessian = self.df * (2 * curved / rest - np.outer(squares, squares) / rest**2)
        hessian -= self.owner.T @ penalty[self.units, self.units] ** 2 @ self.owner
        return float(value), gradient, hessian

    def quadratics(self, solution: _Solution) -> tuple[FloatArray, FloatArray]:
        """Return ``y' P V_i P y`` and ``y' P V_i P V_j P y`` for the groupings i and j."""
        to_y = solution.projected[self.units, -1]
        inside = np.outer(to_y, to_y) * solution.projected[self.units, self.units]
        return self.owner.T @ to_y**2, self.owner.T @ inside @ self.owner

    def minimise(self) -> FloatArray:
        """Return the ratios γ ≥ 0 of the lowest criterion: the best of a grid, then Newton's steps."""
        starts = [np.array(start) for start in product(_START_RATIOS, repeat=len(self.groupings))]
        ratios = min(starts, key=lambda start: self.criterion(start)[0])
        value, gradient, hessian = self.criterion(ratios)
        for _ in range(200):
            free = (ratios > 0) | (gradient < 0)
            if not free.any():
                break
            curvature, axes = np.linalg.eigh(hessian[np.ix_(free, free)])
            curvature = np.maximum(np.abs(curvature), 1e-10 * np.abs(curvature).max())
            step = np.zeros_like(ratios)
            step[free] = -axes @ (axes.T @ gradient[free] / curvature)
            fall = -float(step @ gradient)
            for halving in range(40):
                trial = np.maximum(ratios + step / 2**halving, 0.0)
                found = self.criterion(trial)
                if found[0] <= value + 1e-13 * abs(value):
                    break
            else:
                break
            ratios, (value, gradient, hessian) = trial, found
            if fall < 1e-10:  # Newton's next step would be the square of this one.
                break
        return ratios

    def model(self, ratios: FloatArray, design: Design, *, n_missing: int) -> MixedModel:
        """Return the model at given ratios."""
        solution = self.solve(ratios)
        variance = float(solution.projected[-1, -1]) / self.df * self.scale**2
        back = np.linalg.inv(self.triangle)
        spread = back @ np.linalg.inv(solution.weighted[self.fixed, self.fixed])
        beta = self.ordinary + self.scale * spread @ solution.weighted[self.fixed, -1]
        criterion = solution.log_v + self.df * (1 + np.log(2 * np.pi * variance))
        if self.method == "REML":
            criterion += solution.log_x + 2 * float(np.log(np.abs(np.diag(self.triangle))).sum())
        covariance = variance * spread @ back.T
        effects = spread @ solution.weighted[self.fixed, self.units]
        derivatives = np.array([*(variance * (effects * own) @ effects.T for own in self.owner.T), covariance])
        satterthwaite = SmallSample(
            covariance=covariance,
            unadjusted=covariance,
            derivatives=derivatives,
            parameter_covariance=self.observed_covariance(solution, ratios),
        )
        kenward_roger = None
        if self.method == "REML":
            expected = np.asarray(2 * np.linalg.inv(self.information(solution.projected)), dtype=np.float64)
            weights = (self.owner @ expected[:-1, :-1] @ self.owner.T) * solution.projected[self.units, self.units]
            kenward_roger = SmallSample(
                covariance=covariance + 2 * variance * effects @ weights @ effects.T,
                unadjusted=covariance,
                derivatives=derivatives,
                parameter_covariance=expected,
            )
        return MixedModel(
            method=self.method,
            design=design,
            coefficients=beta,
            groups=self.group_variances(ratios, variance),
            residual_variance=variance,
            log_likelihood=-criterion / 2,
            n=self.n,
            n_missing=n_missing,
            satterthwaite=satterthwaite,
            kenward_roger=kenward_roger,
        )

    def observed_covariance(self, solution: _Solution, ratios: FloatArray) -> FloatArray:
        """Return twice the inverse of the criterion's Hessian by (γ_1, …, log σ²); zero for ratios that are zero."""
        variance = solution.projected[-1, -1] / self.df
        squares, curved = self.quadratics(solution)
        penalty = (solution.projected if self.method == "REML" else solution.weighted)[self.units, self.units]
        between = 2 * curved / variance - self.owner.T @ penalty**2 @ self.owner
        with_residual = (squares / variance)[:, np.newaxis]
        hessian = np.block([[between, with_residual], [with_residual.T, np.array([[float(self.df)]])]])
        free = np.append(ratios > 0, True)
        covariance = np.zeros_like(hessian)
        covariance[np.ix_(free, free)] = 2 * np.linalg.inv(hessian[np.ix_(free, free)])
        return covariance

    def group_variances(self, ratios: FloatArray, variance: float) -> tuple[GroupVariance, ...]:
        """Return the variances of the groupings, outermost first."""
        shares = ratios / (1 + ratios.sum())
        groups = []
        for each, ratio, share, icc in zip(self.groupings, ratios, shares, np.cumsum(shares), strict=True):
            sizes = np.bincount(each.codes)
            groups.append(
                GroupVariance(
                    name=each.name,
                    units=len(sizes),
                    mean_size=float(np.sum(sizes**2) / np.sum(sizes)),
                    variance=float(ratio * variance),
                    sd=float(np.sqrt(ratio * variance)),
                    share=float(share),
                    icc=float(icc),
                )
            )
        return tuple(groups)
