"""``csds plot``: a study's figures, each with its data, for a journal's column."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.errors import CsdsError, UsageError

if TYPE_CHECKING:
    from csds.plots.study import StudyResults
    from csds.plots.style import Style

_KINDS = ("pdf", "svg", "png")


def plot(
    table: Annotated[
        Path | None,
        typer.Argument(metavar="DIR | ANIMALS", help="Results of csds track or batch, or a table of animals."),
    ] = None,
    figure: Annotated[
        list[str] | None, typer.Option(help="A figure by name; once for each. [default: all that the data allow]")
    ] = None,
    outcome: Annotated[
        str, typer.Option(help="Of comparison and estimation, a column that is analysed. [default: the primary one]")
    ] = "",
    centre: Annotated[str, typer.Option(help="Of comparison and estimation: mean or median.")] = "mean",
    width: Annotated[str, typer.Option(help="The journal's column: single (89 mm) or double (183 mm).")] = "single",
    theme: Annotated[str, typer.Option(help="light or dark.")] = "light",
    kind: Annotated[list[str] | None, typer.Option(help="pdf, svg or png; once for each. [default: all]")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the files. [default: figures, beside the table]")
    ] = None,
    names: Annotated[bool, typer.Option("--list", help="List the figures and what they need, and leave.")] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Draw a study's figures, each as PDF, SVG and PNG with the data that it shows as CSV.

    Animals are compared as csds stats compares them, by the plan in study.toml. Text stays text, 6 to 8 pt
    at a journal's width, and a colour means the same in every figure.

    \b
    Examples:
      csds plot results
      csds plot results --figure comparison --figure paired --width double
      csds plot animals.csv --outcome log_si_ratio --figure comparison --kind pdf --theme dark
      csds plot results --figure estimation --centre median
      csds plot results/catalogue.csv --figure forest --width double
      csds plot --list

    \b
    Exit code: 0 all well, 1 a figure that was named, or every figure, can't be drawn, 2 the call is wrong.
    """
    from csds.plots.gallery import AGREEMENT, GALLERY, find_figures

    if names:
        listed = [[one.name, one.shows, one.needs] for one in (*GALLERY, AGREEMENT)]
        if as_json:
            console.print_json([dict(zip(("figure", "shows", "needs"), row, strict=True)) for row in listed])
        else:
            console.print_table(("figure", "shows", "needs"), listed)
        return
    if table is None:
        raise UsageError("expected a results folder or a table of animals", hint="For example: csds plot results.")
    home = table if table.is_dir() else table.parent
    has_tracks = (home / "sessions.csv").is_file()
    find_figures(figure or ())  # a name that is none is told before anything is computed
    kinds, style = _kinds(kind or []), _style(width, theme)
    study = _study(table, outcome, centre)
    is_compared = (home / "agreement.json").is_file()
    chosen = find_figures(figure or (), tracks=has_tracks, studies=bool(study.analysis.across), compared=is_compared)
    folder = out or home / "figures"
    told = _draw(chosen, study, style, (folder, kinds), quiet=quiet)
    if unshown := study.unshown_letters:
        console.warn(
            f"names have letters that the figures' font lacks, and that stand there as □: {unshown}", quiet=quiet
        )
    if as_json:
        console.print_json(told)
    else:
        for one in told["figures"]:
            console.say(f"{one['figure']}: {one['alt']}")
    if told["figures"]:
        console.note(f"written: {len(told['figures'])} figures into {folder}", quiet=quiet)
    if not told["figures"] or (figure and told["not_drawn"]):
        raise typer.Exit(1)


def _draw(
    chosen: Any, study: StudyResults, style: Style, where: tuple[Path, tuple[Any, ...]], *, quiet: bool
) -> dict[str, Any]:
    from dataclasses import replace

    from csds.plots.plot import write_plot
    from csds.study.session_ids import safe_name

    drawn, missing = [], []
    (folder, kinds), suffix = where, f"_{safe_name(study.outcome)}" if study.outcome else ""
    suffix += "_median" if study.centre == "median" else ""
    for one in chosen:
        try:
            made = one.draw(study, style=style)
        except CsdsError as error:
            missing.append({"figure": one.name, "why": error.message, "fix": error.hint})
            named = error.message.removeprefix(f"figure '{one.name}': ")
            console.warn(f"not drawn: {one.name}: {named}", quiet=quiet)
            continue
        made = replace(made, name=f"{made.name}{suffix}" if one.name in {"comparison", "estimation"} else made.name)
        files = write_plot(made, folder, kinds)
        drawn.append({"figure": one.name, "alt": made.alt, "files": [str(path) for path in files]})
    return {"figures": drawn, "not_drawn": missing}


def _study(table: Path, outcome: str, centre: str) -> StudyResults:
    from csds.plots.opened import open_study

    if centre not in {"mean", "median"}:
        raise UsageError(f"--centre {centre}: expected mean or median")
    return open_study(table, outcome=outcome, centre="median" if centre == "median" else "mean")


def _style(width: str, theme: str) -> Style:
    from csds.plots.style import Style

    if width not in {"single", "double"}:
        raise UsageError(f"--width {width}: expected single or double")
    if theme not in {"light", "dark"}:
        raise UsageError(f"--theme {theme}: expected light or dark")
    return Style(width="double" if width == "double" else "single", theme="dark" if theme == "dark" else "light")


def _kinds(kinds: list[str]) -> tuple[Any, ...]:
    for one in kinds:
        if one not in _KINDS:
            raise UsageError(f"--kind {one}: expected pdf, svg or png")
    return tuple(dict.fromkeys(kinds)) or _KINDS
