"""Sentences for the methods of a paper: what was computed, no more and no less."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata

from csds.analysis.analyse import Analysis
from csds.analysis.comparison import REPEATED, Comparison
from csds.analysis.phenotypes import PHENOTYPE
from csds.analysis.plan import AnalysisPlan
from csds.analysis.results import Result
from csds.analysis.studies import STUDY
from csds.analysis.wording import author_text, outcome_text, reason_text, sentence, series_text

_POOLED = {
    "stress_by_treatment": "{outcome} was analysed by a two-way analysis of variance of {factors} between animals "
    "(type {ss} sums of squares, factors coded to sum to zero), and groups compared by contrasts with its pooled error",
    "two_groups": "{outcome} of two groups was compared by Student's t test",
    "one_way": "{outcome} was analysed by a one-way analysis of variance of {factors}",
}
_SEPARATE = {
    "stress_by_treatment": "{outcome} was compared between groups of {factors} by contrasts with separate variances "
    "and Satterthwaite's degrees of freedom",
    "two_groups": "{outcome} of two groups was compared by Welch's t test, which lets their variances differ",
    "one_way": "{outcome} was analysed by Welch's analysis of variance of {factors}, and groups compared by contrasts "
    "with separate variances and Satterthwaite's degrees of freedom",
}


def methods_sentences(analysis: Analysis) -> list[str]:
    """Return how the analysis was done, for a methods section."""
    software = _software(analysis)
    primary = [one for one in analysis.results if one.analysis == "planned"]
    if not primary:
        parts = ["groups that the scores themselves tell apart were described, not tested", software]
        return [sentence(part) for part in parts]
    tests = [one for one in primary if one.statistic_name]
    parts = [
        _model(analysis, tests),
        *_family(tests, analysis.comparison),
        "tests were two-sided, and intervals have a confidence of 95 %",
        *_effect_sizes(analysis, tests[0].outcome),
        *_secondary(analysis, tests),
        *_across(analysis),
        *_not_followed(analysis, tests),
        _animals(tests[0]),
        software,
    ]
    return [sentence(part) for part in parts]


def versions_text(versions: Mapping[str, str]) -> str:
    """Return versions in brackets, a space before them; empty where none is known.

    Examples
    --------
    >>> versions_text({"Python": "3.13.1", "numpy": "2.4.0", "scipy": ""})
    ' (Python 3.13.1, numpy 2.4.0)'
    """
    known = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    return f" ({known})" if known else ""


def _software(analysis: Analysis) -> str:
    """Return what computed the statistics, now."""
    from csds import __version__

    names = ("numpy", "pandas", "scipy", *(["pingouin"] if analysis.plan.bayes_factors else []))
    versions = {"Python": platform.python_version()} | {name: metadata.version(name) for name in names}
    return f"statistics were computed with csds {__version__}{versions_text(versions)}"


def _model(analysis: Analysis, tests: Sequence[Result]) -> str:
    plan, comparison = analysis.plan, analysis.comparison
    outcome, factors = outcome_text(tests[0].outcome), _factors(comparison)
    if comparison.name == "target_by_group":
        outcome = f"{outcome} with the target absent and present"
    elif comparison.name == "pre_post" and comparison.within:
        outcome = f"{outcome} at {' and '.join(comparison.within.levels)}"
    if plan.is_adjusted:
        return _adjusted(analysis, outcome, factors)
    if comparison.name not in REPEATED:
        is_separate = _is_separate(tests)
        leads = _SEPARATE if is_separate else _POOLED
        lead = leads[comparison.name].format(outcome=outcome, factors=factors, ss=_type(tests))
        is_dunnett = is_separate or tests[0].adjustment.startswith("dunnett")
        pooled = ", and groups compared by contrasts with its pooled error"
        return lead if comparison.name != "one_way" or is_dunnett else lead + pooled
    within = comparison.within.levels if comparison.within else ()
    inner = "target" if comparison.name == "target_by_group" else "test"
    kind = f"mixed analysis of variance ({inner} within animals, {factors} between them; "
    if not comparison.factors:
        kind = f"repeated-measures analysis of variance ({inner} within animals; "
    corrected = ", Greenhouse–Geisser's correction" if len(within) > 2 else ""
    return f"{outcome} was analysed by a {kind}type {_type(tests)} sums of squares{corrected})"


def _adjusted(analysis: Analysis, outcome: str, factors: str) -> str:
    plan, is_repeated = analysis.plan, analysis.comparison.name in REPEATED
    units = [*plan.random, *(["animal"] if is_repeated else [])]
    fixed = [*([factors] if factors else []), *(["test" if analysis.comparison.within else "target"] * is_repeated)]
    added = " and ".join((*plan.fixed, *plan.covariates))
    return (
        f"{outcome} was analysed by a linear {'mixed ' if units else ''}model of {' × '.join(fixed)}"
        + (f", adjusted for {added}" if added else "")
        + (f", with random intercepts of {' and '.join(units)} (restricted maximum likelihood)" if units else "")
        + "; contrasts were of estimated marginal means, "
        + ("with Satterthwaite's degrees of freedom" if units else "with the pooled error")
    )


def _factors(comparison: Comparison) -> str:
    names = " × ".join(one.name for one in comparison.factors)
    is_crossed = comparison.name in ("stress_by_treatment", *REPEATED) and comparison.is_crossed
    return names if is_crossed or len(comparison.factors) < 2 else f"the groups of {names}"


def _family(tests: Sequence[Result], comparison: Comparison) -> Iterator[str]:
    """Yield how the p values of the planned contrasts were adjusted."""
    adjustment = next((one.adjustment for one in tests if one.contrast), "")
    how, _, size = adjustment.partition(", ")
    if how == "dunnett":
        yield f"each group was compared with {comparison.groups[0]} by Dunnett's test ({size})"
    elif how == "tukey":
        yield f"all pairs of groups were compared by Tukey's test ({size})"
    elif author_text(how) and size != "1 contrast":
        number = size.partition(" ")[0]
        yield f"p values of the {number} planned contrasts were adjusted by {author_text(how)}'s method"
    elif how == "none" and sum(bool(one.contrast) for one in tests) > 1:
        yield "p values of the planned contrasts were not adjusted for their number"


def _effect_sizes(analysis: Analysis, outcome: str) -> Iterator[str]:
    own = [one for one in analysis.results if one.outcome == outcome and one.analysis != "selected"]
    names, planned = {one.effect_name for one in own}, {one.effect_name for one in own if one.analysis == "planned"}
    sizes = []
    if "Hedges' g" in names:
        of = " of changes from the first to the last test" if analysis.comparison.name == "pre_post" else ""
        of = " of changes from target absent to present" if analysis.comparison.name == "target_by_group" else of
        of += ", not adjusted for what the model has beside the factors," if analysis.plan.is_adjusted else ""
        sizes.append(f"Hedges' g{of} with intervals from the noncentral t distribution")
    etas = [word for name, word in (("partial eta squared", "partial η²"), ("eta squared", "η²")) if name in planned]
    sizes += [f"{word} with intervals from the noncentral F distribution" for word in etas]
    if sizes:
        yield f"effect sizes were {' and '.join(sizes)}"
    if "difference of means" in names:
        yield (
            "differences of means had studentised and bias-corrected accelerated bootstrap intervals beside them, "
            f"those of medians the latter ({analysis.plan.draws:,} resamples, seed {analysis.plan.seed})"
        )
    if any(name.startswith("Bayes factor") for name in names):
        yield "Bayes factors were of Student's t, with a Cauchy prior of scale 0.707 on the standardised difference"


def _secondary(analysis: Analysis, tests: Sequence[Result]) -> Iterator[str]:
    secondary = [one for one in analysis.results if one.analysis == "secondary"]
    names = [name for name in dict.fromkeys(one.outcome for one in secondary) if name != PHENOTYPE]
    fisher = next((one.analysis for one in analysis.results if one.test == "Fisher's exact test"), "")
    proportions = (
        "proportions of susceptible animals, with Wilson's intervals, were compared by Fisher's exact test, and their "
        "differences had Newcombe's intervals"
    )
    parts = []
    if names:
        is_separate = _is_separate(tests)
        others = [
            name for name in names if _is_separate([one for one in secondary if one.outcome == name]) != is_separate
        ]
        how = "contrasts with the pooled error" if is_separate else "contrasts with separate variances"
        but = f", but {series_text(map(outcome_text, others))} by {how}" if others else ""
        parts.append(f"secondary outcomes ({'; '.join(map(outcome_text, names))}) were analysed in the same way{but}")
    if fisher == "secondary":
        parts.append(proportions)
    if parts:
        size = next((one.adjustment.partition(", ")[2] for one in secondary if one.adjustment), "")
        number = size.partition(" ")[0]
        if number not in ("", "1"):
            parts.append(f"the p values of these {number} comparisons were adjusted as one family by Holm's method")
        yield "; ".join(parts)
    if fisher == "exploratory":
        yield f"as an exploratory analysis, {proportions}"
    if any("correlation" in one.test and one.analysis == "exploratory" for one in analysis.results):
        columns = " and ".join(analysis.plan.correlate)
        yield (
            f"correlations with {columns} within groups (Pearson's and Spearman's) were exploratory; the p values of "
            "each kind were adjusted by Holm's method"
        )
    if any(one.analysis == "selected" for one in analysis.results):
        only = " and ".join(f"{column} {value}" for column, value in analysis.plan.only.items())
        yield f"animals with {only}, chosen after treatment, were then analysed by themselves"


def _across(analysis: Analysis) -> Iterator[str]:
    """Yield how studies were combined."""
    plan, combined = analysis.plan, [one.found.k for one in analysis.across if one.found]
    is_bare = {*plan.random, *plan.fixed, *plan.covariates} <= {STUDY}
    if combined:
        yield (
            f"each study's own differences{'' if is_bare else ', without what the model has beside the factors,'} and "
            f"Hedges' g were combined across {max(combined)} studies by random-effects meta-analysis (τ² by restricted "
            "maximum likelihood, intervals and tests of the mean by Hartung and Knapp's method, prediction intervals "
            "from t with k − 1 degrees of freedom; not adjusted for their number)"
        )


def _not_followed(analysis: Analysis, tests: Sequence[Result]) -> Iterator[str]:
    """Yield what the plan asks for and this design doesn't have, and what was done instead."""
    plan, design = analysis.plan, analysis.comparison.name
    how = next((one.adjustment.partition(",")[0] for one in tests if one.contrast), "")
    if how and plan.adjust and plan.adjust != how:
        yield f"{author_text(plan.adjust)}'s adjustment, as planned, does not apply to these contrasts"
    if _type(tests) and _type(tests) != plan.sum_of_squares:
        yield (
            f"type {plan.sum_of_squares} sums of squares, as planned, do not apply to this model; those of type "
            f"{_type(tests)} were used"
        )
    if design in REPEATED and plan.variances == "separate":
        yield "separate variances of groups, as planned, do not apply to repeated measures"
    if design == "target_by_group" and plan.primary != AnalysisPlan().primary:
        yield f"{outcome_text(plan.primary)}, as planned, is not what this design compares"
    if plan.outliers == "left out":
        yield (
            "values far out were left in: leaving them out, as planned, does not apply to repeated measures"
            if design in REPEATED
            else "values more than three interquartile ranges beyond their group's quartiles were left out"
        )


def _animals(one: Result) -> str:
    if not one.n_excluded:
        return f"all {one.n} animals were analysed"
    every = one.n + one.n_excluded
    return (
        f"of {every} animals, {one.n} were analysed and {one.n_excluded} left out: {reason_text(one.excluded_because)}"
    )


def _type(tests: Sequence[Result]) -> str:
    """Return the type of the sums of squares of the tests; empty where they have none."""
    return next((one.test.rpartition("type ")[2] for one in tests if ", type " in one.test), "")


def _is_separate(tests: Sequence[Result]) -> bool:
    return any("separate variances" in one.test or one.test == "Welch's t" for one in tests)
