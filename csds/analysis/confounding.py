"""What goes together with an arm of the study, and animals that aren't as independent as the analysis takes them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from csds.analysis.animals import Animals
from csds.analysis.comparison import Comparison
from csds.analysis.members import counted, members, shared
from csds.analysis.notices import Notice, NoticeSeverity, named, rows_of
from csds.analysis.plan import AnalysisPlan
from csds.stats.design import listed
from csds.stats.proportions import chi_square

#: What may go together with an arm by mistake.
NUISANCES = ("cohort", "cage", "session_date", "experimenter", "sex")
#: From this association on, an arm and a nuisance are taken to go together.
STRONG = 0.8
#: The intraclass correlation that a design effect is shown for; cages of mice have 0.05 to 0.2.
_TYPICAL_ICC = 0.1


def confounded(animals: Animals, comparison: Comparison, plan: AnalysisPlan) -> Iterator[Notice]:
    """Yield a warning for each nuisance (`NUISANCES`) that goes with stress or treatment.

    Levels with two animals or more are looked at, where they hold half of all animals or more: do they hold one arm
    each, or nearly (`association` of 0.8 or more)? Where the plan has the cage as a random intercept, whole cages of
    one arm are a note: the analysis reckons with them.
    """
    factors = [factor.name for factor in comparison.factors]
    for factor in factors:
        arms = animals.texts(factor)
        for column in (name for name in NUISANCES if name not in factors):
            levels = {
                level: held
                for level, at in shared(animals, column).items()
                if len(held := [i for i in at if arms[i]]) > 1
            }
            at = sorted(i for held in levels.values() for i in held)
            if len(levels) < 2 or 2 * len(at) < len(arms) or len({arms[i] for i in at}) < 2:
                continue
            counts = {level: Counter(arms[i] for i in held) for level, held in levels.items()}
            is_complete = all(len(count) == 1 for count in counts.values())
            if not is_complete and association(list(counts.values())) < STRONG:
                continue
            where = listed((f"{level}: {counted([arms[i] for i in held])}" for level, held in levels.items()), 8)
            severity: NoticeSeverity = "warning"
            if column == "cage":
                means = f"whole cages share one {factor}, so that cages, not animals, are what was compared"
                do = f"reckon with {len(levels)} cages: have the cage as a random intercept"
                severity = "note" if "cage" in plan.random else severity
            else:
                means = f"a difference between levels of {factor} can't be told from one between those of {column}"
                do = "no analysis can mend that: say so, and have every arm in each of them the next time"
            how = "goes" if is_complete else "nearly goes"
            message = f"{column} {how} with {factor} ({where}): {means}; {do}."
            yield Notice(code="confounded", severity=severity, message=message, rows=rows_of(animals, at))


def association(counts: Sequence[Mapping[str, int]]) -> float:
    """Return Cramér's V of levels and arms, corrected for chance: from 0, independent, to 1.

    ``V² = φ² / min(k − 1, r − 1)`` with φ², k and r less what chance makes of them (Bergsma 2013, J Korean Stat Soc
    42:323–328, doi:10.1016/j.jkss.2012.10.002); of many small levels the uncorrected V is large by chance.

    Parameters
    ----------
    counts : sequence of mapping
        Of each level, the number of animals of each arm. Two levels and two arms at least.

    Examples
    --------
    >>> association([{"a": 8}, {"b": 8}]), association([{"a": 4, "b": 4}, {"a": 4, "b": 4}])
    (1.0, 0.0)
    """
    arms = sorted({arm for count in counts for arm in count})
    table = [[count.get(arm, 0) for arm in arms] for count in counts]
    n, k, r = sum(map(sum, table)), len(table), len(arms)
    excess = chi_square(table).statistic / n - (k - 1) * (r - 1) / (n - 1)
    most = min(k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)) - 1
    return math.sqrt(max(excess, 0.0) / most) if most > 0 else 0.0


def singly_housed(animals: Animals, comparison: Comparison) -> Iterator[Notice]:
    """Yield a warning where all cages of an arm hold one animal while others share theirs.

    In that arm a cage's effect and its animal's are one, so that a random intercept of the cage is estimated from the
    other arms alone, and taken to be as large where nothing tells that it is.
    """
    for factor in comparison.factors:
        arms = animals.texts(factor.name)
        sizes: dict[str, list[int]] = {level: [] for level in factor.levels}
        for at in members(animals, "cage").values():
            for arm, n in Counter(arms[i] for i in at if arms[i]).items():
                sizes[arm] += [len(at)] * n
        single = [level for level, size in sizes.items() if size and max(size) == 1]
        paired = [level for level, size in sizes.items() if size and max(size) > 1]
        if not (single and paired):
            continue
        at = [i for i, arm in enumerate(arms) if arm in single]
        others = [name for name in ("cohort", "aggressor") if len(shared(animals, name)) > 1]
        do = f"take {' or '.join(others)} as the random effect instead" if others else "say so, and compare animals"
        message = (
            f"All cages of {factor.name} {listed(single)} hold one animal ({len(at)} animals), while animals of "
            f"{listed(paired)} share theirs: where one is alone, cage and animal can't be told apart, and housing goes "
            f"with {factor.name}; {do}."
        )
        yield Notice(code="singly_housed", severity="warning", message=message, rows=rows_of(animals, at))


def repeated_as_independent(animals: Animals, comparison: Comparison) -> Iterator[Notice]:
    """Yield a warning where an animal has several rows and the design takes each for another animal."""
    if comparison.name == "pre_post":
        return
    at = [i for held in shared(animals, "animal_id").values() for i in held]
    if at:
        message = (
            f"{len(shared(animals, 'animal_id'))} animals have several tests, which the design '{comparison.name}' "
            f"takes for different animals: {named(animals, at)}. Their values aren't independent, and p is too small; "
            "use --design pre_post, or keep one test of each animal."
        )
        yield Notice(code="repeated_as_independent", severity="warning", message=message, rows=rows_of(animals, at))


def pseudoreplication(animals: Animals, plan: AnalysisPlan) -> Iterator[Notice]:
    """Yield a warning where animals share cages and the plan has the cage neither as random intercept nor fixed.

    With it stands the design effect ``1 + (m − 1) ICC`` for an intraclass correlation of 0.1, by which the variance of
    a difference between whole cages is too small; m is the size of the cage of the average animal, ``Σ n² / Σ n``.
    """
    if "cage" in (*plan.random, *plan.fixed):
        return
    sizes = [len(at) for at in members(animals, "cage").values()]
    at = sorted(i for held in shared(animals, "cage").values() for i in held)
    if at:
        effect = 1 + (sum(size**2 for size in sizes) / sum(sizes) - 1) * _TYPICAL_ICC
        message = (
            f"{len(at)} of {len(animals.table)} animals share a cage with another ({len(sizes)} cages), and the "
            f"planned analysis takes them as independent. With an intraclass correlation of {_TYPICAL_ICC} the "
            f"variance of a difference between whole cages is {effect:.2f} times what is reckoned; plan the cage as a "
            'random intercept (random = ["cage"]), or show that the result holds with it, as it stands beside.'
        )
        yield Notice(code="pseudoreplication", severity="warning", message=message, rows=rows_of(animals, at))
