"""``csds blind``: a study under codes, and its key kept apart."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption


def blind(
    study: Annotated[Path, typer.Argument(help="Study sheet (CSV or xlsx).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the blinded study.")],
    key: Annotated[Path, typer.Option("--key", help="Folder for the key; not within the other one.")],
    protocol: Annotated[
        str,
        typer.Option("--protocol", "-p", help="A protocol's name, or a file. Default: study.toml's, else golden2011."),
    ] = "",
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="COLUMN", help="Keep this column though it tells groups; repeatable."),
    ] = None,
    hide: Annotated[
        list[str] | None,
        typer.Option("--hide", metavar="COLUMN", help="Withhold this column in any case; repeatable."),
    ] = None,
    videos: Annotated[
        Literal["link", "copy", "none"],
        typer.Option(
            help="Link the recordings under coded names (copied where that can't be), copy them, or only name them."
        ),
    ] = "link",
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="The same seed gives the same codes. [default: drawn]")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a blinded study and its key.")] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Replace animals' ids by codes, hide stress, treatment and whatever tells them, and keep the key apart.

    OUT/study.csv is for csds track, score and review; every mouse gets its scores and its side of the cut-off, and a
    phenotype when csds unblind has put the groups back. Original sheet and recordings stay as they are.

    \b
    Examples:
      csds blind study.csv --out blinded --key ../key
      csds track blinded/study.csv
      csds unblind blinded/results --key ../key

    \b
    Exit code: 0 all well, 1 the sheet has faults, 2 the call is wrong.
    """
    import secrets

    from csds.batch.blind import BlindOptions, write_blinded
    from csds.protocol import load_protocol
    from csds.study import named_protocol

    options = BlindOptions(
        seed=secrets.randbits(32) if seed is None else seed,
        keep=tuple(keep or ()),
        hide=tuple(hide or ()),
        videos=videos,
        force=force,
    )
    rules = load_protocol(protocol or named_protocol(study.parent))
    done = write_blinded(study, rules, out, key, options)
    blinded = done.blinded
    animals = blinded.sheet["animal_id"].nunique()
    for warning in done.warnings:
        console.warn(warning, quiet=quiet)
    if as_json:
        console.print_json(
            {
                "sheet": str(done.sheet),
                "key": str(done.key),
                "animals": animals,
                "sessions": len(blinded.sheet),
                "recordings": dict(done.recordings),
                "withheld": dict(blinded.withheld),
                "warnings": list(done.warnings),
            }
        )
        return
    if blinded.withheld:
        console.print_table(("withheld", "because"), list(blinded.withheld.items()))
    how = ", ".join(f"{count} {way}" for way, count in done.recordings.items()) or "none put there"
    console.note(f"{animals} animals, {len(blinded.sheet)} sessions under codes; recordings: {how}", quiet=quiet)
    console.note(f"written: {done.sheet}, {done.key / 'key.csv'}, {done.key / 'blinding.json'}", quiet=quiet)
