"""How far results agree with what was measured, published or exported before, animal by animal."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from csds.analysis.agreement_pairs import CallPair, Pair, PairedColumn, Pairing, some
from csds.analysis.wording import outcome_text
from csds.errors import StatsError
from csds.stats.agreement import (
    LimitsOfAgreement,
    ProportionalBias,
    concordance_correlation,
    intraclass_correlation,
    limits_of_agreement,
    proportional_bias,
)
from csds.stats.kappa import AgreementTable, agreement_table, cohens_kappa
from csds.stats.samples import Estimate
from csds.study.words import PHENOTYPE_WORDS

#: Of fewer pairs the limits' own intervals are as wide as the limits (Bland and Altman 1999, Carkeet 2015).
FEW = 30
_EQUAL = 1e-9
_NEAR = 0.1
_LEVEL = 0.05
#: Ratios of medians that a unit may be behind, csds's over the old table's, and what it would be.
_UNITS: tuple[tuple[float, float, str], ...] = (
    (60.0, 60.0, "the old numbers may be minutes where csds has seconds"),
    (1 / 60, 1 / 60, "the old numbers may be per minute, or frames at 60 a second, where csds has seconds"),
    (100.0, 100.0, "the old numbers may be metres where csds has centimetres"),
    (0.01, 0.01, "the old numbers may be percent: an SI ratio is often given × 100"),
    (1 / 30, 1 / 25, "the old numbers may be frames, 25 to 30 a second, where csds has seconds"),
)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementAgreement:
    """How far a measurement agrees; what can't be computed is None, and ``note`` says why.

    Parameters
    ----------
    paired : PairedColumn
        Values of csds and of the old table.
    bias : float
        Mean of csds less old.
    limits : LimitsOfAgreement or None
        Of these differences.
    ratios : LimitsOfAgreement or None
        Of the ratios csds / old, where all values are above 0.
    icc, ccc : Estimate or None
        ICC(2,1), and Lin's concordance correlation.
    proportional : ProportionalBias or None
        Differences on means.
    note : str
    """

    paired: PairedColumn
    bias: float
    limits: LimitsOfAgreement | None
    ratios: LimitsOfAgreement | None
    icc: Estimate | None
    ccc: Estimate | None
    proportional: ProportionalBias | None
    note: str

    @property
    def name(self) -> str:
        """What it is called: the column, with phase and test where there are any."""
        return ", ".join(part for part in (self.paired.column, self.paired.phase, self.paired.test) if part)

    @property
    def label(self) -> str:
        """What a sentence calls it."""
        where = (outcome_text(self.paired.column), self.paired.phase.replace("_", " "), self.paired.test)
        return ", ".join(part for part in where if part)

    def in_sd(self, pair: Pair) -> float:
        """Return how far a pair's difference lies from the bias, in standard deviations; NaN where there is none."""
        return (pair.own - pair.old - self.bias) / self.limits.sd if self.limits else math.nan

    def is_outside(self, pair: Pair) -> bool:
        """Return whether a pair's difference lies beyond the limits."""
        difference = pair.own - pair.old
        limits = self.limits
        return limits is not None and not limits.lower.value <= difference <= limits.upper.value


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAgreement:
    """How far phenotypes agree, at one test; animals that both call controls are counted apart.

    Parameters
    ----------
    test : str
    pairs : tuple of CallPair
        Those of which one at least isn't a control by both.
    n_controls : int
        Animals that both call controls: nothing had to be told apart there.
    table : AgreementTable or None
        csds's calls as rows, the old table's as columns.
    kappa : Estimate or None
        Cohen's κ.
    note : str
        Why there is none.
    """

    test: str
    pairs: tuple[CallPair, ...]
    n_controls: int
    table: AgreementTable | None
    kappa: Estimate | None
    note: str

    @property
    def text(self) -> str:
        """How many are alike, with Wilson's interval of that share, and κ, or why there is none."""
        if self.table is None:
            return self.note
        share = self.table.agreement
        alike = f"{sum(self.table.counts[at][at] for at in range(len(self.table.counts)))} of {self.table.n} alike"
        kappa = f"Cohen's κ {estimate_text(self.kappa)}" if self.kappa else self.note
        return f"{alike} ({estimate_text(share)}); {kappa}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Results beside an old table.

    Parameters
    ----------
    against : str
        The old table's file.
    pairing : Pairing
    measurements : tuple of MeasurementAgreement
    calls : tuple of CallAgreement
    notices : tuple of str
        What is to be known of it.
    """

    against: str
    pairing: Pairing
    measurements: tuple[MeasurementAgreement, ...]
    calls: tuple[CallAgreement, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """An animal or session whose value or phenotype isn't the old table's.

    Parameters
    ----------
    measurement : str
        csds's column.
    pair : Pair or CallPair
    in_sd : float
        The difference's distance from the bias in standard deviations; NaN of phenotypes, and where there is no SD.
    is_outside : bool
        It lies beyond the limits of agreement; of phenotypes True.
    """

    measurement: str
    pair: Pair | CallPair
    in_sd: float
    is_outside: bool


def compare(pairing: Pairing, against: str) -> Agreement:
    """Return how far paired results agree; ``against`` is what the old table is called."""
    measurements = tuple(_measurement(paired) for paired in pairing.columns)
    tests = dict.fromkeys(pair.test for pair in pairing.calls)
    calls = tuple(_calls(test, [pair for pair in pairing.calls if pair.test == test]) for test in tests)
    return Agreement(
        against=against,
        pairing=pairing,
        measurements=measurements,
        calls=calls,
        notices=tuple(_notices(pairing, measurements, calls)),
    )


def disagreements(agreement: Agreement) -> list[Disagreement]:
    """Return what isn't equal: other phenotypes first, then values by their distance from the bias in SD."""
    calls = [
        Disagreement(measurement="phenotype", pair=pair, in_sd=math.nan, is_outside=True)
        for one in agreement.calls
        for pair in one.pairs
        if pair.own != pair.old
    ]
    values = [
        Disagreement(measurement=one.paired.column, pair=pair, in_sd=one.in_sd(pair), is_outside=one.is_outside(pair))
        for one in agreement.measurements
        for pair in one.paired.pairs
        if pair.own != pair.old
    ]
    return [*calls, *sorted(values, key=lambda one: -1.0 if math.isnan(one.in_sd) else abs(one.in_sd), reverse=True)]


