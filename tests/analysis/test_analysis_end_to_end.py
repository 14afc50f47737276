"""``csds stats`` from table to ``stats.csv``: each study's numbers are those that R prints of the same table.

R 4.2 with car, emmeans, lmerTest, afex, effectsize, coin and multcomp, after
``options(contrasts = c("contr.sum", "contr.poly")); emm_options(lmer.df = "satterthwaite")``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from csds.cli.boundary import BoundedGroup
from csds.cli.stats import stats
from csds.formats.tables import read_table

FACTORIAL = """\
animal_id,cohort,cage,stress,treatment,weight_g,si_ratio,phenotype
m1,b,ci1,control,isotype,20.7,1.4,control
m2,a,ci2,control,isotype,26.2,0.8,control
m3,a,ci2,control,isotype,26.7,0.7,control
m4,a,ci2,control,isotype,23.9,0.5,control
m5,b,ci3,control,isotype,28.0,1.7,control
m6,b,ci3,control,isotype,24.5,1.5,control
m7,b,ca1,control,antibody,24.3,1.1,control
m8,b,ca1,control,antibody,25.2,1.0,control
m9,a,ca2,control,antibody,25.1,1.8,control
m10,b,ca3,control,antibody,23.5,1.2,control
m11,b,ca3,control,antibody,30.6,1.4,control
m12,a,di1,defeated,isotype,27.0,1.5,resilient
m13,b,di2,defeated,isotype,25.6,0.4,susceptible
m14,a,di3,defeated,isotype,28.7,1.4,resilient
m15,a,di3,defeated,isotype,22.7,0.9,susceptible
m16,b,di4,defeated,isotype,27.1,0.6,susceptible
m17,a,di5,defeated,isotype,24.2,0.6,susceptible
m18,a,di5,defeated,isotype,21.8,0.2,susceptible
m19,b,di6,defeated,isotype,21.6,0.1,susceptible
m20,a,da1,defeated,antibody,24.8,0.9,susceptible
m21,a,da1,defeated,antibody,27.4,1.5,resilient
m22,b,da2,defeated,antibody,29.5,1.5,resilient
m23,b,da2,defeated,antibody,23.8,1.0,resilient
m24,b,da2,defeated,antibody,17.3,0.7,susceptible
m25,a,da3,defeated,antibody,26.0,0.9,susceptible
m26,b,da4,defeated,antibody,19.8,1.3,resilient
"""
DOSES = """\
animal_id,treatment,si_ratio
m1,isotype,0.45
m2,isotype,0.51
m3,isotype,0.49
m4,isotype,1.71
m5,isotype,0.72
m6,low,0.47
m7,low,0.84
m8,low,0.77
m9,low,1.18
m10,high,1.71
m11,high,1.71
m12,high,1.45
m13,high,1.71
m14,high,1.12
m15,high,1.5
m16,high,1.39
m17,other,0.73
m18,other,1.03
m19,other,0.99
m20,other,0.86
m21,other,0.91
m22,other,0.74
"""
TESTS = """\
animal_id,test,treatment,sex,si_ratio
m1,pre,isotype,M,0.55
m2,pre,isotype,F,0.6
m3,pre,isotype,M,0.59
m4,pre,isotype,F,0.57
m5,pre,isotype,M,1.24
m6,pre,isotype,F,0.75
m7,pre,antibody,M,0.69
m8,pre,antibody,F,0.6
m9,pre,antibody,M,0.84
m10,pre,antibody,F,1.25
m11,pre,antibody,M,0.75
m12,pre,antibody,F,0.56
m13,pre,antibody,M,0.32
m1,mid,isotype,M,0.36
m2,mid,isotype,F,0.51
m4,mid,isotype,F,0.97
m5,mid,isotype,M,1.46
m6,mid,isotype,F,0.96
m7,mid,antibody,M,0.95
m8,mid,antibody,F,0.7
m9,mid,antibody,M,1.12
m10,mid,antibody,F,1.66
m11,mid,antibody,M,1.26
m12,mid,antibody,F,0.6
m13,mid,antibody,M,0.68
m1,post,isotype,M,1.01
m2,post,isotype,F,0.53
m3,post,isotype,M,1.03
m4,post,isotype,F,0.8
m5,post,isotype,M,1.25
m6,post,isotype,F,1.23
m7,post,antibody,M,1.2
m9,post,antibody,M,1.32
m10,post,antibody,F,1.45
m11,post,antibody,M,1.19
m12,post,antibody,F,1.13
m13,post,antibody,M,1.18
"""
RESCUE, MODEL = "defeated + antibody - defeated + isotype", "defeated + isotype - control + isotype"
ALONE = "control + antibody - control + isotype"
INTERACTION = f"({RESCUE}) - ({ALONE})"
NUMBERS = ["statistic", "df1", "df2", "p_value", "p_adjusted", "effect", "ci_low", "ci_high"]
Study = Callable[..., "pd.DataFrame"]


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Return what runs ``csds stats`` on a table, and reads its ``stats.csv``."""
    app = typer.Typer(cls=BoundedGroup, pretty_exceptions_enable=False)
    app.command("stats")(stats)
    app.callback()(lambda: None)
    monkeypatch.chdir(tmp_path)

    def run(table: str, *options: str) -> pd.DataFrame:
        Path("animals.csv").write_text(table, encoding="utf-8")
        result = CliRunner().invoke(app, ["stats", "animals.csv", "--draws", "1000", *options])
        assert result.exit_code == 0, result.output
        return read_table(Path("stats.csv"))

    return run


