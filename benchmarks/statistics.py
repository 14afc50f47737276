"""Do csds' statistics agree with R's? ``python -m benchmarks.statistics [--brief]``.

Every number of ``reference_stats/expected_r.json`` in the folder that the environment variable CSDS_REAL_DATA names,
against what csds computes from the same tables: R's, csds', and by what share of R's they differ, with a ``!`` where
that is more than is allowed (a millionth, unless `TOLERANCES` gives a reason). What was asked for rather than found
(levels of confidence, numbers of animals and draws, seeds) is no number of either. Then what csds doesn't offer, and
why. Ends with 1 if a number misses its tolerance, or is neither computed nor listed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from benchmarks.statistics_time import describe_time
from csds.stats.adapter import check_equal_variances, check_normality
from csds.stats.adjust import AdjustedContrast, Adjustment, adjust_contrasts
from csds.stats.bootstrap import bootstrap
from csds.stats.correlation import pearson, spearman
from csds.stats.design import ContrastEstimate, Factor, covariate, design_matrix, factor, pairwise
from csds.stats.effect_sizes import (
    cohens_d,
    eta_squared,
    glass_delta,
    hedges_g,
    omega_squared,
    partial_eta_squared,
    partial_omega_squared,
    probability_of_superiority,
    rank_biserial,
)
from csds.stats.linear import LinearModel, anova, fit_linear_model, linear_contrast, marginal_means
from csds.stats.mixed_anova import MixedTerm, RepeatedMeasures, mixed_anova, mixed_contrast, repeated_measures
from csds.stats.mixed_model import MixedModel, fit_mixed_model
from csds.stats.mixed_tests import TermTest, coefficient_tests, term_tests
from csds.stats.one_way import (
    dunn_pairs,
    dunnett,
    kruskal_wallis,
    one_way_anova,
    pooled_pairs,
    welch_anova,
    welch_pairs,
)
from csds.stats.proportions import (
    chi_square,
    clopper_pearson_interval,
    conditional_odds_ratio,
    fisher_exact,
    wilson_interval,
)
from csds.stats.ranks import aligned_ranks, friedman, scheirer_ray_hare
from csds.stats.samples import Estimate, FloatArray
from csds.stats.two_groups import MeanDifference, mean_interval, paired_t_test, t_test
from csds.stats.wilcoxon import hodges_lehmann, mann_whitney, signed_rank

Answers = dict[str, Sequence[float]]
SumsOfSquares = Literal[2, 3]

#: Levels in R's order; others are sorted.
ORDER = ("control", "defeat", "vehicle", "drug", "drugA", "drugB", "absent", "present", "pre", "mid", "post")
GROUPS = ("control_vehicle", "control_drug", "defeat_vehicle", "defeat_drug")
#: What was asked of R, not what it found.
SETTINGS = frozenset({"CI", "n", "n1", "n2", "R", "seed"})
#: Cells of text that don't tell a row from others.
UNNAMED = frozenset({".y.", "p.adj.signif", "_row"})

CASES = {
    "mixed_target_by_group4": ("mixed_target_long.csv", "time_s", ["group"], "target"),
    "mixed_target_by_stress2": ("mixed_target_long.csv", "time_s", ["stress"], "target"),
    "mixed_target_by_stress_x_treatment": ("mixed_target_long.csv", "time_s", ["stress", "treatment"], "target"),
    "prepost_mixed": ("prepost_long.csv", "si", ["treatment"], "time"),
    "prepost3_mixed": ("prepost3_long.csv", "si", ["treatment"], "time"),
    "prepost_missing_listwise": ("prepost_missing_long.csv", "si", ["treatment"], "time"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """By how much a number may differ from R's: by a share of it, or by an absolute amount."""

    amount: float
    is_absolute: bool = False
    why: str = ""


