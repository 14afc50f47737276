"""Power of tests of normal outcomes with one variance, and of two proportions, in closed form.

What `csds.power.simulate` simulates is checked against these, and these against R's ``pwr``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from csds.errors import StatsError
from csds.stats.effect_sizes import noncentral_f_cdf, noncentral_t_cdf

#: So many animals in a group are looked at when a number is searched for.
MOST_ANIMALS = 1_000_000


def t_test_power(difference: float, n_first: int, n_second: int, *, alpha: float = 0.05) -> float:
    """Return the power of Student's two-sided t test, as R's ``pwr.t2n.test`` and ``power.t.test(strict=TRUE)``.

    Parameters
    ----------
    difference : float
        Of the groups' means, in standard deviations.
    n_first, n_second : int
        Animals in either group, two or more.
    alpha : float
        Level of the test.

    Raises
    ------
    StatsError
        A group has fewer than two animals, the level isn't between 0 and 1, or the difference isn't finite.

    Examples
    --------
    >>> round(t_test_power(0.5, 64, 64), 4)
    0.8015
    """
    return contrast_power(difference, (1.0, -1.0), (n_first, n_second), alpha=alpha)


def contrast_power(estimate: float, weights: Sequence[float], sizes: Sequence[int], *, alpha: float = 0.05) -> float:
    """Return the power of a two-sided contrast of group means with the pooled error of all groups.

    t has ``Σ n − k`` degrees of freedom and the noncentrality ``estimate / √(Σ w²/n)``; power is the
    chance of either tail: ``P(T > t) + P(T < −t)``.

    Parameters
    ----------
    estimate : float
        The contrast ``Σ w μ`` of the true means, in standard deviations within groups.
    weights : sequence of float
        A weight for each of the k groups; 0 for one that only adds to the error's degrees of freedom.
    sizes : sequence of int
        Animals in each group, two or more.
    alpha : float
        Level of the test.

    Raises
    ------
    StatsError
        A group has fewer than two animals, weights are all 0 or not one for each group, the level isn't between 0 and
        1, or the estimate isn't finite.

    Examples
    --------
    >>> round(contrast_power(0.72, (1, -1, -1, 1), (62, 62, 62, 62)), 4)  # an interaction
    0.8061
    """
    from scipy.special import stdtrit

    if len(weights) != len(sizes) or not any(weights):
        raise StatsError(f"expected a weight for each of {len(sizes)} groups, one not 0, found {list(weights)}")
    _check(sizes, alpha, estimate)
    df = sum(sizes) - len(sizes)
    noncentrality = estimate / math.sqrt(sum(weight**2 / n for weight, n in zip(weights, sizes, strict=True)))
    critical = -float(stdtrit(df, alpha / 2))
    return _share(sum(noncentral_t_cdf(-critical, df, side * noncentrality) for side in (1, -1)))


def anova_power(effect: float, groups: int, n: int, *, alpha: float = 0.05) -> float:
    """Return the power of the one-way analysis of variance with equal groups, as R's ``pwr.anova.test``.

    The noncentrality of F is ``k n f²``.

    Parameters
    ----------
    effect : float
        Cohen's f: the standard deviation of the true means (over k) in standard deviations within groups.
    groups, n : int
        Groups, and animals in each, two or more.
    alpha : float
        Level of the test.

    Raises
    ------
    StatsError
        There are fewer than two groups or two animals, the level isn't between 0 and 1, or f isn't finite or not
        positive.

    Examples
    --------
    >>> round(anova_power(0.25, 4, 45), 4)
    0.804
    """
    from scipy.special import fdtri

    if groups < 2 or effect < 0:
        raise StatsError(f"expected two groups and an f of 0 at least, found {groups} and {effect}")
    _check([n], alpha, effect)
    df1, df2 = groups - 1.0, groups * (n - 1.0)
    critical = float(fdtri(df1, df2, 1 - alpha))
    return _share(1 - noncentral_f_cdf(critical, df1, df2, groups * n * effect**2))


def proportions_power(first: float, second: float, n_first: int, n_second: int, *, alpha: float = 0.05) -> float:
    """Return the power of the two-sided test of two proportions by Cohen's h, as R's ``pwr.2p2n.test``.

    ``h = 2 asin √p₁ − 2 asin √p₂`` is normal with variance ``1/n₁ + 1/n₂``: a large-sample approximation. Fisher's
    exact test, which keeps below its level in small groups, finds less.

    Parameters
    ----------
    first, second : float
        The true shares, 0 to 1.
    n_first, n_second : int
        Animals in either group, two or more.
    alpha : float
        Level of the test.

    Raises
    ------
    StatsError
        A share isn't between 0 and 1, a group has fewer than two animals, or the level isn't between 0 and 1.

    Examples
    --------
    >>> round(proportions_power(0.57, 0.285, 46, 46), 4)
    0.8011
    """
    from scipy.special import ndtr, ndtri

    if not (0 <= first <= 1 and 0 <= second <= 1):
        raise StatsError(f"expected shares from 0 to 1, found {first} and {second}")
    _check((n_first, n_second), alpha, first)
    h = 2 * (math.asin(math.sqrt(first)) - math.asin(math.sqrt(second)))
    shift = h / math.sqrt(1 / n_first + 1 / n_second)
    critical = -float(ndtri(alpha / 2))
    return _share(float(ndtr(shift - critical) + ndtr(-shift - critical)))


def detectable_difference(n_first: int, n_second: int, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """Return the standardised difference that Student's two-sided t test finds with a power, as ``pwr.t2n.test``.

    Parameters
    ----------
    n_first, n_second : int
        Animals in either group, two or more.
    power : float
        The wanted power, above the level.
    alpha : float
        Level of the test.

    Raises
    ------
    StatsError
        A group has fewer than two animals, or power and level aren't shares with the power the larger.

    Examples
    --------
    >>> round(detectable_difference(12, 12), 3)
    1.197
    """
    from scipy.optimize import brentq

    _check_power(power, alpha)
    high = 1.0
    while t_test_power(high, n_first, n_second, alpha=alpha) < power:
        high *= 2
    return float(
        brentq(lambda d: t_test_power(d, n_first, n_second, alpha=alpha) - power, 0.0, high, xtol=1e-12, rtol=1e-12)
    )


def smallest_n(power_of: Callable[[int], float], *, power: float = 0.8, at_least: int = 2) -> int:
    """Return the smallest number of animals that reaches a power.

    Parameters
    ----------
    power_of : callable
        From animals in a group to the power, rising; such as ``lambda n: t_test_power(0.7, n, n)``.
    power : float
        The wanted power.
    at_least : int
        The smallest number that may be asked for.

    Raises
    ------
    StatsError
        `MOST_ANIMALS` aren't enough, or the power isn't between 0 and 1.

    Examples
    --------
    >>> smallest_n(lambda n: t_test_power(0.69 / 2 / 0.48, n, n))
    32
    """
    _check_power(power, 0.0)
    low, high = at_least - 1, at_least
    while power_of(high) < power:
        low, high = high, 2 * high
        if high > MOST_ANIMALS:
            raise StatsError(
                f"power {power} isn't reached with {MOST_ANIMALS:,} animals in a group",
                hint="Is there an effect at all?",
            )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(middle) >= power else (middle, high)
    return high


def _share(chance: float) -> float:
    return min(max(chance, 0.0), 1.0)


def _check(sizes: Sequence[int], alpha: float, effect: float) -> None:
    if min(sizes) < 2:
        raise StatsError(f"expected two animals in each group at least, found {min(sizes)}")
    if not 0 < alpha < 1:
        raise StatsError(f"level: expected a share between 0 and 1, found {alpha}", hint="Say 0.05 for 5 %.")
    if not math.isfinite(effect):
        raise StatsError(f"expected a finite effect, found {effect}")


def _check_power(power: float, alpha: float) -> None:
    if not alpha < power < 1:
        raise StatsError(f"power: expected a share above {alpha:g} and below 1, found {power}", hint="0.8 is usual.")
