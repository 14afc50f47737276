"""Whether the numbers bear the analysis: controls, animals left out, sizes of groups, scores that aren't defined."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from csds.analysis.animals import Animals
from csds.analysis.comparison import Comparison, groups_of
from csds.analysis.members import below_cutoff, controls, of_test
from csds.analysis.notices import Notice, named, rows_of
from csds.analysis.units import PERCENT_ABOVE
from csds.errors import StatsError
from csds.model.flags import split_flags
from csds.stats.design import FloatArray, listed
from csds.stats.power_forms import detectable_difference
from csds.stats.proportions import chi_square, fisher_exact, wilson_interval

#: Controls below the cut-off: usual shares (Schuler et al. 2024, 315 controls), and the largest seen in a laboratory.
USUAL_SHARE, LARGEST_SHARE = 0.09, 0.20
#: Groups smaller than this are small.
SMALL = 8
#: Shares left out that differ by more are unequal whatever their p.
_UNEQUAL = 0.2
#: Of a ratio, the time that it divides by, and the flags that say why it isn't defined.
_RATIOS = {
    "si_ratio": ("interaction_absent_s", {"zero_denominator"}),
    "log_si_ratio": ("interaction_absent_s", {"zero_denominator", "zero_numerator"}),
    "corner_ratio": ("corners_absent_s", {"zero_corner_denominator"}),
}


def controls_below_cutoff(animals: Animals, comparison: Comparison) -> Iterator[Notice]:
    """Yield the undefeated controls that lie below the cut-off: a warning where there are more than is usual.

    Of 315 public controls 6 to 9 % do, and 20 % in one laboratory. More than 20 %, or an interval (Wilson's) that
    lies above 9 %, say that the cut-off or the test isn't right for these mice.
    """
    first = of_test(animals, comparison, 0)
    below, rule = below_cutoff(first)
    known = [at for at in controls(first) if below[at] is not None]
    low = [at for at in known if below[at]]
    if not low:
        return
    share = wilson_interval(len(low), len(known))
    is_unusual = share.value > LARGEST_SHARE or share.ci_low > USUAL_SHARE
    percent, low_end, high_end = (f"{100 * bound:.0f} %" for bound in (share.value, share.ci_low, share.ci_high))
    message = (
        f"{len(low)} of {len(known)} controls ({percent}, 95 % CI {low_end} to {high_end}) "
        f"lie below the cut-off ({rule}): {named(first, low)}. "
    ) + (
        "Usual are 6 to 9 %: look at their recordings, and at whether the cut-off suits these mice; a rule from the "
        "controls' own mean may suit better."
        if is_unusual
        else "That is as usual (6 to 9 %, up to 20 %); they stay in the analysis."
    )
    yield Notice(
        code="controls_below_cutoff",
        severity="warning" if is_unusual else "note",
        message=message,
        rows=rows_of(first, low),
    )


def unequal_exclusions(animals: Animals, comparison: Comparison, outcome: str) -> Iterator[Notice]:
    """Yield a warning where more animals are left out in some groups than in others.

    Left out is who has a reason in ``exclude``, or no finite outcome in a test. It is unequal where Fisher's exact test
    gives p below 0.05, or shares differ by more than 20 points and the group with the larger has lost two or more.
    """
    needed = len(comparison.within.levels) if comparison.within else 1
    lost: dict[str, dict[str, list[int]]] = {group: {} for group in comparison.groups}
    used: Counter[str] = Counter()
    for some, usable in ((animals, set(animals.usable(outcome)[0])), (replace(animals, table=animals.excluded), set())):
        groups = groups_of(some, comparison.factors)
        for at, (name, group) in enumerate(zip(some.keys(), groups, strict=True)):
            if group in lost:
                lost[group].setdefault(name, []).extend(rows_of(some, [at]))
                used[name] += at in usable
    out = {group: {name: rows for name, rows in own.items() if used[name] < needed} for group, own in lost.items()}
    counts = {group: (len(out[group]), len(own)) for group, own in lost.items() if own}
    if len(counts) < 2 or not 0 < sum(k for k, _ in counts.values()) < sum(n for _, n in counts.values()):
        return
    shares = {group: k / n for group, (k, n) in counts.items()}
    most = max(shares, key=lambda group: (shares[group], counts[group][0]))
    p, test = _compare([[k, n - k] for k, n in counts.values()])
    differs = shares[most] - min(shares.values()) > _UNEQUAL and counts[most][0] >= 2
    if p < 0.05 or differs:
        each = listed(f"{group} {k} of {n}" for group, (k, n) in counts.items())
        every = sorted(row for own in out.values() for rows in own.values() for row in rows)
        message = (
            f"Animals were left out unequally: {each} ({test}, p = {p:.3f}; rows {listed(every)}). If what they "
            "were left out for has to do with the arm, the rest are no longer alike by randomisation: give the reasons "
            "by group, and show that the result holds with them kept or at their worst."
        )
        yield Notice(code="unequal_exclusions", severity="warning", message=message, rows=tuple(every))


def small_groups(animals: Animals, comparison: Comparison, outcome: str) -> Iterator[Notice]:
    """Yield a warning where the smallest group has fewer than 8 animals, with the difference that it can find.

    That is what Student's t test of the two smallest groups finds with a power of 80 %
    (`csds.stats.power_forms.detectable_difference`), in standard deviations and in the outcome's units, by the pooled
    SD of all groups. Of repeated tests the outcome is the change from the first to the last.
    """
    if len(comparison.groups) < 2:
        return
    values, groups = _by_group(animals, comparison, outcome)
    samples = {group: values[[one == group for one in groups]] for group in comparison.groups}
    sizes = sorted((len(sample), group) for group, sample in samples.items())
    if not 2 <= sizes[0][0] < SMALL:
        return
    (smaller, group), (larger, _) = sizes[:2]
    difference = detectable_difference(smaller, larger)
    spread = sum(float(((sample - sample.mean()) ** 2).sum()) for sample in samples.values())
    sd = math.sqrt(spread / (len(values) - len(samples)))
    what = f"{outcome}'s change" if comparison.within else outcome
    message = (
        f"The smallest group, {group}, has {smaller} animals: against {larger}, a difference has to be "
        f"{difference:.2f} SD or more ({difference * sd:.3g} of {what}, by the pooled SD of {sd:.3g}) to be found with "
        "a power of 80 %. No difference found means little here; look at the interval."
    )
    yield Notice(code="small_groups", severity="warning", message=message)


def undefined_scores(animals: Animals, outcome: str) -> Iterator[Notice]:
    """Yield what of a ratio isn't defined, infinite, of a short time, or percent; each names its rows."""
    values = animals.numbers(outcome)
    infinite = np.flatnonzero(np.isinf(values)).tolist()
    if infinite:
        message = (
            f"{outcome} is infinite in {named(animals, infinite)}: they are left out. Empty these cells, or take a "
            "score that is defined for them (si_preference, si_difference_s)."
        )
        yield Notice(code="infinite_score", severity="warning", message=message, rows=rows_of(animals, infinite))
    if outcome not in _RATIOS:
        return
    divisor, reasons = _RATIOS[outcome]
    codes = [set(split_flags(cell)) for cell in animals.texts("flags")]
    times = animals.numbers(divisor) if divisor in animals.table else np.full(len(values), np.nan)
    zero = [at for at in np.flatnonzero(np.isnan(values)).tolist() if codes[at] & reasons or times[at] == 0]
    if zero:
        message = (
            f"{outcome} isn't defined, as a time is zero, in {named(animals, zero)}: they are left out. Such "
            "mice are seldom like the rest (still, or avoiding); si_preference and si_difference_s keep most of them."
        )
        yield Notice(code="undefined_score", severity="warning", message=message, rows=rows_of(animals, zero))
    short = [at for at in np.flatnonzero(np.isfinite(values)).tolist() if "small_denominator" in codes[at]]
    if short and outcome != "corner_ratio":
        message = (
            f"{outcome} divides by little time in the zone with the target absent, which makes it a matter of chance, "
            f"in {named(animals, short)}: they are in the analysis. See whether it holds without them, and by "
            "interaction_present_s."
        )
        yield Notice(code="small_denominator", severity="note", message=message, rows=rows_of(animals, short))
    finite = values[np.isfinite(values)]
    if outcome == "si_ratio" and len(finite) and np.median(finite) > PERCENT_ABOVE:
        message = (
            f"si_ratio has a median of {np.median(finite):.3g}: it looks like percent. Tests of differences are the "
            "same, but the cut-off of 1 is 100 here; write ratios to be safe."
        )
        yield Notice(code="percent", severity="note", message=message)


def _compare(table: list[list[int]]) -> tuple[float, str]:
    """Return p of Fisher's exact test, or of χ² where that would take too long, and which it is."""
    try:
        return fisher_exact(table), "Fisher's exact test"
    except StatsError:
        return chi_square(table).p_value, "χ² test"


def _by_group(animals: Animals, comparison: Comparison, outcome: str) -> tuple[FloatArray, Sequence[str]]:
    """Return the finite outcomes and their groups; of repeated tests the changes from the first to the last."""
    first, last = of_test(animals, comparison, 0), of_test(animals, comparison, -1)
    kept = last.usable(outcome)[0]
    values, groups = last.numbers(outcome)[kept], groups_of(last, comparison.factors)
    if comparison.within is None:
        return values, [groups[at] for at in kept]
    before = {first.keys()[at]: first.numbers(outcome)[at] for at in first.usable(outcome)[0]}
    names = last.keys()
    both = [(place, at) for place, at in enumerate(kept) if names[at] in before]
    changes = [values[place] - before[names[at]] for place, at in both]
    return np.array(changes), [groups[at] for _, at in both]
