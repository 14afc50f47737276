"""What follows from telling animals apart by their scores: circular tests, selection, regression to the mean."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from csds.analysis.animals import Animals
from csds.analysis.comparison import Comparison
from csds.analysis.members import below_cutoff, controls, counted, members, of_test
from csds.analysis.notices import Notice, rows_of
from csds.protocol.schema import SCORES
from csds.stats.design import FloatArray

_DEFINED = frozenset({*SCORES, "below_cutoff", "phenotype"})
#: Levels that only scores can have told.
_PHENOTYPES = frozenset({"susceptible", "resilient", "unsusceptible", "undetermined"})
#: What people assign or find before the test: that its levels differ wholly in a score is no sign of circularity.
_ASSIGNED = frozenset(
    {
        "stress",
        "treatment",
        "drug",
        "dose",
        "genotype",
        "sex",
        "strain",
        "cohort",
        "cage",
        "aggressor",
        "experimenter",
        "session_date",
        "test",
    }
)
#: Factors between animals that leave all defeated ones with one treatment.
_NO_ARM = frozenset({"stress", "sex", "strain", "cohort"})
#: So improbable must it be that levels without overlap come about by chance.
_CHANCE = 0.01
#: Fewer pairs of tests don't tell how well a score repeats.
_LEAST_PAIRS = 10
#: Untreated mice chosen for an SI ratio below 1 (their mean), and the means that are reckoned for their second test.
CHOSEN_MEAN, RETEST_MEANS = 0.64, (0.82, 1.01)


def is_defined_by_scores(column: str) -> bool:
    """Return whether a column of ``animals.csv`` is a score or is told from scores, as the phenotype is.

    Examples
    --------
    >>> [is_defined_by_scores(name) for name in ("phenotype", "corners_present_s", "treatment", "weight_g")]
    [True, True, False, False]
    """
    return column in _DEFINED


def circular(animals: Animals, factors: Sequence[str], outcome: str) -> str | None:
    """Return why a test of an outcome between the levels of some factors is circular, None where it isn't.

    The outcome is a score, and the levels of a factor were told by scores: by its name (`is_defined_by_scores`), by
    levels that are phenotypes, or because the levels of a column that isn't known to be assigned don't overlap in a
    score though that would happen by chance with less than 1 % (the number of orders of the levels over the number of
    ways to label the animals).
    Such a test can but find a difference, whatever the animals are like (Kriegeskorte et al. 2009,
    doi:10.1038/nn.2303); describe the groups instead.
    """
    if not is_defined_by_scores(outcome):
        return None
    return next((reason for column in factors if (reason := told_by_scores(animals, column))), None)


def circular_groups(animals: Animals, factors: Sequence[str], outcome: str) -> Iterator[Notice]:
    """Yield a warning where `circular` finds a reason."""
    reason = circular(animals, factors, outcome)
    if reason:
        message = (
            f"Circular: {reason}, and {outcome} is one of the scores. A difference of these groups is there by "
            "definition, so no p value means anything; describe them, and test treatment among all animals."
        )
        yield Notice(code="circular", severity="warning", message=message)


def selected(animals: Animals, only: Mapping[str, str]) -> Iterator[Notice]:
    """Yield a warning for each column by which animals are chosen though it was told by scores after treatment.

    Animals with a test before treatment (several rows, told apart by ``test``) can be chosen by that.

    Parameters
    ----------
    animals : Animals
        All of them, chosen or not.
    only : mapping
        Of a column, the level of the animals that are chosen.
    """
    if any(len(at) > 1 for at in members(animals, "animal_id").values()):
        return
    for column, level in only.items():
        reason = told_by_scores(animals, column)
        if not reason:
            continue
        cells, arms = animals.texts(column), animals.texts("treatment")
        chosen = [at for at, cell in enumerate(cells) if cell == level]
        of = " of ".join(counted([arms[at] or "all" for at in some]) for some in (chosen, range(len(cells))))
        message = (
            f"Animals with {column} = {level} were chosen after treatment ({of}): {reason}. Arms of animals that "
            "treatment helped to choose are no longer alike by randomisation, and the animals that it changed are "
            "missing; the primary analysis is that of all randomised animals, so report it first."
        )
        yield Notice(
            code="selected_after_treatment", severity="warning", message=message, rows=rows_of(animals, chosen)
        )


def regression_to_the_mean(animals: Animals, comparison: Comparison) -> Iterator[Notice]:
    """Yield a warning where defeated animals are tested again and none of them go untreated, with what to expect.

    Animals that lie below the cut-off in the first test return towards the mean of all defeated ones by
    ``(1 − b)(m − c)``: m and c are the first-test means of all and of the chosen, b the slope of the last on the first
    test, which is their correlation where both tests have one SD (Barnett et al. 2005, doi:10.1093/ije/dyh299), and
    which choosing by the first test leaves as it is. Where fewer than ten animals have both tests, or all
    were chosen, the reckoning for untreated mice stands in (`RETEST_MEANS`).
    """
    if comparison.name != "pre_post" or any(factor.name not in _NO_ARM for factor in comparison.factors):
        return
    first, last = (_defeated(of_test(animals, comparison, which)) for which in (0, -1))
    below, rule = below_cutoff(first)
    low = [at for at, is_below in enumerate(below) if is_below]
    message = (
        "Animals are tested again with one treatment only: a change can't be told from regression to the mean, "
        f"habituation or time. {_expected(first, last, low, rule)} An isotype arm, chosen in the same way, is what the "
        "change has to be compared with."
    )
    yield Notice(code="regression_to_the_mean", severity="warning", message=message, rows=rows_of(first, low))


def _expected(first: Animals, last: Animals, low: Sequence[int], rule: str) -> str:
    """Return in words how much animals that were chosen for a low ratio change by themselves."""
    usual = (
        f"Untreated mice chosen for an SI ratio below 1 (mean {CHOSEN_MEAN}) are reckoned to come back at "
        f"{RETEST_MEANS[0]} to {RETEST_MEANS[1]}; these data don't tell how much it is here."
    )
    if "si_ratio" not in first.table:
        return usual
    before, after, ratios = _by_animal(first), _by_animal(last), first.numbers("si_ratio")
    every, chosen = (some[np.isfinite(some)] for some in (ratios, ratios[list(low)]))
    pairs = np.array([(before[name], after[name]) for name in before if name in after]).reshape(-1, 2)
    if len(pairs) < _LEAST_PAIRS or np.ptp(pairs[:, 0]) == 0 or not 0 < len(chosen) < len(every):
        return usual
    (variance, covariance), _ = np.cov(pairs, rowvar=False)
    slope = float(np.clip(covariance / variance, 0.0, 1.0))
    change = (1 - slope) * float(every.mean() - chosen.mean())
    return (
        f"The {len(chosen)} defeated animals below the cut-off ({rule}) have a mean SI ratio of {chosen.mean():.2f}, "
        f"all {len(every)} one of {every.mean():.2f}; with the slope of {slope:.2f} of the last on the first test in "
        f"{len(pairs)} animals, {change:+.2f} is to be expected without any treatment."
    )


def _defeated(animals: Animals) -> Animals:
    """Return all animals but undefeated controls."""
    kept = np.ones(len(animals.table), bool)
    kept[controls(animals)] = False
    return replace(animals, table=animals.table[kept])


def _by_animal(animals: Animals) -> dict[str, float]:
    values = animals.numbers("si_ratio").tolist()
    names = members(animals, "animal_id").items()
    return {name: values[at] for name, (at, *_) in names if math.isfinite(values[at])}


def told_by_scores(animals: Animals, column: str) -> str | None:
    """Return why a column's levels were told by scores, None where they weren't."""
    if is_defined_by_scores(column):
        return f"'{column}' is told from the scores"
    levels = members(animals, column)
    phenotypes = [level for level in levels if level.casefold() in _PHENOTYPES]
    if phenotypes:
        return f"'{column}' holds phenotypes ({', '.join(phenotypes)}), which are told from the scores"
    if column in _ASSIGNED or len(levels) < 2:
        return None
    for score in (name for name in SCORES if name in animals.table):
        if _without_overlap(animals.numbers(score), list(levels.values())):
            return (
                f"the levels of '{column}' don't overlap in {score}, as if it had told them (if they were assigned, "
                "name the column treatment or stress)"
            )
    return None


def _without_overlap(values: FloatArray, levels: Sequence[Sequence[int]]) -> bool:
    """Return whether levels lie apart in a score by more than chance."""
    samples = [sample[np.isfinite(sample)] for sample in (values[list(at)] for at in levels)]
    if min(map(len, samples)) == 0:
        return False
    samples.sort(key=lambda sample: float(sample.min()))
    if any(lower.max() >= upper.min() for lower, upper in pairwise(samples)):
        return False
    sizes = [len(sample) for sample in samples]
    ways = math.lgamma(sum(sizes) + 1) - sum(math.lgamma(size + 1) for size in sizes)
    return math.lgamma(len(sizes) + 1) - ways < math.log(_CHANCE)
