"""What the analysis of a study was planned to be: ``[analysis]`` in its ``study.toml``, or the defaults."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from csds.errors import SheetError, UsageError
from csds.protocol.keys import ChoiceKey, Key, NumberKey, Place, TextKey, TextsKey, check_keys, parse_toml, read_keys
from csds.protocol.nearest import nearest, quoted
from csds.protocol.schema import SCORES
from csds.stats.adjust import Adjustment

DESIGNS: Mapping[str, str] = {
    "stress_by_treatment": "stress × treatment between animals: two-way ANOVA with planned contrasts",
    "two_groups": "two groups of animals",
    "one_way": "three or more groups of animals, each against the reference",
    "target_by_group": "target absent and present in the same animals, by group",
    "pre_post": "tests before and after treatment in the same animals, by treatment",
}
"""Every design by name, with what it compares."""

ADJUSTMENTS = ("holm", "bonferroni", "sidak", "tukey", "none")
CLUSTERS = ("random", "fixed", "ignored")

#: What the command line calls a key of the plan, where that differs.
_OPTIONS = {"primary": "outcome"}
_SECONDARY = ("log_si_ratio", "interaction_present_s", "si_preference", "si_difference_s", "corners_present_s")

_ANALYSIS: Mapping[str, Key] = {
    "design": ChoiceKey(words=tuple(DESIGNS), optional=True),
    "primary": ChoiceKey(words=SCORES, optional=True),
    "secondary": TextsKey(optional=True),
    "sum_of_squares": ChoiceKey(words=("I", "II", "III"), optional=True),
    "adjust": ChoiceKey(words=ADJUSTMENTS, optional=True),
    "cluster": TextKey(optional=True),
    "clusters_are": ChoiceKey(words=CLUSTERS, optional=True),
    "covariates": TextsKey(optional=True),
    "seed": NumberKey(low=0, high=2**31, optional=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisPlan:
    """What is to be analysed, fixed before the data are seen where ``study.toml`` says so.

    Parameters
    ----------
    design : str
        One of `DESIGNS`; empty where it is to be found from the table.
    primary : str
        The outcome that the study is about.
    secondary : tuple of str
        Further outcomes; their p values are adjusted as one family.
    reference : mapping
        Of a factor, the level that others are compared with.
    sum_of_squares : str
        ``I``, ``II`` or ``III``.
    adjust : str
        One of `ADJUSTMENTS`, for the planned contrasts.
    cluster, clusters_are : str
        The column whose animals are not independent (``cage``), and whether it is a random intercept, a fixed factor
        or ignored.
    covariates : tuple of str
        Columns of numbers.
    seed : int
        Of the bootstrap and of permutations.
    is_written : bool
        True if ``study.toml`` has an ``[analysis]``.
    """

    design: str = ""
    primary: str = "si_ratio"
    secondary: tuple[str, ...] = _SECONDARY
    reference: Mapping[str, str] = field(default_factory=dict)
    sum_of_squares: str = "III"
    adjust: Adjustment = "holm"
    cluster: str = "cage"
    clusters_are: str = "random"
    covariates: tuple[str, ...] = ()
    seed: int = 1
    is_written: bool = False

    @property
    def sha256(self) -> str:
        """What tells this plan from any other: the hash of all that it says."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def changed(
        self, values: Mapping[str, str], secondary: Sequence[str] | None, reference: Mapping[str, str]
    ) -> AnalysisPlan:
        """Return the plan with what the command line says in place of its own.

        Raises
        ------
        UsageError
            A value is none of those that are known.
        """
        for name, value in values.items():
            known = _ANALYSIS[name]
            if isinstance(known, ChoiceKey) and value not in known.words:
                near = nearest(value, known.words)
                raise UsageError(
                    f"--{_OPTIONS.get(name, name.replace('_', '-'))} {value}: expected {known.expected}",
                    hint=f"Did you mean '{near}'?" if near else "",
                )
        unknown = [name for name in secondary or () if name not in SCORES]
        if unknown:
            raise UsageError(f"--secondary {unknown[0]}: expected one of {quoted(SCORES)}", hint="")
        more: dict[str, Any] = dict(values)
        if secondary:
            more["secondary"] = tuple(secondary)
        return replace(self, reference={**self.reference, **reference}, **more)


def read_plan(folder: Path) -> AnalysisPlan:
    """Return the plan that ``study.toml`` in a folder holds; the defaults where there is no such file or table.

    Raises
    ------
    SheetError
        A key is unknown or can't be used; the message names it.
    """
    path = folder / "study.toml"
    settings: dict[str, Any] = parse_toml(path, SheetError)[0] if path.is_file() else {}
    reference = settings.get("reference", {})
    place = Place(file=path, table="reference", error=SheetError)
    for factor in reference if isinstance(reference, dict) else ():
        read_keys({factor: reference[factor]}, {factor: TextKey()}, place)
    if "analysis" not in settings:
        return AnalysisPlan(reference=dict(reference))
    place = Place(file=path, table="analysis", error=SheetError)
    values = read_keys(settings["analysis"], _ANALYSIS, place)
    check_keys(dict.fromkeys(values.get("secondary", ())), dict.fromkeys(SCORES), place)
    if "seed" in values:
        values["seed"] = int(values["seed"])
    return AnalysisPlan(reference=dict(reference), is_written=True, **values)
