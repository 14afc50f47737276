"""Two-way and repeated-measures tests on ranks: aligned ranks, Scheirer–Ray–Hare and Friedman."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from csds.errors import StatsError
from csds.stats.midranks import midranks, tie_sum
from csds.stats.samples import FloatArray, Numbers, check_sample


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedRanksTerm:
    """A term of an analysis of variance on aligned ranks.

    Parameters
    ----------
    term : str
        ``first``, ``second`` or, with a colon, their interaction, by the factors' names.
    f, df1, df2, p_value : float
        F, its degrees of freedom, and p.
    """

    term: str
    f: float
    df1: float
    df2: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTerm:
    """A term tested by ranks against χ².

    Parameters
    ----------
    term : str
        Name of the factor, or two with a colon for the interaction.
    statistic, df, p_value : float
        H or Q, its degrees of freedom, and p.
    """

    term: str
    statistic: float
    df: float
    p_value: float


def aligned_ranks(
    values: Numbers, first: Sequence[str], second: Sequence[str], *, names: tuple[str, str] = ("first", "second")
) -> tuple[AlignedRanksTerm, ...]:
    """Return the aligned-rank-transform analysis of variance of two crossed factors: both main effects, interaction.

    For each term the data are stripped of all effects but its own (residual within the cell plus that effect, from
    unweighted cell means), ranked, and tested by the term's type III F (Wobbrock et al. 2011,
    10.1145/1978942.1978963). R's ARTool aligns by weighted means, which differ where cells are of unequal size.

    Parameters
    ----------
    values : sequence of float, shape (n,)
        The outcome.
    first, second : sequence of str, shape (n,)
        Each animal's levels of the two factors.
    names : tuple of str
        Names of the factors.

    Raises
    ------
    StatsError
        Values aren't finite, levels are missing, a factor has one level, a combination of levels has no animal or
        none has two, or the values within cells are all equal.
    """
    from scipy.special import fdtrc

    cells = _cells(values, first, second, names)
    counts = np.bincount(cells.cell)
    means = np.bincount(cells.cell, weights=cells.values) / counts
    residuals = cells.values - means[cells.cell]
    if np.abs(residuals).max() <= 1e-12 * np.abs(cells.values).max():
        raise StatsError(
            "aligned ranks: expected values that vary within groups, found all equal",
            hint="Nothing can be tested without variation: describe the values instead.",
        )
    table = means.reshape(cells.levels)
    rows, columns = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    effects = (rows - table.mean(), columns - table.mean(), table - rows - columns + table.mean())
    found = []
    for term, effect in zip(cells.terms, effects, strict=True):
        aligned = residuals + np.broadcast_to(effect, table.shape).ravel()[cells.cell]
        # Rounded, or sums that are equal but for rounding would differ in rank.
        ranks = midranks(np.round(aligned / np.abs(cells.values).max(), 10))
        full = _rss(ranks, list(cells.terms.values()))
        without = _rss(ranks, [others for name, others in cells.terms.items() if name != term])
        df1, df2 = cells.terms[term].shape[1], len(ranks) - len(counts)
        f = max(0.0, without - full) / df1 / (full / df2)
        found.append(AlignedRanksTerm(term=term, f=f, df1=df1, df2=df2, p_value=float(fdtrc(df1, df2, f))))
    return tuple(found)


def scheirer_ray_hare(
    values: Numbers, first: Sequence[str], second: Sequence[str], *, names: tuple[str, str] = ("first", "second")
) -> tuple[RankTerm, ...]:
    """Return the Scheirer–Ray–Hare test of two crossed factors: both main effects, interaction.

    H is the type II sum of squares of the term on ranks over the variance of the ranks (Scheirer, Ray & Hare 1976,
    10.2307/2529511). Its power for interactions is low; `aligned_ranks` is better.

    Parameters
    ----------
    values : sequence of float, shape (n,)
        The outcome.
    first, second : sequence of str, shape (n,)
        Each animal's levels of the two factors.
    names : tuple of str
        Names of the factors.

    Raises
    ------
    StatsError
        Values aren't finite or are all equal, levels are missing, a factor has one level, or a combination of levels
        has no animal or none has two.
    """
    from scipy.special import chdtrc

    cells = _cells(values, first, second, names)
    ranks = midranks(cells.values)
    variance = float(ranks.var(ddof=1))
    if variance == 0:
        raise StatsError(
            f"Scheirer–Ray–Hare test: expected values that differ, found all equal ({cells.values[0]:g})",
            hint="Nothing can be tested without variation: describe the values instead.",
        )
    main_first, main_second, interaction = list(cells.terms.values())
    both = _rss(ranks, [main_first, main_second])
    sums = (
        _rss(ranks, [main_second]) - both,
        _rss(ranks, [main_first]) - both,
        both - _rss(ranks, [main_first, main_second, interaction]),
    )
    found = []
    for (term, columns), ss in zip(cells.terms.items(), sums, strict=True):
        statistic, df = max(0.0, ss) / variance, columns.shape[1]
        found.append(RankTerm(term=term, statistic=statistic, df=df, p_value=float(chdtrc(df, statistic))))
    return tuple(found)


def friedman(values: FloatArray, *, name: str = "time") -> RankTerm:
    """Return Friedman's test of repeated measures, corrected for ties, as R's ``friedman.test``.

    Parameters
    ----------
    values : array, shape (animals, times)
        The outcome, an animal a row; animals with a missing value have to be left out before.
    name : str
        Name of the factor.

    Raises
    ------
    StatsError
        The values aren't finite or no table of two animals and two times at least, or no animal changes.

    Examples
    --------
    >>> test = friedman(np.array([[1.0, 2.0, 3.0], [1.5, 1.8, 2.9], [0.9, 1.4, 1.2]]))
    >>> round(test.statistic, 3), test.df
    (4.667, 2)
    """
    from scipy.special import chdtrc

    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or min(table.shape, default=0) < 2:
        raise StatsError(
            f"Friedman's test: expected a table of two animals and two times at least, found {table.shape}"
        )
    table = check_sample(table.ravel(), name="Friedman's test").reshape(table.shape)
    n = len(table)
    k = table.size // n
    ranks = np.array([midranks(row) for row in table])
    ties = sum(tie_sum(row) for row in table)
    spread = n * k * (k + 1) - ties / (k - 1)
    if spread <= 0:
        raise StatsError(
            "Friedman's test: expected animals that change, found none",
            hint="Nothing can be tested without variation: describe the values instead.",
        )
    statistic = 12 * float(((ranks.sum(axis=0) - n * (k + 1) / 2) ** 2).sum()) / spread
    return RankTerm(term=name, statistic=statistic, df=k - 1, p_value=float(chdtrc(k - 1, statistic)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """Values with each one's cell, and the sum-to-zero columns of each term."""

    values: FloatArray
    cell: npt.NDArray[np.intp]
    levels: tuple[int, int]
    terms: Mapping[str, FloatArray]


