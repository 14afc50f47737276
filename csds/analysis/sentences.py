"""Sentences for the results of a paper, from what was computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations, product
from typing import TypeVar

from csds.analysis.analyse import Analysis
from csds.analysis.comparison import Comparison, group_of
from csds.analysis.meta import DIFFERENCE
from csds.analysis.results import Result
from csds.analysis.wording import (
    LEVEL,
    adjusted_text,
    bounds_text,
    decisive_p,
    equals_text,
    interval_text,
    outcome_text,
    sentence,
    spread_text,
    statistic_text,
    unit_text,
)

_Told = TypeVar("_Told")
_ICC, _EFFECT, _RANDOM = "intraclass correlation", "design effect", "random intercept of "
_SIZES = {"partial eta squared": "partial η²", "eta squared": "η²"}


def results_sentences(analysis: Analysis) -> list[str]:
    """Return what was found of the primary outcome, the planned contrasts first, then of the phenotype.

    What was found of animals that scores chose after treatment comes after that, and says so; what was found across
    studies comes last.
    """
    primary = [one for one in analysis.results if one.analysis == "planned"]
    chosen = [one for one in analysis.results if one.analysis == "selected" and "; planned" in one.note]
    only = " and ".join(f"{column} {value}" for column, value in analysis.plan.only.items())
    return [
        *map(sentence, _findings(primary, analysis.comparison)),
        *map(sentence, _units(primary, analysis)),
        *map(sentence, _proportions(analysis.results)),
        *(
            f"Among animals with {only} alone, chosen after treatment: {finding}."
            for finding in _findings(chosen, analysis.comparison)
        ),
        *map(sentence, _descriptions(analysis)),
        *map(sentence, _across(analysis)),
    ]


def _findings(results: Sequence[Result], comparison: Comparison) -> Iterator[str]:
    sizes = {one.contrast: one for one in results if one.effect_name == "Hedges' g"}
    bayes = {one.contrast: f"BF10 = {one.effect:.3g}" for one in results if one.effect_name.startswith("Bayes")}
    for one in results:
        if one.contrast and one.statistic_name:
            numbers = [*_numbers(one, sizes.get(one.contrast)), *filter(None, [bayes.get(one.contrast)])]
            yield f"{_found(one, comparison)} ({', '.join(numbers)})"
    terms = [one for one in results if one.term and one.statistic_name == "F"]
    for test in dict.fromkeys(one.test for one in terms):
        yield f"{test}: " + "; ".join(_term(one) for one in terms if one.test == test)


def _units(primary: Sequence[Result], analysis: Analysis) -> Iterator[str]:
    """Yield how alike a unit's values are in the planned model; or else what the model with the cage beside it says."""
    own = [one for one in analysis.results if primary and one.outcome == primary[0].outcome]
    contrasts = [
        one for one in own if one.contrast and _RANDOM in one.test and one.analysis in ("planned", "sensitivity")
    ]
    contrasts = [one for one in contrasts if one.analysis == "planned" or f"{_RANDOM}cage" in one.test]
    if not contrasts:
        return
    first = min(contrasts, key=lambda one: one.analysis != "planned")
    units = first.test.partition(_RANDOM)[2].partition(";")[0]
    rows = [one for one in own if one.analysis == first.analysis and one.note.endswith(f"{_RANDOM}{units}")]
    sizes = [f"{one.effect_name} of {one.term} = {one.effect:.2f}" for one in rows if one.effect_name == _ICC]
    sizes += [f"{_EFFECT} = {one.effect:.2f}" for one in rows if one.effect_name == _EFFECT]
    if "singular" in first.test:
        sizes.append("no variance between some of them was found, as if their values were independent")
    if first.analysis == "planned":
        yield f"{_RANDOM}{units}: {', '.join(sizes)}"
    else:
        found = f"{_found(first, analysis.comparison)} ({', '.join(_numbers(first, None))})"
        yield f"with a {_RANDOM}{units} ({', '.join(sizes)}), {found}"


def _across(analysis: Analysis) -> Iterator[str]:
    """Yield the planned contrasts across studies, with how much these differ."""
    for one in analysis.across:
        found, result = one.found, one.result
        if one.effect_name != DIFFERENCE or found is None or result is None or found.heterogeneity is None:
            continue
        spread, unit = found.heterogeneity, unit_text(one.outcome)
        mean, *tested = _numbers(result, None)
        numbers = [f"random-effects mean {mean}", *tested]
        if found.prediction:
            numbers.append(f"95 % prediction interval {bounds_text(found.prediction, unit)}")
        numbers.append(spread_text(spread))
        yield f"across {found.k} studies, {_found(result, analysis.comparison)} ({', '.join(numbers)})"


def _numbers(one: Result, size: Result | None) -> Iterator[str]:
    yield f"difference = {interval_text(one, unit_text(one.outcome))}"
    yield statistic_text(one)
    yield f"p {equals_text(one.p_value)}"
    if adjusted_text(one):
        yield adjusted_text(one)
    if size is not None:
        yield f"Hedges' g = {interval_text(size)}"