def worst_animals(agreement: Agreement, count: int = 5) -> list[Disagreement]:
    """Return the animals or sessions that disagree most, each once, by what disagrees most."""
    found: dict[tuple[object, ...], Disagreement] = {}
    for one in disagreements(agreement):
        found.setdefault(one.pair.animal, one)
    return list(found.values())[:count]


def _measurement(paired: PairedColumn) -> MeasurementAgreement:
    own, old = (np.array([getattr(pair, of) for pair in paired.pairs], float) for of in ("own", "old"))
    notes: list[str] = []
    n = len(own)
    is_equal = n > 0 and bool(np.abs(own - old).max() <= _EQUAL * max(np.abs(own).max(), np.abs(old).max()))
    if n < 3 or is_equal:
        few = f"{n} pair{'s' * (n != 1)}, 3 at least are needed" if n < 3 else ""
        notes = [text for text in (few, f"all {n} are equal" if is_equal and n > 1 else "") if text]

    def found(compute: Callable[[], _T]) -> _T | None:
        if n < 3 or is_equal:
            return None
        try:
            return compute()
        except StatsError as error:
            notes.append(error.message)
            return None

    is_positive = n > 0 and min(own.min(), old.min()) > 0
    return MeasurementAgreement(
        paired=paired,
        bias=float((own - old).mean()) if n else math.nan,
        limits=found(lambda: limits_of_agreement(own, old)),
        ratios=found(lambda: limits_of_agreement(own, old, ratio=True)) if is_positive else None,
        icc=found(lambda: intraclass_correlation(own, old)),
        ccc=found(lambda: concordance_correlation(own, old)),
        proportional=found(lambda: proportional_bias(own, old)),
        note="; ".join(dict.fromkeys(notes)),
    )