def check(table: pd.DataFrame, analysis: str, test: str, wanted: dict[str, list[float]], rel: float = 1e-6) -> None:
    """Hold the numbers of some rows, by contrast or term, against R's; cells without a number are skipped."""
    rows = table[(table["analysis"] == analysis) & table["test"].str.startswith(test)]
    for name, numbers in wanted.items():
        found = rows[(rows["contrast"] == name) | (rows["term"] == name)]
        assert len(found) == 1, (test, name)
        cells = [float(cell) for cell in found.iloc[0][NUMBERS] if cell != ""]
        assert cells == pytest.approx(numbers, rel=rel, abs=1e-9), (test, name)


def test_linear_model_with_a_factor_and_a_covariate(study: Study) -> None:
    """Contrasts of the planned model, and type II tests with their effect sizes.

    m <- lm(si_ratio ~ stress * treatment + cohort + weight_g, d); e <- emmeans(m, ~ stress * treatment)
    l <- list(rescue = c(0, -1, 0, 1), model = c(-1, 1, 0, 0), alone = c(-1, 0, 1, 0), interaction = c(1, -1, -1, 1))
    summary(contrast(e, l), infer = TRUE, adjust = "none"); contrast(e, l, adjust = "sidak")
    a <- Anova(m, type = 2); eta_squared(a, alternative = "two.sided"); omega_squared(a, alternative = "two.sided")
    """
    table = study(
        FACTORIAL, "--fixed", "cohort", "--covariate", "weight_g", "--sum-of-squares", "II", "--adjust", "sidak"
    )
    contrasts = {
        RESCUE: [2.02602484, 20, 0.0563101217, 0.206919653, 0.437757771, -0.0129507755, 0.888466318],
        MODEL: [-1.67002965, 20, 0.110490988, 0.37396097, -0.373183171, -0.839310496, 0.0929441543],
        ALONE: [0.567056915, 20, 0.576985283, 0.967979957, 0.145320272, -0.389251774, 0.679892317],
        INTERACTION: [0.882284859, 20, 0.388104214, 0.85981232, 0.292437499, -0.398964974, 0.983839973],
    }
    check(table, "planned", "contrast, pooled variance; cohort in the model; weight_g in the model", contrasts)
    terms = {
        "stress": [2.09114756, 1, 20, 0.163644709, 0.094659979, 0, 0.371579756],
        "treatment": [3.59830697, 1, 20, 0.072374462, 0.152481573, 0, 0.434539646],
        "cohort": [0.0508970667, 1, 20, 0.823798973, 0.002538393, 0, 0.165807809],
        "weight_g": [4.26908092, 1, 20, 0.0520090721, 0.175906164, 0, 0.457097477],
        "stress:treatment": [0.778426573, 1, 20, 0.388104214, 0.037463211, 0, 0.288575233],
    }
    check(table, "planned", "ANOVA, type II", terms, rel=2e-6)
    check(table, "planned", "partial omega squared", {"weight_g": [0.11169059, 0, 0.391488277]}, rel=2e-6)


