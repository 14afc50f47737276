"""``csds protocol``: list, show, check and copy protocols."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csds.cli import console

protocol_app = typer.Typer(
    name="protocol",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, show, check and copy protocols.",
)

_Name = Annotated[str, typer.Argument(help="Name of a protocol, or a .toml file.")]


@protocol_app.command("list")
def list_protocols(as_json: console.JsonOption = False) -> None:
    """List the protocols that come with csds."""
    from csds.protocol import load_protocol, protocol_names

    protocols = [load_protocol(name, allow_open=True) for name in protocol_names()]
    if as_json:
        console.print_json([{"name": p.name, "title": p.title, "open_fields": p.open_fields} for p in protocols])
        return
    rows = [[p.name, p.title, "geometry to be filled in" if p.open_fields else "ready"] for p in protocols]
    console.print_table(["name", "what it is", "state"], rows)


@protocol_app.command()
def show(
    name: _Name = "golden2011",
    as_toml: Annotated[bool, typer.Option("--toml", help="Print the file itself, with its comments.")] = False,
    as_json: console.JsonOption = False,
) -> None:
    """Show a protocol: geometry, phases, score and rule."""
    from dataclasses import asdict

    from csds.protocol import describe_protocol, load_protocol, protocol_text

    protocol = load_protocol(name, allow_open=True)
    if as_json:
        console.print_json(asdict(protocol))
    else:
        console.say(protocol_text(name) if as_toml else describe_protocol(protocol))


@protocol_app.command()
def check(file: _Name) -> None:
    """Check a protocol file to its last key."""
    from csds.protocol import load_protocol

    protocol = load_protocol(file)
    left = [key for key, value in protocol.treatment.items() if value == "open"]
    console.say(f"{file}: nothing is wrong")
    if left:
        console.say(f"treatment fields still open (this does not keep it from being used): {', '.join(left)}")


@protocol_app.command()
def new(
    file: Annotated[Path, typer.Argument(help="File to write, e.g. my_lab.toml.")],
    source: Annotated[str, typer.Option("--from", help="Protocol to start from.")] = "golden2011",
) -> None:
    """Write a copy of a protocol, comments included, for your laboratory to change."""
    from csds.protocol import load_protocol, new_protocol

    new_protocol(file, source)
    console.say(f"{file}: written from {source}")
    open_fields = load_protocol(file, allow_open=True).open_fields
    if open_fields:
        console.say(f"fill in before use: {', '.join(open_fields)}")
