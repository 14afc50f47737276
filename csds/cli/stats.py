"""``csds stats``: treatment against isotype, as planned, from a table of animals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.errors import UsageError

if TYPE_CHECKING:
    from csds.stats.analyse import Analysis
    from csds.stats.plan import AnalysisPlan


def stats(
    table: Annotated[
        Path, typer.Argument(metavar="DIR | ANIMALS", help="Results folder of csds track, or a table of animals.")
    ],
    design: Annotated[
        str,
        typer.Option(
            help="stress_by_treatment, two_groups, one_way, target_by_group, pre_post. [default: by the columns]"
        ),
    ] = "",
    outcome: Annotated[
        str, typer.Option(help="The primary outcome, a column. [default: study.toml's, or si_ratio]")
    ] = "",
    secondary: Annotated[
        list[str] | None,
        typer.Option(help="A secondary outcome; once for each. [default: study.toml's, or five scores]"),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(metavar="FACTOR=LEVEL", help="The level that others are compared with, as treatment=isotype."),
    ] = None,
    sum_of_squares: Annotated[str, typer.Option(help="Type of the sums of squares: I, II or III. [default: III]")] = "",
    adjust: Annotated[
        str, typer.Option(help="For the planned contrasts: holm, bonferroni, sidak, tukey or none. [default: holm]")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for stats.csv and stats.json. [default: the table's]")
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare treatment with isotype: planned contrasts, analysis of variance, effect sizes with intervals.

    The plan is [analysis] in the study.toml beside the table or in the folder above it; what an option
    says goes before it, and is noted as a departure. stats.csv and stats.json hold every number unrounded.

    \b
    Examples:
      csds stats results
      csds stats animals.csv --reference treatment=isotype --adjust none
      csds stats animals.csv --outcome log_si_ratio --sum-of-squares II

    \b
    Exit code: 0 all well, 1 the table can't be analysed or some secondary outcomes can't, 2 the call is wrong.
    """
    from csds.batch.folder import write_json
    from csds.formats.tables import write_table
    from csds.stats.analyse import analyse
    from csds.stats.animals import read_animals
    from csds.stats.plan import read_plan
    from csds.stats.results import results_table
    from csds.stats.summary import summary

    animals = read_animals(table)
    home = table if table.is_dir() else table.parent
    planned = read_plan(next((folder for folder in (home, home.parent) if (folder / "study.toml").is_file()), home))
    asked = {"design": design, "primary": outcome, "sum_of_squares": sum_of_squares, "adjust": adjust}
    plan = planned.changed({name: value for name, value in asked.items() if value}, secondary, _levels(reference))
    found = analyse(animals, plan)
    folder = out or home
    folder.mkdir(parents=True, exist_ok=True)
    write_table(results_table(found.results), folder / "stats.csv")
    told = summary(found)
    write_json(folder / "stats.json", told)
    if as_json:
        console.print_json(told)
    else:
        _show(found, planned, quiet=quiet)
        console.note(f"written: {folder / 'stats.csv'}, {folder / 'stats.json'}", quiet=quiet)
    if found.not_analysed:
        raise typer.Exit(1)


def _levels(reference: list[str] | None) -> dict[str, str]:
    levels = {}
    for text in reference or []:
        factor, _, level = text.partition("=")
        if not factor or not level:
            raise UsageError(f"--reference {text}: expected FACTOR=LEVEL", hint="For example treatment=isotype.")
        levels[factor] = level
    return levels


def _show(found: Analysis, planned: AnalysisPlan, *, quiet: bool) -> None:
    """Print the primary outcome's results, and who was left out."""
    from csds.stats.plan import DESIGNS
    from csds.stats.wording import effect_text, p_text, statistic_text

    comparison, primary = found.comparison, [one for one in found.results if one.analysis == "planned"]
    rows = [
        [
            one.contrast or one.term,
            one.test,
            statistic_text(one),
            p_text(one.p_value),
            p_text(one.p_adjusted),
            effect_text(one),
            one.effect_name,
        ]
        for one in primary
    ]
    head = ("comparison", "test", "statistic", "p", "adjusted", "effect [95 % CI]", "effect is")
    title = f"{primary[0].outcome}, {primary[0].n} animals: {DESIGNS[comparison.name]} ({comparison.why})"
    console.print_table(head, rows, title=title)
    for one in found.left_out[found.plan.primary]:
        console.warn(f"left out: {one.animal} (row {one.row}): {one.reason}", quiet=quiet)
    for name, why in found.not_analysed.items():
        console.warn(f"{name}: {why}", quiet=quiet)
    if planned.is_written and found.plan != planned:
        console.warn("options changed the plan of study.toml: say so where you report these results", quiet=quiet)
