"""A normal Q–Q plot's points, with the band that a model's residuals keep to where its errors are normal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from csds.errors import StatsError
from csds.stats.design import FloatArray, finite_values
from csds.stats.samples import check_confidence

#: Numbers that are drawn at once.
_BLOCK = 2**20
#: Residuals this far below the largest value that was fitted are nothing but rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalQQ:
    """Residuals in rising order against what they are expected to be.

    Parameters
    ----------
    order : (n,) int
        Which residual is the lowest, the second lowest, and so on.
    quantiles : (n,) float
        Of the standard normal distribution, in rising order.
    residuals : (n,) float
        In rising order.
    low, high : (n,) float
        The band at each.
    """

    order: np.ndarray[tuple[int], np.dtype[np.intp]]
    quantiles: FloatArray
    residuals: FloatArray
    low: FloatArray
    high: FloatArray

    @property
    def outside(self) -> int:
        """How many residuals lie beyond the band."""
        return int(((self.residuals < self.low) | (self.residuals > self.high)).sum())


def normal_qq(
    residuals: ArrayLike,
    matrix: ArrayLike,
    *,
    rng: np.random.Generator,
    draws: int = 2000,
    confidence: float = 0.95,
) -> NormalQQ:
    r"""Return a normal Q–Q plot with a simulated, pointwise envelope.

    Quantiles are at (i − a) / (n + 1 − 2a), a = 3/8 for n ≤ 10, else 1/2, as R's ``ppoints``. For the envelope
    (Atkinson 1981, Biometrika 68:13–20, doi:10.1093/biomet/68.1.13) normal errors are drawn, the model's fit is taken
    off them, :math:`r = (I - H) z`, each set is scaled to the sum of squares that the residuals have, and put in
    order: the band holds the middle 95 % of each rank's values. Residuals of one model aren't independent, and this
    reckons with it. About one residual in twenty lies beyond a pointwise band where all is well.

    Parameters
    ----------
    residuals : array_like, shape (n,)
        In any order.
    matrix : array_like, shape (n, p)
        The model's design matrix, a row a residual.
    rng : numpy.random.Generator
        Where randomness comes from.
    draws : int
        Simulated sets, 100 at least.
    confidence : float
        Share of the sets that each rank's band holds.

    Raises
    ------
    StatsError
        A residual is not a finite number, there are no more of them than columns, all are zero but for rounding, or
        there are too few draws.

    Examples
    --------
    >>> found = normal_qq([-1.0, 0.5, 0.5, 2.0, -2.0], np.ones((5, 1)), rng=np.random.default_rng(1))
    >>> found.order.tolist(), found.quantiles.round(2).tolist(), found.outside
    ([4, 0, 1, 2, 3], [-1.18, -0.5, 0.0, 0.5, 1.18], 0)
    """
    from scipy.special import ndtri

    sample, model = finite_values(residuals, "residuals"), np.asarray(matrix, float)
    tail = (1 - check_confidence(confidence)) / 2
    n, columns = model.shape
    if n != len(sample) or n <= columns:
        raise StatsError(
            f"Q–Q plot: expected more residuals than the model has columns ({columns}), found {len(sample)}"
        )
    if draws < 100:
        raise StatsError(f"Q–Q plot: expected 100 draws at least, found {draws}", hint="Ask for 2000.")
    size = float(np.sqrt((sample**2).sum()))
    if size <= _ROUNDING * max(1.0, float(np.abs(sample).max())):
        raise StatsError("Q–Q plot: expected residuals that vary, found all zero", hint="The values don't vary.")
    base, _ = np.linalg.qr(model)
    ordered = np.empty((draws, n))
    step = max(1, _BLOCK // n)
    for start in range(0, draws, step):
        drawn = rng.standard_normal((min(step, draws - start), n))
        drawn -= drawn @ base @ base.T
        drawn *= size / np.sqrt((drawn**2).sum(axis=1, keepdims=True))
        ordered[start : start + step] = np.sort(drawn, axis=1)
    low, high = np.quantile(ordered, (tail, 1 - tail), axis=0)
    order = np.argsort(sample, kind="stable")
    shift = 3 / 8 if n <= 10 else 1 / 2
    quantiles = ndtri((np.arange(1, n + 1) - shift) / (n + 1 - 2 * shift))
    return NormalQQ(order=order, quantiles=np.asarray(quantiles), residuals=sample[order], low=low, high=high)
