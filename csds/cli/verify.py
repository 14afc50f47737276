"""``csds verify``: results computed again from their recordings, and compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csds.batch.options import Outcome


def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Results folder of csds track or batch.")],
    sheet: Annotated[
        Path | None, typer.Option(help="The study sheet. Default: the one that the results say they are of.")
    ] = None,
    share: Annotated[
        float, typer.Option(min=0.0001, max=1.0, help="Share of the animals' tests to compute again. 1: all.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Draws the sample.")] = 0,
    protocol: Annotated[
        str, typer.Option("--protocol", "-p", help="The results' protocol, where they don't hold its name or file.")
    ] = "",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Recordings worked on at the same time.")] = 1,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compute results again, all or a sample, and report any difference.

    Nothing in DIR is touched. Numbers and tracks have to be equal to the last digit: on another machine, or with
    other versions of the libraries, differences in the last digits are to be expected.

    \b
    Examples:
      csds verify results
      csds verify csds_batch/2019/cohort3 --share 0.1 --jobs 4
      csds verify results --sheet study.csv --json

    \b
    Exit code: 0 no difference, 1 differences, 2 the call is wrong.
    """
    import numpy as np

    from csds.batch.verify import verify_results
    from csds.formats.json_files import read_json
    from csds.results.record import protocol_of
    from csds.study import load_study

    named = (read_json(folder / "provenance.json") or {}).get("study", {}).get("sheet", "")
    path = sheet or (Path(named) if named else None)
    if path is None:
        raise UsageError(
            f"{folder}: expected provenance.json to name the study sheet, found none", hint="Name it with --sheet."
        )
    study, _ = load_study(path, protocol_of(folder, protocol))
    done = 0
    with console.progress(unit="sessions", quiet=quiet or as_json) as bar:

        def listen(_: int, finished: Sequence[Outcome]) -> None:
            nonlocal done
            done += len(finished)
            bar.update(done)

        found = verify_results(
            folder, study, rng=np.random.default_rng(seed), share=share, protocol=protocol, jobs=jobs, listener=listen
        )
    if as_json:
        console.print_json(
            {
                "checked": list(found.checked),
                "differences": [{name: getattr(one, name) for name in one.__slots__} for one in found.differences],
                "made_by": found.made_by,
                "checked_by": found.checked_by,
            }
        )
    elif found.differences:
        rows = [[one.session_id, one.column, one.was, one.now] for one in found.differences]
        console.print_table(("session", "what", "was", "is"), rows)
    differing = len({one.session_id for one in found.differences})
    console.note(
        f"{len(found.checked)} sessions computed again by csds {found.checked_by} (made by {found.made_by}): "
        + (f"{differing} differ" if differing else "no difference"),
        quiet=quiet,
    )
    if found.differences:
        raise typer.Exit(1)
