"""What an analysis says, one result at a time: the rows of ``stats.csv``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from csds.model.columns import STATS_COLUMNS, names


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row of ``stats.csv``; see `csds.model.columns.STATS_COLUMNS`. What doesn't apply is NaN or empty."""

    analysis: str
    outcome: str
    test: str
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
    note: str = ""


def results_table(results: Sequence[Result]) -> pd.DataFrame:
    """Return results as the table ``stats.csv``, unrounded."""
    return pd.DataFrame([asdict(result) for result in results], columns=names(STATS_COLUMNS))
