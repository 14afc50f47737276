"""Units that disagree within a column of a table of animals are an error that names the rows.

Only what can be told safely is refused: metres among centimetres, percent among ratios, and times longer than their
trial (milliseconds). Minutes among seconds look like short times and can't be told.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.behaviour.defects import WINDOW_TOLERANCE, split_by_unit
from csds.errors import TableError
from csds.model.columns import ANIMAL_COLUMNS
from csds.stats.design import FloatArray, listed

#: A median SI ratio above this is one of percent: the largest that are reported of single animals are about 10.
PERCENT_ABOVE = 20.0
_NUMBERS = tuple(column.name for column in ANIMAL_COLUMNS if column.kind == "number")
_LENGTHS = tuple(name for name in _NUMBERS if name.startswith(("distance_", "mean_speed_")))
_TIMES = tuple(name for name in _NUMBERS if name.startswith(("interaction_", "corners_")))
#: No trial is longer (s), as in protocols.
_LONGEST = 14_400.0


def check_units(table: pd.DataFrame) -> None:
    """Raise TableError where units disagree within a column; the message names the rows.

    Parameters
    ----------
    table : DataFrame
        Its numbers are floats; the index holds the file's line numbers.
    """
    for column in (name for name in _LENGTHS if name in table):
        values = table[column].to_numpy(float)
        small = split_by_unit(values)
        if small.sum() >= 2:
            _refuse(table, column, small, (values > 0) & ~small, "metres among centimetres", "in cm (cm/s)")
    for column in (name for name in _TIMES if name in table):
        _check_time(table, column)
    if "si_ratio" in table:
        percent, ratio = _tell_percent(table)
        if percent.any() and ratio.any():
            _refuse(table, "si_ratio", percent, ratio, "percent among ratios", "as a ratio")


def _refuse(
    table: pd.DataFrame, column: str, odd: NDArray[np.bool_], others: NDArray[np.bool_], what: str, how: str
) -> None:
    values = table[column].to_numpy(float)
    raise TableError(
        f"column '{column}': values around {np.median(values[odd]):.3g} among values around "
        f"{np.median(values[others]):.3g} look like {what} (rows {_rows(table, odd)})",
        hint=f"Write the whole column {how}; empty the cells whose unit isn't known.",
    )


def _check_time(table: pd.DataFrame, column: str) -> None:
    """Raise TableError where an animal was longer in a zone than its trial lasted."""
    values = table[column].to_numpy(float)
    window = column.replace("interaction", "duration").replace("corners", "duration")
    given = table[window].to_numpy(float) if window in table else np.full(len(table), np.nan)
    limits = np.where(np.isnan(given), _LONGEST, given)
    longer = values > limits * (1 + WINDOW_TOLERANCE)
    if longer.any():
        at = int(np.flatnonzero(longer)[0])
        raise TableError(
            f"column '{column}': found {values[at]:g} s in a trial of {limits[at]:g} s at most "
            f"(rows {_rows(table, longer)})",
            hint="Write times in seconds; are these milliseconds, or is the trial's duration wrong?",
        )


def _tell_percent(table: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which SI ratios are ×100, and which aren't: by the times where given, else by the values alone."""
    values = table["si_ratio"].to_numpy(float)
    present, absent = (_column(table, f"interaction_{phase}_s") for phase in ("present", "absent"))
    known = (present > 0) & (absent > 0) & (values > 0) & np.isfinite(values)
    if known.any():
        # Windows of other lengths change a ratio, but hardly ever twofold.
        excess = np.divide(values * absent, present, out=np.ones_like(values), where=known) / 100
        percent = known & (excess > 0.5) & (excess < 2)
        return percent, known & ~percent
    low = split_by_unit(values)
    high = (values > 0) & ~low
    if low.sum() < 2 or high.sum() < 2 or np.median(values[high]) < PERCENT_ABOVE:
        return np.zeros_like(low), low
    return high, low


def _column(table: pd.DataFrame, name: str) -> FloatArray:
    return table[name].to_numpy(float) if name in table else np.full(len(table), np.nan)


def _rows(table: pd.DataFrame, which: NDArray[np.bool_]) -> str:
    return listed(table.index[which].tolist(), 8)
