"""The proportion of susceptible animals, by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from csds.analysis.animals import Animals, LeftOut
from csds.analysis.comparison import Comparison, groups_of
from csds.analysis.pieces import Computed, Piece, compute
from csds.analysis.results import Result
from csds.errors import StatsError
from csds.stats.logistic import logistic_by_group
from csds.stats.proportions import conditional_odds_ratio, fisher_exact, risk_difference, wilson_interval

#: The column, and the calls that count.
PHENOTYPE, SUSCEPTIBLE, RESILIENT, CONTROL = "phenotype", "susceptible", "resilient", "control"


def analyse_phenotypes(animals: Animals, comparison: Comparison, *, analysis: str) -> Computed:
    """Return what share of each group's animals is susceptible, and how the shares differ.

    Of the animals that are called susceptible or resilient, which undefeated controls are not; of repeated tests, the
    last one. Each group is compared with the first that has such animals.

    Parameters
    ----------
    animals : Animals
    comparison : Comparison
    analysis : str
        What the tests are called: ``secondary``, or ``exploratory`` where the plan names other secondary outcomes.

    Raises
    ------
    StatsError
        Fewer than two groups have such animals.
    """
    tests = animals.texts("test")
    last = comparison.within.levels[-1] if comparison.within else None
    counts = {group: [0, 0] for group in comparison.groups}
    left_out: list[LeftOut] = []
    calls, groups = [], []
    for at, (group, call) in enumerate(
        zip(groups_of(animals, comparison.factors), animals.texts(PHENOTYPE), strict=True)
    ):
        if call == CONTROL or (last is not None and tests[at] != last):
            continue
        if group in counts and call in (SUSCEPTIBLE, RESILIENT):
            counts[group][call == RESILIENT] += 1
            calls.append(float(call == SUSCEPTIBLE))
            groups.append(group)
        else:
            reason = f"its phenotype is {call or 'missing'}" if group in counts else "its group is missing"
            left_out.append(animals.leaving_out(at, reason))
    counts = {group: count for group, count in counts.items() if sum(count)}
    if len(counts) < 2:
        raise StatsError(
            "proportion susceptible: expected animals called susceptible or resilient in two groups at least, found "
            f"them in {', '.join(counts) or 'none'}",
            hint="Controls have no phenotype; see the column phenotype of animals.csv.",
        )
    reference, *others = counts
    pieces = [
        Piece(what=f"share of {group}", compute=partial(_share, group, *count)) for group, count in counts.items()
    ]
    for group in others:
        pieces.append(Piece(what=group, compute=partial(_pair, group, counts[group], reference, counts[reference])))
    pieces.append(Piece(what="logistic regression", compute=partial(_logistic, calls, groups, list(counts))))
    return compute(pieces, analysis=analysis, outcome=PHENOTYPE, n=len(calls), left_out=(*animals.left_out, *left_out))


def _share(group: str, susceptible: int, resilient: int) -> Iterator[Result]:
    n = susceptible + resilient
    share = wilson_interval(susceptible, n)
    yield Result(
        analysis="description", term=group, test="Wilson's interval", effect_name="proportion susceptible",
        effect=share.value, ci_low=share.ci_low, ci_high=share.ci_high, n=n, note=f"{susceptible} of {n}",
    )  # fmt: skip


def _pair(group: str, count: Sequence[int], reference: str, base: Sequence[int]) -> Iterator[Result]:
    contrast, n = f"{group} - {reference}", sum(count) + sum(base)
    fisher = Result(
        contrast=contrast, test="Fisher's exact test", p_value=fisher_exact((count, base)), n=n,
        note=f"{count[0]} of {sum(count)} against {base[0]} of {sum(base)}",
    )  # fmt: skip
    if 0 < count[0] + base[0] < n:
        odds = conditional_odds_ratio((count, base))
        fisher = replace(
            fisher, effect_name="conditional odds ratio", effect=odds.value, ci_low=odds.ci_low, ci_high=odds.ci_high
        )
    yield fisher
    difference = risk_difference(count[0], sum(count), base[0], sum(base))
    yield Result(
        contrast=contrast, test="Newcombe's interval", effect_name="risk difference", effect=difference.value,
        ci_low=difference.ci_low, ci_high=difference.ci_high, n=n,
    )  # fmt: skip


def _logistic(calls: Sequence[float], groups: Sequence[str], levels: Sequence[str]) -> Iterator[Result]:
    fit = logistic_by_group(calls, groups, levels=levels)
    for term in fit.terms[1:]:
        yield Result(
            analysis="sensitivity", contrast=f"{term.name} - {levels[0]}",
            test="logistic regression, Firth's correction" if fit.firth else "logistic regression",
            statistic_name="chi2", statistic=term.statistic, df1=1, p_value=term.p_value, effect_name="log odds ratio",
            effect=term.log_odds, ci_low=term.ci_low, ci_high=term.ci_high,
            note="profile likelihood" + ("; a cell is empty" if fit.firth else ""),
        )  # fmt: skip
