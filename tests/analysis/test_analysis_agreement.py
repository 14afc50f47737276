"""What is said of paired results: closed forms, equal and too few values, units, what disagrees most."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from csds.analysis.agreement import Agreement, compare, describe, disagreements, worst_animals
from csds.analysis.agreement_pairs import CallPair, Pair, PairedColumn, Pairing

NEW, OLD = (62, 71, 55, 80, 90, 66), (60, 72, 50, 81, 84, 67)
BIAS, SD = 10 / 6, math.sqrt((68 - 100 / 6) / 5)  # of the differences 2, -1, 5, -1, 6, -1


def paired(own, old, column="interaction_present_s", *, missing=0) -> Pairing:
    pairs = tuple(
        Pair(cohort="", animal_id=f"M{at}", test="", phase="", row=at + 2, own=float(x), old=float(y))
        for at, (x, y) in enumerate(zip(own, old, strict=True))
    )
    one = PairedColumn(column=column, old_column="Old", phase="", test="", pairs=pairs, n_missing=missing)
    return Pairing(columns=(one,), calls=(), keys=("animal_id",), n=len(pairs), own_alone=(), old_alone=())


def called(*words: tuple[str, str], test: str = "") -> Agreement:
    calls = tuple(
        CallPair(cohort="", animal_id=f"M{at}", test=test, row=at + 2, own=own, old=old)
        for at, (own, old) in enumerate(words)
    )
    return compare(
        Pairing(columns=(), calls=calls, keys=("animal_id",), n=len(calls), own_alone=(), old_alone=()), "old.csv"
    )


def only(agreement: Agreement):
    (one,) = agreement.measurements
    return one


def test_bias_and_limits_are_those_of_the_closed_form() -> None:
    one = only(compare(paired(NEW, OLD), "old.csv"))
    assert one.bias == pytest.approx(BIAS)
    assert one.limits.bias.value == pytest.approx(BIAS)
    assert one.limits.sd == pytest.approx(SD)
    assert one.limits.upper.value == pytest.approx(BIAS + 1.959963984540054 * SD)
    assert one.ratios.bias.value == pytest.approx(math.prod(x / y for x, y in zip(NEW, OLD, strict=True)) ** (1 / 6))
    assert one.proportional is not None
    assert one.ccc.value < 1
    assert one.note == ""


def test_ratios_are_left_out_where_a_value_is_not_above_0() -> None:
    one = only(compare(paired((-1, *NEW), (1, *OLD)), ""))
    assert one.ratios is None
    assert one.limits is not None


@pytest.mark.parametrize("old", [NEW, [x * (1 + 1e-15) for x in NEW]])
def test_equal_values_are_said_to_be(old) -> None:
    one = only(compare(paired(NEW, old), ""))
    assert one.note == "all 6 are equal"
    assert (one.limits, one.icc, one.ccc) == (None, None, None)
    assert one.bias == pytest.approx(0, abs=1e-9)


def test_a_constant_difference_has_no_limits_but_its_bias() -> None:
    one = only(compare(paired([x + 2 for x in OLD], OLD), ""))
    assert one.limits is None
    assert one.bias == 2
    assert "found all equal (2)" in one.note
    assert one.icc is not None


@pytest.mark.parametrize(("n", "note"), [(0, "0 pairs, 3 at least are needed"), (1, "1 pair, 3"), (2, "2 pairs, 3")])
def test_too_few_pairs(n: int, note: str) -> None:
    one = only(compare(paired(NEW[:n], OLD[:n]), ""))
    assert one.note.startswith(note)
    assert one.limits is None
    assert math.isnan(one.bias) == (n == 0)


def test_a_measurement_that_does_not_vary() -> None:
    one = only(compare(paired([1, 1, 1, 1], [1, 2, 3, 4]), ""))
    assert one.note.startswith("agreement: expected values that vary, found all equal (1) in the first measurement")
    assert one.note.count("expected") == 1


@pytest.mark.parametrize(
    ("times", "words"),
    [(1 / 60, "minutes"), (60, "per minute"), (1 / 100, "metres"), (100, "SI ratio is often given × 100"),
     (25, "frames"), (29.97, "frames"), (30, "frames")],
)  # fmt: skip
def test_another_unit_is_noticed(times: float, words: str) -> None:
    found = compare(paired(NEW, [x * times for x in OLD]), "").notices
    assert [words in notice for notice in found if "median" in notice] == [True]


@pytest.mark.parametrize("times", [1, 0.5, 2, 10, 45])
def test_no_unit_is_noticed_where_there_is_none(times: float) -> None:
    assert not any("median" in notice for notice in compare(paired(NEW, [x * times for x in OLD]), "").notices)


def test_no_unit_is_noticed_at_0() -> None:
    assert not any("median" in notice for notice in compare(paired(NEW, [0, 0, 0, 0, 0, 1]), "").notices)


def test_differences_that_grow_are_noticed() -> None:
    own = [10 * k + (-1) ** k for k in range(1, 13)]
    notices = compare(paired(own, [8 * k for k in range(1, 13)]), "").notices
    assert any("changes with the size" in notice and "ratios' limits" in notice for notice in notices)


def test_few_pairs_and_rows_alone_are_noticed() -> None:
    pairing = replace(paired(NEW, OLD), own_alone=("a", "b", "c", "d"), old_alone=("x",))
    mine, theirs, few = compare(pairing, "").notices
    assert mine == "rows that only the results have, by animal_id: 4 (a, b, c and 1 more)"
    assert theirs == "rows that only the old table has, by animal_id: 1 (x)"
    assert few.startswith("with 6 pairs")
    many = compare(paired(NEW * 6, OLD * 6), "").notices
    assert not any("uncertain" in notice for notice in many)


def test_kappa_is_that_of_the_closed_form() -> None:
    # 4 and 4 of 10 agree where 5 would by chance: (0.8 - 0.5) / (1 - 0.5).
    s, r = "susceptible", "resilient"
    found = called(*[(s, s)] * 4, (s, r), (r, s), *[(r, r)] * 4, *[("control", "control")] * 7)
    (one,) = found.calls
    assert one.kappa.value == pytest.approx(0.6)
    assert one.table.categories == (s, r)
    assert one.table.counts == ((4, 1), (1, 4))
    assert one.n_controls == 7
    assert one.text.startswith(
        "8 of 10 alike (0.8 [0.49, 0.943]); Cohen's κ 0.6 ["
    )  # Wilson's interval as R's prop.test


def test_a_control_that_is_none_in_the_other_table_is_noticed() -> None:
    found = called(("control", "susceptible"), ("susceptible", "susceptible"), ("resilient", "resilient"))
    assert found.notices == (
        "a control in one table and a defeated animal in the other, so one is wrong: M0",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "note"),
    [([("susceptible", "susceptible")] * 4, "two categories at least"),
     ([("susceptible", "resilient")] * 2, "3 sessions at least, found 2")],
)  # fmt: skip
def test_phenotypes_without_kappa_say_why(words, note: str) -> None:
    (one,) = called(*words).calls
    assert one.kappa is None
    assert note in one.note


def test_what_disagrees_stands_in_the_order_of_its_distance_from_the_bias() -> None:
    base = paired(NEW, OLD)
    calls = called(("susceptible", "resilient"), ("resilient", "resilient")).pairing.calls
    found = compare(replace(base, calls=calls), "old.csv")
    listed = disagreements(found)
    assert [one.measurement for one in listed] == ["phenotype", *["interaction_present_s"] * 6]
    sizes = [abs(one.in_sd) for one in listed[1:]]
    assert sizes == sorted(sizes, reverse=True)
    assert listed[1].pair.animal_id == "M4"
    assert listed[1].in_sd == pytest.approx((6 - BIAS) / SD)
    assert [one.pair.animal_id for one in worst_animals(found, 3)] == ["M0", "M4", "M2"]
    assert describe(listed[0]) == "M0: susceptible by csds, resilient in the old table"
    assert describe(listed[1]).startswith("M4: time in the interaction zone with the target present 90 by csds, 84 in")


def test_a_value_beyond_the_limits_is_marked() -> None:
    own = [*range(10, 40), 90]
    found = compare(paired(own, [x + (-1) ** x for x in own[:-1]] + [50]), "")
    marked = [one.pair.animal_id for one in disagreements(found) if one.is_outside]
    assert marked == ["M30"]
