"""What the analysis of a study was planned to be: ``[analysis]`` in its ``study.toml``, or the defaults."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from csds.errors import SheetError, UsageError
from csds.protocol.keys import (
    ChoiceKey,
    Key,
    NumberKey,
    Place,
    SwitchKey,
    TextKey,
    TextsKey,
    parse_toml,
    read_keys,
)
from csds.protocol.nearest import nearest

if TYPE_CHECKING:
    from csds.stats.adjust import Adjustment

DESIGNS: Mapping[str, str] = {
    "stress_by_treatment": "stress × treatment between animals: two-way ANOVA with planned contrasts",
    "two_groups": "two groups of animals",
    "one_way": "three or more groups of animals, each against the reference",
    "target_by_group": "target absent and present in the same animals, by group",
    "pre_post": "tests before and after treatment in the same animals, by treatment",
}
"""Every design by name, with what it compares."""

VARIANCES = ("pooled", "separate")
OUTLIERS = ("kept", "left out")
ADJUSTMENTS = ("holm", "bonferroni", "sidak", "tukey", "none")

OUTCOMES = (
    "si_ratio", "log_si_ratio", "interaction_present_s", "interaction_absent_s", "si_preference", "si_difference_s",
    "corners_present_s", "corners_absent_s", "corner_ratio", "distance_present_cm", "distance_absent_cm",
    "delta_velocity_cm_s",
)  # fmt: skip
"""The scores of ``animals.csv`` that are analysed where a plan doesn't name its outcomes."""

#: What the command line calls a key of the plan, where that differs.
_OPTIONS = {"primary": "outcome"}

_ANALYSIS: Mapping[str, Key] = {
    "design": ChoiceKey(words=tuple(DESIGNS), optional=True),
    "factors": TextsKey(optional=True),
    "primary": TextKey(optional=True),
    "secondary": TextsKey(optional=True, may_be_empty=True),
    "sum_of_squares": ChoiceKey(words=("I", "II", "III"), optional=True),
    "adjust": ChoiceKey(words=ADJUSTMENTS, optional=True),
    "variances": ChoiceKey(words=VARIANCES, optional=True),
    "fixed": TextsKey(optional=True),
    "covariates": TextsKey(optional=True),
    "random": TextsKey(optional=True),
    "outliers": ChoiceKey(words=OUTLIERS, optional=True),
    "correlate": TextsKey(optional=True),
    "bayes_factors": SwitchKey(optional=True),
    "draws": NumberKey(low=1000, high=1_000_000, optional=True),
    "seed": NumberKey(low=0, high=2**31, optional=True),
}
#: Tables below ``[analysis]``.
_ONLY = "only"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisPlan:
    """What is to be analysed, fixed before the data are seen where ``study.toml`` says so.

    Parameters
    ----------
    design : str
        One of `DESIGNS`; empty where it is to be found from the table.
    factors : tuple of str
        One or two columns that tell groups of animals apart.
    primary : str
        The outcome that the study is about.
    secondary : tuple of str or None
        Further outcomes, whose p values are adjusted as one family; None for all others of `OUTCOMES` that the table
        has.
    reference : mapping
        Of a factor, the level that others are compared with.
    only : mapping
        Of a column, the one value that animals must have to be analysed.
    sum_of_squares : str
        ``I``, ``II`` or ``III``.
    adjust : str
        One of `ADJUSTMENTS`, for the planned contrasts; empty for the design's own: Dunnett's of several groups against
        one, else Holm's.
    variances : str
        ``pooled`` or ``separate``; empty for the design's own: separate of two groups, else pooled.
    fixed, covariates : tuple of str
        Columns that the model has beside the factors, without interactions: by their levels, or as numbers.
    random : tuple of str
        One or two columns, the outer first, whose levels are random intercepts, such as the cage.
    outliers : str
        ``kept``, or ``left out``: values far out in their group (`csds.analysis.assumptions.far_out`), once, of
        groups of animals.
    correlate : tuple of str
        Columns of numbers to correlate with the primary outcome, by group.
    bayes_factors : bool
        Whether planned comparisons have a Bayes factor beside them.
    draws, seed : int
        Of the bootstrap and of permutations.
    is_written : bool
        True if ``study.toml`` has an ``[analysis]``.
    """

    design: str = ""
    factors: tuple[str, ...] = ("stress", "treatment")
    primary: str = "si_ratio"
    secondary: tuple[str, ...] | None = None
    reference: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, str] = field(default_factory=dict)
    sum_of_squares: str = "III"
    adjust: Adjustment | Literal[""] = ""
    variances: str = ""
    fixed: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    random: tuple[str, ...] = ()
    outliers: str = "kept"
    correlate: tuple[str, ...] = ()
    bayes_factors: bool = False
    draws: int = 10_000
    seed: int = 1
    is_written: bool = False

    @property
    def is_adjusted(self) -> bool:
        """Whether the model has more than the factors."""
        return bool(self.fixed or self.covariates or self.random)

    @property
    def sha256(self) -> str:
        """What tells this plan from any other: the hash of all that it says."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def changed(self, **values: Any) -> AnalysisPlan:
        """Return the plan with what the command line says in place of its own; what is empty says nothing.

        Raises
        ------
        UsageError
            A value is none of those that are known, or the plan can't be followed.
        """
        # The seed may be 0.
        said: dict[str, Any] = {name: value for name, value in values.items() if value or type(value) is int}
        for name, value in said.items():
            known = _ANALYSIS.get(name)
            if isinstance(known, ChoiceKey) and value not in known.words:
                near = nearest(value, known.words)
                raise UsageError(
                    f"--{_OPTIONS.get(name, name.replace('_', '-'))} {value}: expected {known.expected}",
                    hint=f"Did you mean '{near}'?" if near else "",
                )
        if "reference" in said:
            said["reference"] = {**self.reference, **said["reference"]}
        plan = replace(self, **said)
        factors = (*plan.factors, "test")
        odd = next((name for name in values.get("reference") or () if name not in factors), "")
        fault = f"--reference {odd}: expected one of {', '.join(factors)}" if odd else plan.fault()
        if fault:
            raise UsageError(fault, hint="See csds stats --help.")
        return plan

    def differences(self, other: AnalysisPlan) -> dict[str, tuple[Any, Any]]:
        """Return what another plan says otherwise: by key, this plan's value and the other's."""
        mine, theirs = asdict(self), asdict(other)
        return {key: (mine[key], theirs[key]) for key in mine if key != "is_written" and mine[key] != theirs[key]}

    def fault(self) -> str:
        """Return why the plan can't be followed; empty where it can."""
        if not 1 <= len(self.factors) <= 2:
            return f"factors: expected one or two columns, found {len(self.factors)} ({', '.join(self.factors)})"
        if len(self.random) > 2:
            return f"random: expected one or two nested columns, found {len(self.random)} ({', '.join(self.random)})"
        if self.variances == "separate" and self.is_adjusted:
            return "variances: expected pooled in a model with fixed factors, covariates or random intercepts"
        columns = [self.primary, *self.factors, *self.fixed, *self.covariates, *self.random]
        twice = next((name for name in columns if columns.count(name) > 1), "")
        return f"expected each column in one place of the plan, found '{twice}' in two" if twice else ""


