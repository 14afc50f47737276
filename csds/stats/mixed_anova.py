"""Mixed (split-plot) analysis of variance: one factor within animals, any number crossed between them.

The multivariate way of R's ``car::Anova`` with ``idata``, which ``afex::aov_ez`` calls (Fox, Friendly and
Weisberg 2013, The R Journal 5:39–52): each animal is one row of k responses Y. With orthonormal weights
``P = [1/√k, C]`` the first column of ``Y P`` tests the terms between animals and the other k − 1 test the within
factor and its interactions with these. With X the sum-coded design of the animals, a term's sum of squares is
the trace of the fall in ``residuals' residuals`` when its columns are added to those of other terms: to all others
(type III), or to those that don't contain it (type II). Error sums of squares are those of the whole X.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from csds.errors import StatsError
from csds.stats.design import (
    INTERCEPT,
    CellContrast,
    ContrastEstimate,
    Design,
    Factor,
    FloatArray,
    Term,
    check_cell,
    design_matrix,
    estimate_contrast,
    f_tail,
    finite_values,
    listed,
    term_name,
)
from csds.stats.linear import sum_of_squares

SumsOfSquares = Literal[2, 3]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RepeatedMeasures:
    """One row for each animal that has a value at every level of the within factor.

    Parameters
    ----------
    animals : tuple of str
        Those that are used, sorted.
    left_out : tuple of str
        Those that lack a value at some level, sorted.
    within : Factor
        The within factor; its codes are the columns of `responses`.
    between : Design
        The sum-coded design of the animals, all between factors crossed.
    responses : ndarray, shape (animals, levels)
        The values.
    """

    animals: tuple[str, ...]
    left_out: tuple[str, ...]
    within: Factor
    between: Design
    responses: FloatArray

    @property
    def factors(self) -> tuple[Factor, ...]:
        """All factors: those between, then the one within."""
        return (*self.between.factors, self.within)

    @property
    def error_df(self) -> int:
        """Animals less cells between."""
        return len(self.animals) - len(self.between.column_names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A within term's degrees of freedom times an epsilon (one at most), and the p value on these."""

    epsilon: float
    df1: float
    df2: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedTerm:
    """One row of a mixed ANOVA's table.

    Parameters
    ----------
    term : Term
        The factors' names; empty for the intercept.
    ss, df1, error_ss, df2, f, p_value : float
        Sums of squares of the term and of its error, their degrees of freedom, F and its p, uncorrected.
    partial_eta2, generalised_eta2 : float
        SS over SS and its error; SS over SS and the errors of all strata (Olejnik and Algina 2003, Psychol
        Methods 8:434–447, doi:10.1037/1082-989X.8.4.434, no factor measured), as afex has them.
    greenhouse_geisser, huynh_feldt : Correction or None
        None between animals, and where the within factor has two levels.
    """

    term: Term
    ss: float
    df1: float
    error_ss: float
    df2: float
    f: float
    p_value: float
    partial_eta2: float
    generalised_eta2: float
    greenhouse_geisser: Correction | None
    huynh_feldt: Correction | None

    @property
    def name(self) -> str:
        """The term's name as R writes it."""
        return term_name(self.term)

    @property
    def mse(self) -> float:
        """The error's mean square on uncorrected degrees of freedom; afex prints it over the corrected ones."""
        return self.error_ss / self.df2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sphericity:
    """Mauchly's test of sphericity, and epsilons as R's ``car`` gives them: Huynh and Feldt's can exceed one.

    Parameters
    ----------
    w, p_value : float or None
        None where there are fewer error degrees of freedom than contrasts, which leaves W without meaning.
    greenhouse_geisser, huynh_feldt : float
        The epsilons.
    """

    w: float | None
    p_value: float | None
    greenhouse_geisser: float
    huynh_feldt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedAnova:
    """A mixed ANOVA's table.

    Parameters
    ----------
    ss_type : {2, 3}
        The type of the sums of squares.
    intercept : MixedTerm
        The test of the grand mean being zero.
    terms : tuple of MixedTerm
        The terms between animals, then the within factor and its interactions.
    sphericity : Sphericity or None
        None where the within factor has two levels.
    n : int
        Animals used.
    left_out : tuple of str
        Animals that lack a value at some level.
    """

    ss_type: SumsOfSquares
    intercept: MixedTerm
    terms: tuple[MixedTerm, ...]
    sphericity: Sphericity | None
    n: int
    left_out: tuple[str, ...]