def _term(one: Result) -> str:
    name = _SIZES.get(one.effect_name)
    size = f", {name} = {interval_text(one)}" if name else ""
    return f"{one.term.replace(':', ' × ')}, {statistic_text(one)}, p {equals_text(one.p_value)}{size}"


def _found(one: Result, comparison: Comparison) -> str:
    """Return in words what a contrast of a comparison says; by its name where that could mean several.

    A direction is told only of what its test shows: "higher" is read as a finding, whatever stands behind it.
    """
    is_shown = decisive_p(one) < LEVEL or one.effect == 0
    subject, contrast = outcome_text(one.outcome), one.contrast
    for step, (first, later) in _steps(comparison).items():
        across = f"from {first} to {later}"
        if contrast == step or contrast.endswith(f": {step}"):
            group = contrast.removesuffix(step).removesuffix(": ")
            change = "rose" if one.effect > 0 else "fell" if one.effect < 0 else "stayed as it was"
            told = change if is_shown else "was not shown to change"
            return f"{subject} {told} {across}{f' in {group}' if group else ''}"
        if contrast.startswith(f"({step}): "):
            subject, contrast = f"the change in {subject} {across}", contrast.removeprefix(f"({step}): ")
            break
    pair = _pairs(comparison).get(contrast)
    if pair is None and (found := _interactions(comparison).get(contrast)):
        level, reference, *pair = found
        subject = f"the difference between {level} and {reference} in {subject}"
    if not pair:
        return f"{subject}, {contrast}"
    if not is_shown:
        return f"{subject} was not shown to differ between {pair[0]} and {pair[1]}"
    direction = "higher" if one.effect > 0 else "lower" if one.effect < 0 else "the same"
    return f"{subject} was {direction} in {pair[0]} {'than' if one.effect else 'as'} in {pair[1]}"


def _steps(comparison: Comparison) -> dict[str, tuple[str, str]]:
    """Return how changes between levels within animals are named, with the levels in words."""
    if comparison.name == "target_by_group":
        return {"present - absent": ("target absent", "target present")}
    if comparison.name != "pre_post" or comparison.within is None:
        return {}
    first, *later = comparison.within.levels
    return {f"{level} - {first}": (first, level) for level in later}


def _pairs(comparison: Comparison) -> dict[str, list[str]]:
    """Return how differences of two groups are named, with the groups; chosen animals may have one factor left."""
    families = [comparison.groups, *(one.levels for one in comparison.factors)]
    return _clear(
        (f"{first} - {second}", [first, second])
        for family in dict.fromkeys(families)
        for first, second in permutations(family, 2)
    )


def _interactions(comparison: Comparison) -> dict[str, list[str]]:
    """Return how planned interactions are named: a level and its reference, and the two levels of the other factor."""
    if len(comparison.factors) != 2:
        return {}
    stress, treatment = (one.levels for one in comparison.factors)

    def difference(at: str, level: str) -> str:
        return f"({group_of([at, level])} - {group_of([at, treatment[0]])})"

    return _clear(
        (f"{difference(at, level)} - {difference(stress[0], level)}", [level, treatment[0], at, stress[0]])
        for at, level in product(stress[1:], treatment[1:])
    )


def _clear(named: Iterable[tuple[str, _Told]]) -> dict[str, _Told]:
    """Return what names mean, without those that mean several things."""
    every = list(named)
    meanings: Mapping[str, list[_Told]] = {name: [] for name, _ in every}
    for name, meaning in every:
        meanings[name].append(meaning)
    return {name: found[0] for name, found in meanings.items() if len(found) == 1}


def _proportions(results: Sequence[Result]) -> Iterator[str]:
    for one in results:
        if one.analysis in ("secondary", "exploratory") and one.test == "Fisher's exact test":
            first, second = one.contrast.split(" - ") if one.contrast.count(" - ") == 1 else (one.contrast, "")
            count, _, base = one.note.partition(" against ")
            verb = "was" if count.startswith("1 ") else "were"
            where = f"{count} animals {verb} susceptible in {first} and {base} in {second}"
            if not second:
                where = f"animals that were susceptible, {first}: {count} and {base}"
            parts = ["Fisher's exact test", f"p {equals_text(one.p_value)}"]
            if adjusted_text(one):
                parts.append(adjusted_text(one))
            parts.append(f"{one.effect_name} = {interval_text(one)}" if one.effect_name else "no odds ratio")
            yield f"{where} ({', '.join(parts)})"


def _descriptions(analysis: Analysis) -> Iterator[str]:
    """Yield the means of groups that are described, not tested."""
    if any(one.analysis == "planned" for one in analysis.results):
        return
    outcome = analysis.results[0].outcome if analysis.results else ""
    name, unit = outcome_text(outcome), unit_text(outcome)
    for one in analysis.results:
        if one.outcome == outcome and one.effect_name == "mean":
            yield f"mean {name} of {one.term} was {interval_text(one, unit)} (n = {one.n})"
