"""Bad tables get a clear error or a named fallback: never a traceback, never NaN in silence."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from csds.cli import app
from csds.formats.tables import read_table

Change = Callable[[pd.DataFrame], Any]


def animals() -> pd.DataFrame:
    """Return 40 animals in a full factorial, two to a cage."""
    rng = np.random.default_rng(1)
    rows = []
    for stress in ("control", "defeated"):
        for treatment in ("isotype", "anti-IL-4Rα"):
            for i in range(10):
                absent = 61 + 14 * rng.uniform(-1, 1)
                present = {"control": 91, "defeated": 55}[stress] + 30 * rng.uniform(-1, 1)
                ratio = present / absent
                phenotype = "control" if stress == "control" else "susceptible" if ratio < 1 else "resilient"
                rows.append(
                    {"animal_id": f"{stress[0]}{treatment[0]}{i}", "stress": stress, "treatment": treatment,
                     "cage": f"{stress[0]}{treatment[0]}{i // 2}", "sex": "MF"[i % 2], "weight_g": rng.normal(25, 2),
                     "interaction_absent_s": absent, "interaction_present_s": present, "si_ratio": ratio,
                     "log_si_ratio": math.log(ratio), "corner_ratio": rng.gamma(4, 0.3), "phenotype": phenotype}
                )  # fmt: skip
    return pd.DataFrame(rows)


def is_cell(table: pd.DataFrame, stress: str, treatment: str = "anti-IL-4Rα") -> pd.Series:
    return (table["stress"] == stress) & (table["treatment"] == treatment)


def only_two_groups(table: pd.DataFrame, of_second: int) -> pd.DataFrame:
    some = table[table["stress"] == "defeated"]
    return pd.concat([some[some["treatment"] == "isotype"], some[some["treatment"] != "isotype"][:of_second]])


def first_of_each(table: pd.DataFrame, count: int) -> pd.DataFrame:
    return table.groupby(["stress", "treatment"], sort=False).head(count)


def with_cells(table: pd.DataFrame, column: str, cells: object, where: object = slice(None)) -> pd.DataFrame:
    changed = table.astype({column: object})
    changed.loc[where, column] = cells
    return changed


def both_tests(table: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    later = table.assign(si_ratio=table["si_ratio"] + 0.2 * rng.normal(size=len(table)))
    return pd.concat([table.assign(test="pre"), later.assign(test="post")])


def renamed(table: pd.DataFrame) -> pd.DataFrame:
    levels = {"isotype": "=SUM(A1) β:γ * 'x'", "anti-IL-4Rα": '-2 + "q" ~ C(x)'}
    return table.assign(treatment=table["treatment"].map(levels)).rename(columns={"treatment": "=my (α) + b"})


#: Of a change: options, exit code, and what the message says.
CASES: dict[str, tuple[Change, list[str], int, str]] = {
    "one level only": (
        lambda t: t.assign(stress="defeated", treatment="isotype"), [], 1,
        "two groups at least, found one: stress defeated, treatment isotype",
    ),
    "no levels": (lambda t: t.assign(stress="", treatment=""), [], 1, "found one: stress empty, treatment empty"),
    "some without a level": (lambda t: with_cells(t, "treatment", "", slice(0, 4)), [], 0, "treatment is missing"),
    "an empty cell": (lambda t: t[~is_cell(t, "control")], [], 0, "1 of 4 combinations of stress and treatment hold"),
    "an empty cell, design named": (
        lambda t: t[~is_cell(t, "control")], ["--design", "stress_by_treatment"], 1, "in every combination",
    ),
    "one animal in a cell": (
        lambda t: pd.concat([t[~is_cell(t, "defeated")], t[is_cell(t, "defeated")][:1]]), [], 0,
        "not computed: si_ratio, Hedges' g of defeated + anti-IL-4Rα - defeated + isotype",
    ),
    "one animal of two groups": (
        lambda t: only_two_groups(t, 1), [], 1, "2 animals at least; found fewer in anti-IL-4Rα (1)",
    ),
    "one animal everywhere": (lambda t: first_of_each(t, 1), [], 1, "4 coefficients needs more than 4 animals"),
    "two animals everywhere": (lambda t: first_of_each(t, 2), [], 0, "bootstrap of the mean difference"),
    "all values equal": (lambda t: t.assign(si_ratio=1.0), [], 1, "Outcomes should vary between animals"),
    "equal in two of four": (
        lambda t: with_cells(t, "si_ratio", 1.0, t["stress"] == "control"), [], 0, "expected values that vary",
    ),
    "secondary all equal": (
        lambda t: t.assign(corner_ratio=1.0), [], 0, "not computed: corner_ratio, all: corner_ratio, planned test",
    ),
    "secondary all equal and named": (
        lambda t: t.assign(corner_ratio=1.0), ["--secondary", "corner_ratio"], 1, "not computed: corner_ratio, all",
    ),
    "all values missing": (lambda t: t.assign(si_ratio=""), [], 1, "left out: si_ratio is missing (40)"),
    "all values of a cell missing": (
        lambda t: with_cells(t, "si_ratio", "", is_cell(t, "defeated")), [], 1, "found none in defeated + anti-IL-4Rα",
    ),
    "an infinite value": (lambda t: with_cells(t, "si_ratio", "inf", 5), [], 0, "si_ratio is infinite: ci5 (row 7)"),
    "text among numbers": (
        lambda t: with_cells(t, "si_ratio", "a lot", 3), [], 1, "row 5, column 'si_ratio': expected a number, found 'a",
    ),
    "text in a covariate": (
        lambda t: with_cells(t, "weight_g", "fat", 3), ["--covariate", "weight_g"], 1, "row 5, column 'weight_g'",
    ),
    "text as outcome": (lambda t: t, ["--outcome", "sex"], 1, "column 'sex': expected a number, found 'M'"),
    "values that can't be measured": (
        lambda t: t.assign(si_ratio=t["si_ratio"] * 1e200), [], 1, "numbers of a size that can be measured",
    ),
    "a factor of 40 levels": (
        lambda t: t.assign(treatment=[f"t{i}" for i in range(40)]), [], 1, "12 levels at most, found 40",
    ),
    "a fixed factor of 40 levels": (
        lambda t: t.assign(strain=[f"t{i}" for i in range(40)]), ["--fixed", "strain"], 1, "can't be told apart",
    ),
    "a reference that isn't there": (
        lambda t: t, ["--reference", "treatment=vehicle"], 1, "one of isotype, anti-IL-4Rα, found 'vehicle'",
    ),
    "a reference of no factor": (lambda t: t, ["--reference", "colour=red"], 2, "--reference colour: expected one of"),
    "formula characters": (renamed, ["--factor", "stress", "--factor", "=my (α) + b"], 0, ""),
    "joins in levels": (
        lambda t: t.assign(treatment=t["treatment"].map({"isotype": "a + b - c", "anti-IL-4Rα": "x : y"})), [], 0, "",
    ),
    "a cage column that is empty": (lambda t: t.assign(cage=""), ["--random", "cage"], 1, "cage is missing (40)"),
    "one cage": (lambda t: t.assign(cage="1"), ["--random", "cage"], 1, "two levels or more; “cage”"),
    "an animal a cage": (
        lambda t: t.assign(cage=t["animal_id"]), ["--random", "cage"], 1, "variance of cage can't be told",
    ),
    "cages that are the groups": (
        lambda t: t.assign(cage=t["stress"]), ["--random", "cage"], 1, "variance of cage can't be told",
    ),
    "a column that isn't there": (lambda t: t, ["--random", "litter"], 1, "there is no column 'litter'"),
    "a constant covariate": (lambda t: t.assign(age=5), ["--covariate", "age"], 1, "can't be told apart"),
    "the outcome as covariate": (lambda t: t, ["--covariate", "si_ratio"], 2, "found 'si_ratio' in two"),
    "a copy of the outcome as covariate": (
        lambda t: t.assign(age=t["si_ratio"]), ["--covariate", "age"], 1, "Outcomes should vary",
    ),
    "a constant correlate": (
        lambda t: t.assign(age=5), ["--correlate", "age"], 0, "correlation with age in control + isotype",
    ),
    "animals that aren't there": (
        lambda t: t, ["--only", "sex=X"], 1, "whose sex is 'X', found none: it is M, F",
    ),
    "all animals excluded": (lambda t: t.assign(exclude="died"), [], 1, "found all left out: excluded: died (40)"),
    "no animals": (lambda t: t[:0], [], 1, "no animals"),
    "two groups named of four": (lambda t: t, ["--design", "two_groups"], 1, "expected two groups, found"),
    "pre and post of other animals": (
        lambda t: pd.concat([t[:20].assign(test="pre"), t[20:].assign(test="post")]), ["--design", "pre_post"], 1,
        "animals with two tests or more",
    ),
    "pre and post": (both_tests, [], 0, ""),
    "pre and post, one missing": (lambda t: both_tests(t)[1:], [], 0, "kept by the mixed model only: ci0 (row 41)"),
    "pre and post, an empty cell": (lambda t: both_tests(t[~is_cell(t, "control")]), [], 0, ""),
    "pre and post, one arm": (lambda t: both_tests(only_two_groups(t, 0)), [], 0, "regression_to_the_mean"),
    "phases of several tests": (both_tests, ["--design", "target_by_group"], 1, "one test of each animal"),
    "phases": (lambda t: t, ["--design", "target_by_group"], 0, ""),
    "groups that scores tell apart": (lambda t: t, ["--factor", "phenotype"], 0, "circular"),
    "animals that scores chose": (lambda t: t, ["--only", "phenotype=resilient"], 0, "selected_after_treatment"),
    "chosen animals of one arm": (
        lambda t: with_cells(t, "phenotype", "resilient", is_cell(t, "defeated")),
        ["--only", "phenotype=susceptible"], 0,
        "si_ratio, all of the animals with phenotype = susceptible: expected two groups at least",
    ),
    "proportions of one kind": (
        lambda t: with_cells(t, "phenotype", "resilient", t["stress"] == "defeated"), [], 0, "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "options", "code", "message"), CASES.values(), ids=list(CASES))
def test_bad_table_is_an_error_or_a_named_fallback(
    tmp_path: Path, change: Change, options: list[str], code: int, message: str
) -> None:
    path, written = tmp_path / "a.csv", tmp_path / "stats.csv"
    change(animals()).to_csv(path, index=False)
    result = CliRunner().invoke(app, ["stats", str(path), "--draws", "1000", *options], env={"COLUMNS": "400"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    assert message in " ".join(result.output.split())
    assert "nan" not in result.output.casefold().replace("nanomolar", "")
    is_named = code == 1 and "secondary" in " ".join(options)
    assert written.is_file() == (code == 0 or is_named)
    if written.is_file():
        check_numbers(written)


def check_numbers(path: Path) -> None:
    """Check that no row names what it doesn't have."""
    table = read_table(path)

    def empty(column: str) -> pd.Series:
        return table[column] == ""

    named, sized = ~empty("statistic_name"), ~empty("effect_name")
    assert not (named & empty("statistic")).any()
    assert not (named & empty("p_value")).any()
    assert (sized != empty("effect")).all()
    assert (empty("ci_low") == empty("ci_high")).all()
    assert not (~empty("p_adjusted") & empty("adjustment")).any()
    assert set(table["analysis"]) <= {
        "planned", "secondary", "sensitivity", "selected", "exploratory", "description",
    }  # fmt: skip
    assert (table["n"].astype(int) > 0).all()
    left_out = table["n_excluded"].astype(int) > 0
    assert (left_out != empty("excluded_because")).all()
    infinite = table[["statistic", "p_value", "effect", "ci_low", "ci_high", "df1", "df2"]].isin(["inf", "-inf"])
    # An odds ratio with an empty cell is infinite; the shift of few animals has no bound at 95 %.
    assert set(table.loc[infinite.any(axis=1), "effect_name"]) <= {"conditional odds ratio", "Hodges–Lehmann shift"}