def test_cage_as_random_intercept(study: Study) -> None:
    """Contrasts, terms and variances of the planned mixed model.

    m <- lmer(si_ratio ~ stress * treatment + (1 | cage), d); anova(m); e <- emmeans(m, ~ stress * treatment)
    summary(contrast(e, l), infer = TRUE, adjust = "none"); contrast(e, l, adjust = "holm")
    v <- as.data.frame(VarCorr(m))$vcov; icc <- v[1] / sum(v); n <- table(d$cage); 1 + (sum(n^2) / sum(n) - 1) * icc
    """
    table = study(FACTORIAL, "--random", "cage")
    contrasts = {
        RESCUE: [1.51077189, 11.8537476, 0.157036271, 0.502762573, 0.419348662, -0.186258385, 1.02495571],
        MODEL: [-1.65538316, 11.1507576, 0.125690643, 0.502762573, -0.495505405, -1.15324061, 0.162229796],
        ALONE: [0.470457383, 10.7263022, 0.647449323, 1, 0.160994405, -0.594552387, 0.916541197],
        INTERACTION: [0.586332014, 11.1605777, 0.569321253, 1, 0.258354257, -0.709761542, 1.22647005],
    }
    check(table, "planned", "contrast, Satterthwaite's degrees of freedom; random", contrasts, rel=1e-4)
    terms = {
        "stress": [2.76475626, 1, 11.1605777, 0.124160796],
        "treatment": [1.73470477, 1, 11.1605777, 0.214212529],
        "stress:treatment": [0.343785231, 1, 11.1605777, 0.569321253],
    }
    check(table, "planned", "linear mixed model, type III", terms, rel=1e-4)
    check(table, "planned", "intraclass correlation", {"cage": [0.610259039]}, rel=1e-4)
    check(table, "planned", "design effect", {"cage": [1.56331604]}, rel=1e-4)


def test_two_groups_with_ties(study: Study) -> None:
    """What stands beside a difference of two groups, the proportions, and correlations by group.

    t.test(x, y); hedges_g(x, y); glass_delta(x, y); rank_biserial(x, y); wilcox.test(x, y, conf.int = TRUE)
    wilcox_test(v ~ g, z, distribution = "exact"); median(outer(x, y, "-"))
    oneway_test(v ~ g, z, distribution = exact(algorithm = "split-up")); fisher.test(rbind(c(3, 4), c(6, 2)))
    cor.test(weight_g, si_ratio); cor.test(weight_g, si_ratio, method = "spearman")  # of isotype, 1 of 2 correlations
    """
    table = study(FACTORIAL, "--only", "stress=defeated", "--correlate", "weight_g")
    pair = "antibody - isotype"
    welch = [1.82975213, 11.7717471, 0.0927106661, 0.401785714, -0.0776793255, 0.881250754]
    check(table, "planned", "Welch's t", {pair: welch})
    check(table, "planned", "Hedges' g", {pair: [0.862602032, -0.161460084, 1.85728708]}, rel=2e-6)
    check(table, "planned", "Glass's delta", {pair: [0.773492795, -0.167214093, 1.67058199]}, rel=2e-6)
    check(table, "sensitivity", "rank-biserial", {pair: [0.535714286, -0.0067325364, 0.834562342]})
    check(table, "sensitivity", "Mann–Whitney", {pair: [43, 0.0864024864, 0.45, -0.1, 0.9]})
    check(table, "sensitivity", "permutation", {pair: [0.401785714, 0.111421911]})
    assert table.loc[table["test"] == "Fisher's exact test", "p_value"].astype(float).tolist() == [
        pytest.approx(0.314685315)
    ]
    weight = "weight_g in isotype"
    pearson = [2.60350895, 6, 0.0404712603, 2 * 0.0404712603, 0.728321674, 0.0485828542, 0.946978291]
    check(table, "exploratory", "Pearson's correlation", {weight: pearson})
    rows = table[(table["test"] == "Spearman's correlation") & (table["term"] == weight)]
    assert rows[["statistic", "p_value", "effect"]].astype(float).to_numpy().ravel() == pytest.approx(
        [24.6456425, 0.0500633947, 0.706599495]
    )


