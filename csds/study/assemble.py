"""Rows become a study: sessions with their names, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from csds.errors import SheetError
from csds.model.protocol import Protocol
from csds.model.study import Study
from csds.study import rules
from csds.study.faults import Fault, errors_among
from csds.study.rows import SHEET_COLUMNS, ReadRow, SheetRow, read_row, split_phases
from csds.study.session_ids import session_ids

_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where rows come from: what a study says about itself.

    ``paths_from`` is the folder that videos are looked for in; None where they are given as they are.
    """

    title: str
    folder: Path
    sheet: Path | None = None
    paths_from: Path | None = None
    settings: dict[str, object] = field(default_factory=dict)


def assemble(rows: Sequence[SheetRow], protocol: Protocol, source: Source) -> tuple[Study, list[Fault]]:
    """Return the study of all usable rows, and the faults of all rows in the order of the sheet."""
    split = [part for row in rows for part in split_phases(row, protocol)]
    read = _with_ids([read_row(row, protocol, source.paths_from) for row in split])
    named = [item.session for item in read if item.session.key.animal_id and item.session.phase]
    unclear = {item.session.key for item in read if not item.session.phase}
    between = [
        *rules.doubled_sessions(named),
        *rules.overlapping_windows([s for s in named if s.videos], protocol),
        *rules.missing_phases(named, protocol, unclear),
        *rules.contradictions(named),
        *rules.look_alikes(named),
    ]
    own = [replace(fault, session_id=item.session.session_id) for item in read for fault in item.faults]
    faults = sorted(_said_once([*own, *between]), key=lambda fault: fault.row or 0)
    lost = {(fault.session_id, fault.row) for fault in between if fault.unusable}
    is_lost = [not item.is_usable or (item.session.session_id, item.session.row or None) in lost for item in read]
    usable = tuple(item.session for item, gone in zip(read, is_lost, strict=True) if not gone)
    unusable = tuple(
        item.session for item, gone in zip(read, is_lost, strict=True) if gone and item.session.key.animal_id
    )
    design = tuple(dict.fromkeys(name for row in rows for name in row.cells if name not in SHEET_COLUMNS))
    study = Study(
        title=source.title,
        folder=source.folder,
        sheet=source.sheet,
        sessions=usable,
        unusable=unusable,
        design_columns=design,
        settings=source.settings,
    )
    return study, faults


def _said_once(faults: Sequence[Fault]) -> list[Fault]:
    """Return the faults without those that the other phase of the same row has told already."""
    told: dict[object, Fault] = {}
    for fault in faults:
        same = (fault.row, fault.column, fault.message)
        told.setdefault(same if fault.row else id(fault), fault)
    return list(told.values())


def _with_ids(read: Sequence[ReadRow]) -> list[ReadRow]:
    # A session that is given twice has one name; rows without animal or phase have none.
    distinct = list(
        dict.fromkeys((i.session.key, i.session.phase) for i in read if i.session.key.animal_id and i.session.phase)
    )
    names = dict(zip(distinct, session_ids(distinct), strict=True))
    return [
        replace(item, session=replace(item.session, session_id=names.get((item.session.key, item.session.phase), "")))
        for item in read
    ]


def raise_errors(faults: Sequence[Fault], where: str) -> None:
    """Raise one SheetError that tells all faults which are errors; return where there are none."""
    errors = errors_among(faults)
    if not errors:
        return
    hints = list(dict.fromkeys(fault.hint for fault in errors if fault.hint))
    if len(errors) == 1:
        raise SheetError(f"{where}, {errors[0]}", hint=errors[0].hint)
    lines = [f"  {fault}" for fault in errors[:_SHOWN]]
    if len(errors) > _SHOWN:
        lines.append(f"  … and {len(errors) - _SHOWN} more")
    raise SheetError("\n".join([f"{where}: {len(errors)} faults", *lines]), hint="\n  ".join(hints[:_SHOWN]))
