"""Random studies, good and bad, by random plans: an analysis whose numbers hold together, or an error that says why."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from csds.analysis.analyse import Analysis, analyse
from csds.analysis.animals import Animals, read_animals
from csds.analysis.comparison import REPEATED
from csds.analysis.methods import methods_sentences
from csds.analysis.plan import DESIGNS, AnalysisPlan
from csds.analysis.results import Result
from csds.analysis.sentences import results_sentences
from csds.analysis.summary import summary, summary_text
from csds.errors import CsdsError

TREATMENTS = (
    ("isotype", "anti-IL-4Rα", "anti-IL-13", "vehicle 2"), ("a", "b - c", "d: e", "(f) + g"),
    ("=SUM(A1)", "x ~ y", "β γ", "C(q)"),
)  # fmt: skip
MISSING = ("si_ratio", "log_si_ratio", "interaction_absent_s", "weight_g", "cage", "sex", "treatment", "phenotype")


def study(rng: np.random.Generator) -> pd.DataFrame:
    """Return animals of some groups, tests, cages and cohorts, with ties, empty and constant groups, and gaps."""
    treatments = TREATMENTS[rng.integers(len(TREATMENTS))][: int(rng.integers(1, 5))]
    stresses = ("control", "defeated", "witness")[: int(rng.integers(1, 4))]
    tests = [("",), ("pre", "post"), ("pre", "post", "late")][rng.choice(3, p=[0.6, 0.28, 0.12])]
    sizes = [(0, 4), (1, 8), (4, 13)][rng.integers(3)]
    housing, cohorts, has_ties = int(rng.integers(4)), int(rng.integers(1, 4)), rng.random() < 0.2
    rows: list[dict[str, object]] = []
    for stress in stresses:
        for treatment in treatments:
            is_constant = rng.random() < 0.05
            for i in range(int(rng.integers(*sizes)) if rng.random() > 0.05 else 0):
                number = len(rows)
                cage = ("", "1", f"{stress}{treatment}{i // 2}", f"c{rng.integers(4)}")[housing]
                animal = {
                    "animal_id": f"m{number}", "cohort": f"k{rng.integers(cohorts)}" if cohorts > 1 else "",
                    "stress": stress, "treatment": treatment, "cage": cage, "sex": "MF"[int(rng.integers(2))],
                    "weight_g": round(rng.normal(25, 2), 1),
                }  # fmt: skip
                absent = max(1.0, rng.normal(61, 16))
                present = max(0.0, rng.normal(80 if stress == "control" else 55, 25))
                for test in tests:
                    if test and rng.random() < 0.08:
                        continue
                    times = absent + 5 * rng.uniform(), present + 10 * rng.uniform()
                    if has_ties or is_constant:
                        times = (60.0, 60.0) if is_constant else (round(times[0], -1) + 10, round(times[1], -1))
                    rows.append(animal | scores(*times, is_control=stress == "control") | {"test": test})
    table = pd.DataFrame(rows, columns=list(rows[0]) if rows else ["animal_id", "test"])
    for column in MISSING if rng.random() < 0.4 and rows else ():
        if rng.random() < 0.25:
            gaps = rng.random(len(table)) < rng.choice([0.05, 0.2, 0.5])
            table[column] = table[column].astype(object).where(~gaps, "")
    if rng.random() < 0.2:
        table["exclude"] = np.where(rng.random(len(table)) < 0.1, "died", "")
    return table.drop(columns="test") if tests == ("",) else table.sample(frac=1, random_state=int(rng.integers(99)))


def scores(absent: float, present: float, *, is_control: bool) -> dict[str, object]:
    ratio = present / absent
    phenotype = "control" if is_control else "susceptible" if ratio < 1 else "resilient"
    return {
        "interaction_absent_s": absent, "interaction_present_s": present, "si_ratio": ratio,
        "log_si_ratio": math.log(ratio) if ratio > 0 else "", "phenotype": phenotype,
    }  # fmt: skip


def random_plan(rng: np.random.Generator) -> AnalysisPlan:
    options: dict[str, Sequence[Any]] = {
        "random": [("cage",), ("cohort",), ("cohort", "cage")],
        "fixed": [("sex",), ("cohort",), ("sex", "cohort")],
        "covariates": [("weight_g",), ("interaction_absent_s",)],
        "only": [{"phenotype": "susceptible"}, {"sex": "F"}, {"sex": "F", "phenotype": "resilient"}],
        "factors": [("treatment",), ("sex", "treatment"), ("phenotype",), ("stress",)],
        "adjust": ["bonferroni", "sidak", "tukey", "none"],
        "sum_of_squares": ["I", "II"],
        "variances": ["pooled", "separate"],
        "outliers": ["left out"],
        "design": list(DESIGNS),
        "primary": ["log_si_ratio", "interaction_present_s", "weight_g"],
        "secondary": [(), ("log_si_ratio", "phenotype"), ("weight_g", "si_ratio")],
        "correlate": [("weight_g",), ("weight_g", "interaction_absent_s")],
    }
    chosen = {key: values[rng.integers(len(values))] for key, values in options.items() if rng.random() < 0.2}
    return AnalysisPlan(draws=1000, **chosen)


def check_row(one: Result) -> None:
    assert one.outcome
    assert one.n > 0
    assert bool(one.n_excluded) == bool(one.excluded_because)
    assert bool(one.statistic_name) == math.isfinite(one.statistic)
    assert not one.statistic_name or 0 <= one.p_value <= 1
    assert bool(one.effect_name) == (not math.isnan(one.effect))
    assert math.isnan(one.ci_low) == math.isnan(one.ci_high)
    assert math.isnan(one.ci_low) or one.ci_low <= one.ci_high
    assert math.isnan(one.p_adjusted) or (one.p_adjusted >= one.p_value - 1e-12 and one.adjustment)
    may_be_infinite = one.effect_name in ("conditional odds ratio", "Hodges–Lehmann shift")
    numbers = (one.effect, one.ci_low, one.ci_high, one.df1, one.df2)
    assert may_be_infinite or not any(map(math.isinf, numbers))


def check_whole(animals: Animals, found: Analysis) -> None:
    for one in found.results:
        check_row(one)
    for left_out in found.left_out.values():
        assert len({one.row for one in left_out}) == len(left_out) or found.comparison.name == "target_by_group"
    rows = len(animals.table) + len(animals.left_out)
    names = {*animals.keys(), *(one.animal for one in animals.left_out)}
    for one in found.results:
        if one.analysis in ("planned", "secondary") and one.statistic_name == "F" and not found.plan.only:
            assert one.n + one.n_excluded == (len(names) if found.comparison.name in REPEATED else rows)
    for text in (*results_sentences(found), *methods_sentences(found)):
        assert not re.search(r"\b(nan|None|inf)\b|  |\.\.|-0\.00\b|\(\)|[{}]", text), text
        assert text[0] == text[0].upper()
        assert text.endswith(".")
    json.dumps(summary(found, AnalysisPlan(), []), default=str)
    assert summary_text(found, AnalysisPlan(), [])


def check_study(seed: int, folder: Path) -> str:
    rng = np.random.default_rng(seed)
    study(rng).to_csv(folder / "animals.csv", index=False)
    plan = random_plan(rng)
    if plan.fault():
        return "fault"
    try:
        animals = read_animals(folder)
        found = analyse(animals, plan)
    except CsdsError as error:
        return "error" if error.message else "silence"
    check_whole(animals, found)
    return found.comparison.name


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_random_studies(tmp_path: Path, first: int) -> None:
    assert {check_study(seed, tmp_path) for seed in range(first, first + 20)} > {"error"}


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 1600, 100))
def test_many_random_studies(tmp_path: Path, first: int) -> None:
    assert {check_study(seed, tmp_path) for seed in range(first, first + 100)} >= {"error", "pre_post", "one_way"}
