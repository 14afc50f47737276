"""``csds power``: how many mice a study needs, by simulation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.errors import StatsError, UsageError

if TYPE_CHECKING:
    from csds.power.request import PowerRequest
    from csds.power.simulate import PowerCurve, SampleSize


def power(
    design: Annotated[
        str,
        typer.Option(
            help="stress_by_treatment, two_groups, one_way, target_by_group, pre_post, or proportions (susceptible)."
        ),
    ] = "stress_by_treatment",
    rescue: Annotated[
        list[float] | None,
        typer.Option(
            "--rescue",
            "--effect",
            help="Share of the stress effect that treatment removes; for one_way once per group. "
            "[default: 0.5; one_way 0.25 and 0.5]",
        ),
    ] = None,
    difference: Annotated[
        float | None, typer.Option(help="Instead: the difference that treatment makes, in the outcome's unit.")
    ] = None,
    sd: Annotated[
        float | None,
        typer.Option(
            help="With --difference: a normal outcome with this SD in every group. With 1 the difference is Cohen's d."
        ),
    ] = None,
    outcome: Annotated[
        str,
        typer.Option(help="si_ratio, log_si_ratio, si_preference, si_difference_s or interaction_present_s."),
    ] = "",
    preset: Annotated[
        str, typer.Option(help="Published animals: male (defeat) or female (witness defeat). [default: male]")
    ] = "",
    pilot: Annotated[
        Path | None, typer.Option(help="Animals like those of this animals.csv (or its folder) instead.")
    ] = None,
    reference: Annotated[
        str, typer.Option(help="The pilot's treatment that counts as none, where it has several.")
    ] = "",
    wanted: Annotated[float, typer.Option("--power", help="The power that is wanted.")] = 0.8,
    n: Annotated[
        list[str] | None,
        typer.Option(
            "--n",
            metavar="N | FROM:TO[:STEP]",
            help="Animals in each group; repeatable. [default: from few to beyond the wanted power]",
        ),
    ] = None,
    alpha: Annotated[float, typer.Option(help="Two-sided level of the planned tests, after adjustment.")] = 0.05,
    adjust: Annotated[
        str,
        typer.Option(
            help="Of the planned contrasts, as csds stats: holm, bonferroni, sidak, tukey or none. [default: holm]"
        ),
    ] = "",
    correlation: Annotated[
        float | None,
        typer.Option(
            help="Between two measurements of an animal: pre_post, and normal outcomes. [default: 0.2, assumed]"
        ),
    ] = None,
    cage_size: Annotated[
        int, typer.Option(help="Animals of a group that share a cage; cages are then compared by their means.")
    ] = 1,
    icc: Annotated[
        float | None, typer.Option(help="Intraclass correlation within cages. [default: the pilot's]")
    ] = None,
    attrition: Annotated[float, typer.Option(help="Share of animals that is lost or excluded.")] = 0.0,
    draws: Annotated[int, typer.Option(min=100, help="Simulated studies.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same result.")] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for power.csv, power.json and power.png.")
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Find how many mice a study needs: power of the planned tests over the number in each group.

    Animals are simulated: their times with the target absent and present, drawn together, and the outcome that
    follows from them. docs/power.md says how, and what is assumed.

    \b
    Examples:
      csds power
      csds power --rescue 0.7 --outcome log_si_ratio --adjust none --attrition 0.1 --out plan
      csds power --design pre_post --pilot results --reference isotype
      csds power --design two_groups --difference 0.72 --sd 1 --n 20:40:4
      csds power --cage-size 4 --icc 0.1

    \b
    Exit code: 0 all well, 1 the pilot can't be used, 2 the call is wrong.
    """
    import numpy as np

    from csds.power.request import PowerRequest, plan_study
    from csds.power.simulate import sample_size, simulate_power, suggested_ns, with_attrition
    from csds.power.wording import power_summary

    ns = _numbers(n or [])
    asked = PowerRequest(
        design=design,
        rescue=tuple(rescue or ()),
        difference=difference,
        sd=sd,
        outcome=outcome,
        adjust=adjust,
        correlation=correlation,
        alpha=alpha,
        cage_size=cage_size,
        icc=icc,
    )
    asked = _with_animals(asked, preset, pilot, reference)
    try:
        study = plan_study(asked)
        with_attrition(1, attrition)
        ns = ns or suggested_ns(study, power=wanted)
        with console.progress(total=draws, unit="studies", quiet=quiet) as bar:
            curve = simulate_power(study, ns, rng=np.random.default_rng(seed), draws=draws, on_draws=bar.update)
        needed = [sample_size(curve.of(name), wanted, multiple=cage_size) for name in study.design.contrasts]
    except StatsError as error:
        raise UsageError(error.message, hint=error.hint) from error
    told = {**power_summary(curve, needed, attrition=attrition), "seed": seed}
    if out is not None:
        _write(curve, needed[0], told, out)
    if as_json:
        console.print_json(told)
    else:
        _show(curve, needed, told["sentence"])
    if out is not None:
        console.note(
            f"written: {', '.join(str(out / f'power.{kind}') for kind in ('csv', 'json', 'png'))}", quiet=quiet
        )