def _calls(test: str, pairs: Sequence[CallPair]) -> CallAgreement:
    told = tuple(pair for pair in pairs if {pair.own, pair.old} != {"control"})
    table, kappa, note = None, None, ""
    known = [name for name in PHENOTYPE_WORDS if any(name in (pair.own, pair.old) for pair in told)]
    try:
        table = agreement_table([pair.own for pair in told], [pair.old for pair in told], categories=known)
        kappa = cohens_kappa(table)
    except StatsError as error:
        note = error.message
    return CallAgreement(
        test=test, pairs=told, n_controls=len(pairs) - len(told), table=table, kappa=kappa, note=note
    )  # fmt: skip


def _notices(
    pairing: Pairing, measurements: Sequence[MeasurementAgreement], calls: Sequence[CallAgreement]
) -> Iterator[str]:
    for what, alone in (("the results have", pairing.own_alone), ("the old table has", pairing.old_alone)):
        if alone:
            yield f"rows that only {what}, by {', '.join(pairing.keys)}: {len(alone)} ({some(alone)})"
    for one in measurements:
        text = _unit_notice(one)
        if text:
            yield f"{one.label}: {text}; write the old column in csds's unit and compare again"
        elif one.proportional and one.proportional.p_value < _LEVEL:
            slope = one.proportional.slope.value
            yield (
                f"{one.label}: the difference changes with the size (slope {slope:.2g}): limits don't hold for "
                "all" + ("; see the ratios' limits" if one.ratios else "")
            )
    small = [one for one in measurements if one.limits and one.limits.n < FEW]
    if small:
        n = min(one.limits.n for one in small if one.limits)
        yield (
            f"with {n} pairs the limits of agreement are uncertain themselves: read their intervals, which are wide "
            f"with fewer than {FEW}"
        )
    for call in calls:
        odd = [pair.name for pair in call.pairs if "control" in (pair.own, pair.old)]
        if odd:
            yield f"a control in one table and a defeated animal in the other, so one is wrong: {some(odd)}"


def _unit_notice(one: MeasurementAgreement) -> str:
    own, old = ([getattr(pair, of) for pair in one.paired.pairs] for of in ("own", "old"))
    if len(own) < 3 or not float(np.median(old)):
        return ""
    ratio = float(np.median(own)) / float(np.median(old))
    for low, high, meaning in _UNITS:
        if low * (1 - _NEAR) <= ratio <= high * (1 + _NEAR):
            times = f"{ratio:.3g} times" if ratio > 1 else f"1 / {1 / ratio:.3g} of"
            return f"csds's median is {times} the old table's: {meaning}"
    return ""


def estimate_text(estimate: Estimate | None) -> str:
    """Return an estimate with its interval to three digits; empty where there is none.

    Examples
    --------
    >>> estimate_text(Estimate(value=0.98765, ci_low=0.9, ci_high=1.0))
    '0.988 [0.9, 1]'
    """
    return f"{estimate.value:.3g} [{estimate.ci_low:.3g}, {estimate.ci_high:.3g}]" if estimate else ""


def describe(one: Disagreement) -> str:
    """Return a disagreement in words.

    Examples
    --------
    >>> pair = CallPair(cohort="", animal_id="M1", test="", row=2, own="susceptible", old="resilient")
    >>> describe(Disagreement(measurement="phenotype", pair=pair, in_sd=math.nan, is_outside=True))
    'M1: susceptible by csds, resilient in the old table'
    """
    pair = one.pair
    if isinstance(pair, CallPair):
        return f"{pair.name}: {pair.own} by csds, {pair.old} in the old table"
    off = "" if math.isnan(one.in_sd) else f" ({one.in_sd:+.1f} SD from the bias)"
    return f"{pair.name}: {outcome_text(one.measurement)} {pair.own:.4g} by csds, {pair.old:.4g} in the old table{off}"
