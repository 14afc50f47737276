"""``csds agree``: results beside what was measured, published or exported before."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption

if TYPE_CHECKING:
    from csds.analysis.agreement import Agreement

_HEAD = ("measurement", "n", "bias", "lower limit", "upper limit", "ICC(2,1)", "CCC", "note")


def agree(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Results folder of csds track, batch or score.")],
    against: Annotated[
        Path, typer.Option(help="The old table: CSV or xlsx, a row per animal, or per animal and phase.")
    ],
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=NAME",
            help="The old table's column and csds's name, as in \"Time in IZ (s)=interaction_time_s\"; or a word for a "
            "phenotype, as in phenotype:A=susceptible. Once for each. Same names need none.",
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="csds's name of what to compare; once for each. [default: all that both have]"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write to. [default: DIR, where csds report looks]")
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare results with what was published before, or exported by another program.

    Rows are matched by animal and, where both tables have them, cohort, test and phase. Of each measurement:
    Bland and Altman's bias and limits of agreement (csds less old) with their intervals, ICC(2,1), Lin's
    concordance; of the phenotypes a table and Cohen's kappa; and what disagrees most, with its pictures.
    Writes agreement.csv, disagreements.csv, agreement.json and figures/agreement.

    \b
    Examples:
      csds agree results --against old.csv
      csds agree results --against export.xlsx --map Mouse=animal_id --map SI=si_ratio --map Group=phenotype
      csds agree results --against old.csv --map Trial=phase --map "Time in IZ (s)=interaction_time_s"
      csds agree results --against old.csv --map Class=phenotype --map phenotype:1=susceptible --map phenotype:2=control
      csds agree results --against old.csv --columns si_ratio --columns phenotype --out compared

    \b
    Exit code: 0 all well, also where rows of one table have no partner (they are listed), 1 a table can't be
    used, or a measurement not be compared, 2 the call is wrong.
    """
    from csds.analysis.agreement import compare, describe, worst_animals
    from csds.analysis.agreement_files import RECORD, write_agreement
    from csds.analysis.agreement_pairs import pair_results

    found = compare(pair_results(folder, against, texts=map_ or (), columns=columns or ()), against.name)
    target = out or folder
    files = [*write_agreement(found, folder, target), *_draw(found, target, quiet=quiet or as_json)]
    if as_json:
        from csds.formats.json_files import read_json

        console.print_json({**(read_json(target / RECORD) or {}), "files": [str(path) for path in files]})
    else:
        _show(found)
        for one in worst_animals(found):
            console.say(describe(one))
    for notice in found.notices:
        console.warn(notice, quiet=quiet)
    console.note(f"written: {', '.join(path.name for path in files)} into {target}", quiet=quiet)
    if any(not one.limits and "are equal" not in one.note for one in found.measurements):
        raise typer.Exit(1)


def _show(found: Agreement) -> None:
    rows = []
    for one in found.measurements:
        limits = one.limits
        numbers = (one.bias, *((limits.lower.value, limits.upper.value) if limits else (math.nan, math.nan)),
                   one.icc.value if one.icc else math.nan, one.ccc.value if one.ccc else math.nan)  # fmt: skip
        shown = ["" if math.isnan(number) else f"{number:.3g}" for number in numbers]
        rows.append([one.name, len(one.paired.pairs), *shown, one.note])
    if rows:
        console.print_table(_HEAD, rows, title=f"csds less {found.against}")
    for call in found.calls:
        of_test = f" at {call.test}" if call.test else ""
        if call.table:
            names = call.table.categories
            table = [[name, *counts] for name, counts in zip(names, call.table.counts, strict=True)]
            title = f"phenotypes{of_test}: csds's in rows, the old table's in columns"
            console.print_table(("", *names), table, title=title)
        console.say(f"phenotypes{of_test}: {call.text}")


def _draw(found: Agreement, target: Path, *, quiet: bool) -> list[Path]:
    from csds.errors import StatsError
    from csds.plots.agreement import draw_agreement
    from csds.plots.plot import write_plot
    from csds.plots.style import Style

    try:
        return write_plot(draw_agreement(found, style=Style()), target / "figures")
    except StatsError as error:
        console.warn(f"no figure: {error.message}", quiet=quiet)
        return []