def test_groups_of_unequal_numbers(study: Study) -> None:
    """Dunnett's, Games and Howell's and Dunn's tests, and those of all groups at once.

    m <- aov(si_ratio ~ g, d); eta_squared(m, partial = FALSE); summary(glht(m, mcp(g = "Dunnett")))
    # whose p are Monte Carlo, 0.99515, 0.00217 and 0.90809; exactly, with s = (4, 7, 6) / ((4, 7, 6) + 5):
    inner <- function(u, t) integrate(function(z) dnorm(z) * sapply(z, function(z) prod(pnorm((sqrt(s) * z + t * u) /
      sqrt(1 - s)) - pnorm((sqrt(s) * z - t * u) / sqrt(1 - s)))), -9, 9, rel.tol = 1e-12)$value
    1 - integrate(function(u) sapply(u, inner, t) * 2 * u * 18 * dchisq(18 * u^2, 18), 0, 4, rel.tol = 1e-11)$value
    oneway.test(si_ratio ~ g, d); kruskal.test(si_ratio ~ g, d)
    t <- t.test(isotype, high); ptukey(abs(t$statistic) * sqrt(2), 4, t$parameter, lower.tail = FALSE)
    r <- rank(d$si_ratio); z <- (mean(r[isotype]) - mean(r[high])) / sqrt(var(r) * (1 / 5 + 1 / 7))
    p.adjust(2 * pnorm(-abs(z)), "holm")  # of all six
    """
    table = study(DOSES)
    dunnett = {
        "low - isotype": [0.186068184, 18, 0.854472136, 0.995148564, 0.039, -0.401354486, 0.479354486],
        "high - isotype": [4.0275456, 18, 0.000789860495, 0.00216503393, 0.736857143, 0.352484235, 1.12123005],
        "other - isotype": [0.532063837, 18, 0.601188039, 0.908086207, 0.100666667, -0.296828529, 0.498161862],
    }
    check(table, "planned", "Dunnett's test", dunnett)
    group = table[(table["test"] == "one-way ANOVA")].iloc[0]
    assert [float(group[name]) for name in NUMBERS if group[name] != ""][:5] == pytest.approx(
        [7.76984718, 3, 18, 0.00155490249, 0.564265317]
    )
    check(table, "sensitivity", "Welch's ANOVA", {"group": [13.1291269, 3, 7.83424605, 0.00199772378]})
    check(table, "sensitivity", "Kruskal–Wallis", {"group": [11.2131743, 3, 0.0106272811]})
    howell = [-2.92127375, 4.98446603, 0.0330878936, 0.11077957, -0.736857143, -1.38586461, -0.0878496755]
    check(table, "sensitivity", "Games–Howell", {"isotype - high": howell})
    dunn = table[(table["test"] == "Dunn's test of mean ranks") & (table["contrast"] == "isotype - high")]
    assert dunn[["statistic", "p_value", "p_adjusted"]].astype(float).to_numpy().ravel() == pytest.approx(
        [-2.99918596, 0.0027070203, 0.0162421218]
    )


