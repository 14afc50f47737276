"""``csds stats``: treatment against isotype, as planned, from a table of animals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.errors import UsageError

if TYPE_CHECKING:
    from csds.analysis.analyse import Analysis
    from csds.analysis.plan import AnalysisPlan

_MODEL, _RUN = "Model", "Run"


def stats(
    table: Annotated[
        Path, typer.Argument(metavar="DIR | ANIMALS", help="Results of csds track or batch, or a table of animals.")
    ],
    design: Annotated[
        str,
        typer.Option(
            help="stress_by_treatment, two_groups, one_way, target_by_group, pre_post. [default: by the columns]"
        ),
    ] = "",
    factor: Annotated[
        list[str] | None,
        typer.Option(help="A column that tells groups apart; once or twice. [default: stress and treatment]"),
    ] = None,
    outcome: Annotated[
        str, typer.Option(help="The primary outcome, a column. [default: study.toml's, or si_ratio]")
    ] = "",
    secondary: Annotated[
        list[str] | None,
        typer.Option(help="A secondary outcome; once for each. [default: study.toml's, or every other score]"),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(metavar="FACTOR=LEVEL", help="The level that others are compared with, as treatment=isotype."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE", help="Analyse only the animals that have this value, as sex=F."),
    ] = None,
    sum_of_squares: Annotated[
        str, typer.Option(help="Type of the sums of squares: I, II or III. [default: III]", rich_help_panel=_MODEL)
    ] = "",
    adjust: Annotated[
        str,
        typer.Option(
            help="Of planned contrasts: holm, bonferroni, sidak, tukey or none. [default: holm, Dunnett of one_way]",
            rich_help_panel=_MODEL,
        ),
    ] = "",
    variances: Annotated[
        str,
        typer.Option(
            help="pooled or separate for each group. [default: by design and outcome, as docs/statistics.md says]",
            rich_help_panel=_MODEL,
        ),
    ] = "",
    random: Annotated[
        list[str] | None,
        typer.Option(help="A column of random intercepts, as cage; the outer of two first.", rich_help_panel=_MODEL),
    ] = None,
    fixed: Annotated[
        list[str] | None,
        typer.Option(help="A further factor of the model, as sex or cohort; once for each.", rich_help_panel=_MODEL),
    ] = None,
    covariate: Annotated[
        list[str] | None,
        typer.Option(help="A column of numbers in the model; once for each.", rich_help_panel=_MODEL),
    ] = None,
    outliers: Annotated[
        str,
        typer.Option(
            help="Values far out in their group (Tukey, 3 IQR): kept, or 'left out'. [default: kept]",
            rich_help_panel=_MODEL,
        ),
    ] = "",
    correlate: Annotated[
        list[str] | None,
        typer.Option(
            help="A column of numbers to correlate with the outcome, by group, as weight_g.", rich_help_panel=_MODEL
        ),
    ] = None,
    bayes_factors: Annotated[
        bool, typer.Option("--bayes-factors", help="Bayes factors beside the planned tests.", rich_help_panel=_MODEL)
    ] = False,
    draws: Annotated[
        int | None,
        typer.Option(min=1000, max=1_000_000, help="Bootstrap resamples. [default: 10000]", rich_help_panel=_RUN),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=2**31, help="Of bootstrap and permutations. [default: 1]", rich_help_panel=_RUN),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder for stats.csv, stats.json and stats.md. [default: the table's]",
            rich_help_panel=_RUN,
        ),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Compare treatment with isotype: planned contrasts, analysis of variance, effect sizes with intervals.

    The plan is [analysis] in the study.toml beside the table or in the folder above it; what an option
    says goes before it, and is noted as a departure. stats.csv and stats.json hold every number unrounded,
    stats.md sentences for methods and results.

    Of several studies in one table, as in the catalogue of csds batch, the study is a random intercept, and
    meta_analysis.csv has the planned contrasts of each study and across them.

    \b
    Examples:
      csds stats results
      csds stats animals.csv --reference treatment=isotype --adjust none
      csds stats animals.csv --random cage --fixed cohort --correlate weight_g
      csds stats animals.csv --outcome log_si_ratio --sum-of-squares II
      csds stats results/catalogue.csv --only protocol=golden2011

    \b
    Exit code: 0 all well, 1 the table or an outcome that was named can't be analysed, 2 the call is wrong.
    """
    asked = {
        "design": design,
        "factors": tuple(factor or ()),
        "primary": outcome,
        "secondary": tuple(secondary or ()),
        "reference": _levels(reference, "--reference", "treatment=isotype"),
        "only": _levels(only, "--only", "sex=F"),
        "sum_of_squares": sum_of_squares,
        "adjust": adjust,
        "variances": variances,
        "random": tuple(random or ()),
        "fixed": tuple(fixed or ()),
        "covariates": tuple(covariate or ()),
        "outliers": outliers,
        "correlate": tuple(correlate or ()),
        "bayes_factors": bayes_factors,
        "draws": draws,
        "seed": seed,
    }
    found = analyse_and_show(table, asked, out, quiet=quiet, as_json=as_json)
    if any(one.what == "all" and one.outcome in (found.plan.secondary or ()) for one in found.not_computed):
        raise typer.Exit(1)


