"""The files of a comparison with an old table, and the comparison as they keep it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pandas as pd

from csds import __version__
from csds.analysis.agreement import Agreement, Disagreement, MeasurementAgreement, disagreements
from csds.analysis.agreement_pairs import KEYS, Key, Pair
from csds.errors import TableError
from csds.formats.json_files import read_json, write_json
from csds.formats.links import relative_path
from csds.formats.tables import read_table, write_table
from csds.model.columns import AGREEMENT_COLUMNS, DISAGREEMENT_COLUMNS
from csds.results.folder import ResultsFolder
from csds.results.sessions import kept_sessions
from csds.stats.samples import Estimate
from csds.study.session_ids import is_safe

RECORD, TABLE, DISAGREEMENTS = "agreement.json", "agreement.csv", "disagreements.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The pictures of a disagreement's sessions that are there."""

    overlays: tuple[Path, ...]
    thumbnails: tuple[Path, ...]


def write_agreement(agreement: Agreement, results: Path, out: Path) -> list[Path]:
    """Write a comparison into a folder, each file whole or not at all, and return the files.

    ``agreement.csv`` has a row a measurement, ``disagreements.csv`` the pairs that aren't equal with the way to their
    pictures, ``agreement.json`` all of it unrounded, for `read_agreement`.

    Parameters
    ----------
    agreement : Agreement
    results : Path
        The results folder, for the pictures.
    out : Path
        The folder to write to.

    Raises
    ------
    ResultsError
        A file can't be written.
    """
    pictures = PicturesOf(results)
    write_table(measurement_table(agreement), out / TABLE)
    write_table(_disagreements_table(agreement, pictures, out), out / DISAGREEMENTS)
    write_json(out / RECORD, {"csds": __version__, "agreement": asdict(agreement)})
    return [out / TABLE, out / DISAGREEMENTS, out / RECORD]


def read_agreement(folder: Path) -> Agreement | None:
    """Return the comparison that `write_agreement` left in a folder, or None where there is none.

    Raises
    ------
    TableError
        It isn't as this version of csds writes it.
    """
    if not (folder / RECORD).is_file():
        return None
    try:
        found: Agreement = _rebuilt(Agreement, (read_json(folder / RECORD) or {})["agreement"])
    except (KeyError, TypeError, ValueError) as error:
        raise TableError(
            f"{folder / RECORD}: expected a comparison as csds agree writes it, found another file or a damaged one",
            hint="Run csds agree again.",
        ) from error
    return found


class PicturesOf:
    """What finds the pictures of a results folder's sessions.

    Parameters
    ----------
    results : Path
        Of unblinded results the pictures lie with the blinded ones.
    """

    def __init__(self, results: Path) -> None:
        self._folder, codes = kept_sessions(results)
        self._sessions: dict[Key, list[tuple[str, str]]] = {}
        table = read_table(results / "sessions.csv") if (results / "sessions.csv").is_file() else pd.DataFrame()
        for row in table.to_dict("records") if {"session_id", "phase"} <= set(table) else ():
            session = codes.get(str(row["session_id"]), str(row["session_id"]))
            if is_safe(session):
                key = tuple(str(row.get(name, "")).strip() for name in KEYS)
                self._sessions.setdefault(key, []).append((str(row["phase"]), session))

    def of(self, one: Disagreement) -> Pictures:
        """Return the pictures of a disagreement's session, or of those of the animal that its measurement is from."""
        phase = one.pair.phase if isinstance(one.pair, Pair) else ""
        ends = [end for end in ("absent", "present") if f"_{end}_" in one.measurement]
        ids = [
            session
            for of, session in self._sessions.get(one.pair.animal, ())
            if (of == phase if phase else not ends or of.endswith(tuple(ends)))
        ]
        return Pictures(
            overlays=tuple(_there(self._folder, "overlay", ids)),
            thumbnails=tuple(_there(self._folder, "thumbnails", ids)),
        )


def measurement_table(agreement: Agreement) -> pd.DataFrame:
    """Return a row a measurement, columns of `csds.model.columns.AGREEMENT_COLUMNS`."""
    return pd.DataFrame(map(_row, agreement.measurements), columns=[column.name for column in AGREEMENT_COLUMNS])


def _row(one: MeasurementAgreement) -> dict[str, object]:
    limits, ratios, paired = one.limits, one.ratios, one.paired
    estimates = {
        "bias": limits.bias if limits else Estimate(value=one.bias, ci_low=math.nan, ci_high=math.nan),
        "lower_limit": limits and limits.lower, "upper_limit": limits and limits.upper, "icc": one.icc, "ccc": one.ccc,
        "slope": one.proportional and one.proportional.slope, "ratio": ratios and ratios.bias,
        "ratio_lower_limit": ratios and ratios.lower, "ratio_upper_limit": ratios and ratios.upper,
    }  # fmt: skip
    cells = {
        f"{name}{end}": getattr(estimate, of) if estimate else math.nan
        for name, estimate in estimates.items()
        for end, of in (("", "value"), ("_low", "ci_low"), ("_high", "ci_high"))
    }
    return cells | {
        "measurement": paired.column, "old_column": paired.old_column, "phase": paired.phase, "test": paired.test,
        "n": len(paired.pairs), "n_missing": paired.n_missing, "sd": limits.sd if limits else math.nan,
        "slope_p": one.proportional.p_value if one.proportional else math.nan, "note": one.note,
    }  # fmt: skip


def _disagreements_table(agreement: Agreement, pictures: PicturesOf, out: Path) -> pd.DataFrame:
    rows = []
    for one in disagreements(agreement):
        pair, shown = one.pair, pictures.of(one)
        difference = pair.own - pair.old if isinstance(pair, Pair) else math.nan
        rows.append({
            "cohort": pair.cohort, "animal_id": pair.animal_id, "test": pair.test,
            "phase": pair.phase if isinstance(pair, Pair) else "", "measurement": one.measurement,
            "csds": pair.own, "old": pair.old, "difference": difference, "difference_sd": one.in_sd,
            "outside_limits": one.is_outside, "old_row": pair.row,
            "overlays": ";".join(relative_path(path, out) for path in shown.overlays),
            "thumbnails": ";".join(relative_path(path, out) for path in shown.thumbnails),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=[column.name for column in DISAGREEMENT_COLUMNS], dtype=object)


def _there(folder: ResultsFolder, kind: str, ids: list[str]) -> Iterator[Path]:
    return (path for session in ids if (path := getattr(folder, kind)(session)).is_file())


def _rebuilt(kind: Any, value: Any) -> Any:
    """Return a dataclass as it was before it became JSON: tuples for lists, NaN for null among numbers."""
    if get_origin(kind) is UnionType:
        options = [one for one in get_args(kind) if one is not type(None)]
        return None if value is None else _rebuilt(options[0], value)
    if get_origin(kind) is tuple:
        return tuple(_rebuilt(get_args(kind)[0], item) for item in value)
    if is_dataclass(kind) and isinstance(value, Mapping):
        return kind(**{name: _rebuilt(of, value[name]) for name, of in get_type_hints(kind).items()})  # type: ignore[operator]
    if kind is float:
        return math.nan if value is None else float(value)
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind}, found {value!r}")
    return value