def _cells(values: Numbers, first: Sequence[str], second: Sequence[str], names: tuple[str, str]) -> _Cells:
    sample = check_sample(values, name="two-way test")
    if not len(first) == len(second) == len(sample):
        raise StatsError(
            f"expected both factors' levels of each of {len(sample)} animals, found {len(first)} and {len(second)}"
        )
    found = [np.unique(np.asarray(labels), return_inverse=True) for labels in (first, second)]
    for name, (levels, _) in zip(names, found, strict=True):
        if len(levels) < 2:
            raise StatsError(f"{name}: expected two levels at least, found {levels[0]} alone")
    (a_levels, a), (b_levels, b) = found
    cell = a * len(b_levels) + b
    counts = np.bincount(cell, minlength=len(a_levels) * len(b_levels))
    for count, (level, other) in zip(counts, itertools.product(a_levels, b_levels), strict=True):
        if count == 0:
            raise StatsError(
                f"expected animals in every combination of {names[0]} and {names[1]}, found none in {level} + {other}",
                hint="Compare the groups that there are, one way.",
            )
    if len(sample) == len(counts):
        raise StatsError("expected a combination of levels with two animals at least, found one animal in each")
    columns_a, columns_b = _sum_to_zero(a), _sum_to_zero(b)
    interaction = (columns_a[:, :, None] * columns_b[:, None, :]).reshape(len(sample), -1)
    terms = {names[0]: columns_a, names[1]: columns_b, f"{names[0]}:{names[1]}": interaction}
    return _Cells(values=sample, cell=cell, levels=(len(a_levels), len(b_levels)), terms=terms)


def _sum_to_zero(codes: npt.NDArray[np.intp]) -> FloatArray:
    """Return R's ``contr.sum`` columns of a factor."""
    last = int(codes.max())
    return np.vstack([np.eye(last), -np.ones(last)])[codes]


def _rss(values: FloatArray, columns: list[FloatArray]) -> float:
    """Return the sum of squares that is left by a regression with intercept."""
    design = np.column_stack([np.ones(len(values)), *columns])
    return float(((values - design @ np.linalg.lstsq(design, values)[0]) ** 2).sum())
