"""What a pilot study tells about the animals of the next one: the law of their times, and what cages share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from csds.analysis.animals import Animals
from csds.analysis.comparison import group_of
from csds.errors import StatsError
from csds.model.shapes import FloatArray
from csds.model.zone_times import PHASE_S, StressLaw, TimesLaw
from csds.stats.design import design_matrix, factor
from csds.stats.mixed_model import fit_mixed_model

#: Fewer control or defeated animals tell too little of their spread; of a component of these, fewer than the second.
LEAST_ANIMALS, LEAST_COMPONENT = 5, 3


def pilot_law(animals: Animals, *, reference: str = "") -> StressLaw:
    """Return the law of a pilot's untreated animals: means, SDs and correlations of their times.

    Defeated animals are two components where the table calls them susceptible and resilient, `LEAST_COMPONENT` of each
    at least; the correlation is that within components. The phase's length is that of ``duration_present_s``, or 150 s.

    Parameters
    ----------
    animals : Animals
        With ``stress``, ``interaction_absent_s`` and ``interaction_present_s``; one test of each animal.
    reference : str
        The treatment that counts as none, such as ``isotype``; needed where there are several.

    Raises
    ------
    StatsError
        There are fewer than `LEAST_ANIMALS` control or defeated animals without treatment, several treatments and no
        reference or one that isn't among them, several tests, times that don't vary, or that don't fit the phase.
    TableError
        A column of times is missing.
    """
    absent, present = animals.numbers("interaction_absent_s"), animals.numbers("interaction_present_s")
    usable = _untreated(animals, reference) & np.isfinite(absent) & np.isfinite(present)
    if len(set(np.array(animals.texts("test"))[usable].tolist())) > 1:
        raise StatsError("pilot: expected one test of each animal, found several", hint="Keep the first test's rows.")
    phase_s = _phase(animals, usable)
    stress, phenotype = np.array(animals.texts("stress")), np.array(animals.texts("phenotype"))
    groups = {name: usable & (stress == name) for name in ("control", "defeated")}
    for name, rows in groups.items():
        if rows.sum() < LEAST_ANIMALS:
            raise StatsError(
                f"pilot: expected {LEAST_ANIMALS} {name} animals at least without treatment, found {rows.sum()}",
                hint="Give the animals' stress; or plan with published numbers, --preset male.",
            )
    components = {name: groups["defeated"] & (phenotype == name) for name in ("susceptible", "resilient")}
    if min(rows.sum() for rows in components.values()) < LEAST_COMPONENT:
        components = {"defeated": groups["defeated"]}
    times = np.column_stack([absent, present])
    total = sum(int(rows.sum()) for rows in components.values())
    within = _correlation([times[rows] for rows in components.values()])
    return StressLaw(
        control=_law("control", times[groups["control"]], _correlation([times[groups["control"]]]), phase_s),
        stressed=tuple(
            (name, float(rows.sum() / total), _law(name, times[rows], within, phase_s))
            for name, rows in components.items()
        ),
        phase_s=phase_s,
    )


def pilot_icc(animals: Animals, outcome: str) -> float:
    """Return the intraclass correlation of an outcome within a pilot's cages, groups' means apart, by REML.

    Raises
    ------
    StatsError
        Cages aren't known, no cage holds several animals, or the mixed model can't be fitted.
    TableError
        There is no such column.
    """
    values = animals.numbers(outcome)
    cages = animals.texts("cage")
    groups = [group_of(cell) for cell in zip(animals.texts("stress"), animals.texts("treatment"), strict=True)]
    rows = [at for at, value in enumerate(values.tolist()) if np.isfinite(value) and cages[at]]
    if len({cages[at] for at in rows}) in (0, len(rows)):
        raise StatsError(
            "pilot: expected several animals in some cages (column 'cage'), found none",
            hint="Say what animals of a cage share with --icc.",
        )
    several = [factor("group", [groups[at] for at in rows])] if len({groups[at] for at in rows}) > 1 else []
    model = fit_mixed_model(
        values[rows], design_matrix(several, n=len(rows)), [factor("cage", [cages[at] for at in rows])]
    )
    return model.groups[0].icc


def _untreated(animals: Animals, reference: str) -> NDArray[np.bool_]:
    treatments = np.array(animals.texts("treatment"))
    known = list(dict.fromkeys(text for text in treatments.tolist() if text))
    if reference and reference not in known:
        raise StatsError(f"reference treatment: expected one of {', '.join(known) or '(none)'}, found '{reference}'")
    if len(known) > 1 and not reference:
        raise StatsError(
            f"pilot: expected one treatment, found {', '.join(known)}",
            hint=f"Say which is the reference: --reference {known[0]}.",
        )
    return np.isin(treatments, ["", reference or (known[0] if known else "")])


def _phase(animals: Animals, usable: NDArray[np.bool_]) -> float:
    if "duration_present_s" not in animals.table:
        return PHASE_S
    durations = animals.numbers("duration_present_s")[usable]
    known = durations[np.isfinite(durations)]
    return float(np.median(known)) if len(known) else PHASE_S


def _correlation(samples: list[FloatArray]) -> float:
    """Return the correlation of two columns about each sample's means."""
    apart = np.concatenate([sample - sample.mean(axis=0) for sample in samples])
    squares = (apart**2).sum(axis=0)
    return float((apart[:, 0] * apart[:, 1]).sum() / np.sqrt(squares.prod())) if squares.all() else 0.0


def _law(name: str, times: FloatArray, correlation: float, phase_s: float) -> TimesLaw:
    if times.max() > phase_s or times.min() < 0:
        raise StatsError(
            f"pilot: expected times of {name} animals from 0 to {phase_s:g} s, found {times.min():g} to "
            f"{times.max():g} s",
            hint="Give the phase's length in a column duration_present_s.",
        )
    means, sds = times.mean(axis=0), times.std(axis=0, ddof=1)
    # A beta distribution's variance is below that of zeros and full phases alone.
    if not ((sds > 0) & (sds**2 < 0.95 * means * (phase_s - means))).all():
        raise StatsError(
            f"pilot: expected times of {name} animals that vary, but aren't all 0 or the whole phase; found means of "
            f"{means[0]:.3g} and {means[1]:.3g} s with SDs of {sds[0]:.3g} and {sds[1]:.3g} s",
            hint="Plan with published numbers, --preset male.",
        )
    return TimesLaw(
        absent_mean=float(means[0]),
        absent_sd=float(sds[0]),
        present_mean=float(means[1]),
        present_sd=float(sds[1]),
        correlation=correlation,
    )
