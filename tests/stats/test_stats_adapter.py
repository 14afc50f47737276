"""What pingouin computes, against R and closed forms, under the names of either version."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from csds.errors import StatsError
from csds.stats.adapter import bayes_factor, check_equal_variances, check_normality
from csds.stats.design import design_matrix, factor
from csds.stats.linear import fit_linear_model

GROUPS = ["control_vehicle", "control_drug", "defeat_vehicle", "defeat_drug"]


@pytest.fixture(scope="module")
def expected(real_data: Path) -> dict[str, Any]:
    """What R prints."""
    return json.loads((real_data / "reference_stats" / "expected_r.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def data(real_data: Path) -> pd.DataFrame:
    return pd.read_csv(real_data / "reference_stats" / "two_by_two.csv")


@pytest.mark.parametrize(
    ("test", "key", "name"),
    [("brown_forsythe", "brown_forsythe", "F"), ("levene", "levene_mean", "F"), ("bartlett", "bartlett", "K2")],
)
def test_variances_are_compared_as_r_does(
    test: Any, key: str, name: str, data: pd.DataFrame, expected: dict[str, Any]
) -> None:
    group = factor("group", data["group"].tolist(), levels=GROUPS)
    check = check_equal_variances(data["si_ratio"], group, test=test)
    assert {name: check.statistic, "p": check.p_value} == pytest.approx(expected[key], rel=1e-9)


def test_normality_is_that_of_r(data: pd.DataFrame, expected: dict[str, Any]) -> None:
    group = factor("group", data["group"].tolist(), levels=GROUPS)
    model = fit_linear_model(data["si_ratio"], design_matrix([group]))
    check = check_normality(model.residuals)
    assert {"W": check.statistic, "p": check.p_value} == pytest.approx(expected["shapiro_residuals"], rel=1e-6)
    for name, row in expected["shapiro_by_group"].items():
        check = check_normality(data.loc[data["group"] == name, "si_ratio"])
        assert {"W": check.statistic, "p": check.p_value} == pytest.approx(row, rel=1e-6)


@pytest.mark.parametrize("t", [-3.5, 0.2, 2.0])
@pytest.mark.parametrize("sizes", [(20, 20), (9, 11), (12, None)])
def test_bayes_factors_are_the_average_likelihood_under_a_cauchy_prior(t: float, sizes: tuple[int, int | None]) -> None:
    first, second = sizes
    n = first if second is None else first * second / (first + second)
    df = first - 1 if second is None else first + second - 2
    under = integrate.quad(
        lambda delta: stats.nct.pdf(t, df, delta * math.sqrt(n)) * stats.cauchy.pdf(delta, scale=0.6), -8, 8, limit=200
    )[0]
    assert bayes_factor(t, first, second, prior_scale=0.6) == pytest.approx(under / stats.t.pdf(t, df), rel=1e-6)


@pytest.mark.parametrize("name", ["pval", "p_val", "p-val"])
def test_columns_are_found_under_the_names_of_either_version(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({"W": [0.9], name: [0.2]})
    monkeypatch.setattr("pingouin.normality", lambda values: table)
    assert check_normality([1, 2, 4, 7]).p_value == 0.2


def test_pingouin_waits_until_it_is_used() -> None:
    code = "import sys, csds.stats.adapter, csds.stats.one_way; print({'pingouin', 'scipy'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2, 3], "found 3"),
        ([2, 2, 2, 2], "all are equal"),
        ([1, 2, 3, np.nan], "missing"),
        (range(5001), "found 5001"),
    ],
)
def test_values_whose_normality_cannot_be_checked(values: Any, message: str) -> None:
    with pytest.raises(StatsError, match=message):
        check_normality(values)


@pytest.mark.parametrize("test", ["brown_forsythe", "levene", "bartlett"])
@pytest.mark.parametrize(
    ("values", "labels", "message"),
    [
        ([1, 2, 3], "aab", r"fewer in b \(1\)"),
        ([1, 1, 2, 2], "aabb", "vary too little"),
        ([1, 2, np.inf, 4], "aabb", "infinite"),
        ([1, 2, 3], "aabb", "3 outcomes for 4"),
    ],
)
def test_variances_that_cannot_be_compared(test: Any, values: list[float], labels: str, message: str) -> None:
    with pytest.raises(StatsError, match=message):
        check_equal_variances(values, factor("group", list(labels)), test=test)


@pytest.mark.parametrize(
    ("t", "first", "second"),
    [(math.nan, 9, 11), (math.inf, 9, 11), (2.0, 1, None), (2.0, 1, 1), (-1e4, 3, None), (90.0, 9000, 9000)],
)
def test_a_t_without_a_bayes_factor(t: float, first: int, second: int | None) -> None:
    with pytest.raises(StatsError, match="no Bayes factor"):
        bayes_factor(t, first, second)
