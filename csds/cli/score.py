"""``csds score``: scores and phenotypes from any table of sessions or animals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.errors import UsageError

# A table of zone times needs no geometry, so what a protocol leaves open of it doesn't matter here.
_GEOMETRY = ("arena", "enclosure", "zone")
_SHOWN = ("cohort", "animal_id", "test", "stress", "treatment")
_SCORES = ("interaction_absent_s", "interaction_present_s", "si_ratio", "phenotype", "flags")


def score(
    table: Annotated[
        Path, typer.Argument(help="CSV or xlsx: a row per animal and phase, or a row per animal with both phases.")
    ],
    protocol: Annotated[
        str, typer.Option("--protocol", "-p", help="Name of a protocol or path of a .toml file.")
    ] = "golden2011",
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="NAME=COLUMN",
            help="csds's name for a column of the table, as in interaction_time_s=IZ_time; once per column.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write, or a folder for animals.csv. [default: animals.csv here]"),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make animals.csv (SI scores, phenotypes) from a table of zone times.

    A column that bears csds's name needs no --map; others are carried along. For a row per animal and
    phase map phase and interaction_time_s; for a row per animal map interaction_absent_s and
    interaction_present_s. Without --map, csds's own sessions.csv and animals.csv are scored again, by
    another protocol if you like.
    """
    from csds.behaviour.archived import parse_mapping, read_archived
    from csds.behaviour.rules import what_waits
    from csds.behaviour.score import score_animals
    from csds.formats.tables import read_table, write_table
    from csds.protocol.load import load_protocol
    from csds.results.readings import readings_beside

    mapping = parse_mapping(map_ or [])
    rules = load_protocol(protocol, allow_open=True)
    if not all(name.startswith(_GEOMETRY) for name in rules.open_fields):
        load_protocol(protocol)  # says what is open
    target = _target(out, table)
    archived = read_archived(read_table(table), mapping, rules)
    for fault in archived.warnings:
        console.warn(str(fault), quiet=quiet)
    animals = score_animals(archived.sessions, rules, readings_beside(table, archived.sessions))
    write_table(animals, target)

    incomplete = [flags for flags in animals["flags"] if "missing_phase" in flags.split(";")]
    if as_json:
        console.print_json(animals.to_dict(orient="records"))
    else:
        names = [name for name in (*_SHOWN, *_SCORES) if name in animals and (animals[name] != "").any()]
        console.print_table(
            names,
            animals[names].to_numpy().tolist(),
            title=f"{len(animals)} animal{'s' * (len(animals) != 1)}, {rules.title}",
        )
        console.note(f"written: {target}", quiet=quiet)
    if waiting := what_waits(animals, rules.rule):
        console.note(waiting, quiet=quiet)
    if incomplete:
        console.warn(f"{len(incomplete)} of {len(animals)} animals lack a phase: see their flags", quiet=quiet)
        raise typer.Exit(1)


def _target(out: Path | None, table: Path) -> Path:
    target = out or Path("animals.csv")
    if target.is_dir() or not (target.suffix or target.exists()):
        target = target / "animals.csv"
    if target.resolve() == table.resolve():
        raise UsageError(
            f"{target} is the table that is read, it would be overwritten", hint="Name another file with --out."
        )
    return target
