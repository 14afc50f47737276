"""Sentences for the methods and the results of a paper, from what was computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from csds.stats.analyse import Analysis
from csds.stats.results import Result
from csds.stats.wording import effect_text, outcome_text, p_text, statistic_text

_METHODS = {
    "stress_by_treatment": "{outcome} was analysed by a two-way analysis of variance of {factors} between animals "
    "(type {ss} sums of squares, factors coded to sum to zero); planned contrasts were tested against the pooled error",
    "two_groups": "{outcome} of two groups was compared by Student's t test",
    "one_way": "{outcome} was analysed by a one-way analysis of variance, and each group compared with the reference "
    "by Dunnett's test",
    "target_by_group": "{outcome} with the target absent and present was analysed by a mixed analysis of variance "
    "(target within animals, {factors} between them; type {ss} sums of squares)",
    "pre_post": "{outcome} before and after was analysed by a mixed analysis of variance (test within animals, "
    "{factors} between them; type {ss} sums of squares, Greenhouse–Geisser's correction for more than two tests)",
}
_SEPARATE = {
    "stress_by_treatment": "{outcome} was compared between groups of {factors} by planned contrasts with separate "
    "variances and Satterthwaite's degrees of freedom",
    "two_groups": "{outcome} of two groups was compared by Welch's t test, which lets their variances differ",
    "one_way": "{outcome} was analysed by Welch's analysis of variance, and each group compared with the reference by "
    "contrasts with separate variances and Satterthwaite's degrees of freedom",
}
_MODEL = "{outcome} was analysed by a {kind} of {factors}{extras}; contrasts are of estimated marginal means{ddf}"


def results_sentences(analysis: Analysis) -> list[str]:
    """Return what was found of the primary outcome, the planned contrasts first, then of the phenotype.

    What was found of animals that scores chose after treatment comes last, and says so.
    """
    primary = [one for one in analysis.results if one.analysis == "planned"]
    chosen = [one for one in analysis.results if one.analysis == "selected" and "; planned" in one.note]
    only = " and ".join(f"{column} {value}" for column, value in analysis.plan.only.items())
    return [
        *_findings(primary),
        *_proportions(analysis.results),
        *(f"Of animals with {only} alone, chosen after treatment: {sentence}" for sentence in _findings(chosen)),
        *_descriptions(analysis),
    ]


def _findings(results: Sequence[Result]) -> list[str]:
    sizes = {one.contrast: one for one in results if one.effect_name == "Hedges' g"}
    contrasts = [one for one in results if one.contrast and one.statistic_name]
    sentences = [_contrast(one, sizes.get(one.contrast)) for one in contrasts]
    terms = [one for one in results if one.term and one.statistic_name == "F"]
    if terms:
        sentences.append(f"{terms[0].test}: " + "; ".join(_term(one) for one in terms) + ".")
    return sentences


def _descriptions(analysis: Analysis) -> Iterator[str]:
    """Yield the means of groups that are described, not tested."""
    if any(one.analysis == "planned" for one in analysis.results):
        return
    for one in analysis.results:
        if one.outcome == analysis.plan.primary and one.effect_name == "mean":
            yield f"{_capital(outcome_text(one.outcome))} of {one.n} animals, {one.term}: mean {effect_text(one)}."


def methods_sentences(analysis: Analysis) -> list[str]:
    """Return how the analysis was done, for a methods section."""
    from csds import __version__

    plan, primary = analysis.plan, [one for one in analysis.results if one.analysis == "planned"]
    if not primary:
        return [f"Groups were described, not tested (csds {__version__})."]
    words = {
        "outcome": _capital(outcome_text(primary[0].outcome)),
        "factors": " × ".join(one.name for one in analysis.comparison.factors) or "no factor",
        "ss": plan.sum_of_squares,
    }
    is_adjusted = bool(plan.fixed or plan.covariates or plan.random)
    if is_adjusted and analysis.comparison.within is None:
        added = ", ".join((*plan.fixed, *plan.covariates))
        random = f" with a random intercept of {' and '.join(plan.random)} (restricted maximum likelihood)"
        lead = _MODEL.format(
            kind="linear mixed model" if plan.random else "linear model",
            extras=(f", adjusted for {added}," if added else "") + (random if plan.random else ""),
            ddf=", with Satterthwaite's degrees of freedom" if plan.random else ", tested against the pooled error",
            **words,
        )
    else:
        design = analysis.comparison.name
        is_separate = plan.variances == "separate" or (design == "two_groups" and not plan.variances)
        lead = (_SEPARATE if is_separate and design in _SEPARATE else _METHODS)[design].format(**words)
    family = next((one.adjustment for one in primary if one.adjustment), "")
    sentences = [f"{lead}{f' and adjusted ({family})' if family not in ('', 'none') else ''}."]
    secondary = list(dict.fromkeys(one.outcome for one in analysis.results if one.analysis == "secondary"))
    if secondary:
        family = next(one.adjustment for one in analysis.results if one.analysis == "secondary" and one.adjustment)
        names = ", ".join(outcome_text(name) for name in secondary)
        sentences.append(f"Secondary outcomes ({names}) were analysed alike, as one family ({family}).")
    sentences.append(
        "Tests are two-sided. Effect sizes are Hedges' g with intervals from the noncentral t distribution and "
        "partial η² with intervals from the noncentral F distribution; differences have studentised and "
        f"bias-corrected accelerated bootstrap intervals beside them ({plan.draws:,} resamples, seed {plan.seed})."
    )
    if plan.outliers == "left out":
        sentences.append("Values more than three interquartile ranges beyond their group's quartiles were left out.")
    used, others = primary[0].n, primary[0].n_excluded
    why = f": {primary[0].excluded_because}" if others else ""
    sentences.append(f"Of {used + others} animals {used} were analysed and {others} left out{why}.")
    sentences.append(f"Statistics were computed with csds {__version__}.")
    return sentences


def _contrast(one: Result, size: Result | None) -> str:
    tail = [f"95 % CI [{effect_text(one).partition(' [')[2]}", statistic_text(one), f"p {_equals(one.p_value)}"]
    if one.adjustment not in ("", "none"):
        tail.append(f"adjusted p {_equals(one.p_adjusted)} ({one.adjustment})")
    if size is not None:
        tail.append(f"Hedges' g = {effect_text(size)}")
    first, _, second = one.contrast.partition(" - ")
    shown, outcome = effect_text(one).partition(" [")[0], _capital(outcome_text(one.outcome))
    if "(" in one.contrast or ": " in one.contrast or " - " in second:
        said = f"{outcome}, {one.contrast}: difference of {shown}"
    else:
        side = "lower" if one.effect < 0 else "higher"
        said = f"{outcome} was {shown.removeprefix('-')} {side} in {first} than in {second}"
    return f"{said} ({'; '.join(tail)})."


def _term(one: Result) -> str:
    size = f", partial η² = {effect_text(one)}" if one.effect_name == "partial eta squared" else ""
    return f"{one.term.replace(':', ' × ')} {statistic_text(one)}, p {_equals(one.p_value)}{size}"


def _proportions(results: Sequence[Result]) -> Iterator[str]:
    for one in results:
        if one.analysis == "secondary" and one.test == "Fisher's exact test":
            first, _, second = one.contrast.partition(" - ")
            count, _, base = one.note.partition(" against ")
            yield (
                f"Susceptible were {count} in {first} and {base} in {second} (Fisher's exact p {_equals(one.p_value)}; "
                f"conditional odds ratio {effect_text(one) or 'not defined'})."
            )


def _equals(p: float) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
