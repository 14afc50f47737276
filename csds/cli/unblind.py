"""``csds unblind``: groups put back, once the scores are locked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption

_SHOWN = ("cohort", "animal_id", "test", "stress", "treatment", "si_ratio", "phenotype", "exclude", "flags")


def unblind(
    results: Annotated[Path, typer.Argument(help="Folder of blinded results, with sessions.csv and animals.csv.")],
    key: Annotated[Path, typer.Option("--key", help="Folder that csds blind wrote the key to.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the unblinded tables. [default: RESULTS/unblinded]")
    ] = None,
    protocol: Annotated[
        str,
        typer.Option("--protocol", "-p", help="What the results were scored by. [default: what they say]"),
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite unblinded tables that were changed by hand.")
    ] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Put ids, stress, treatment and phenotypes back, after a hash of the blinded scores was logged.

    The blinded tables stay as they are. blinding.json, in both folders and beside the key, says when the scores were
    locked and with which SHA-256, so that stats and report can say whether they were final before.

    \b
    Examples:
      csds unblind blinded/results --key ../key
      csds unblind blinded/results --key ../key --out unblinded
      csds stats blinded/results/unblinded

    \b
    Exit code: 0 all well, 1 the tables can't be unblinded, or were (and are written) but changed since the first
    unblinding, 2 the call is wrong.
    """
    from csds.batch.unblind import unblind_results

    done = unblind_results(results, key, out, protocol=protocol, force=force)
    for message in done.messages:
        console.warn(message, quiet=quiet)
    if as_json:
        state = {name: getattr(done.state, name) for name in done.state.__slots__}
        console.print_json({"folder": str(done.folder), "blinding": state, "animals": done.animals.to_dict("records")})
    else:
        names = [name for name in _SHOWN if name in done.animals and (done.animals[name] != "").any()]
        console.print_table(names, done.animals[names].to_numpy().tolist())
        console.note(f"written: {done.folder} (animals.csv, sessions.csv, key.csv, blinding.json)", quiet=quiet)
    if done.state.unchanged is False:
        console.warn(done.state.sentence)
        raise typer.Exit(1)
    console.note(done.state.sentence, quiet=quiet)
