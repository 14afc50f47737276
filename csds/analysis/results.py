"""What an analysis says, one result at a time: the rows of ``stats.csv``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from csds.model.columns import STATS_COLUMNS, names
from csds.stats.adjust import AdjustedContrast


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row of ``stats.csv``; see `csds.model.columns.STATS_COLUMNS`. What doesn't apply is NaN or empty."""

    test: str
    analysis: str = ""
    outcome: str = ""
    term: str = ""
    contrast: str = ""
    statistic_name: str = ""
    statistic: float = math.nan
    df1: float = math.nan
    df2: float = math.nan
    p_value: float = math.nan
    p_adjusted: float = math.nan
    adjustment: str = ""
    effect_name: str = ""
    effect: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    n: int = 0
    n_excluded: int = 0
    excluded_because: str = ""
    note: str = ""


def contrast_results(
    adjusted: Sequence[AdjustedContrast], test: str, *, statistic_name: str = "t", note: str = ""
) -> list[Result]:
    """Return a family of contrasts as results; intervals are each contrast's own."""
    return [
        Result(
            contrast=f"{one.contrast.at}: {one.contrast.name}" if one.contrast.at else one.contrast.name, test=test,
            statistic_name=statistic_name, statistic=one.contrast.t,
            df1=one.contrast.df if math.isfinite(one.contrast.df) else math.nan,  # z has none
            p_value=one.contrast.p_value, p_adjusted=one.p_adjusted,
            adjustment="none" if one.adjustment == "none" else family(one.adjustment, len(adjusted)),
            effect_name="difference", effect=one.contrast.estimate, ci_low=one.contrast.ci_low,
            ci_high=one.contrast.ci_high, note=f"interval not adjusted{f'; {note}' if note else ''}",
        )
        for one in adjusted
    ]  # fmt: skip


def family(adjustment: str, size: int, of: str = "contrast") -> str:
    """Return how p values were adjusted, and for how many.

    Examples
    --------
    >>> family("holm", 4), family("holm", 1, "correlation")
    ('holm, 4 contrasts', 'holm, 1 correlation')
    """
    return f"{adjustment}, {size} {of}{'s' if size != 1 else ''}"


def results_table(results: Sequence[Result]) -> pd.DataFrame:
    """Return results as the table ``stats.csv``, unrounded."""
    return pd.DataFrame([asdict(result) for result in results], columns=names(STATS_COLUMNS))
