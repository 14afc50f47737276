"""Contrasts of groups whose variances differ: each group's own variance instead of the pooled error."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from csds.errors import StatsError
from csds.stats.design import Cell, CellContrast, ContrastEstimate, Factor, check_cell, estimate_contrast, finite_values


def separate_contrast(
    values: ArrayLike, factors: Sequence[Factor], contrast: CellContrast, *, confidence: float = 0.95
) -> ContrastEstimate:
    """Return a weighted sum of group means with separate variances; of two groups this is Welch's t test.

    ``Σ cⱼ x̄ⱼ`` with the variance ``Σ cⱼ² sⱼ²/nⱼ`` and, by Satterthwaite, the degrees of freedom
    ``(Σ vⱼ)² / Σ vⱼ²/(nⱼ − 1)``, ``vⱼ = cⱼ² sⱼ²/nⱼ`` (Satterthwaite 1946, Biometrics Bull 2:110–114,
    doi:10.2307/3002019), as R's emmeans has it for ``nlme::gls`` with ``varIdent`` and ``mode = "satterthwaite"``.

    Parameters
    ----------
    values : array_like, shape (n,)
        The outcome of each animal.
    factors : sequence of Factor
        Of the same animals; their combinations are the groups.
    contrast : CellContrast
        Each of its cells names a level of every factor.
    confidence : float
        Of the interval, which isn't adjusted for other contrasts.

    Raises
    ------
    StatsError
        A cell is none of the groups or doesn't name every factor, a group has fewer than two animals, the groups'
        outcomes don't vary, or an outcome is missing or infinite.

    Examples
    --------
    >>> from csds.stats.design import factor
    >>> group = factor("group", list("aaabbb"))
    >>> contrast = CellContrast(name="b - a", weights=((1.0, {"group": "b"}), (-1.0, {"group": "a"})))
    >>> found = separate_contrast([1, 2, 3, 3, 4, 8], [group], contrast)
    >>> round(found.t, 3), round(found.df, 2)
    (1.837, 2.56)
    """
    outcome = finite_values(values, "outcome")
    estimate, parts, dfs, largest = 0.0, [], [], 0.0
    for weight, cell in contrast.weights:
        own = outcome[_rows(factors, cell)]
        if len(own) < 2:
            where = " + ".join(cell.values())
            raise StatsError(
                f"{contrast.name}: expected two animals at least in each group, found {len(own)} in {where}",
                hint="Use the contrast with the pooled error, or leave the group out and say so.",
            )
        estimate += weight * float(own.mean())
        parts.append(weight**2 * float(own.var(ddof=1)) / len(own))
        dfs.append(len(own) - 1)
        largest = max(largest, float(np.abs(own).max()))
    variance = sum(parts)
    if math.sqrt(variance) <= 10 * np.finfo(np.float64).eps * largest:
        raise StatsError(
            f"{contrast.name}: expected outcomes that vary in one group at least, found all equal within groups",
            hint="Use the contrast with the pooled error, or describe the values instead.",
        )
    # Shares, as the squares of small variances could vanish.
    df = 1 / sum((part / variance) ** 2 / df for part, df in zip(parts, dfs, strict=True))
    return estimate_contrast(
        estimate, math.sqrt(variance), df, name=contrast.name, at=contrast.at, confidence=confidence
    )


def _rows(factors: Sequence[Factor], cell: Cell) -> NDArray[np.bool_]:
    """Return which animals are in a cell."""
    check_cell(cell, factors)
    unnamed = [one.name for one in factors if one.name not in cell]
    if unnamed:
        raise StatsError(
            f"Separate variances need cells that name every factor; found {dict(cell)} without {', '.join(unnamed)}.",
            hint="Name the level of every factor in each cell of the contrast.",
        )
    rows = np.ones(len(factors[0].codes), dtype=np.bool_)
    for one in factors:
        rows &= one.codes == one.levels.index(cell[one.name])
    return rows
