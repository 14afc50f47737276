"""Factors, the design matrices that code them, and contrasts of the cells that they make.

A *term* is a tuple of names: ``()`` the intercept, ``("stress",)`` a main effect, ``("stress", "treatment")``
their interaction. Columns, their names and their order are those of R's ``model.matrix`` (Chambers and Hastie
1992, Statistical Models in S, section 2.4) with ``contr.sum`` or ``contr.treatment``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from csds.errors import StatsError

FloatArray = NDArray[np.float64]
Indices = NDArray[np.intp]
Rows = Indices | NDArray[np.bool_]
Term = tuple[str, ...]
Coding = Literal["sum", "treatment"]
Cell = Mapping[str, str]

INTERCEPT: Term = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factor:
    """A factor's name, its levels in order, and the level of each row as an index into them, shape (n,)."""

    name: str
    levels: tuple[str, ...]
    codes: Indices

    @property
    def labels(self) -> tuple[str, ...]:
        """The level of each row, by name."""
        return tuple(self.levels[code] for code in self.codes)

    def take(self, rows: Rows) -> Factor:
        """Return the factor of some rows; its levels stay, used or not."""
        return Factor(name=self.name, levels=self.levels, codes=self.codes[rows])

    def coded(self, coding: Coding) -> FloatArray:
        """Return each level's row of the columns that code it, shape (levels, levels − 1)."""
        k = len(self.levels)
        if coding == "sum":
            return np.vstack([np.eye(k - 1), -np.ones(k - 1)])
        return np.eye(k)[:, 1:]

    def column_names(self, coding: Coding) -> list[str]:
        """Return the columns' names as R gives them."""
        if coding == "sum":
            return [f"{self.name}{i}" for i in range(1, len(self.levels))]
        return [f"{self.name}{level}" for level in self.levels[1:]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Covariate:
    """A number of each row, shape (n,), that enters a model as it is."""

    name: str
    numbers: FloatArray

    def take(self, rows: Rows) -> Covariate:
        """Return the covariate of some rows."""
        return Covariate(name=self.name, numbers=self.numbers[rows])


Variable = Factor | Covariate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """A design matrix of full column rank, and what its columns mean.

    Parameters
    ----------
    variables : tuple of Factor or Covariate
        What the columns were made from.
    terms : tuple of Term
        The intercept, then the other terms by their order.
    coding : {"sum", "treatment"}
        How factors are coded.
    matrix : ndarray, shape (n, p)
        The design matrix.
    column_names : tuple of str
        As R names them: ``stressdefeated`` (treatment coding), ``stress1`` (sum coding).
    term_of_column : ndarray, shape (p,)
        Index into `terms`.
    """

    variables: tuple[Variable, ...]
    terms: tuple[Term, ...]
    coding: Coding
    matrix: FloatArray
    column_names: tuple[str, ...]
    term_of_column: Indices

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The variables that have levels."""
        return tuple(variable for variable in self.variables if isinstance(variable, Factor))

    def columns(self, terms: Iterable[Term]) -> Indices:
        """Return the indices of the columns of some terms."""
        wanted = [self.terms.index(term) for term in terms]
        return np.flatnonzero(np.isin(self.term_of_column, wanted))

    def containing(self, term: Term) -> tuple[Term, ...]:
        """Return the terms of higher order that hold all of a term's names."""
        return tuple(other for other in self.terms if set(term) < set(other))

    def take(self, rows: Rows) -> Design:
        """Return the design of some rows; raises StatsError where a cell is left empty."""
        variables = [variable.take(rows) for variable in self.variables]
        return design_matrix(variables, terms=self.terms[1:], coding=self.coding, n=len(self.matrix[rows]))

    def cell_row(self, cell: Cell) -> FloatArray:
        """Return the row of the design matrix that predicts a cell's mean, shape (p,).

        Factors that the cell doesn't name are averaged over their levels, each with the same weight, and
        covariates stand at their mean, as in R's emmeans.
        """
        check_cell(cell, self.factors)
        coded = {}
        for variable in self.variables:
            if isinstance(variable, Covariate):
                coded[variable.name] = np.array([[variable.numbers.mean()]])
            else:
                rows = variable.coded(self.coding)
                level = cell.get(variable.name)
                row = rows.mean(axis=0) if level is None else rows[variable.levels.index(level)]
                coded[variable.name] = row[np.newaxis]
        return np.concatenate([_interact(term, coded, 1)[0] for term in self.terms])


@dataclass(frozen=True, slots=True, kw_only=True)
class CellContrast:
    """A weighted sum of cell means to estimate.

    Parameters
    ----------
    name : str
        What is compared: ``"vehicle - drug"``.
    at : str
        Where: the levels of the factors held fixed; empty where there are none.
    weights : tuple of (float, Cell)
        Each cell, a mapping of factors' names to levels, with its weight.
    """

    name: str
    at: str = ""
    weights: tuple[tuple[float, Cell], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastEstimate:
    """A contrast's estimate, its standard error, the t test of its being zero, and its confidence interval."""

    name: str
    at: str
    estimate: float
    se: float
    df: float
    t: float
    p_value: float
    ci_low: float
    ci_high: float


def factor(name: str, labels: Sequence[object], *, levels: Sequence[str] | None = None) -> Factor:
    """Return a factor of named levels.

    Parameters
    ----------
    name : str
        As terms name it.
    labels : sequence, length n
        The level of each row.
    levels : sequence of str, optional
        All levels in order, the reference first; sorted where not given.

    Raises
    ------
    StatsError
        A label is missing or none of the levels, or there are fewer than two levels.

    Examples
    --------
    >>> factor("stress", ["defeated", "control", "control"]).codes.tolist()
    [1, 0, 0]
    """
    import pandas as pd

    empty = pd.isna(np.asarray(labels, dtype=object))
    missing = [row for row, (label, nothing) in enumerate(zip(labels, empty, strict=True), 1) if nothing or label == ""]
    if missing:
        raise StatsError(
            f"Every row needs a level of “{name}”; {listed(missing)} (counted from 1) have none.",
            hint="Fill the column, or leave these rows out.",
        )
    names = [str(label) for label in labels]
    order = tuple(sorted(set(names)) if levels is None else levels)
    unknown = sorted(set(names) - set(order))
    if unknown or len(set(order)) < len(order):
        found = listed(unknown) or "one of them twice"
        raise StatsError(
            f"The levels of “{name}” are {listed(order)}; found {found}.",
            hint="Name every level once.",
        )
    if len(order) < 2:
        raise StatsError(
            f"A factor needs two levels or more; “{name}” has {listed(order) if order else 'none'}.",
            hint=f"Leave “{name}” out of the model.",
        )
    place = {level: i for i, level in enumerate(order)}
    return Factor(name=name, levels=order, codes=np.array([place[label] for label in names], dtype=np.intp))


def covariate(name: str, values: ArrayLike) -> Covariate:
    """Return a covariate; raises StatsError where a value is missing, infinite or no number."""
    return Covariate(name=name, numbers=finite_values(values, name))


def finite_values(values: ArrayLike, name: str, *, missing_allowed: bool = False) -> FloatArray:
    """Return numbers as floats, shape (n,); raises StatsError where they are none, or infinite, or missing."""
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise StatsError(f"“{name}” should hold numbers only; it holds text.", hint="Correct these cells.") from None
    wrong = np.isinf(numbers) | (np.isnan(numbers) & (not missing_allowed))
    if numbers.ndim != 1 or wrong.any():
        rows = (np.flatnonzero(wrong) + 1).tolist()
        found = f"missing or infinite ones in rows {listed(rows)} (counted from 1)" if rows else "a table"
        raise StatsError(
            f"“{name}” should be one column of finite numbers; found {found}.", hint="Leave these rows out, and say so."
        )
    return numbers


def crossed(names: Sequence[str]) -> tuple[Term, ...]:
    """Return the main effects of some variables and all their interactions, by order.

    Examples
    --------
    >>> crossed(["stress", "treatment"])
    (('stress',), ('treatment',), ('stress', 'treatment'))
    """
    return tuple(chain.from_iterable(combinations(names, order) for order in range(1, len(names) + 1)))


def term_name(term: Term) -> str:
    """Return a term's name as R writes it.

    Examples
    --------
    >>> term_name(("stress", "treatment")), term_name(())
    ('stress:treatment', '(Intercept)')
    """
    return ":".join(term) or "(Intercept)"


def design_matrix(
    variables: Sequence[Variable], *, terms: Sequence[Term] | None = None, coding: Coding = "sum", n: int | None = None
) -> Design:
    """Return the design of an intercept and some terms.

    Parameters
    ----------
    variables : sequence of Factor or Covariate
        All of the same number of rows.
    terms : sequence of Term, optional
        Without the intercept. All factors crossed and the covariates beside them where not given.
    coding : {"sum", "treatment"}
        Sum-to-zero (the last level gets −1) or treatment (the first level is the reference).
    n : int, optional
        The number of rows, needed where there are no variables.

    Raises
    ------
    StatsError
        Columns can't be told apart: a cell is empty, or two variables tell the same.

    Examples
    --------
    >>> stress = factor("stress", ["control", "control", "defeated", "defeated"])
    >>> drug = factor("drug", ["no", "yes", "no", "yes"])
    >>> design_matrix([stress, drug]).matrix
    array([[ 1.,  1.,  1.,  1.],
           [ 1.,  1., -1., -1.],
           [ 1., -1.,  1., -1.],
           [ 1., -1., -1.,  1.]])
    """
    if terms is None:
        factors = [variable.name for variable in variables if isinstance(variable, Factor)]
        terms = (*crossed(factors), *((v.name,) for v in variables if isinstance(v, Covariate)))
    every = (INTERCEPT, *sorted(terms, key=len))
    coded = {variable.name: _columns(variable, coding) for variable in variables}
    rows = {len(columns) for columns in coded.values()} | (set() if n is None else {n})
    if len(rows) != 1:
        raise StatsError(f"All columns should be of one length; found {listed(sorted(rows)) or 'no column'}.")
    (length,) = rows
    blocks = [_interact(term, coded, length) for term in every]
    matrix = np.hstack(blocks)
    _check_rank(matrix, variables, every)
    names = {v.name: v.column_names(coding) if isinstance(v, Factor) else [v.name] for v in variables}
    # R lets the levels of a term's first factor change fastest.
    labels = [
        ":".join(reversed(parts)) or "(Intercept)"
        for term in every
        for parts in product(*(names[name] for name in reversed(term)))
    ]
    return Design(
        variables=tuple(variables),
        terms=every,
        coding=coding,
        matrix=matrix,
        column_names=tuple(labels),
        term_of_column=np.repeat(np.arange(len(every)), [block.shape[1] for block in blocks]),
    )


def pairwise(factors: Sequence[Factor], of: str, by: Sequence[str] = ()) -> tuple[CellContrast, ...]:
    """Return the differences of each two levels of a factor, earlier less later, within each level of others.

    Factors neither compared nor held fixed are averaged over, as ``pairs(emmeans(model, ~ of | by))`` of R does.

    Parameters
    ----------
    factors : sequence of Factor
        All factors of the model, or those that are named.
    of : str
        The factor whose levels are compared.
    by : sequence of str
        The factors held fixed.

    Raises
    ------
    StatsError
        There is no such factor.

    Examples
    --------
    >>> stress, drug = factor("stress", ["control", "defeated"]), factor("drug", ["no", "yes"])
    >>> [(contrast.name, contrast.at) for contrast in pairwise([stress, drug], "drug", by=["stress"])]
    [('no - yes', 'control'), ('no - yes', 'defeated')]
    """
    levels = {each.name: each.levels for each in factors}
    unknown = [name for name in (of, *by) if name not in levels]
    if unknown:
        raise StatsError(f"The model has the factors {listed(levels)}; found {listed(unknown)}.")
    contrasts = []
    for place in product(*(levels[name] for name in by)):
        at = dict(zip(by, place, strict=True))
        for first, second in combinations(levels[of], 2):
            weights = ((1.0, {**at, of: first}), (-1.0, {**at, of: second}))
            contrasts.append(CellContrast(name=f"{first} - {second}", at=", ".join(place), weights=weights))
    return tuple(contrasts)


def check_cell(cell: Cell, factors: Sequence[Factor]) -> None:
    """Raise StatsError where a cell names a factor or level that isn't there."""
    levels = {each.name: each.levels for each in factors}
    for name, level in cell.items():
        if level not in levels.get(name, ()):
            known = "; ".join(f"{name}: {', '.join(each)}" for name, each in levels.items())
            raise StatsError(f"There is no cell {name} = {level}.", hint=f"The factors and levels are {known}.")


def estimate_contrast(
    estimate: float, se: float, df: float, *, name: str, at: str = "", confidence: float = 0.95
) -> ContrastEstimate:
    """Return the t test and the confidence interval of an estimate with a standard error on ``df`` degrees."""
    from scipy.special import stdtrit

    if not 0 < confidence < 1:
        raise StatsError(f"A level of confidence lies between 0 and 1; found {confidence}.", hint="0.95 is usual.")
    t = estimate / se
    reach = float(stdtrit(df, (1 + confidence) / 2)) * se
    return ContrastEstimate(
        name=name,
        at=at,
        estimate=estimate,
        se=se,
        df=df,
        t=t,
        p_value=f_tail(t**2, 1.0, df),
        ci_low=estimate - reach,
        ci_high=estimate + reach,
    )


def listed(items: Iterable[object], most: int = 10) -> str:
    """Return items as text, the first ten of them."""
    every = [str(item) for item in items]
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")


def f_tail(f: float, df1: float, df2: float) -> float:
    """Return the probability that an F variable exceeds ``f``; that of ``t²`` on (1, df) is t's two-sided one."""
    from scipy.special import fdtrc

    return float(fdtrc(df1, df2, f))


def _columns(variable: Variable, coding: Coding) -> FloatArray:
    """Return the columns of a main effect, shape (n, levels − 1) or (n, 1)."""
    if isinstance(variable, Factor):
        return variable.coded(coding)[variable.codes]
    return variable.numbers[:, np.newaxis]


def _interact(term: Term, coded: Mapping[str, FloatArray], n: int) -> FloatArray:
    """Return a term's columns: all products of its variables' columns, the first variable's changing fastest."""
    block = np.ones((n, 1))
    for name in term:
        block = (coded[name][:, :, np.newaxis] * block[:, np.newaxis, :]).reshape(n, -1)
    return block


def _check_rank(matrix: FloatArray, variables: Sequence[Variable], terms: Sequence[Term]) -> None:
    scale = np.linalg.norm(matrix, axis=0)
    if np.linalg.matrix_rank(matrix / np.where(scale > 0, scale, 1.0)) == matrix.shape[1]:
        return
    factors = {variable.name: variable for variable in variables if isinstance(variable, Factor)}
    for term in terms:
        crossing = [factors[name] for name in term if name in factors]
        found = Counter(zip(*(each.labels for each in crossing), strict=True))
        empty = [" × ".join(cell) for cell in product(*(each.levels for each in crossing)) if cell not in found]
        if crossing and empty:
            raise StatsError(
                f"Every combination of {' × '.join(each.name for each in crossing)} needs an animal; "
                f"there is none in {listed(empty)}.",
                hint="Leave the level or the factor out, or compare the groups that there are in a one-way design.",
            )
    names = listed([term_name(term) for term in terms if term])
    raise StatsError(
        f"The effects of {names} can't be told apart in these {len(matrix)} rows: "
        "one of them follows from the others, or there are fewer rows than effects.",
        hint="Leave one of them out of the model.",
    )
