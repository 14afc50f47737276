"""Results in words: rounded once, here, as the American Psychological Association's manual asks (7th edition, 6.36)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from csds.analysis.animals import LeftOut
from csds.analysis.assumptions import Check
from csds.analysis.results import Result
from csds.model.flags import FLAGS, split_flags
from csds.stats.design import listed
from csds.stats.meta_analysis import Heterogeneity
from csds.stats.samples import Estimate

#: A difference is called one where the planned test gives a smaller p value.
LEVEL = 0.05

#: Outcomes as sentences name them.
_OUTCOMES = {
    "si_ratio": "SI ratio",
    "log_si_ratio": "log SI ratio",
    "si_preference": "SI preference P/(P + A)",
    "si_difference_s": "difference of the times in the interaction zone (present less absent)",
    "interaction_present_s": "time in the interaction zone with the target present",
    "interaction_absent_s": "time in the interaction zone with the target absent",
    "interaction_s": "time in the interaction zone",
    "corners_present_s": "time in the corner zones with the target present",
    "corners_absent_s": "time in the corner zones with the target absent",
    "corner_ratio": "corner ratio",
    "distance_present_cm": "distance moved with the target present",
    "distance_absent_cm": "distance moved with the target absent",
    "delta_velocity_cm_s": "difference of mean speeds (absent less present)",
    "phenotype": "proportion susceptible",
}
#: The unit that a column's name ends with.
_UNITS = {"_cm_s": " cm/s", "_cm": " cm", "_s": " s", "_g": " g"}
#: Adjustments by the name of their author.
_AUTHORS = {
    "holm": "Holm",
    "bonferroni": "Bonferroni",
    "sidak": "Šidák",
    "tukey": "Tukey",
    "dunnett": "Dunnett",
}
#: A reason to leave an animal out that stands in the sheet, and an outcome that it lacks, with flags that may say why.
_OF_SHEET = "excluded: "
_MISSING = re.compile(r"(\w+) (is missing|is infinite)(?: \(([a-z_;]+)\))?")
#: Statistics and effects have so many decimals, p values three.
_DECIMALS = 2


def outcome_text(outcome: str) -> str:
    """Return an outcome as a sentence names it.

    Examples
    --------
    >>> outcome_text("si_ratio"), outcome_text("IL4_pg_ml")
    ('SI ratio', 'IL4_pg_ml')
    """
    return _OUTCOMES.get(outcome, outcome)


def unit_text(outcome: str) -> str:
    """Return an outcome's unit with a space before it; empty where its name doesn't end with one.

    Examples
    --------
    >>> unit_text("delta_velocity_cm_s"), unit_text("weight_g"), unit_text("si_ratio")
    (' cm/s', ' g', '')
    """
    return next((unit for end, unit in _UNITS.items() if outcome.endswith(end)), "")


def sentence(text: str) -> str:
    """Return a text as a sentence.

    Examples
    --------
    >>> sentence("log SI ratio was higher")
    'Log SI ratio was higher.'
    """
    return f"{text[:1].upper()}{text[1:]}."


def author_text(adjustment: str) -> str:
    """Return the name of who an adjustment is called after.

    Examples
    --------
    >>> author_text("sidak, 4 contrasts"), author_text("none")
    ('Šidák', '')
    """
    return _AUTHORS.get(adjustment.partition(",")[0], "")


def adjusted_text(one: Result) -> str:
    """Return an adjusted p value; empty where there is none, or its family is of one.

    Examples
    --------
    >>> adjusted_text(Result(test="", p_adjusted=0.0124, adjustment="holm, 4 contrasts"))
    'Holm-adjusted p = .012'
    >>> adjusted_text(Result(test="", p_adjusted=0.0124, adjustment="holm, 1 contrast"))
    ''
    """
    author = author_text(one.adjustment)
    is_family = bool(author) and not one.adjustment.endswith((" 1 contrast", " 1 correlation"))
    return f"{author}-adjusted p {equals_text(one.p_adjusted)}" if is_family else ""


def decisive_p(one: Result) -> float:
    """Return the p value that a contrast is judged by: the adjusted one where it is of a family.

    Examples
    --------
    >>> decisive_p(Result(test="", p_value=0.0031, p_adjusted=0.0124, adjustment="holm, 4 contrasts"))
    0.0124
    """
    return one.p_adjusted if adjusted_text(one) else one.p_value


def statistic_text(one: Result) -> str:
    """Return a statistic with its degrees of freedom; empty where there is none.

    Examples
    --------
    >>> statistic_text(Result(analysis="", outcome="", test="", statistic_name="F", statistic=4.031, df1=1, df2=31))
    'F(1, 31) = 4.03'
    >>> statistic_text(Result(analysis="", outcome="", test="", statistic_name="t", statistic=-2.5, df1=15.104))
    't(15.10) = -2.50'
    """
    if math.isnan(one.statistic) or not one.statistic_name:
        return ""
    df = [_df(df) for df in (one.df1, one.df2) if math.isfinite(df)]
    return f"{one.statistic_name}{'(' + ', '.join(df) + ')' if df else ''} = {one.statistic:z.{_DECIMALS}f}"


def check_text(check: Check) -> str:
    """Return a check of an assumption in words: what was found, and what it means.

    Examples
    --------
    >>> check = Check(name="Shapiro–Wilk", statistic_name="W", statistic=0.71, p_value=0.002, verdict="doubtful",
    ...               meaning="Residuals aren't normal.")  # fmt: skip
    >>> check_text(check)
    "Shapiro–Wilk, W = 0.71, p = .002: doubtful. Residuals aren't normal."
    """
    if math.isnan(check.statistic):
        return f"{check.name}: {check.meaning}"
    one = Result(test=check.name, statistic_name=check.statistic_name, statistic=check.statistic, df1=check.df1,
                 df2=check.df2)  # fmt: skip
    found = f"{check.statistic_name}: {check.statistic:.0f}"
    if not math.isnan(check.p_value):
        found = f"{statistic_text(one)}, p {equals_text(check.p_value)}"
    return f"{check.name}, {found}: {check.verdict}. {check.meaning}"


def p_text(p: float) -> str:
    """Return a p value without a leading zero; below a thousandth that alone is said.

    Examples
    --------
    >>> p_text(0.0438), p_text(0.00004), p_text(1.0)
    ('.044', '< .001', '1.000')
    """
    if math.isnan(p):
        return ""
    if p < 0.001:
        return "< .001"
    return f"{p:.3f}".removeprefix("0")


def equals_text(p: float) -> str:
    """Return a p value with the sign before it.

    Examples
    --------
    >>> equals_text(0.0438), equals_text(0.00004)
    ('= .044', '< .001')
    """
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"


def interval_text(one: Result, unit: str = "") -> str:
    """Return an effect with its unit and, as a sentence has it, its 95 % interval.

    Examples
    --------
    >>> interval_text(Result(test="", effect=46.318, ci_low=19.44, ci_high=73.19), " s")
    '46.32 s, 95 % CI [19.44, 73.19]'
    """
    effect, _, bounds = effect_text(one).partition(" [")
    return f"{effect}{unit}, 95 % CI [{bounds}" if bounds else f"{effect}{unit}"


def effect_text(one: Result) -> str:
    """Return an effect with its 95 % interval; empty where there is none.

    Examples
    --------
    >>> effect_text(Result(analysis="", outcome="", test="", effect=0.1754, ci_low=-0.129, ci_high=0.479))
    '0.18 [-0.13, 0.48]'
    """
    if math.isnan(one.effect):
        return ""
    shown = [value for value in (one.effect, one.ci_low, one.ci_high) if not math.isnan(value)]
    largest = max((abs(value) for value in shown if math.isfinite(value)), default=0.0)
    # Two decimals, or as many as show two digits of the largest of the three.
    decimals = _DECIMALS if largest >= 0.1 or largest == 0 else min(9, 1 - math.floor(math.log10(largest)))
    effect, *bounds = (f"{value:z.{decimals}f}".replace("inf", "∞") for value in shown)
    return f"{effect} [{', '.join(bounds)}]" if bounds else effect


def bounds_text(interval: Estimate, unit: str = "") -> str:
    """Return the bounds of an interval with its unit.

    Examples
    --------
    >>> bounds_text(Estimate(value=46.318, ci_low=19.44, ci_high=73.19), " s")
    '[19.44, 73.19] s'
    """
    one = Result(test="", effect=interval.value, ci_low=interval.ci_low, ci_high=interval.ci_high)
    return f"[{effect_text(one).partition(' [')[2]}{unit}"


def spread_text(spread: Heterogeneity) -> str:
    """Return how much studies differ.

    Examples
    --------
    >>> from csds.stats.meta_analysis import random_effects
    >>> found = random_effects([0.9, 0.4, 0.7, 1.6], [0.10, 0.05, 0.20, 0.15])
    >>> spread_text(found.heterogeneity)
    'τ² = 0.16, I² = 59 %, Q(3) = 7.50, p = .057'
    """
    tau2 = effect_text(Result(test="", effect=spread.tau2.value))
    q = f"Q({spread.df}) = {spread.q:.2f}, p {equals_text(spread.p_value)}"
    return f"τ² = {tau2}, I² = {100 * spread.i2.value:.0f} %, {q}"


def _df(df: float) -> str:
    return f"{df:.0f}" if math.isclose(df, round(df), abs_tol=1e-9) else f"{df:.{_DECIMALS}f}"


def left_out_texts(left_out: Iterable[LeftOut]) -> list[str]:
    """Return a line a reason: the animals that were left out for it, with their rows.

    Examples
    --------
    >>> left_out_texts([LeftOut(row=3, animal="m2", reason="its cage is missing")])
    ['its cage is missing: m2 (row 3)']
    """
    by_reason: dict[str, list[LeftOut]] = {}
    for one in left_out:
        by_reason.setdefault(one.reason, []).append(one)
    return [f"{reason}: {listed(f'{one.name} (row {one.row})' for one in some)}" for reason, some in by_reason.items()]


def reason_text(reason: str) -> str:
    """Return why animals were left out, with outcomes and flags in words.

    Examples
    --------
    >>> reason_text("excluded: wound (2); si_ratio is missing (missing_phase) (1)")
    'wound (2); SI ratio is missing: one of the two phases has no result (1)'
    """
    return _MISSING.sub(_missing_text, reason.replace(_OF_SHEET, ""))


def _missing_text(found: re.Match[str]) -> str:
    codes = split_flags(found[3] or "")
    meanings = [FLAGS[code].meaning if code in FLAGS else code for code in codes]
    return f"{outcome_text(found[1])} {found[2]}{f': {series_text(meanings)}' if meanings else ''}"


def series_text(items: Iterable[str]) -> str:
    """Return items as a sentence names them.

    Examples
    --------
    >>> series_text(["weight", "sex", "cohort"]), series_text(["weight"])
    ('weight, sex and cohort', 'weight')
    """
    *others, last = items
    return f"{', '.join(others)} and {last}" if others else last
