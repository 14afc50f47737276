"""Agreement of two classifications of the same sessions: the table of both, and Cohen's κ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from csds.errors import StatsError
from csds.stats.proportions import wilson_interval
from csds.stats.samples import Estimate, check_confidence

#: What a disagreement costs: all alike, by the steps between two categories, or by their squares.
KappaWeights: TypeAlias = Literal["none", "linear", "quadratic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementTable:
    """How often each category of one classification goes with each of another.

    Parameters
    ----------
    categories : tuple of str
        The categories, in the order of rows and columns.
    counts : tuple of tuple of int
        Sessions: the first classification's categories as rows, the second's as columns.
    n : int
        All sessions.
    agreement : Estimate
        Share of the sessions in which both agree, with Wilson's interval.
    """

    categories: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    n: int
    agreement: Estimate


def agreement_table(
    first: Sequence[str], second: Sequence[str], *, categories: Sequence[str] | None = None, confidence: float = 0.95
) -> AgreementTable:
    """Return the table of two classifications of the same sessions, and the share in which they agree.

    Parameters
    ----------
    first, second : sequence of str
        Category of each session by either, three sessions at least.
    categories : sequence of str, optional
        All categories, in their order; else those that occur, in alphabetical order.
    confidence : float
        Confidence level.

    Raises
    ------
    StatsError
        The classifications differ in length, have fewer than three sessions, or one has no category, or another than
        those given.

    Examples
    --------
    >>> table = agreement_table(list("RRSSSSRS"), list("RSSSSSRS"))
    >>> table.categories, table.counts, table.agreement.value
    (('R', 'S'), ((2, 1), (0, 5)), 0.875)
    """
    if len(first) != len(second):
        raise StatsError(
            f"expected pairs, found {len(first)} first and {len(second)} second categories",
            hint="Leave out the sessions that lack one of the two.",
        )
    if len(first) < 3:
        raise StatsError(f"expected 3 sessions at least, found {len(first)}", hint="List the few there are.")
    given: tuple[object, ...] = (*first, *second)  # a table's empty cells may be None or NaN
    for category in given:
        if not isinstance(category, str) or not category:
            raise StatsError(
                f"expected categories as text, found {category!r}",
                hint="Leave out the sessions without a category, saying how many.",
            )
    found = sorted({*first, *second})
    names = tuple(found if categories is None else categories)
    unknown = [name for name in found if name not in names]
    if unknown:
        raise StatsError(
            f"expected one of the categories {', '.join(names)}, found {unknown[0]!r}",
            hint="Name all categories, or correct the column.",
        )
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(counts, ([names.index(name) for name in first], [names.index(name) for name in second]), 1)
    return AgreementTable(
        categories=names,
        counts=tuple(tuple(row) for row in counts.tolist()),
        n=len(first),
        agreement=wilson_interval(int(np.trace(counts)), len(first), confidence=confidence),
    )


def cohens_kappa(table: AgreementTable, *, weights: KappaWeights = "none", confidence: float = 0.95) -> Estimate:
    """Return Cohen's κ of two classifications: their agreement beyond chance.

    (pₒ − pₑ) / (1 − pₑ) of the observed agreement and that expected by chance (Cohen 1960,
    10.1177/001316446002000104), with a normal interval by the large-sample standard error of Fleiss, Cohen & Everitt
    1969 (10.1037/h0028106), cut at ±1. As R's ``psych::cohen.kappa`` and ``vcd::Kappa``; of the weighted κ as
    ``vcd::Kappa`` with the weights ``Equal-Spacing`` and ``Fleiss-Cohen`` (psych's variance of the weighted κ differs
    from the paper's).

    Parameters
    ----------
    table : AgreementTable
        Both classifications (`agreement_table`).
    weights : str
        What a disagreement by a share of all steps from the first category to the last costs: ``none`` 1,
        ``linear`` that share, ``quadratic`` its square. With weights the order of the table's categories matters.
    confidence : float
        Confidence level.

    Raises
    ------
    StatsError
        Either classification has one category only.

    Examples
    --------
    >>> round(cohens_kappa(agreement_table(list("RRSSSSRS"), list("RSSSSSRS"))).value, 3)
    0.714
    """
    from scipy.special import ndtri

    shares = np.array(table.counts) / table.n
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    for which, margin in (("first", rows), ("second", columns)):
        if np.count_nonzero(margin) == 1:
            raise StatsError(
                f"κ: expected two categories at least, found {table.categories[int(margin.argmax())]!r} in all "
                f"{table.n} sessions of the {which} classification",
                hint="Report the share of sessions that agree: of agreement beyond chance nothing can be said.",
            )
    places = np.arange(len(rows))
    steps = np.abs(np.subtract.outer(places, places)) / (len(rows) - 1)
    costs = {"none": (steps > 0).astype(np.float64), "linear": steps, "quadratic": steps**2}
    credit = 1 - costs[weights]
    observed, expected = float((credit * shares).sum()), float(rows @ credit @ columns)
    kappa = (observed - expected) / (1 - expected)
    margins = np.add.outer(credit @ columns, rows @ credit)
    squares = float((shares * (credit * (1 - expected) - margins * (1 - observed)) ** 2).sum())
    variance = max(0.0, squares - (observed * expected - 2 * expected + observed) ** 2)
    reach = -float(ndtri((1 - check_confidence(confidence)) / 2)) * math.sqrt(variance / table.n) / (1 - expected) ** 2
    return Estimate(value=kappa, ci_low=max(-1.0, kappa - reach), ci_high=min(1.0, kappa + reach))