def analyse_and_show(
    table: Path, asked: Mapping[str, Any], out: Path | None, *, quiet: bool, as_json: bool
) -> Analysis:
    """Analyse a table by the plan of its study and by what was asked, write the results, and print them."""
    from csds.analysis.analyse import analyse
    from csds.analysis.animals import read_animals
    from csds.analysis.meta import meta_table
    from csds.analysis.plan import read_plan
    from csds.analysis.plan_record import when_planned
    from csds.analysis.results import results_table
    from csds.analysis.summary import summary, summary_text
    from csds.formats.atomic import atomic_path
    from csds.formats.json_files import read_json, write_json
    from csds.formats.tables import write_table
    from csds.study.blinding import blinding_state, refuse_blinded

    refuse_blinded(table)
    animals = read_animals(table)
    home = table if table.is_dir() else table.parent
    planned = read_plan(next((folder for folder in (home, home.parent) if (folder / "study.toml").is_file()), home))
    found = analyse(animals, planned.changed(**asked))
    folder = out or home
    folder.mkdir(parents=True, exist_ok=True)
    # A table by itself says nothing of how it came about.
    is_own = (home / "animals.csv") in (table, table / "animals.csv") and (home / "animals.csv").is_file()
    blinding = blinding_state(home) if is_own else None
    when = when_planned(planned, read_json(home / "provenance.json"))
    history = [sentence for sentence in (when, blinding.sentence if blinding else "") if sentence]
    told = summary(found, planned, history)
    write_table(results_table(found.results), folder / "stats.csv")
    write_json(folder / "stats.json", told)
    files = ["stats.csv", "stats.json", "stats.md"]
    if found.across:
        files.append("meta_analysis.csv")
        write_table(meta_table(found.across), folder / files[-1])
    with atomic_path(folder / "stats.md") as part:
        part.write_text(summary_text(found, planned, history), encoding="utf-8")
    if as_json:
        console.print_json(told)
        return found
    _show(found, planned, quiet=quiet)
    if when:
        console.say(when)
    if blinding and blinding.blinded:
        (console.warn if blinding.unchanged is False else console.say)(blinding.sentence)
    console.note(f"written: {', '.join(str(folder / name) for name in files)}", quiet=quiet)
    return found


def _levels(texts: list[str] | None, option: str, example: str) -> dict[str, str]:
    levels = {}
    for text in texts or []:
        column, _, level = text.partition("=")
        if not column or not level:
            raise UsageError(f"{option} {text}: expected COLUMN=VALUE", hint=f"For example {example}.")
        levels[column] = level
    return levels


def _show(found: Analysis, planned: AnalysisPlan, *, quiet: bool) -> None:
    """Print the primary outcome's planned tests, and what is to be known of them."""
    from csds.analysis.meta import left_out_studies
    from csds.analysis.sentences import results_sentences
    from csds.analysis.wording import check_text, effect_text, left_out_texts, p_text, statistic_text

    comparison = found.comparison
    primary = [one for one in found.results if one.analysis == "planned" and one.statistic_name]
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
    if primary:
        title = f"{primary[0].outcome}, {primary[0].n} animals: {comparison.name} ({comparison.why})"
        console.print_table(head, rows, title=title)
    for sentence in results_sentences(found):
        console.say(sentence)
    for check in found.checks:
        if check.verdict != "no sign against it":
            console.say(check_text(check))
    for notice in found.notices:
        show = console.warn if notice.severity == "warning" else console.note
        show(f"{notice.code}: {notice.message}", quiet=quiet)
    for line in left_out_texts(next(iter(found.left_out.values()), ())):
        console.warn(f"left out: {line}", quiet=quiet)
    for line in left_out_studies(found.across):
        console.warn(f"left out of the meta-analysis: {line}", quiet=quiet)
    outcome = found.results[0].outcome
    told = [one for one in found.not_computed if one.outcome == outcome or one.what == "all"]
    causes: dict[tuple[str, str], list[str]] = {}
    for missing in told:
        causes.setdefault((missing.outcome, missing.why), []).append(missing.what)
    for (name, why), parts in causes.items():
        more = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
        console.warn(f"not computed: {name}, {parts[0]}{more}: {why}", quiet=quiet)
    if len(told) < len(found.not_computed):
        console.note(f"not computed: {len(found.not_computed) - len(told)} more parts, named in stats.md", quiet=quiet)
    if planned.is_written and found.plan.differences(planned):
        changed = ", ".join(found.plan.differences(planned))
        console.warn(f"the analysis is not the plan of study.toml ({changed}): say so where you report it", quiet=quiet)
