"""What one simulated study says of a method: whether its test rejects what is true, its interval holds the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

#: Groups of animals, in the order in which their values come.
Groups = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A method's answer in one study.

    Parameters
    ----------
    method : str
    rejects : bool or None
        Whether p is below 5 % though the null hypothesis is true; None where there is no such test.
    holds : bool or None
        Whether the 95 % interval holds the truth; None where there is no interval.
    is_claimed : bool
        Whether csds claims that the method is right here; others stand beside it for comparison.
    is_exact : bool
        Whether the method is exact or made of bounds, and so may err on the safe side.
    """

    method: str
    rejects: bool | None = None
    holds: bool | None = None
    is_claimed: bool = True
    is_exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A way in which studies come about, and what is made of each.

    Parameters
    ----------
    name : str
    draw : callable
        From a generator and the animals in a group to the findings of one study.
    sizes : tuple of int
        Animals in a group.
    """

    name: str
    draw: Callable[[np.random.Generator, int], Iterable[Finding]]
    sizes: tuple[int, ...] = (8, 15)


@dataclass(slots=True)
class Tally:
    """How often a method was asked, rejected a true hypothesis and held the truth."""

    asked: int = 0
    tests: int = 0
    rejected: int = 0
    intervals: int = 0
    held: int = 0
    is_claimed: bool = True
    is_exact: bool = False

    def add(self, finding: Finding) -> None:
        """Count a finding."""
        self.asked += 1
        self.is_claimed, self.is_exact = finding.is_claimed, finding.is_exact
        if finding.rejects is not None:
            self.tests += 1
            self.rejected += finding.rejects
        if finding.holds is not None:
            self.intervals += 1
            self.held += finding.holds

    def join(self, other: Tally) -> None:
        """Count what another has counted."""
        self.asked += other.asked
        self.tests += other.tests
        self.rejected += other.rejected
        self.intervals += other.intervals
        self.held += other.held
        self.is_claimed, self.is_exact = other.is_claimed, other.is_exact


def count_studies(scenario: Scenario, n: int, *, studies: range, seed: int) -> dict[str, Tally]:
    """Return what the methods found in some of a scenario's studies; each study has a seed of its own."""
    tallies: dict[str, Tally] = {}
    key = list(scenario.name.encode())
    for study in studies:
        for finding in scenario.draw(np.random.default_rng([seed, n, study, *key]), n):
            tallies.setdefault(finding.method, Tally()).add(finding)
    return tallies


def is_held(truth: float, bounds: tuple[float, float]) -> bool:
    """Return whether an interval holds the truth."""
    return bounds[0] <= truth <= bounds[1]


def labels_of(groups: Groups) -> list[str]:
    """Return the group of each animal."""
    return [group for group, n in groups.items() for _ in range(n)]


def chunks(studies: int, size: int) -> Iterator[range]:
    """Yield the numbers of the studies, some at a time."""
    for start in range(0, studies, size):
        yield range(start, min(start + size, studies))
