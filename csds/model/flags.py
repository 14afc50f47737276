"""The codes that stand in ``flags`` columns, each declared once with its meaning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A code; ``trust`` says that the numbers beside it should be looked at before they are used."""

    code: str
    trust: bool
    meaning: str


FLAGS: dict[str, Flag] = {
    flag.code: flag
    for flag in (
        Flag(code="failed", trust=True, meaning="the session could not be used; failures.csv says why"),
        Flag(
            code="low_tracking",
            trust=True,
            meaning="the animal was found in fewer than 95 % of the frames, "
            "or its place is unknown for more than 2 s in 90",
        ),
        Flag(
            code="uncertain_animal",
            trust=True,
            meaning="what was tracked never left its place and might be something else than the animal",
        ),
        Flag(
            code="uncertain_nose",
            trust=False,
            meaning="head and tail could not be told apart, or no nose be seen, in more than 10 % of the frames with "
            "the animal; there the nose is empty, and readings by the nose cover the other frames only",
        ),
        Flag(
            code="short_recording",
            trust=True,
            meaning="the recording ends, or the animal is taken out, before the window ends",
        ),
        Flag(
            code="uncertain_start",
            trust=True,
            meaning="the start of the trial could not be told with confidence from hands and animal; "
            "the picture shows the one taken, start_s in the sheet settles it",
        ),
        Flag(
            code="hand_in_trial",
            trust=True,
            meaning="a hand, or something as large, reached into the arena during the trial",
        ),
        Flag(
            code="phases_swapped",
            trust=True,
            meaning="more moves in the enclosure in the phase without target than in the one with it: "
            "the phases may have been run the other way round",
        ),
        Flag(code="dropped_frames", trust=True, meaning="time stamps jump by more than 0.5 s; that time is in no zone"),
        Flag(code="damaged_frames", trust=True, meaning="frames that could not be decoded were skipped"),
        Flag(
            code="small_denominator",
            trust=True,
            meaning="time in the interaction zone with the target absent is below the protocol's minimum",
        ),
        Flag(
            code="zero_denominator",
            trust=True,
            meaning="no time in the interaction zone with the target absent; the ratio is not defined",
        ),
        Flag(
            code="zero_numerator",
            trust=False,
            meaning="no time in the interaction zone with the target present; the log-ratio is not defined",
        ),
        Flag(
            code="zero_corner_denominator",
            trust=False,
            meaning="no time in the corners with the target absent; the corner ratio is not defined",
        ),
        Flag(code="immobile", trust=True, meaning="the animal hardly moved: zone times say little about its choice"),
        Flag(
            code="unequal_windows",
            trust=True,
            meaning="the two phases' windows differ in length; the ratio uses shares of each window",
        ),
        Flag(code="missing_phase", trust=True, meaning="one of the two phases has no result"),
        Flag(
            code="camera_moved",
            trust=False,
            meaning="the picture shifted between or within the phases; what was seen after it is moved back",
        ),
        Flag(code="ambiguous_arena", trust=True, meaning="the arena could not be found with confidence"),
        Flag(code="arena_size_differs", trust=False, meaning="the arena file's size is not the protocol's"),
        Flag(
            code="low_contrast",
            trust=True,
            meaning="animal and floor differ by little more than the noise, or in a part of the animal only",
        ),
        Flag(code="needs_controls", trust=True, meaning="the rule needs undefeated controls and there are too few"),
        Flag(
            code="borderline",
            trust=False,
            meaning="the call could be another one: the interval reaches across the cut-off, or fewer than 90 % of all "
            "readings agree",
        ),
        Flag(
            code="excluded_minimum_time", trust=False, meaning="excluded by the rule: too little time with the target"
        ),
        Flag(
            code="excluded_no_zone_time",
            trust=False,
            meaning="excluded by the rule: in no zone while the target was absent",
        ),
        Flag(code="excluded_score_limit", trust=False, meaning="excluded by the rule: score at or above its limit"),
        Flag(code="missing_score", trust=True, meaning="a value that the rule needs is missing"),
        Flag(
            code="no_mixture",
            trust=True,
            meaning="too few defeated animals, or their scores are told as well by one group as by two: "
            "the mixture rule can't decide",
        ),
        Flag(
            code="point_missing",
            trust=True,
            meaning="the protocol's point (nose or body) is not in the track; zone times by it are empty",
        ),
        Flag(code="blinded", trust=False, meaning="the groups are hidden: there is no phenotype before `csds unblind`"),
        Flag(code="unknown_stress", trust=True, meaning="the sheet does not say whether the animal was defeated"),
    )
}


def join_flags(codes: Iterable[str]) -> str:
    """Return codes as one cell: each once, in the order of their declaration, ``;``-separated.

    Examples
    --------
    >>> join_flags(["short_recording", "low_tracking", "short_recording"])
    'low_tracking;short_recording'
    """
    wanted = set(codes)
    unknown = wanted - FLAGS.keys()
    if unknown:
        raise KeyError(f"undeclared flags: {sorted(unknown)}")
    return ";".join(code for code in FLAGS if code in wanted)


def split_flags(cell: str) -> tuple[str, ...]:
    """Return the codes of a cell."""
    return tuple(code for code in cell.split(";") if code)
