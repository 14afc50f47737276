"""Planned contrasts across studies: from a table of animals to the numbers of R's metafor, and what is left out.

R's are those of ``rma(yi, vi, method = "REML", test = "knha")``, ``predict`` and ``confint`` of metafor 3.8, of each
study's contrast with ``vi`` from ``lm`` (pooled) or the groups' own variances, and of ``escalc("SMD", …)``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from csds.analysis.analyse import analyse
from csds.analysis.animals import Animals
from csds.analysis.meta import AcrossStudies, left_out_studies, meta_table
from csds.analysis.methods import methods_sentences
from csds.analysis.plan import AnalysisPlan
from csds.analysis.sentences import results_sentences
from csds.analysis.studies import studies_of
from csds.analysis.summary import summary, summary_text
from csds.errors import CsdsError, StatsError
from csds.model.columns import META_COLUMNS, names

Row = dict[str, object]
GROUPS = ("control + isotype", "control + anti-IL-4Rα", "defeated + isotype", "defeated + anti-IL-4Rα")
RESCUE = "defeated + anti-IL-4Rα - defeated + isotype"
INTERACTION = f"({RESCUE}) - (control + anti-IL-4Rα - control + isotype)"
#: Of each study, what all its animals have more than the values, and the values by group.
STUDIES: dict[str, tuple[float, tuple[tuple[float, ...], ...]]] = {
    "2018/a": (0.0, (
        (1.17, 1.44, 1.61, 1.78, 1.53, 1.36), (1.25, 1.64, 1.86, 1.52, 1.14, 1.21), (0.75, 0.27, 0.68, 0.41, 0.54),
        (1.08, 1.02, 1.34, 1.18, 1.05, 1.3),
    )),
    "2019": (0.3, (
        (0.92, 1.41, 1.16, 1.44), (1.0, 1.46, 1.44, 1.34, 1.08), (0.32, 0.23, 0.78, 0.31, 1.11),
        (1.75, 0.8, 1.6, 1.11),
    )),
    "2020": (-0.2, (
        (1.51, 1.0, 1.44, 1.44, 1.74, 1.2, 1.68, 1.23), (1.37, 1.24, 1.81, 1.59, 2.06, 1.61, 1.66, 1.66),
        (0.68, 1.04, 0.6, 0.75, 0.69, 0.85, 0.61, 0.66), (1.06, 1.03, 0.78, 1.22, 0.68, 0.7, 0.68),
    )),
    "2021/b": (0.5, (
        (1.41, 1.26, 1.22, 1.61, 1.24, 1.18), (1.6, 1.15, 1.37, 1.45, 1.34, 1.44, 1.78),
        (0.39, 0.24, 0.65, 0.61, 0.77, 0.58, 0.58), (1.12, 1.17, 1.34, 1.2, 1.33, 1.78, 1.42),
    )),
}  # fmt: skip
PLAN = AnalysisPlan(draws=1000, secondary=())


def rows_of(**more: Callable[[str, str], object]) -> list[Row]:
    """Return the animals of all studies, with further columns by study and group."""
    return [
        {"study": study, "protocol": "golden2011", "cohort": f"{study} C1", "animal_id": f"{group}{i}",
         "stress": group.split(" + ")[0], "treatment": group.split(" + ")[1], "si_ratio": value + shift,
         **{name: cell(study, group) for name, cell in more.items()}}
        for study, (shift, groups) in STUDIES.items()
        for group, values in zip(GROUPS, groups, strict=True)
        for i, value in enumerate(values)
    ]  # fmt: skip


def across_of(animals: Animals, plan: AnalysisPlan = PLAN) -> dict[tuple[str, str], AcrossStudies]:
    return {(one.effect_name, one.contrast): one for one in analyse(animals, plan).across}


def numbers(one: AcrossStudies) -> dict[str, list[float]]:
    found = one.found
    assert found is not None
    assert found.heterogeneity is not None
    assert found.prediction is not None
    spread = found.heterogeneity
    return {
        "yi": [study.effect.value for study in one.studies],
        "sei": [study.error for study in one.studies],
        "weights": [study.weight for study in one.studies],
        "mean": [found.effect.value, found.error, found.effect.ci_low, found.effect.ci_high, found.statistic, found.df],
        "p": [found.p_value],
        "prediction": [found.prediction.ci_low, found.prediction.ci_high],
        "tau2": [spread.tau2.value, spread.tau2.ci_low, spread.tau2.ci_high],
        "i2": [spread.i2.value, spread.i2.ci_low, spread.i2.ci_high],
        "q": [spread.q, spread.p_value],
    }


R = {
    ("pooled", "difference", RESCUE): {
        "yi": [0.631666666667, 0.765, 0.143571428571, 0.791428571429],
        "sei": [0.129328223809, 0.220548464062, 0.114542123078, 0.103001968434],
        "weights": [0.259208439812, 0.194750493734, 0.269277872451, 0.276763194003],
        "mean": [0.570416366938, 0.153760246963, 0.081082637092, 1.05975009678, 3.70977790557, 3],
        "p": [0.0340467491841],
        "prediction": [-0.452657564276, 1.59349029815],
        "tau2": [0.0797033570447, 0.0141756665835, 1.24360636],
        "i2": [0.824067713761, 0.454468656711, 0.986501850591],
        "q": [19.4287383029, 0.000222896645244],
    },
    ("pooled", "difference", "defeated + isotype - control + isotype"): {
        "yi": [-0.951666666667, -0.6825, -0.67, -0.774285714286],
        "sei": [0.129328223809, 0.220548464062, 0.110658203922, 0.107207847784],
        "mean": [-0.775557292177, 0.0630512781484, -0.976214599364, -0.57489998499, -12.3004214181, 3],
        "prediction": [-1.00282745468, -0.548287129677],
        "tau2": [0.00112444823946, 0, 0.214669953582],
        "i2": [0.0618136531346, 0, 0.926353886632],
        "q": [2.94234305412, 0.400600437015],
    },
    ("pooled", "difference", INTERACTION): {
        "yi": [0.676666666667, 0.7335, -0.0764285714286, 0.664285714286],
        "sei": [0.178692620529, 0.311902629037, 0.159264359021, 0.148670535506],
        "mean": [0.477795604613, 0.196785681436, -0.148464260205, 1.10405546943, 2.42799984799, 3],
        "prediction": [-0.81065637902, 1.76624758825],
        "tau2": [0.125188738329, 0.0175739221747, 2.02780862365],
    },
    ("separate", "difference", RESCUE): {
        "sei": [0.103276866292, 0.27768987498, 0.0983356393134, 0.107161903069],
        "weights": [0.278724971261, 0.163242308314, 0.28171294795, 0.276319772475],
        "mean": [0.560074932545, 0.154858962406, 0.0672445997964, 1.05290526529, 3.61667754868, 3],
        "prediction": [-0.482098889606, 1.6022487547],
        "tau2": [0.0832590339219, 0.0157984942164, 1.24267357469],
        "q": [23.0074405051, 4.0239067129e-05],
    },
    ("separate", "difference", INTERACTION): {
        "sei": [0.177313282074, 0.317548815145, 0.159245670815, 0.146935128451],
        "mean": [0.477399978922, 0.196790225355, -0.148874346676, 1.10367430452, 2.42593339207, 3],
        "p": [0.0936700672898],
    },
    ("pooled", "Hedges' g", RESCUE): {
        "yi": [3.50963005433, 1.67123375557, 0.731114917856, 3.69475920075],
        "sei": [0.962576320113, 0.777925384374, 0.534485525492, 0.87935133462],
        "weights": [0.219693930878, 0.251796694674, 0.294590240435, 0.233919134013],
        "mean": [2.27150975031, 0.730377180785, -0.0528764101436, 4.59589591076, 3.11005027275, 3],
        "prediction": [-2.37057628486, 6.91359578548],
        "tau2": [1.59421883413, 0.130157001485, 28.2722592814],
        "i2": [0.732664053862, 0.182841036527, 0.979839793909],
        "q": [11.808652351, 0.00806822372601],
    },
}


@pytest.mark.parametrize(("variances", "effect", "contrast"), R)
def test_a_table_gives_the_numbers_of_metafor(variances: str, effect: str, contrast: str, animals_of) -> None:
    one = across_of(animals_of(rows_of()), AnalysisPlan(draws=1000, secondary=(), variances=variances))[
        effect, contrast
    ]
    found, wanted = numbers(one), R[variances, effect, contrast]
    assert not one.left_out
    for name, values in wanted.items():
        # metafor finds τ² and the bounds of its interval to about 1e-6 of their size.
        assert found[name] == pytest.approx(values, rel=2e-5, abs=1e-6), name
    assert found["yi"] == pytest.approx(wanted.get("yi", found["yi"]), rel=1e-10)
    assert found["sei"] == pytest.approx(wanted.get("sei", found["sei"]), rel=1e-10)


def test_study_is_a_random_intercept_as_in_lmer(animals_of) -> None:
    found = analyse(animals_of(rows_of()), PLAN)
    assert found.plan.random == ("study",)
    first = next(one for one in found.results if one.contrast == RESCUE)
    assert first.test.endswith("random intercept of study")
    # lmerTest: lmer(y ~ group + (1 | study)), Satterthwaite, emmeans.
    assert [first.effect, first.df1, first.ci_low, first.ci_high] == pytest.approx(
        [0.549689358241, 92.0407632103, 0.403172467441, 0.69620624904], rel=1e-5
    )
    assert "with random intercepts of study" in methods_sentences(found)[0]


@pytest.mark.parametrize("study", STUDIES)
def test_a_studys_effect_is_the_one_that_its_own_analysis_gives(study: str, animals_of) -> None:
    every = across_of(animals_of(rows_of()))
    alone = analyse(animals_of([row for row in rows_of() if row["study"] == study]), PLAN)
    assert alone.across == ()
    assert alone.plan.random == ()
    planned = {one.contrast: one for one in alone.results if one.analysis == "planned" and one.statistic_name == "t"}
    assert len(planned) == 4
    for contrast, own in planned.items():
        (one,) = (each for each in every["difference", contrast].studies if each.study == study)
        assert [one.effect.value, one.effect.ci_low, one.effect.ci_high] == pytest.approx(
            [own.effect, own.ci_low, own.ci_high], rel=1e-9
        )


def test_swapped_groups_flip_the_mean(animals_of) -> None:
    first = across_of(animals_of(rows_of()))["difference", RESCUE]
    plan = AnalysisPlan(draws=1000, secondary=(), reference={"treatment": "anti-IL-4Rα"})
    swapped = across_of(animals_of(rows_of()), plan)["difference", "defeated + isotype - defeated + anti-IL-4Rα"]
    assert first.found is not None
    assert swapped.found is not None
    assert swapped.found.effect.value == pytest.approx(-first.found.effect.value)
    assert swapped.found.effect.ci_low == pytest.approx(-first.found.effect.ci_high)
    assert swapped.found.p_value == pytest.approx(first.found.p_value)


def test_what_a_plan_adds_leaves_studies_effects_as_they_are(animals_of) -> None:
    rows = [{**row, "weight_g": 25 + at % 7, "cage": f"k{at // 2}"} for at, row in enumerate(rows_of())]
    bare, more = (
        across_of(animals_of(rows)),
        AnalysisPlan(draws=1000, secondary=(), random=("cage",), covariates=("weight_g",)),
    )
    found = analyse(animals_of(rows), more)
    assert found.plan.random == ("study", "cage")
    assert {(one.effect_name, one.contrast): one for one in found.across} == bare
    assert any("without what the model has beside the factors" in line for line in methods_sentences(found))


CHANGES = {
    "A": ((0.3, 0.5, 0.2, 0.6), (0.1, -0.1, 0.2)),
    "B": ((0.9, 0.4, 0.7), (0.2, 0.3, 0.0, 0.1)),
    "C": ((0.1, 0.5, 0.3, 0.2, 0.6), (-0.2, 0.0, 0.3, 0.1)),
}


def repeated(groups: int = 2) -> list[Row]:
    rng = np.random.default_rng(3)
    return [
        {"study": study, "cohort": study, "animal_id": f"{treatment}{i}", "test": test, "treatment": treatment,
         "si_ratio": base + (change if test == "post" else 0.0)}
        for study, changes in CHANGES.items()
        for treatment, some in list(zip(("drug", "isotype"), changes, strict=True))[:groups]
        for i, (change, base) in enumerate(zip(some, rng.normal(0.8, 0.1, len(some)), strict=True))
        for test in ("pre", "post")
    ]  # fmt: skip


def test_changes_of_repeated_tests_are_combined(animals_of) -> None:
    plan = AnalysisPlan(draws=1000, secondary=(), reference={"test": "pre"})
    one = across_of(animals_of(repeated()), plan)["difference", "(post - pre): drug - isotype"]
    assert one.found is not None
    assert one.found.prediction is not None
    # R: vi of each study from its two groups' variances.
    wanted = [0.333333333333, 0.516666666667, 0.29, 0.126929551764, 0.158989866903, 0.139403491109]
    assert [*(s.effect.value for s in one.studies), *(s.error for s in one.studies)] == pytest.approx(wanted)
    effect = one.found.effect
    assert [effect.value, effect.ci_low, effect.ci_high, one.found.p_value] == pytest.approx(
        [0.366144016956, 0.0899629680353, 0.642325065876, 0.029385504008], rel=1e-6
    )
    assert one.found.prediction.ci_low == pytest.approx(effect.ci_low)  # τ² is 0


def test_changes_of_a_single_group_are_combined(animals_of) -> None:
    plan = AnalysisPlan(draws=1000, secondary=(), reference={"test": "pre"})
    found = across_of(animals_of(repeated(1)), plan)
    assert list(found) == [("difference", "post - pre")]
    one = found["difference", "post - pre"].found
    assert one is not None
    assert one.heterogeneity is not None
    assert [one.effect.value, one.effect.ci_low, one.effect.ci_high, one.heterogeneity.tau2.value] == pytest.approx(
        [0.43560063778686, 0.05313030899857, 0.81807096657515, 0.00800637191127], rel=1e-6
    )


def spoilt(study: str, group: str, values: list[float]) -> list[Row]:
    """Return the animals with other values in a group of a study."""
    rows = [row for row in rows_of() if (row["study"], f"{row['stress']} + {row['treatment']}") != (study, group)]
    stress, treatment = group.split(" + ")
    return rows + [
        {**rows[0], "study": study, "cohort": f"{study} C1", "animal_id": f"new{i}", "stress": stress,
         "treatment": treatment, "si_ratio": value}
        for i, value in enumerate(values)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([], "expected two animals in each group at least, found none in defeated + anti-IL-4Rα"),
        ([1.1], "expected two animals in each group at least, found 1 in defeated + anti-IL-4Rα"),
    ],
)
def test_studies_without_enough_animals_are_left_out(values: list[float], why: str, animals_of) -> None:
    found = analyse(animals_of(spoilt("2019", GROUPS[3], values)), PLAN)
    across = {(one.effect_name, one.contrast): one for one in found.across}
    rescue = across["difference", RESCUE]
    assert dict(rescue.left_out) == {"2019": why}
    assert [one.study for one in rescue.studies] == ["2018/a", "2020", "2021/b"]
    assert not across["difference", "defeated + isotype - control + isotype"].left_out
    assert left_out_studies(found.across) == [f"study 2019: {why} ({RESCUE}; {INTERACTION})"]
    assert f"study 2019: {why}" in summary_text(found, PLAN, []).replace("\\", "")
    table = meta_table(found.across)
    gone = table[table["row"] == "left out"]
    assert set(gone["note"]) == {why}
    assert gone["effect"].isna().all()


def test_a_study_without_variation_is_left_out(animals_of) -> None:
    rows = [{**row, "si_ratio": 1.0} if row["study"] == "2019" else row for row in rows_of()]
    across = across_of(animals_of(rows))
    for one in across.values():
        assert list(one.left_out) == ["2019"]
        assert one.found is not None
        assert one.found.k == 3
    separate = AnalysisPlan(draws=1000, secondary=(), variances="separate")
    assert all(list(one.left_out) == ["2019"] for one in across_of(animals_of(rows), separate).values())


def test_one_study_left_has_no_mean_and_is_named(animals_of) -> None:
    rows = [
        row for row in rows_of() if row["study"] == "2018/a" or (row["study"] == "2019" and row["stress"] == "control")
    ]
    found = analyse(animals_of(rows), PLAN)
    across = {(one.effect_name, one.contrast): one for one in found.across}
    rescue = across["difference", RESCUE]
    assert rescue.found is None
    assert rescue.result is None
    assert rescue.why_not == "expected two studies at least, found 1"
    assert math.isnan(rescue.studies[0].weight)
    assert f"difference across studies, {RESCUE}" in {one.what for one in found.not_computed}
    table = meta_table([rescue])
    assert table["row"].tolist() == ["study", "left out", "mean"]
    assert table["note"].iloc[-1] == "not computed: expected two studies at least, found 1"
    assert json.dumps(summary(found, PLAN, []), default=str)


def test_studies_that_agree_to_the_last_digit_have_no_interval(animals_of) -> None:
    rows = [
        {**row, "study": study, "cohort": study}
        for study in ("x", "y")
        for row in rows_of()
        if row["study"] == "2018/a"
    ]
    rescue = across_of(animals_of(rows))["difference", RESCUE]
    assert rescue.found is None
    assert "expected effects that differ" in rescue.why_not


def test_the_table_has_its_declared_columns_and_whole_counts(animals_of) -> None:
    across = analyse(animals_of(rows_of()), PLAN).across
    table = meta_table(across)
    assert table.columns.tolist() == names(META_COLUMNS)
    first = table[(table["effect_name"] == "difference") & (table["contrast"] == RESCUE)]
    assert first["row"].tolist() == [*["study"] * 4, "mean", "prediction"]
    assert first["n"].tolist()[:5] == [11, 9, 15, 14, 49]
    assert first["n_by_group"].tolist()[:4] == ["6 / 5", "4 / 5", "7 / 8", "7 / 7"]
    assert first["weight"].iloc[:4].sum() == pytest.approx(1)
    assert len(meta_table(())) == 0


def test_sentences_tell_a_direction_only_of_what_is_shown(animals_of) -> None:
    told = [one for one in results_sentences(analyse(animals_of(rows_of()), PLAN)) if one.startswith("Across")]
    assert told[0] == (
        "Across 4 studies, SI ratio was higher in defeated + anti-IL-4Rα than in defeated + isotype (random-effects "
        "mean difference = 0.57, 95 % CI [0.08, 1.06], t(3) = 3.71, p = .034, 95 % prediction interval [-0.45, 1.59], "
        "τ² = 0.080, I² = 82 %, Q(3) = 19.43, p < .001)."
    )
    assert told[2].startswith("Across 4 studies, SI ratio was not shown to differ between control + anti-IL-4Rα and")
    assert len(told) == 4


def test_groups_that_scores_define_are_not_combined(animals_of) -> None:
    rows = [
        {**row, "phenotype": "susceptible" if float(str(row["si_ratio"])) < 1 else "resilient"} for row in rows_of()
    ]
    found = analyse(animals_of(rows), AnalysisPlan(draws=1000, secondary=(), factors=("phenotype",)))
    assert found.across == ()
    assert not any("Across" in one for one in results_sentences(found))


def random_catalogue(rng: np.random.Generator) -> list[Row]:
    """Return studies of several sizes, with empty and constant groups, ties, missing values and protocols."""
    rows: list[Row] = []
    has_ties, has_tests = rng.random() < 0.2, rng.random() < 0.25
    for study in range(int(rng.integers(1, 7))):
        protocol = ("golden2011", "mine", "")[int(rng.choice(3, p=[0.8, 0.1, 0.1]))]
        for stress in ("control", "defeated"):
            for treatment in ("isotype", "anti-IL-4Rα"):
                is_constant = rng.random() < 0.1
                for i in range(int(rng.integers(0, 6))):
                    value = 1.0 if is_constant else rng.normal(1.2 if stress == "control" else 0.8, 0.3)
                    value = round(value, 1) if has_ties else value
                    row: Row = {
                        "study": f"s{study}" if rng.random() > 0.02 else "", "protocol": protocol,
                        "cohort": f"s{study} C{i % 2}", "animal_id": f"{stress}{treatment}{i}", "stress": stress,
                        "treatment": treatment, "cage": i // 2, "weight_g": rng.normal(25, 1),
                        "si_ratio": value if rng.random() > 0.05 else "",
                    }  # fmt: skip
                    rows.append({**row, "test": "pre" if has_tests else ""})
                    if has_tests:
                        rows.append({**row, "test": "post", "si_ratio": value + rng.normal(0, 0.1)})
    return rows


def random_plan(rng: np.random.Generator) -> AnalysisPlan:
    options: dict[str, list[Any]] = {
        "random": [("cage",), ("cohort",), ("study",), ("cohort", "cage")],
        "fixed": [("study",), ("cohort",), ("protocol",)],
        "covariates": [("weight_g",)],
        "factors": [("treatment",), ("stress",), ("study", "treatment")],
        "variances": ["pooled", "separate"],
        "only": [{"protocol": "golden2011"}, {"stress": "defeated"}],
        "outliers": ["left out"],
        "design": ["one_way"],
    }
    return AnalysisPlan(
        draws=1000,
        secondary=(),
        **{name: some[rng.integers(len(some))] for name, some in options.items() if rng.random() < 0.15},
    )


def check_catalogue(seed: int, animals_of: Callable[[list[Row]], Animals]) -> str:
    rng = np.random.default_rng(seed)
    rows, plan = random_catalogue(rng), random_plan(rng)
    if not rows or plan.fault():
        return "fault"
    try:
        animals = animals_of(rows)
        found = analyse(animals, plan)
    except CsdsError as error:
        return "error" if error.message else "silence"
    for one in found.across:
        every = {*(study.study for study in one.studies), *one.left_out}
        assert len(every) == len(one.studies) + len(one.left_out)
        assert every <= set(studies_of(animals))
        for study in one.studies:
            assert min(study.counts) >= 2
            assert study.error > 0
            assert study.effect.ci_low <= study.effect.value <= study.effect.ci_high
            assert math.isnan(study.weight) == (one.found is None)
        assert (one.found is None) == bool(one.why_not)
        if one.found:
            assert sum(study.weight for study in one.studies) == pytest.approx(1)
            assert 0 <= one.found.p_value <= 1
    table = meta_table(found.across)
    means = table[(table["row"] == "mean") & ~table["note"].str.startswith("not computed")]
    assert means.drop(columns=["study", "protocol", "n_by_group"]).notna().all(axis=None)
    for text in (*results_sentences(found), *methods_sentences(found)):
        assert "nan" not in text.split()
    assert summary_text(found, plan, [])
    json.dumps(summary(found, plan, []), default=str)
    return "combined" if any(one.found for one in found.across) else "alone"


@pytest.mark.parametrize("first", range(0, 40, 20))
def test_random_catalogues(first: int, animals_of) -> None:
    assert {check_catalogue(seed, animals_of) for seed in range(first, first + 20)} >= {"combined", "error"}


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 1100, 50))
def test_many_random_catalogues(first: int, animals_of) -> None:
    found = {check_catalogue(seed, animals_of) for seed in range(first, first + 50)}
    assert found >= {"combined", "error", "alone"}


def test_the_same_recordings_by_two_protocols_are_refused(animals_of) -> None:
    rows = [
        {**row, "study": f"{row['study']}/{protocol}", "cohort": f"{row['study']}/{protocol} C1", "protocol": protocol}
        for protocol in ("golden2011", "mine")
        for row in rows_of()
    ]
    with pytest.raises(StatsError, match="found 2018/a by golden2011 and mine: its animals would count") as error:
        analyse(animals_of(rows), PLAN)
    assert error.value.hint.startswith("Take one: --only protocol=golden2011")
    plan = AnalysisPlan(draws=1000, secondary=(), only={"protocol": "mine"})
    assert len(across_of(animals_of(rows), plan)["difference", RESCUE].studies) == 4