def _with_animals(asked: PowerRequest, preset: str, pilot: Path | None, reference: str) -> PowerRequest:
    """Return what is asked with the animals that are named, and their cages' correlation where the pilot tells it."""
    from dataclasses import replace

    from csds.analysis.animals import read_animals
    from csds.model.zone_times import PUBLISHED_TIMES
    from csds.power.pilot import pilot_icc, pilot_law

    if asked.sd is not None and (preset or pilot):
        raise UsageError("--sd: a normal outcome has no --preset or --pilot", hint="Leave one of them out.")
    if preset and pilot:
        raise UsageError("--preset and --pilot: expected one of them", hint="Leave one of them out.")
    if reference and pilot is None:
        raise UsageError("--reference: expected --pilot with it", hint="It names a treatment of the pilot.")
    if pilot is None:
        if preset and preset not in PUBLISHED_TIMES:
            raise UsageError(f"--preset {preset}: expected male or female", hint="female is witness defeat.")
        return replace(asked, law=PUBLISHED_TIMES[preset or "male"])
    animals = read_animals(pilot)
    asked = replace(asked, law=pilot_law(animals, reference=reference))
    if asked.cage_size > 1 and asked.icc is None:
        asked = replace(asked, icc=pilot_icc(animals, asked.outcome or "si_ratio"))
    return asked


def _numbers(texts: list[str]) -> tuple[int, ...]:
    """Return the numbers of animals that ``20`` or ``6:40:2`` name, rising."""
    found: set[int] = set()
    for text in texts:
        try:
            first, *rest = (int(part) for part in text.split(":"))
            last, step = (*rest, 1)[:2] if rest else (first, 1)
            many = range(first, last + 1, step)
        except ValueError:
            many = range(0)
        if not many or text.count(":") > 2:
            raise UsageError(f"--n {text}: expected N, FROM:TO or FROM:TO:STEP", hint="For example 12, or 6:40:2.")
        found.update(many)
    return tuple(sorted(found))


def _show(curve: PowerCurve, needed: list[SampleSize], sentence: str) -> None:
    """Print what each planned test needs, the first one's curve, and the sentence."""
    from csds.power.designs import POWER_DESIGNS
    from csds.power.wording import needed_text, outcome_words

    design = curve.study.design
    rows: list[list[object]] = [
        [one.contrast, difference, needed_text(one, curve)]
        for one, difference in zip(needed, curve.differences, strict=True)
    ]
    head = ["planned test", "true difference", f"n per group for {needed[0].power:.0%}"]
    console.print_table(head, rows, title=f"{outcome_words(curve.study)}: {POWER_DESIGNS[design.name]}")
    console.say()
    points = [
        [one.n, one.power.value, f"{one.power.ci_low:.2f}–{one.power.ci_high:.2f}", one.normal_power]
        for one in curve.of(design.contrasts[0])
    ]
    head = ["n per group", "power", "Monte Carlo 95 %", "as if normal, unadjusted"]
    console.print_table(head, points, title=f"{design.contrasts[0]} ({design.test_words})")
    console.say()
    console.say(sentence)


def _write(curve: PowerCurve, needed: SampleSize, told: dict[str, Any], out: Path) -> None:
    from csds.figures.canvas import save_page
    from csds.figures.power_curve import draw_power_curve
    from csds.formats.json_files import write_json
    from csds.formats.tables import write_table
    from csds.power.wording import power_table

    out.mkdir(parents=True, exist_ok=True)
    write_table(power_table(curve.points), out / "power.csv")
    write_json(out / "power.json", told)
    save_page(draw_power_curve(curve, needed), out / "power.png")