def test_three_tests_with_missing_ones_and_sex(study: Study) -> None:
    """The mixed model, planned as it has the sex, of all animals; the mixed ANOVA of the complete ones beside it.

    m <- lmer(si_ratio ~ treatment * test + sex + (1 | animal_id), d); anova(m); e <- emmeans(m, ~ treatment * test)
    l <- list(c(1, -1, -1, 1, 0, 0), c(1, -1, 0, 0, -1, 1), c(-1, 0, 1, 0, 0, 0), c(0, -1, 0, 1, 0, 0),
              c(-1, 0, 0, 0, 1, 0), c(0, -1, 0, 0, 0, 1)); contrast(e, l, adjust = "holm")
    a <- aov_ez("animal_id", "si_ratio", d[complete, ], between = "treatment", within = "test"); a$anova_table
    contrast(emmeans(a, ~ treatment * test, model = "multivariate"), l, adjust = "holm")
    """
    table = study(TESTS, "--fixed", "sex")
    mid, post = "(mid - pre): antibody - isotype", "(post - pre): antibody - isotype"
    model = {
        mid: [1.02844007, 20.3291856, 0.315824731, 0.496827122, 0.149492135, -0.153405181, 0.452389452],
        post: [1.68412263, 20.2812668, 0.10748711, 0.322461331, 0.242326535, -0.0575538037, 0.542206874],
        "isotype: mid - pre": [1.18808363, 20.4539407, 0.248413561, 0.496827122, 0.130507865, -0.0983041690,
                               0.359319898],
        "antibody: mid - pre": [2.94125704, 20.1636134, 0.0080266267, 0.0401331335, 0.28, 0.0815249666, 0.478475033],
        "isotype: post - pre": [2.51236076, 20.1636134, 0.0206031352, 0.0824125407, 0.258333333, 0.0439557955,
                                0.472710871],
        "antibody: post - pre": [4.9741131, 20.4043853, 6.89946883e-05, 0.00041396813, 0.500659868, 0.290967632,
                                 0.710352105],
    }  # fmt: skip
    check(table, "planned", "contrast, Satterthwaite's degrees of freedom; sex in the model", model, rel=1e-4)
    terms = {
        "treatment": [0.651331007, 1, 10.193423, 0.438062779],
        "test": [13.9906827, 2, 20.336271, 0.000150822209],
        "sex": [0.103826223, 1, 10.1925749, 0.753797305],
        "treatment:test": [1.45424043, 2, 20.3537381, 0.256844807],
    }
    check(table, "planned", "linear mixed model, type III", terms, rel=1e-4)
    check(table, "planned", "intraclass correlation", {"animal_id": [0.677980851]}, rel=1e-4)
    changes = {
        mid: [1.64009537, 9, 0.135405772, 0.270811544, 0.2, -0.0758567828, 0.475856783],
        post: [2.05631149, 9, 0.0698962291, 0.241636036, 0.288, -0.0288300461, 0.604830046],
        "antibody: post - pre": [5.40104667, 9, 0.000432414107, 0.00259448464, 0.51, 0.296393226, 0.723606774],
    }
    check(table, "sensitivity", "difference within animals", changes)
    methods = (
        "was analysed by a linear mixed model of treatment × test, adjusted for sex, with random intercepts of animal"
    )
    assert methods in Path("stats.md").read_text(encoding="utf-8")
    greenhouse_geisser = table[(table["test"] == "mixed ANOVA, type III") & (table["term"] == "test")].iloc[0]
    assert [float(greenhouse_geisser[name]) for name in NUMBERS[:4]] == pytest.approx(
        [11.0705612, 1.47586496, 13.2827847, 0.00267662966]
    )
