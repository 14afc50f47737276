"""Which intervals cover less than 93 % on social interaction ratios, as measured: for the notes beside results.

The numbers are those that ``python -m benchmarks.error_rates`` prints (docs/error-rates.md; a test compares them).
"""

from __future__ import annotations

from collections.abc import Mapping

#: Of each method, by animals in a group: the least that its 95 % interval covers, in percent, where below 93. Contrasts
#: with the pooled error are named with the outcome, since the ratio itself varies alike in controls and defeated mice.
COVERAGE: Mapping[str, Mapping[int, float]] = {
    "bootstrap, percentile, difference of means": {8: 90.0, 15: 91.8},
    "bootstrap, BCa, difference of means": {8: 89.2, 15: 90.8, 30: 92.3},
    "bootstrap, studentised, difference of means": {15: 92.9},
    "rank-biserial correlation": {8: 85.1, 15: 86.8, 30: 90.5},
    "contrast, pooled variance, log_si_ratio": {8: 86.5, 15: 86.7, 30: 87.0},
    "contrast, pooled variance, si_preference": {8: 86.9, 15: 86.6, 30: 87.8},
    "contrast, pooled variance, si_difference_s": {8: 89.9, 15: 89.8, 30: 91.0},
    "contrast, pooled variance, interaction_present_s": {8: 89.8, 15: 89.0, 30: 90.1},
}
_POOLED = "contrast, pooled variance, "
#: The numbers of animals that were simulated, each with the largest smallest group that it stands for.
_STANDS_FOR = {8: 11, 15: 22, 30: 45}


def coverage_note(method: str, n_smallest: int) -> str:
    """Return what to say beside a method's 95 % interval; empty where it covers 93 % or more, as far as is known.

    Parameters
    ----------
    method : str
        As `COVERAGE` names it.
    n_smallest : int
        Animals in the smallest of the groups that are compared.

    Examples
    --------
    >>> coverage_note("bootstrap, BCa, difference of means", 8)
    'covers 89.2 % at n = 8 on skewed ratios (measured)'
    >>> coverage_note("bootstrap, BCa, difference of means", 100)
    ''
    """
    measured = next((n for n, most in _STANDS_FOR.items() if n_smallest <= most), 0)
    percent = COVERAGE.get(method, {}).get(measured)
    if percent is None:
        return ""
    fewer = ", less in smaller groups" if n_smallest < measured == min(_STANDS_FOR) else ""
    return f"covers {percent:g} % at n = {measured} on skewed ratios (measured){fewer}"


def pooled_note(outcome: str, n_smallest: int) -> str:
    """Return what to say beside the interval of a contrast with the pooled error; empty where it holds up.

    Examples
    --------
    >>> pooled_note("si_ratio", 8), pooled_note("log_si_ratio", 15)
    ('', 'covers 86.7 % at n = 15 on skewed ratios (measured)')
    """
    return coverage_note(f"{_POOLED}{outcome}", n_smallest)


def is_pooled_well(outcome: str) -> bool:
    """Return whether contrasts of an outcome with the pooled error hold up, as far as is known.

    Examples
    --------
    >>> is_pooled_well("si_ratio"), is_pooled_well("si_preference")
    (True, False)
    """
    return f"{_POOLED}{outcome}" not in COVERAGE
