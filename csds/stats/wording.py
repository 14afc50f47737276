"""Results in words: rounded once, here, as the American Psychological Association's manual asks (7th edition, 6.36)."""

from __future__ import annotations

import math

from csds.stats.results import Result

#: Statistics and effects have so many decimals, p values three.
_DECIMALS = 2


def statistic_text(one: Result) -> str:
    """Return a statistic with its degrees of freedom; empty where there is none.

    Examples
    --------
    >>> statistic_text(Result(analysis="", outcome="", test="", statistic_name="F", statistic=4.031, df1=1, df2=31))
    'F(1, 31) = 4.03'
    >>> statistic_text(Result(analysis="", outcome="", test="", statistic_name="t", statistic=-2.5, df1=15.104))
    't(15.10) = -2.50'
    """
    if math.isnan(one.statistic) or not one.statistic_name:
        return ""
    df = [_df(df) for df in (one.df1, one.df2) if math.isfinite(df)]
    return f"{one.statistic_name}{'(' + ', '.join(df) + ')' if df else ''} = {one.statistic:.{_DECIMALS}f}"


def p_text(p: float) -> str:
    """Return a p value without a leading zero; below a thousandth that alone is said.

    Examples
    --------
    >>> p_text(0.0438), p_text(0.00004), p_text(1.0)
    ('.044', '< .001', '1.000')
    """
    if math.isnan(p):
        return ""
    if p < 0.001:
        return "< .001"
    return f"{p:.3f}".removeprefix("0")


def effect_text(one: Result) -> str:
    """Return an effect with its 95 % interval; empty where there is none.

    Examples
    --------
    >>> effect_text(Result(analysis="", outcome="", test="", effect=0.1754, ci_low=-0.129, ci_high=0.479))
    '0.18 [-0.13, 0.48]'
    """
    if math.isnan(one.effect):
        return ""
    bounds = "" if math.isnan(one.ci_low) else f" [{one.ci_low:.{_DECIMALS}f}, {one.ci_high:.{_DECIMALS}f}]"
    return f"{one.effect:.{_DECIMALS}f}{bounds}"


def _df(df: float) -> str:
    return f"{df:.0f}" if math.isclose(df, round(df), abs_tol=1e-9) else f"{df:.{_DECIMALS}f}"