EXACT = Tolerance(amount=1e-6)
_SEARCH = "effectsize's search for the bound stops early"
#: Names of numbers (``*`` for any), with what is allowed and why.
TOLERANCES = {
    "pes_type[23] stress:treatment CI_high": Tolerance(amount=3e-3, why=_SEARCH),
    "pomega_type3 stress CI_*": Tolerance(amount=3e-6, why=_SEARCH),
    "fisher_2x2 [oc]*": Tolerance(amount=1e-3, why="R's uniroot stops at 1.2e-4"),
    "lmer_mixed_cage_animal_*": Tolerance(amount=1e-3, why="lme4's optimum is loose; csds' likelihood is higher"),
    "dunnett_* p": Tolerance(amount=1e-4, is_absolute=True, why="R's p is Monte Carlo, csds' by quadrature"),
    "boot_* perc *": Tolerance(amount=0.01, is_absolute=True, why="both are Monte Carlo"),
    "boot_* bca *": Tolerance(amount=0.01, is_absolute=True, why="both are Monte Carlo"),
}

#: Names of numbers that csds doesn't offer, with the reason.
NOT_OFFERED = {
    "desc * s[de]*": "descriptions of a group are numpy's, without a function of their own",
    "desc * median": "descriptions of a group are numpy's, without a function of their own",
    "type3_WRONG_treatment_contrasts *": "wrong, as its name says: csds refuses type III without sum-to-zero coding",
    "games_howell * p.adj": "rounded to three digits; games_howell_full_precision_base_ptukey has it in full",
    "games_howell_full_precision_base_ptukey * q": "√2 t, which csds prints as t",
    "susceptible_counts *": "counted in the table, nothing is computed",
    "boot_* normal *": "csds gives percentile, BCa and studentised intervals, which need no normal distribution",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A number of R's and of csds'."""

    key: str
    name: str
    r: float
    csds: float

    @property
    def tolerance(self) -> Tolerance:
        """What is allowed."""
        return next((t for pattern, t in TOLERANCES.items() if fnmatchcase(self.name, pattern)), EXACT)

    @property
    def difference(self) -> float:
        """The difference as a share of R's number; as it is where that is 0."""
        return 0.0 if self.r == self.csds else abs(self.csds - self.r) / (abs(self.r) or 1.0)

    @property
    def misses(self) -> bool:
        """True if the difference is larger than allowed, or none."""
        difference = abs(self.csds - self.r) if self.tolerance.is_absolute else self.difference
        return not (self.r == self.csds or difference <= self.tolerance.amount)


def numbers(value: object, name: str) -> Iterator[tuple[str, float]]:
    """Yield every number of a value of the reference, in its order, under the names of the path to it."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key not in SETTINGS:
                yield from numbers(part, f"{name} {key}")
    elif isinstance(value, list):
        for at, part in enumerate(value, start=1):
            cells = part.items() if isinstance(part, Mapping) else ()
            texts = [cell for key, cell in cells if isinstance(cell, str) and key not in UNNAMED and cell != "."]
            yield from numbers(part, f"{name} {', '.join(texts) or at}")
    elif value is not None:
        try:
            yield name, float(value)  # type: ignore[arg-type] # numbers, and text that may be "Inf"
        except ValueError:
            return


def column(table: pd.DataFrame, name: str) -> Factor:
    """Return a column as a factor, its levels in R's order."""
    labels = table[name].tolist()
    return factor(name, labels, levels=[level for level in (*ORDER, *GROUPS) if level in labels] or None)


def answer(folder: Path) -> Answers:
    """Return what csds computes of each key of the reference, in R's order."""
    data = pd.read_csv(folder / "two_by_two.csv")
    samples = {str(group): rows.to_numpy() for group, rows in data.groupby("group")["si_ratio"]}
    return (
        _linear(data)
        | _shares(data)
        | _one_way(data, pd.read_csv(folder / "ties.csv"))
        | _assumptions(data)
        | _ranks(data, pd.read_csv(folder / "prepost3_long.csv"))
        | _two_groups(samples, pd.read_csv(folder / "ties.csv"))
        | _proportions()
        | _repeated(folder)
        | _paired(pd.read_csv(folder / "mixed_target_long.csv"))
        | _cage_models(data)
        | _animal_models(folder)
        | _covariates(data, pd.read_csv(folder / "prepost_long.csv"))
        | _bootstraps(samples)
    )


def _fit(data: pd.DataFrame, *names: str) -> LinearModel:
    return fit_linear_model(data["si_ratio"], design_matrix([column(data, name) for name in names]))


def _anova_rows(model: LinearModel, ss_type: Literal[1, 2, 3]) -> list[float]:
    if ss_type == 1:
        rows = [x for t in anova(model, ss_type=1) for x in (t.df1, t.ss, t.ss / t.df1, t.f, t.p_value)]
        return [*rows, model.residual_df, model.residual_ss, model.residual_variance]
    rows = [x for t in anova(model, ss_type=ss_type) for x in (t.ss, t.df1, t.f, t.p_value)]
    return [*rows, model.residual_ss, model.residual_df]


def _contrast(found: ContrastEstimate) -> list[float]:
    return [found.estimate, found.se, found.df, found.t, found.p_value]


def _adjusted(pairs: Sequence[AdjustedContrast]) -> list[float]:
    return [x for pair in pairs for x in (*_contrast(pair.contrast)[:-1], pair.p_adjusted)]


def _linear(data: pd.DataFrame) -> Answers:
    crossed, group = _fit(data, "stress", "treatment"), column(data, "group")
    factors = crossed.design.factors
    simple = {
        of: [linear_contrast(crossed, each) for each in pairwise(factors, of, [by])]
        for of, by in (("treatment", "stress"), ("stress", "treatment"))
    }
    found: Answers = {
        "desc": [mean.estimate for mean in marginal_means(crossed, ["stress", "treatment"])],
        "anova_type1_stress_first": _anova_rows(crossed, 1),
        "anova_type1_treatment_first": _anova_rows(_fit(data, "treatment", "stress"), 1),
        "anova_type2": _anova_rows(crossed, 2),
        "anova_type3": _anova_rows(crossed, 3),
        "pairs6_ci_tukey": [
            x
            for pair in pooled_pairs(data["si_ratio"], group)
            for x in (*_contrast(pair.contrast)[:3], pair.ci_low, pair.ci_high)
        ],
        "simple_treatment_within_stress": [x for each in simple["treatment"] for x in _contrast(each)],
        "simple_stress_within_treatment": [x for each in simple["stress"] for x in _contrast(each)],
    }
    family = simple["treatment"] + simple["stress"]
    four: tuple[Adjustment, ...] = ("sidak", "holm")
    for adjustment in four:
        found[f"simple4_{adjustment}"] = _adjusted(adjust_contrasts(family, adjustment))
    for adjustment in get_args(Adjustment):
        pairs = pooled_pairs(data["si_ratio"], group, adjustment=adjustment)
        found[f"pairs6_pooled_{adjustment}"] = _adjusted(pairs)
    return found


def _bounds(*estimates: Estimate) -> list[float]:
    return [x for each in estimates for x in (each.value, each.ci_low, each.ci_high)]


def _shares(data: pd.DataFrame) -> Answers:
    model, found = _fit(data, "stress", "treatment"), Answers()
    for ss_type in get_args(SumsOfSquares):
        tests = [test for test in anova(model, ss_type=ss_type) if test.term]
        total = sum(test.ss for test in tests) + model.residual_ss
        for key, confidence in ((f"pes_type{ss_type}", 0.95), (f"pes_ci90_{ss_type}", 0.9)):
            etas = [partial_eta_squared(t.f, t.df1, t.df2, confidence=confidence) for t in tests]
            found[key] = _bounds(*etas)
        omegas = [partial_omega_squared(t.f, t.df1, t.df2, n=len(data)) for t in tests]
        found[f"pomega_type{ss_type}"] = _bounds(*omegas)
        found[f"eta2_type{ss_type}"] = [eta_squared(t.ss, total) for t in tests]
        found[f"omega2_type{ss_type}"] = [omega_squared(t.ss, t.df1, model.residual_variance, total) for t in tests]
    return found


def _one_way(data: pd.DataFrame, ties: pd.DataFrame) -> Answers:
    values, group = data["si_ratio"].to_numpy(), column(data, "group")
    one, welch, games_howell = one_way_anova(values, group), welch_anova(values, group), welch_pairs(values, group)
    kruskal, tied = kruskal_wallis(values, group), kruskal_wallis(ties["si_round1"], column(ties, "group"))
    found: Answers = {
        "oneway": [one.f, one.df1, one.df2, one.p_value],
        "oneway_eta2": [one.eta2],
        "oneway_omega2": [one.omega2],
        "welch_anova": [welch.f, welch.df1, welch.df2, welch.p_value],
        # rstatix takes the later less the earlier group.
        "games_howell": [x for p in games_howell for x in (-p.contrast.estimate, -p.ci_high, -p.ci_low)],
        "games_howell_full_precision_base_ptukey": [
            x for p in games_howell for x in (p.contrast.estimate, abs(p.contrast.t), p.contrast.df, p.p_adjusted)
        ],
        "dunnett_vs_control_vehicle": [
            x for p in dunnett(values, group) for x in (p.contrast.estimate, p.contrast.se, p.contrast.t, p.p_adjusted)
        ],
        "kruskal": [kruskal.h, kruskal.df, kruskal.p_value],
        "kruskal_ties": [tied.h, tied.p_value],
    }
    adjustments: tuple[Adjustment, ...] = ("none", "holm", "bonferroni")
    for adjustment in adjustments:
        pairs = welch_pairs(values, group, adjustment=adjustment)
        found[f"pairwise_welch_{adjustment}"] = [pair.p_adjusted for pair in pairs]
        dunn = dunn_pairs(values, group, adjustment=adjustment)
        found[f"dunn_{adjustment}"] = [x for p in dunn for x in (-p.contrast.t, p.contrast.p_value, p.p_adjusted)]
    return found


def _assumptions(data: pd.DataFrame) -> Answers:
    values, group = data["si_ratio"], column(data, "group")
    checks = {
        "brown_forsythe": [check_equal_variances(values, group, test="brown_forsythe")],
        "levene_mean": [check_equal_variances(values, group, test="levene")],
        "bartlett": [check_equal_variances(values, group, test="bartlett")],
        "shapiro_residuals": [check_normality(_fit(data, "stress", "treatment").residuals)],
        "shapiro_by_group": [check_normality(values[data["group"] == level]) for level in GROUPS],
    }
    return {key: [x for check in found for x in (check.statistic, check.p_value)] for key, found in checks.items()}


def _ranks(data: pd.DataFrame, prepost: pd.DataFrame) -> Answers:
    names = ("stress", "treatment")
    design = data["si_ratio"].to_numpy(), data["stress"].tolist(), data["treatment"].tolist()
    rows = scheirer_ray_hare(*design, names=names)
    over_time = friedman(prepost.pivot_table(index="animal_id", columns="time", values="si").to_numpy())
    found: Answers = {
        "scheirer_ray_hare_own": [x for t in rows for x in (t.statistic, t.df, t.p_value)],
        "friedman_time": [over_time.statistic, over_time.p_value],
    }
    for term in aligned_ranks(*design, names=names):
        found[f"art_own_unweighted_{term.term}"] = [term.f, term.df1, term.df2, term.p_value]
    return found


def _t(test: MeanDifference, *samples: FloatArray) -> list[float]:
    bounds = [bound for bound in (test.ci_low, test.ci_high) if math.isfinite(bound)]
    means = [mean_interval(sample).value for sample in samples]
    return [test.statistic, test.df, test.p_value, *bounds, *means]


def _two_groups(samples: Mapping[str, FloatArray], ties: pd.DataFrame) -> Answers:
    x, y, z = (samples[group] for group in ("defeat_vehicle", "control_vehicle", "defeat_drug"))
    tied = [ties.loc[ties["group"] == group, "si_round1"].to_numpy() for group in ("defeat_vehicle", "defeat_drug")]
    shift, ci = hodges_lehmann(x, z), mean_interval(x)
    rank_sums = {
        "mwu_exact_defveh_vs_defdrug": mann_whitney(x, z),
        "mwu_normal_cc_defveh_vs_defdrug": mann_whitney(x, z, method="normal"),
        "mwu_normal_nocc": mann_whitney(x, z, method="normal", continuity=False),
        "mwu_ties_R_default": mann_whitney(tied[0], tied[1], method="normal"),
    }
    return {
        "welch_defveh_vs_ctlveh": _t(t_test(x, y), x, y),
        "student_defveh_vs_ctlveh": _t(t_test(x, y, equal_variances=True), x, y),
        "welch_defveh_vs_defdrug": _t(t_test(x, z), x, z),
        "student_defveh_vs_defdrug": _t(t_test(x, z, equal_variances=True), x, z),
        "welch_less": _t(t_test(x, z, alternative="less"), x, z),
        "t_ci_mean_defveh": [ci.ci_low, ci.ci_high],
        **{key: [test.statistic, test.p_value] for key, test in rank_sums.items()},
        "mwu_ties_exact_conditional_coin": [mann_whitney(tied[0], tied[1]).p_value],
        "hodges_lehmann": [shift.value, shift.ci_low, shift.ci_high],
        "rank_biserial": _bounds(rank_biserial(x, z)),
        "hedges_g_defveh_defdrug": _bounds(hedges_g(x, z)),
        "hedges_g_defveh_ctlveh": _bounds(hedges_g(x, y)),
        "cohens_d_defveh_defdrug": _bounds(cohens_d(x, z)),
        "cohens_d_unpooled": _bounds(cohens_d(x, z, pooled=False)),
        "glass_delta_sd_of_second": _bounds(glass_delta(x, z)),
        "p_superiority_nonpar": [probability_of_superiority(x, z).value],
    }


def _proportions() -> Answers:
    # Not susceptible and susceptible of the four groups, as R's susceptible_counts says.
    table = [[9, 0], [6, 2], [2, 9], [3, 4]]
    defeated, vehicle = table[2:], [table[0], table[2]]
    yates, plain, four = chi_square(defeated, yates=True), chi_square(defeated), chi_square(table)
    return {
        "fisher_2x2": [fisher_exact(defeated), *_bounds(conditional_odds_ratio(defeated))],
        "fisher_2x2_zero_cell": [fisher_exact(vehicle), *_bounds(conditional_odds_ratio(vehicle))],
        "fisher_4x2": [fisher_exact(table)],
        "chisq_yates": [yates.statistic, yates.p_value],
        "chisq_nocorr": [plain.statistic, plain.p_value],
        "chisq_4x2": [four.statistic, four.df, four.p_value],
        "clopper_9_11": _bounds(clopper_pearson_interval(9, 11))[1:],
        "wilson_9_11": _bounds(wilson_interval(9, 11))[1:],
    }


def _arrange(folder: Path, case: str) -> RepeatedMeasures:
    file, value, between, within = CASES[case]
    data = pd.read_csv(folder / file)
    factors = [column(data, name) for name in between]
    return repeated_measures(data[value], data["animal_id"].tolist(), column(data, within), factors)


def _afex(term: MixedTerm) -> list[float]:
    gg = term.greenhouse_geisser
    df1, df2, p_value = (gg.df1, gg.df2, gg.p_value) if gg else (term.df1, term.df2, term.p_value)
    return [df1, df2, term.error_ss / df2, term.f, term.partial_eta2, term.generalised_eta2, p_value]


def _repeated(folder: Path) -> Answers:
    found: Answers = {}
    for case in CASES:
        table = _arrange(folder, case)
        for ss_type in get_args(SumsOfSquares):
            result = mixed_anova(table, ss_type=ss_type)
            found[f"{case}_type{ss_type}"] = [x for term in result.terms for x in _afex(term)]
        found[f"{case}_SS_type3"] = [
            x
            for term in (result.intercept, *result.terms)
            for x in (term.ss, term.df1, term.error_ss, term.df2, term.f, term.p_value)
        ]
        if sphericity := result.sphericity:
            mauchly = [math.nan if x is None else x for x in (sphericity.w, sphericity.p_value)]
            found[f"{case}_mauchly"] = mauchly * 2
            corrections = [c for term in result.terms for c in (term.greenhouse_geisser, term.huynh_feldt) if c]
            found[f"{case}_eps"] = [x for each in corrections for x in (each.epsilon, each.p_value)]
    for key, case in (("group4", "mixed_target_by_group4"), ("stress2", "mixed_target_by_stress2")):
        # One factor between animals: type II takes the terms in R's sequence.
        between, *within = mixed_anova(_arrange(folder, case), ss_type=2).terms
        found[f"mixed_aov_sequential_{key}"] = [
            x
            for stratum in ([between], within)
            for x in (
                *(x for t in stratum for x in (t.df1, t.ss, t.ss / t.df1, t.f, t.p_value)),
                *(stratum[0].df2, stratum[0].error_ss, stratum[0].error_ss / stratum[0].df2),
            )
        ]
    table = _arrange(folder, "mixed_target_by_group4")
    for key, of, by in (
        ("mixed_emm_target_within_group_none", "target", "group"),
        ("mixed_emm_group_within_target_none_multivariate", "group", "target"),
    ):
        found[key] = [x for c in pairwise(table.factors, of, [by]) for x in _contrast(mixed_contrast(table, c))]
    return found


def _paired(data: pd.DataFrame) -> Answers:
    rows: list[float] = []
    for group in GROUPS:
        times = data[data["group"] == group].pivot_table(index="animal_id", columns="target", values="time_s")
        present, absent = times["present"].to_numpy(), times["absent"].to_numpy()
        test, ranks = paired_t_test(present, absent), signed_rank(present, absent)
        rows += [test.statistic, test.df, test.p_value, test.difference, ranks.statistic, ranks.p_value]
    return {"paired_t_by_group": rows}


def _terms(tests: Sequence[TermTest]) -> list[float]:
    return [x for t in tests for x in (t.ss, t.ss / t.df1, t.df1, t.df2, t.f, t.p_value)]


def _variances(model: MixedModel) -> list[float]:
    return [*(group.variance for group in reversed(model.groups)), model.residual_variance]


def _with_sds(model: MixedModel) -> list[float]:
    return [x for variance in _variances(model) for x in (variance, math.sqrt(variance))]


def _cage_models(data: pd.DataFrame) -> Answers:
    factors, cage = [column(data, "stress"), column(data, "treatment")], [column(data, "cage")]
    treatment = design_matrix(factors, coding="treatment")
    model = fit_mixed_model(data["si_ratio"], treatment, cage)
    by_sum = fit_mixed_model(data["si_ratio"], design_matrix(factors), cage)
    by_ml = fit_mixed_model(data["si_ratio"], treatment, cage, method="ML")
    fixed = {
        "lmm_cage_fixed_satterthwaite": coefficient_tests(model),
        "lmm_cage_fixed_KR": coefficient_tests(model, ddf="kenward-roger"),
    }
    return {
        **{key: [x for each in tests for x in _contrast(each)] for key, tests in fixed.items()},
        "lmm_cage_varcorr": _with_sds(model),
        "lmm_cage_REMLcrit": [-2 * model.log_likelihood],
        "lmm_cage_logLik_REML": [model.log_likelihood],
        "lmm_cage_singular": [model.is_singular],
        "lmm_cage_ML": [*by_ml.coefficients.tolist(), by_ml.log_likelihood, *_variances(by_ml)],
        "lmm_cage_typeIII_satt": _terms(term_tests(by_sum)),
        "lmm_cage_typeIII_KR": _terms(term_tests(by_sum, ddf="kenward-roger")),
        "lmm_cage_typeII_KR": _terms(term_tests(by_sum, ss_type=2, ddf="kenward-roger")),
    }


def _animal_models(folder: Path) -> Answers:
    data, missing = pd.read_csv(folder / "mixed_target_long.csv"), pd.read_csv(folder / "prepost_missing_long.csv")
    design = design_matrix([column(data, "group"), column(data, "target")])
    animal = column(data, "animal_id")
    in_cages = fit_mixed_model(data["time_s"], design, [column(data, "cage"), animal])
    over_time = design_matrix([column(missing, "treatment"), column(missing, "time")])
    incomplete = fit_mixed_model(missing["si"], over_time, [column(missing, "animal_id")])
    return {
        "lmer_mixed_animal_typeIII_satt": _terms(term_tests(fit_mixed_model(data["time_s"], design, [animal]))),
        "lmer_mixed_cage_animal_typeIII_satt": _terms(term_tests(in_cages)),
        "lmer_mixed_cage_animal_vc": _with_sds(in_cages),
        "prepost_missing_lmer_typeIII_satt": _terms(term_tests(incomplete)),
    }


def _covariates(data: pd.DataFrame, prepost: pd.DataFrame) -> Answers:
    wide = prepost.pivot_table(index=["animal_id", "treatment"], columns="time", values="si").reset_index()
    ancova = fit_linear_model(
        wide["post"], design_matrix([column(wide, "treatment"), covariate("si.pre", wide["pre"])])
    )
    times = data["zone_present"].to_numpy(), data["corner_present"].to_numpy()
    linear, ranked, approximate = pearson(*times), spearman(*times), spearman(*times, exact=False)
    return {
        "ancova_type2": _anova_rows(ancova, 2),
        "ancova_type3": _anova_rows(ancova, 3),
        "pearson": [linear.r, linear.statistic, linear.p_value, linear.ci_low, linear.ci_high],
        "spearman": [ranked.rho, ranked.p_value, ranked.statistic],
        "spearman_asym": [approximate.rho, approximate.p_value],
    }


def _bootstraps(samples: Mapping[str, FloatArray]) -> Answers:
    x, z = samples["defeat_vehicle"], samples["defeat_drug"]
    difference = bootstrap(x, z, rng=np.random.default_rng(7), draws=20_000)
    mean = bootstrap(x, rng=np.random.default_rng(7), draws=20_000)
    median = bootstrap(x, rng=np.random.default_rng(7), location="median", draws=20_000)
    return {
        "boot_meandiff_defveh_minus_defdrug": [difference.value, *difference.percentile, *difference.bca],
        "boot_mean_defveh": [mean.value, *mean.percentile, *mean.bca],
        "boot_median_defveh": [median.value, *median.percentile],
    }


def compare(expected: Mapping[str, Any], found: Answers) -> tuple[list[Row], dict[str, str], list[str]]:
    """Return the numbers of both, those that csds doesn't offer with the reason, and those that nothing is said of."""
    rows, not_offered, unknown = [], {}, []
    for key, value in expected.items():
        offered: list[tuple[str, float]] = []
        for name, number in numbers(value, key):
            reason = next((why for pattern, why in NOT_OFFERED.items() if fnmatchcase(name, pattern)), "")
            if reason:
                not_offered[name] = reason
            elif key in found:
                offered.append((name, number))
            else:
                unknown.append(name)
        for (name, r), csds in zip(offered, found.get(key, ()), strict=True):
            rows.append(Row(key=key, name=name, r=r, csds=float(csds)))
    return rows, not_offered, unknown


def show_numbers(rows: Sequence[Row]) -> None:
    """Print every number."""
    print(f"{'number':92} {'R':>16} {'csds':>16} {'difference':>10} {'allowed':>12}")
    for row in rows:
        allowed = f"{row.tolerance.amount:.0e}{' abs.' if row.tolerance.is_absolute else '':5}"
        mark = "  !" if row.misses else ""
        print(f"{row.name:92} {row.r:16.9g} {row.csds:16.9g} {row.difference:10.1e} {allowed:>12}{mark}")


def show_keys(rows: Sequence[Row]) -> None:
    """Print one line a key, with the largest of its differences."""
    print(f"{'key':50} numbers  largest difference")
    for key, group in groupby(rows, key=lambda row: row.key):
        alike = list(group)
        missing = sum(row.misses for row in alike)
        mark = f"  ! {missing} miss their tolerance" if missing else ""
        print(f"{key:50} {len(alike):7}  {max(row.difference for row in alike):18.1e}{mark}")


def main() -> int:
    """Print the table and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brief", action="store_true", help="one line a key of the reference, not one a number")
    arguments = parser.parse_args()
    shared = os.environ.get("CSDS_REAL_DATA")
    if not shared:
        raise SystemExit("CSDS_REAL_DATA is not set; there are no numbers of R's to compare with")
    folder = Path(shared) / "reference_stats"
    expected = json.loads((folder / "expected_r.json").read_text(encoding="utf-8"))
    rows, not_offered, unknown = compare(expected, answer(folder))
    (show_keys if arguments.brief else show_numbers)(rows)
    print("\nallowed more than a millionth, or an absolute difference:")
    for pattern, tolerance in TOLERANCES.items():
        kind = " absolute" if tolerance.is_absolute else ""
        print(f"  {pattern}: {tolerance.amount:g}{kind}: {tolerance.why}")
    print("\nnot offered:")
    for pattern, reason in NOT_OFFERED.items():
        count = sum(fnmatchcase(name, pattern) for name in not_offered)
        print(f"  {pattern} ({count} numbers): {reason}")
    short = [row.name for row in rows if row.misses] + [f"{name} has no answer" for name in unknown]
    keys = len({row.key for row in rows})
    print(f"\n{len(rows)} numbers of {keys} keys compared, {len(not_offered)} not offered, {len(short)} fall short")
    print("falls short: " + "; ".join(short) if short else "all agree")
    return 1 if short else 0


if __name__ == "__main__":
    code = main()
    print(f"\n{describe_time()}")
    sys.exit(code)
