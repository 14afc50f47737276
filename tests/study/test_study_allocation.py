"""Arms are equal in number in every stratum and over all, by chance alone, and the same for the same seed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.errors import TableError, UsageError
from csds.study.allocation import Allocation, AllocationDesign, allocate, with_treatment

ARMS = ("isotype", "anti-IL-4Rα")
MANY = ("isotype", "anti-IL-4Rα", "dose 2", "dose 3", "untreated")


def table(**columns: list[str]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame({"animal_id": [f"M{i:02d}" for i in range(n)], **columns}, dtype=str)
    return frame.set_axis(pd.RangeIndex(2, n + 2), axis=0)  # line numbers, as of a table that was read


def draw(frame: pd.DataFrame, seed: int = 1, **design) -> Allocation:
    return allocate(frame, AllocationDesign(**{"arms": ARMS, **design}), np.random.Generator(np.random.PCG64(seed)))


def spread(arms, names) -> int:
    counts = [list(arms).count(name) for name in names]
    return max(counts) - min(counts)


@st.composite
def cases(draw_from):
    names = MANY[: draw_from(st.integers(2, 5))]
    n = draw_from(st.integers(len(names), 45))
    cages = draw_from(st.lists(st.sampled_from(["A", "B", "12", "Käfig 3"]), min_size=n, max_size=n))
    weights = draw_from(st.lists(st.integers(150, 320).map(lambda w: f"{w / 10}"), min_size=n, max_size=n))
    design = AllocationDesign(
        arms=names,
        stratify=tuple(draw_from(st.sets(st.sampled_from(["cage", "weight_g"])))),
        block=len(names) * draw_from(st.integers(1, 4)),
        bands=draw_from(st.integers(2, 6)),
    )
    return table(cage=cages, weight_g=weights), design, draw_from(st.integers(0, 2**64))


@given(case=cases())
def test_arms_differ_by_one_animal_at_most(case) -> None:
    frame, design, seed = case
    found = allocate(frame, design, np.random.Generator(np.random.PCG64(seed)))
    assert set(found.arms) <= set(design.arms)
    assert spread(found.arms, design.arms) <= 1
    for stratum in found.strata:
        assert max(stratum.counts.values()) - min(stratum.counts.values()) <= 1
    summed = Counter()
    for stratum in found.strata:
        summed.update(stratum.counts)
    assert summed == Counter({arm: found.arms.count(arm) for arm in design.arms})
    if "cage" in design.stratify:
        levels = {stratum.levels["cage"] for stratum in found.strata}
        assert levels == set(frame["cage"])


@given(case=cases(), order=st.randoms())
def test_order_of_rows_changes_nothing(case, order) -> None:
    frame, design, seed = case
    rows = list(range(len(frame)))
    order.shuffle(rows)
    first = allocate(frame, design, np.random.default_rng(seed))
    second = allocate(frame.iloc[rows], design, np.random.default_rng(seed))
    assert second.arms == tuple(first.arms[row] for row in rows)
    assert second.strata == first.strata


def test_each_block_is_balanced_in_the_order_of_the_ids() -> None:
    arms = draw(table(cage=["A"] * 42), block=4).arms
    for start in range(0, 40, 4):
        assert spread(arms[start : start + 4], ARMS) == 0
    assert spread(arms[40:], ARMS) == 0


def test_blocks_within_the_strata() -> None:
    frame = table(stress=["control", "defeated"] * 12)
    arms = np.array(draw(frame, within=("stress",), block=2).arms)
    for stress in ("control", "defeated"):
        of_stress = arms[frame["stress"] == stress]
        assert all(set(of_stress[start : start + 2]) == set(ARMS) for start in range(0, 12, 2))


def test_what_is_left_of_blocks_evens_out() -> None:
    frame = table(cage=[f"C{i // 3}" for i in range(36)])
    for seed in range(30):
        assert spread(draw(frame, seed, stratify=("cage",)).arms, ARMS) == 0


@pytest.mark.parametrize("names", [ARMS, MANY[:3]])
def test_each_animal_gets_each_arm_equally_often(names) -> None:
    frame = table(cage=["A", "A", "A", "B", "B", "C", "C"], weight_g=["20", "21", "22", "23", "24", "25", "26"])
    draws = 3000
    found = np.array([draw(frame, seed, arms=names, stratify=("cage",)).arms for seed in range(draws)])
    p = 1 / len(names)
    for name in names:
        shares = (found == name).mean(axis=0)
        assert np.abs(shares - p).max() < 4.5 * np.sqrt(p * (1 - p) / draws)


def test_order_within_a_block_is_any_of_all_equally_often() -> None:
    frame = table(cage=["A"] * 4)
    draws = 3000
    orders = Counter(draw(frame, seed, block=4).arms for seed in range(draws))
    assert len(orders) == 6
    assert max(abs(times / draws - 1 / 6) for times in orders.values()) < 4.5 * np.sqrt(5 / 36 / draws)


def test_same_seed_same_arms_and_another_seed_other_ones() -> None:
    frame = table(cage=["A"] * 40)
    assert draw(frame, 7) == draw(frame, 7)
    assert draw(frame, 7).arms != draw(frame, 8).arms


def test_arms_of_a_seed_stay_the_same_for_good() -> None:
    # PCG64's raw stream, which numpy keeps the same on every platform and in every version, is used as it comes:
    # first two numbers for which arm would get an odd animal, then four for the order of a block of four.
    raw = np.random.PCG64(2026).random_raw(2 + 4)[2:]
    expected = tuple([*ARMS, *ARMS][at] for at in np.argsort(raw))
    assert draw(table(cage=["A"] * 4), 2026, block=4).arms == expected


def test_numbers_are_cut_into_bands_of_equal_count() -> None:
    weights = ["20,5", "19,1", "25", "22", "18", "30", "21", "24", "23", "26"]
    strata = draw(table(weight_g=weights), stratify=("weight_g",)).strata
    assert [stratum.levels["weight_g"] for stratum in strata] == [
        "band 1 (18 to 21)",
        "band 2 (22 to 24)",
        "band 3 (25 to 30)",
    ]
    assert [sum(stratum.counts.values()) for stratum in strata] == [4, 3, 3]


def test_equal_numbers_are_in_one_band() -> None:
    strata = draw(table(si_ratio=["1"] * 7 + ["2"]), stratify=("si_ratio",)).strata
    assert [sum(stratum.counts.values()) for stratum in strata] == [7, 1]


@pytest.mark.parametrize(("how", "column"), [("stratify", "cage"), ("within", "rack")])
def test_numbered_cages_are_names(how: str, column: str) -> None:
    frame = table(**{column: [str(i // 4) for i in range(20)]})
    strata = draw(frame, **{how: (column,)}).strata
    assert [stratum.levels[column] for stratum in strata] == ["0", "1", "2", "3", "4"]


def test_an_id_may_come_again_in_another_cohort() -> None:
    frame = table(cohort=["1", "2"]).assign(animal_id="M01")
    assert sorted(draw(frame).arms) == sorted(ARMS)


def test_empty_treatment_column_is_filled_and_nothing_else_changes() -> None:
    frame = table(Treatment=["", " "], cage=["A", "B"])
    before = frame.copy()
    filled = with_treatment(frame, draw(frame).arms)
    assert list(filled) == ["animal_id", "cage", "treatment"]
    assert set(filled["treatment"]) == set(ARMS)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"arms": ()}, "expected two arms or more, found none"),
        ({"arms": ("isotype",)}, "expected two arms or more, found 'isotype'"),
        ({"arms": ("isotype", "none")}, "found 'none', which a table reads as missing"),
        ({"arms": ("isotype", " Isotype")}, "'isotype' more than once"),
        ({"stratify": ("cage",), "within": ("cage",)}, "the column 'cage' twice"),
        ({"block": 3}, "multiple of 2 animals, as there are 2 arms, found 3"),
        ({"block": 0}, "found 0"),
        ({"block": -2}, "found -2"),
        ({"bands": 1}, "two bands or more, found 1"),
    ],
)
def test_designs_that_are_refused(design, message: str) -> None:
    with pytest.raises(UsageError, match=message) as error:
        AllocationDesign(**{"arms": ARMS, **design})
    assert error.value.hint


def test_unknown_column_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="no column 'wieght_g' to stratify by; did you mean 'weight_g'"):
        draw(table(weight_g=["20", "21"]), stratify=("wieght_g",))
    with pytest.raises(UsageError, match=r"no column 'zebra' to stratify by$"):
        draw(table(weight_g=["20", "21"]), stratify=("zebra",))


@pytest.mark.parametrize(
    ("columns", "design", "message"),
    [
        ({"treatment": ["", "isotype"]}, {}, "row 3, column 'treatment': .* already, 'isotype'"),
        ({"Treatment ": ["x", ""]}, {}, "row 2, column 'Treatment '"),
        ({"animal_id": ["M01", " M01"]}, {}, "row 3, column 'animal_id': 'M01' is in row 2 already"),
        ({"animal_id": ["M01", " "]}, {}, "row 3, column 'animal_id': it is empty"),
        ({"animal_id": ["M01", "M01"], "test": ["pre", "post"]}, {}, "'M01' is in row 2 already"),
        ({"cage": ["A", ""]}, {"stratify": ("cage",)}, "row 3, column 'cage': expected a value .* found ''"),
        ({"weight_g": ["20", "NA"]}, {"stratify": ("weight_g",)}, "row 3, column 'weight_g': .* found 'NA'"),
        ({"stress": ["", "control"]}, {"within": ("stress",)}, "row 2, column 'stress'"),
        ({"w": ["20", "21", "22 g"]}, {"stratify": ("w",)}, "row 4, column 'w': expected a number, found '22 g'"),
        ({"cage": ["A", "B"]}, {"arms": MANY}, "an animal for each of 5 arms or more, found 2"),
    ],
)
def test_tables_that_are_refused(columns, design, message: str) -> None:
    with pytest.raises(TableError, match=message) as error:
        draw(table(**columns), **design)
    assert error.value.hint


def test_table_without_ids() -> None:
    with pytest.raises(TableError, match="expected a column 'animal_id', found 'Animal', 'cage'") as error:
        draw(pd.DataFrame({"Animal": ["1"], "cage": ["A"]}))
    assert error.value.hint == "Rename 'Animal' to 'animal_id'."
    with pytest.raises(TableError, match="expected a column 'animal_id'"):
        draw(pd.DataFrame({"x": ["1"]}))


def test_excluded_animals_get_no_arm_and_disturb_no_balance() -> None:
    cells = [str(number) for number in range(9)]
    table = pd.DataFrame({"animal_id": cells, "weight": cells, "exclude": ["", "died", *[""] * 7]})
    table.loc[1, "weight"] = ""  # of no importance in an animal that gets no arm
    design = AllocationDesign(arms=("isotype", "antibody"), stratify=("weight",), bands=2)
    arms = allocate(table, design, np.random.default_rng(3)).arms
    assert arms[1] == ""
    assert (arms.count("isotype"), arms.count("antibody")) == (4, 4)
    with pytest.raises(TableError, match="found 1"):
        allocate(table.iloc[:2], design, np.random.default_rng(3))