def repeated_measures(
    values: ArrayLike, animals: Sequence[object], within: Factor, between: Sequence[Factor] = ()
) -> RepeatedMeasures:
    """Return the complete animals' values side by side.

    Parameters
    ----------
    values : array_like, shape (n,)
        One value a row; NaN where it is missing, which is the same as no row.
    animals : sequence, length n
        The animal of each row.
    within : Factor
        Of the same rows, in any order.
    between : sequence of Factor
        Of the same rows; constant within animals.

    Raises
    ------
    StatsError
        An animal has two rows at a level or belongs to two groups, a cell between is empty, there are too few
        animals, a value is infinite, or values don't vary about their cells' means.
    """
    numbers = finite_values(values, "values", missing_allowed=True)
    ids = [str(animal) for animal in animals]
    if len({len(numbers), len(ids), len(within.codes), *(len(each.codes) for each in between)}) > 1:
        raise StatsError("Values, animals and factors should have the same number of rows.")
    if within.name in {each.name for each in between}:
        raise StatsError(f"“{within.name}” can't be a factor within animals and between them.")
    rows = Counter(zip(ids, within.labels, strict=True))
    doubled = sorted({animal for (animal, _), count in rows.items() if count > 1})
    if doubled:
        raise StatsError(
            f"Each animal should have one row at each level of “{within.name}”; there are more for {listed(doubled)}.",
            hint="Keep one of them, or average them beforehand and say so.",
        )
    for each in between:
        groups = set(zip(ids, each.labels, strict=True))
        torn = sorted(animal for animal, count in Counter(animal for animal, _ in groups).items() if count > 1)
        if torn:
            raise StatsError(f"Each animal should be in one group of “{each.name}”; {listed(torn)} are in several.")
    everyone = sorted(set(ids))
    place = {animal: row for row, animal in enumerate(everyone)}
    at = np.array([place[animal] for animal in ids], dtype=np.intp)
    wide = np.full((len(everyone), len(within.levels)), np.nan)
    wide[at, within.codes] = numbers
    complete = ~np.isnan(wide).any(axis=1)
    first = np.unique(at, return_index=True)[1][complete]
    if not len(first):
        raise StatsError(
            f"No animal has a value at every level of “{within.name}” ({', '.join(within.levels)}).",
            hint="Check that animals are named alike in all rows.",
        )
    table = RepeatedMeasures(
        animals=tuple(animal for animal in everyone if complete[place[animal]]),
        left_out=tuple(animal for animal in everyone if not complete[place[animal]]),
        within=Factor(name=within.name, levels=within.levels, codes=np.arange(len(within.levels))),
        between=design_matrix([each.take(first) for each in between], n=len(first)),
        responses=wide[complete],
    )
    if table.error_df < 1:
        raise StatsError(
            f"There should be more animals than groups; {len(table.animals)} animals are complete, and "
            f"there are {table.between.matrix.shape[1]} groups.",
            hint="Leave a factor out, or use the mixed model, which keeps animals with a missing value.",
        )
    return table


def mixed_anova(table: RepeatedMeasures, *, ss_type: SumsOfSquares = 3) -> MixedAnova:
    """Return the mixed ANOVA of type III or II, as ``afex::aov_ez``.

    Parameters
    ----------
    table : RepeatedMeasures
        As `repeated_measures` returns it.
    ss_type : {2, 3}
        Type of the sums of squares.

    Raises
    ------
    StatsError
        Animals don't differ within their groups, or not in their changes.

    Examples
    --------
    >>> from csds.stats.design import factor
    >>> animals = ["a", "b", "c", "d"] * 2
    >>> target = factor("target", ["absent"] * 4 + ["present"] * 4)
    >>> stress = factor("stress", ["control", "control", "defeated", "defeated"] * 2)
    >>> table = repeated_measures([30, 35, 31, 33, 52, 61, 20, 24], animals, target, [stress])
    >>> [(term.name, round(term.f, 2)) for term in mixed_anova(table).terms]
    [('stress', 21.12), ('target', 39.2), ('stress:target', 231.2)]
    """
    k = len(table.within.levels)
    weights = _orthonormal(k)
    epsilons = None if k == 2 else _sphericity(table)
    strata = {INTERCEPT: weights[:, :1], (table.within.name,): weights[:, 1:]}
    errors = {tail: float(np.trace(_error(table, weight))) for tail, weight in strata.items()}
    for tail, error in errors.items():
        if error <= 1e-12 * np.sum((table.responses - table.responses.mean()) ** 2):
            what = "changes" if tail else "means"
            raise StatsError(f"Animals should differ within groups; their {what} over “{table.within.name}” don't.")
    rows = []
    for tail, weight in strata.items():
        df2 = float(table.error_df * weight.shape[1])
        for term in table.between.terms:
            ss = sum_of_squares(table.responses @ weight, table.between, term, ss_type=ss_type)
            df1 = float(len(table.between.columns([term])) * weight.shape[1])
            f = ss / df1 / (errors[tail] / df2)
            gg, hf = (
                (_correction(epsilons.greenhouse_geisser, f, df1, df2), _correction(epsilons.huynh_feldt, f, df1, df2))
                if epsilons and tail
                else (None, None)
            )
            rows.append(
                MixedTerm(
                    term=(*term, *tail),
                    ss=ss,
                    df1=df1,
                    error_ss=errors[tail],
                    df2=df2,
                    f=f,
                    p_value=f_tail(f, df1, df2),
                    partial_eta2=ss / (ss + errors[tail]),
                    generalised_eta2=ss / (ss + sum(errors.values())),
                    greenhouse_geisser=gg,
                    huynh_feldt=hf,
                )
            )
    return MixedAnova(
        ss_type=ss_type,
        intercept=rows[0],
        terms=tuple(rows[1:]),
        sphericity=epsilons,
        n=len(table.animals),
        left_out=table.left_out,
    )


