"""What each animal's picture shows, and from what it is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from csds.batch.options import Outcome
from csds.batch.prepare import Context
from csds.batch.tables import animals_table, sessions_table
from csds.formats.digest import digest
from csds.model.protocol import Protocol, RuleSpec
from csds.model.study import AnimalKey, Session, Study
from csds.study.session_ids import session_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalPicture:
    """A picture's file name, the animal's row, its sessions' records by phase, and the rule whose limits it shows."""

    name: str
    row: Mapping[str, Any]
    records: Mapping[str, Mapping[str, Any]]
    rule: RuleSpec | None

    def digest(self) -> str:
        """Return a digest of all that it shows."""
        return digest([self.row, self.rule, {phase: record["keys"] for phase, record in self.records.items()}])


def animal_names(animals: pd.DataFrame) -> dict[AnimalKey, str]:
    """Return the file names of a study's animals."""
    columns = [animals[name].astype(str) for name in AnimalKey.__slots__]
    keys = [AnimalKey(**dict(zip(AnimalKey.__slots__, values, strict=True))) for values in zip(*columns, strict=True)]
    return dict(zip(keys, session_ids([(key, "") for key in keys]), strict=True))


def animal_pictures(
    animals: pd.DataFrame, sessions: Sequence[Session], outcomes: Mapping[str, Outcome], context: Context
) -> Iterator[AnimalPicture]:
    """Yield what is to be drawn of animals: of those with a finished session, where there are phases to compare."""
    if len(context.protocol.phases) == 1:
        return  # the session's floor plan shows it all
    records_of: dict[AnimalKey, dict[str, Mapping[str, Any]]] = {}
    for session in sessions:
        outcome = outcomes.get(session.session_id)
        if outcome is not None and outcome.record:
            records_of.setdefault(session.key, {})[session.phase] = outcome.record
    if not records_of:
        return
    for row in ({str(name): value for name, value in row.items()} for row in animals.to_dict(orient="records")):
        key = AnimalKey(**{name: str(row[name]) for name in AnimalKey.__slots__})
        if records := records_of.get(key):
            yield AnimalPicture(name=context.names[key], row=row, records=records, rule=context.protocol.rule)


def pictures_alone(
    sessions: Sequence[Session], outcomes: Mapping[str, Outcome], context: Context
) -> Iterator[AnimalPicture]:
    """Yield what is to be drawn of some of a study's animals; nothing where the rule compares them with the others."""
    if not _judges_alone(context.protocol):
        return
    part = Study(
        title="", folder=Path(), sheet=None, sessions=tuple(sessions), design_columns=context.design_columns
    )  # fmt: skip
    table = sessions_table(part, outcomes, context.protocol)
    animals = animals_table(part, table, outcomes, context.protocol)
    yield from animal_pictures(animals, sessions, outcomes, context)


def _judges_alone(protocol: Protocol) -> bool:
    return protocol.rule is None or all(criterion.kind == "cutoff" for criterion in protocol.rule.criteria)