def read_plan(folder: Path) -> AnalysisPlan:
    """Return the plan that ``study.toml`` in a folder holds; the defaults where there is no such file or table.

    Raises
    ------
    SheetError
        A key is unknown or can't be used; the message names it.
    """
    path = folder / "study.toml"
    return plan_from(parse_toml(path, SheetError)[0] if path.is_file() else {}, path)


def plan_from(settings: Mapping[str, Any], path: Path) -> AnalysisPlan:
    """Return the plan of a parsed ``study.toml``; see `read_plan`."""
    reference = _levels(settings.get("reference", {}), Place(file=path, table="reference", error=SheetError))
    if "analysis" not in settings:
        return AnalysisPlan(reference=reference)
    place = Place(file=path, table="analysis", error=SheetError)
    analysis = settings["analysis"]
    only = _levels(analysis.get(_ONLY, {}), replace(place, table=f"analysis.{_ONLY}")) if _is_table(analysis) else {}
    keys = {name: value for name, value in analysis.items() if name != _ONLY} if _is_table(analysis) else analysis
    values = read_keys(keys, _ANALYSIS, place)
    for name in ("seed", "draws"):
        if name in values:
            values[name] = int(values[name])
    plan = AnalysisPlan(reference=reference, only=only, is_written=True, **values)
    fault = plan.fault()
    if fault:
        raise SheetError(f"{path}, [analysis]: {fault}", hint="Correct the plan before the data are seen.")
    return plan


def _levels(table: object, place: Place) -> dict[str, str]:
    """Return a table of columns and one level of each."""
    names = dict.fromkeys(table, TextKey()) if isinstance(table, dict) else {}
    return read_keys(table, names, place)


def _is_table(value: object) -> bool:
    return isinstance(value, dict)
