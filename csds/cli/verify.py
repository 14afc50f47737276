"""``csds verify``: results computed again from their recordings, and compared."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.errors import CsdsError, ResultsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from csds.batch.options import Outcome
    from csds.batch.verify import Verification


def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Results folder, or one with several below it.")],
    sheet: Annotated[
        Path | None, typer.Option(help="The study sheet. Default: the one that the results say they are of.")
    ] = None,
    share: Annotated[
        float, typer.Option(min=0.0001, max=1.0, help="Share of each study's animals' tests to compute again. 1: all.")
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
      csds verify csds_batch --share 0.1 --jobs 4
      csds verify results --sheet study.csv --json

    \b
    Exit code: 0 no difference, 1 differences or results that can't be verified, 2 the call is wrong.
    """
    import numpy as np

    from csds.batch.catalogue import results_below
    from csds.batch.verify import study_of, verify_results
    from csds.results.record import protocol_of

    unread: list[tuple[Path, str]] = []
    is_one = (folder / "provenance.json").is_file()
    places = [folder] if is_one or sheet else list(results_below(folder, unread))
    if not places and not unread:
        raise UsageError(
            f"{folder}: expected results of csds track or batch, found none", hint="Name the folder of the results."
        )
    rng = np.random.default_rng(seed)
    found: dict[Path, Verification] = {}
    failed: dict[Path, CsdsError] = {}
    with console.progress(unit="sessions", quiet=quiet or as_json) as bar:
        counts: list[int] = []

        def listen(_: int, finished: Sequence[Outcome]) -> None:
            counts.append(len(finished))
            bar.update(sum(counts))

        for place in places:
            try:
                study = study_of(place, protocol_of(place, protocol), sheet)
                found[place] = verify_results(
                    place, study, rng=rng, share=share, protocol=protocol, jobs=jobs, listener=listen
                )
            except CsdsError as error:
                if is_one or sheet:
                    raise
                failed[place] = error
    for place, reason in unread:
        failed[place] = ResultsError(f"{place}: can't be read ({reason})", hint="Check the drive or network.")
    _tell(found, failed, as_json=as_json, quiet=quiet)
    if failed or any(one.differences for one in found.values()):
        raise typer.Exit(1)


def _tell(found: Mapping[Path, Verification], failed: Mapping[Path, CsdsError], *, as_json: bool, quiet: bool) -> None:
    for error in failed.values():
        console.complain(error.message, error.hint)
    if as_json:
        console.print_json(
            {
                "results": [{"folder": place, **asdict(one)} for place, one in found.items()],
                "not_verified": [{"folder": place, "error": error.message} for place, error in failed.items()],
            }
        )
        return
    rows = [
        [place, one.session_id, one.column, one.was, one.now]
        for place, came_out in found.items()
        for one in came_out.differences
    ]
    if rows:
        console.print_table(("results", "session", "what", "was", "is"), rows)
    for place, one in found.items():
        differing = len({difference.session_id for difference in one.differences})
        console.note(
            f"{place}: {len(one.checked)} sessions computed again by csds {one.checked_by} (made by {one.made_by}): "
            + (f"{differing} differ" if differing else "no difference"),
            quiet=quiet,
        )