def mixed_contrast(table: RepeatedMeasures, contrast: CellContrast, *, confidence: float = 0.95) -> ContrastEstimate:
    """Return a contrast of cell means, as R's emmeans gives it for the multivariate model of ``aov_ez``.

    With L the contrast's weights of the coefficients B (columns of the design × levels), the estimate is the sum
    of ``L * B`` and its variance the trace of ``L' (X'X)⁻¹ L S``, S being the residuals' covariance between levels:
    variances of levels may differ. There are as many degrees of freedom as animals less groups.

    Parameters
    ----------
    table : RepeatedMeasures
        As `repeated_measures` returns it.
    contrast : CellContrast
        Of cells of any of the factors; `csds.stats.design.pairwise` makes the usual ones from `table.factors`.
    confidence : float
        Of the interval.

    Raises
    ------
    StatsError
        There is no such cell, or animals of a group don't differ in what is contrasted.
    """
    within, between = table.within, table.between
    weights = np.zeros((between.matrix.shape[1], len(within.levels)))
    for weight, cell in contrast.weights:
        check_cell(cell, table.factors)
        levels = np.array([cell.get(within.name, level) == level for level in within.levels], dtype=float)
        groups = {name: level for name, level in cell.items() if name != within.name}
        weights += weight * np.outer(between.cell_row(groups), levels / levels.sum())
    inverse = np.linalg.pinv(between.matrix)
    estimate = float(np.sum(weights * (inverse @ table.responses)))
    spread = _error(table, np.eye(len(within.levels))) / table.error_df
    variance = float(np.trace(weights.T @ inverse @ inverse.T @ weights @ spread))
    if variance <= 1e-12 * float(np.trace(spread)):
        raise StatsError(f"Animals of a group should differ in what is contrasted in {contrast.name}; they don't.")
    return estimate_contrast(
        estimate,
        float(np.sqrt(variance)),
        table.error_df,
        name=contrast.name,
        at=contrast.at,
        confidence=confidence,
    )


def _orthonormal(k: int) -> FloatArray:
    """Return weights of k levels in orthonormal columns: their mean times √k, then k − 1 contrasts."""
    return np.linalg.qr(np.column_stack([np.ones(k), np.eye(k)[:, 1:]]))[0]


def _residuals(responses: FloatArray, columns: FloatArray) -> FloatArray:
    basis = np.linalg.qr(columns)[0]
    return responses - basis @ (basis.T @ responses)


def _error(table: RepeatedMeasures, weights: FloatArray) -> FloatArray:
    """Return the sums of squares and products of the residuals of weighted responses."""
    residuals = _residuals(table.responses @ weights, table.between.matrix)
    return residuals.T @ residuals


def _sphericity(table: RepeatedMeasures) -> Sphericity:
    """Return Mauchly's test and the epsilons.

    Greenhouse and Geisser 1959, Psychometrika 24:95–112, doi:10.1007/BF02289823; Huynh and Feldt 1976, J Educ
    Stat 1:69–82, doi:10.3102/10769986001001069 (where error degrees of freedom are too few for it, the former's);
    both and Mauchly's p (Anderson 2003, An Introduction to Multivariate Statistical Analysis, 10.7) as R has them.
    """
    from scipy.special import chdtrc

    error, df, k = (
        _error(table, _orthonormal(len(table.within.levels))[:, 1:]),
        table.error_df,
        len(table.within.levels),
    )
    m = k - 1
    gg = float(np.trace(error) ** 2 / (m * np.sum(error**2)))
    hf = ((df + 1) * m * gg - 2) / (m * (df - m * gg)) if df - m * gg > 1e-9 else gg
    w = p_value = None
    if df >= m:
        # Changes that follow from each other leave 0, give or take what rounding does.
        w = max(float(np.linalg.det(error / (np.trace(error) / m))), np.finfo(float).tiny)
        rho = 1 - (2 * m**2 + m + 2) / (6 * m * df)
        # R has 3 k here where Anderson's formula has 3 m: less than 0.002 of p.
        second = (m + 2) * (m - 1) * (m - 2) * (2 * m**3 + 6 * m**2 + 3 * k + 2) / (288 * (df * m * rho) ** 2)
        z, f = -df * rho * np.log(w), m * (m + 1) / 2 - 1
        first = float(chdtrc(f, z))
        p_value = first + second * (float(chdtrc(f + 4, z)) - first)
    return Sphericity(w=w, p_value=p_value, greenhouse_geisser=gg, huynh_feldt=hf)


def _correction(epsilon: float, f: float, df1: float, df2: float) -> Correction:
    shrink = min(epsilon, 1.0)
    return Correction(
        epsilon=epsilon, df1=shrink * df1, df2=shrink * df2, p_value=f_tail(f, shrink * df1, shrink * df2)
    )
