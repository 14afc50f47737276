"""Agreement of two classifications is that of R's psych and vcd."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from csds.errors import StatsError
from csds.stats.kappa import KappaWeights, agreement_table, cohens_kappa

#: Two psychiatrists' diagnoses of 200 patients (Fleiss, Cohen & Everitt 1969).
DIAGNOSES = [[106, 10, 4], [22, 28, 10], [2, 12, 6]]


def _classified(counts: Sequence[Sequence[int]], names: str) -> tuple[list[str], list[str]]:
    cells = [(names[i], names[j]) for i, row in enumerate(counts) for j, count in enumerate(row) for _ in range(count)]
    return [first for first, _ in cells], [second for _, second in cells]


@pytest.mark.parametrize(
    ("counts", "weights", "expected"),
    [
        ([[40, 5], [8, 27]], "none", (0.666666666666667, 0.501595263018904, 0.831738070314429)),
        (DIAGNOSES, "none", (0.428571428571429, 0.323299793454405, 0.533843063688452)),
        (DIAGNOSES, "linear", (0.492307692307692, 0.392901048050606, 0.591714336564778)),
        (DIAGNOSES, "quadratic", (0.566666666666667, 0.457562644805380, 0.675770688527954)),
    ],
)
def test_kappa_is_that_of_r(
    counts: list[list[int]], weights: KappaWeights, expected: tuple[float, float, float]
) -> None:
    """R 4.2, psych 2.2.9 ``cohen.kappa`` unweighted, vcd 1.4.11 ``confint(Kappa(…))`` both."""
    table = agreement_table(*_classified(counts, "abc"))
    assert [list(row) for row in table.counts] == counts
    found = cohens_kappa(table, weights=weights)
    assert [found.value, found.ci_low, found.ci_high] == pytest.approx(expected, rel=1e-9)


def test_the_share_of_agreement_has_wilsons_interval() -> None:
    table = agreement_table(*_classified([[40, 5], [8, 27]], "RS"))
    wilson = stats.binomtest(67, 80).proportion_ci(method="wilson")
    assert table.n == 80
    assert [table.agreement.value, table.agreement.ci_low, table.agreement.ci_high] == pytest.approx([67 / 80, *wilson])


def test_the_table_keeps_the_order_of_the_categories_and_those_that_do_not_occur() -> None:
    table = agreement_table(["S", "R", "S"], ["S", "S", "S"], categories=("S", "none", "R"))
    assert table.categories == ("S", "none", "R")
    assert table.counts == ((2, 0, 0), (0, 0, 0), (1, 0, 0))


def test_a_category_that_does_not_occur_changes_no_unweighted_kappa() -> None:
    first, second = _classified([[4, 1], [2, 5]], "RS")
    few, more = agreement_table(first, second), agreement_table(first, second, categories="RxS")
    assert cohens_kappa(few) == cohens_kappa(more)
    assert cohens_kappa(few, weights="linear").value == pytest.approx(cohens_kappa(few).value)


def test_full_agreement_and_its_opposite_are_one_and_minus_one() -> None:
    first, second = _classified([[4, 0], [0, 4]], "RS")
    assert cohens_kappa(agreement_table(first, second)).value == 1
    found = cohens_kappa(agreement_table(first, second[::-1]))
    assert found.value == found.ci_low == -1


def test_kappa_intervals_cover_what_was_simulated() -> None:
    """Shares 0.4, 0.1, 0.1, 0.4 have κ = (0.8 − 0.5) / 0.5 = 0.6; 500 tables of 200."""
    random = np.random.default_rng(4)
    covered = 0
    for counts in random.multinomial(200, [0.4, 0.1, 0.1, 0.4], size=500).reshape(500, 2, 2).tolist():
        found = cohens_kappa(agreement_table(*_classified(counts, "RS")))
        covered += found.ci_low <= 0.6 <= found.ci_high
    assert covered / 500 == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 500))


@pytest.mark.parametrize(
    ("first", "second", "which"), [("RRR", "RRR", "first"), ("SSS", "RSR", "first"), ("RSR", "RRR", "second")]
)
def test_one_category_alone_has_no_kappa(first: str, second: str, which: str) -> None:
    with pytest.raises(StatsError, match=f"in all 3 sessions of the {which}") as refused:
        cohens_kappa(agreement_table(list(first), list(second)))
    assert refused.value.hint


@pytest.mark.parametrize(
    ("first", "second", "categories", "message"),
    [
        (["R", "S", "R"], ["R", "S"], None, "expected pairs, found 3 first and 2 second"),
        (["R", "S"], ["R", "S"], None, "expected 3 sessions at least, found 2"),
        (["R", "S", ""], ["R", "S", "R"], None, "expected categories as text, found ''"),
        (["R", "S", "R"], ["R", "S", math.nan], None, "expected categories as text, found nan"),
        (["R", "S", "R"], ["R", "S", "X"], "RS", "expected one of the categories R, S, found 'X'"),
    ],
)
def test_what_is_no_pair_of_classifications_is_refused(
    first: list[str], second: list[str], categories: str | None, message: str
) -> None:
    with pytest.raises(StatsError, match=message) as refused:
        agreement_table(first, second, categories=categories)
    assert refused.value.hint


def test_confidence_is_a_share() -> None:
    with pytest.raises(StatsError, match="confidence"):
        cohens_kappa(agreement_table(list("RSR"), list("RSS")), confidence=95)
