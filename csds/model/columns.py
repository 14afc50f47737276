"""The columns of every table that csds writes, declared once with unit and meaning.

``<zone>`` in a name stands for each zone of the protocol. ``docs/data-dictionary.md`` is
generated from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "integer", "boolean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its name, what it holds, its unit (empty if none) and what it means."""

    name: str
    kind: Kind
    unit: str
    meaning: str


def _column(name: str, kind: Kind, unit: str, meaning: str) -> Column:
    return Column(name=name, kind=kind, unit=unit, meaning=meaning)


KEY_COLUMNS = (
    _column("cohort", "text", "", "cohort, as in the sheet; empty where there is none"),
    _column("animal_id", "text", "", "animal, as written in the sheet"),
    _column("test", "text", "", "which of repeated tests (pre, post); empty where there is one"),
)

GROUP_COLUMNS = (
    _column("stress", "text", "", "control or defeated; blinded from `csds blind` to `csds unblind`"),
    _column("treatment", "text", "", "treatment as written in the sheet"),
)

TRACK_COLUMNS = (
    _column("frame", "integer", "", "number of the decoded frame within the recording, from 0"),
    _column("time_s", "number", "s", "time since the window's start, from the stream's own time stamps"),
    _column("x_cm", "number", "cm", "centre of body and head without tail, along the enclosure wall"),
    _column("y_cm", "number", "cm", "centre of body and head without tail, away from the enclosure wall"),
    _column("nose_x_cm", "number", "cm", "nose point, along the enclosure wall"),
    _column("nose_y_cm", "number", "cm", "nose point, away from the enclosure wall"),
    _column("heading_rad", "number", "rad", "direction from centre to nose; 0 along x, π/2 away from the wall"),
    _column("area_cm2", "number", "cm²", "area of body and head without tail"),
    _column("body_length_cm", "number", "cm", "long axis of the ellipse with the body's second moments"),
    _column("body_width_cm", "number", "cm", "short axis of that ellipse"),
    _column("body_axis_rad", "number", "rad", "direction of the long axis, from 0 to π"),
    _column("speed_cm_s", "number", "cm/s", "speed by the protocol's rule for distance"),
    _column("detected", "boolean", "", "the animal was found in this frame"),
    _column(
        "interpolated",
        "boolean",
        "",
        "the position is interpolated over a short gap, or while the recorder repeats a picture",
    ),
    _column("in_<zone>", "boolean", "", "the animal is in the zone, by the protocol's point"),
)

SESSION_COLUMNS = (
    _column("session_id", "text", "", "cohort_animal_test_phase, made safe for file names"),
    *KEY_COLUMNS,
    _column("phase", "text", "", "phase of the protocol"),
    *GROUP_COLUMNS,
    _column("video", "text", "", "recording, as in the sheet"),
    _column("arena", "text", "", "arena within the frame"),
    _column("start_s", "number", "s", "start of the window within the recording"),
    _column("duration_s", "number", "s", "length of the window that was asked for"),
    _column(
        "start_source",
        "text",
        "",
        "how the start is known: sheet (given as start_s), found (the hand was gone, the animal on the floor) or "
        "first_frame (the animal is there from the recording's first frame on)",
    ),
    _column("recorded_s", "number", "s", "time within the window that frames account for"),
    _column("n_frames", "integer", "", "decoded frames in the window"),
    _column("tracked_fraction", "number", "", "share of the frames in which the animal was found"),
    _column("interpolated_fraction", "number", "", "share of the frames with an interpolated position"),
    _column("<zone>_time_s", "number", "s", "time in the zone, by the protocol's point"),
    _column("<zone>_entries", "integer", "", "entries into the zone"),
    _column("<zone>_latency_s", "number", "s", "time to the first entry; empty when there is none"),
    _column("centre_<zone>_time_s", "number", "s", "the same by centre point, where the protocol chooses another"),
    _column("centre_<zone>_entries", "integer", "", "the same by centre point"),
    _column("centre_<zone>_latency_s", "number", "s", "the same by centre point"),
    _column("nose_<zone>_time_s", "number", "s", "the same by nose point, where known"),
    _column("nose_<zone>_entries", "integer", "", "the same by nose point"),
    _column("nose_<zone>_latency_s", "number", "s", "the same by nose point"),
    _column("body_<zone>_time_s", "number", "s", "the same by the body's share of area, where known"),
    _column("body_<zone>_entries", "integer", "", "the same by the body's share of area"),
    _column("body_<zone>_latency_s", "number", "s", "the same by the body's share of area"),
    _column("distance_cm", "number", "cm", "path length by the protocol's rule, gaps not bridged"),
    _column("mean_speed_cm_s", "number", "cm/s", "distance over the time in which the path is known"),
    _column("immobile_time_s", "number", "s", "time slower than the protocol's limit for at least its duration"),
    _column("interaction_low_s", "number", "s", "lower end of the 95 % interval of the time in the interaction zone"),
    _column("interaction_high_s", "number", "s", "upper end of that interval, from the errors of the measurement"),
    _column("interaction_edge_s_per_cm", "number", "s/cm", "time that the zone gains as its edge moves out by 1 cm"),
    _column("start_error_s", "number", "s", "SD of the trial's start that the interval reckons with"),
    _column("exclude", "text", "", "reason to leave the animal out of statistics, from the sheet"),
    _column("flags", "text", "", "codes that qualify the numbers, ;-separated"),
)

ANIMAL_COLUMNS = (
    *KEY_COLUMNS,
    *GROUP_COLUMNS,
    _column("interaction_absent_s", "number", "s", "A: time in the interaction zone, target absent"),
    _column("interaction_present_s", "number", "s", "P: time in the interaction zone, target present"),
    _column("corners_absent_s", "number", "s", "time in the corner zones, target absent"),
    _column("corners_present_s", "number", "s", "time in the corner zones, target present"),
    _column("distance_absent_cm", "number", "cm", "distance moved, target absent"),
    _column("distance_present_cm", "number", "cm", "distance moved, target present"),
    _column("mean_speed_absent_cm_s", "number", "cm/s", "distance over the time in which the path is known, absent"),
    _column("mean_speed_present_cm_s", "number", "cm/s", "the same, target present"),
    _column("duration_absent_s", "number", "s", "length of the window that the scores go by, target absent"),
    _column("duration_present_s", "number", "s", "the same, target present"),
    _column("si_ratio", "number", "", "P / A, of shares of the windows where these differ"),
    _column("log_si_ratio", "number", "", "natural logarithm of P / A"),
    _column("si_preference", "number", "", "P / (P + A)"),
    _column("si_difference_s", "number", "s", "P − A"),
    _column("corner_ratio", "number", "", "corners present / corners absent"),
    _column("delta_velocity_cm_s", "number", "cm/s", "mean speed absent − present"),
    _column("si_ratio_low", "number", "", "lower end of the ratio's 95 % interval from the errors of the measurement"),
    _column("si_ratio_high", "number", "", "upper end of that interval; empty where the ratio isn't bounded"),
    _column("si_ratio_band_low", "number", "", "lowest ratio over other choices of zone edge, point and window"),
    _column("si_ratio_band_high", "number", "", "highest ratio over these; empty where one isn't defined"),
    _column("below_cutoff", "boolean", "", "the score lies on the susceptible side of the cut-off"),
    _column("phenotype", "text", "", "susceptible, resilient, undetermined, excluded or control"),
    _column("phenotype_certainty", "number", "", "share of all readings, with their errors, that give the same call"),
    _column("rule", "text", "", "the classification rule"),
    _column("exclude", "text", "", "reason to leave the animal out of statistics, from the sheet"),
    _column("flags", "text", "", "codes that qualify the numbers, ;-separated"),
)

FAILURE_COLUMNS = (
    _column("session_id", "text", "", "session that could not be used"),
    _column("video", "text", "", "recording, as in the sheet"),
    _column("stage", "text", "", "where it failed: sheet, arena, video, tracking, …"),
    _column("error", "text", "", "what was expected and what was found"),
    _column("how_to_fix", "text", "", "what to do"),
)

TIME_BIN_COLUMNS = (
    _column("session_id", "text", "", "session"),
    _column("bin_start_s", "number", "s", "start of the bin within the window"),
    _column("bin_end_s", "number", "s", "end of the bin within the window"),
    _column("<zone>_time_s", "number", "s", "time in the zone within the bin, by the protocol's point"),
    _column("distance_cm", "number", "cm", "path length within the bin"),
    _column("recorded_s", "number", "s", "time within the bin that frames account for"),
)


STATS_COLUMNS = (
    _column("analysis", "text", "", "planned, secondary, sensitivity, exploratory, description or selected"),
    _column("outcome", "text", "", "column of animals.csv that is analysed; interaction_s for both phases"),
    _column("term", "text", "", "term of the model (stress, treatment, stress:treatment), or the group described"),
    _column("contrast", "text", "", "groups that are compared, first minus second"),
    _column("test", "text", "", "test, with its variance assumption or type of sums of squares"),
    _column(
        "statistic_name", "text", "", "F, t, U, H, S, W, z, chi2 or difference; empty where a row has no statistic"
    ),
    _column("statistic", "number", "", "its value"),
    _column("df1", "number", "", "degrees of freedom; of an F, the numerator's; empty where there are none"),
    _column("df2", "number", "", "degrees of freedom of an F's denominator"),
    _column("p_value", "number", "", "two-sided unless the test says otherwise"),
    _column("p_adjusted", "number", "", "adjusted within its family"),
    _column("adjustment", "text", "", "how, and for how many"),
    _column(
        "effect_name", "text", "", "what the effect is: difference, Hedges' g, partial eta squared, odds ratio, mean"
    ),
    _column("effect", "number", "", "its size, in the outcome's unit for a difference; inf for odds with a zero"),
    _column("ci_low", "number", "", "lower end of its own 95 % interval; empty where there is none"),
    _column("ci_high", "number", "", "upper end of that interval; inf and -inf where it has no bound"),
    _column("n", "integer", "", "animals that were used; of a pair or a group, those in it"),
    _column("n_excluded", "integer", "", "animals of the table that the outcome's analysis leaves out"),
    _column("excluded_because", "text", "", "how many of them for which reason; stats.json names each"),
    _column("note", "text", "", "what else is to be known of it"),
)

META_COLUMNS = (
    _column("outcome", "text", "", "column of animals.csv; of repeated measures its change, last level less first"),
    _column("contrast", "text", "", "groups that are compared, first minus second"),
    _column("effect_name", "text", "", "difference (in the outcome's unit) or Hedges' g"),
    _column("row", "text", "", "study, left out, mean or prediction"),
    _column("study", "text", "", "study; empty of the mean and the prediction"),
    _column("protocol", "text", "", "its protocol"),
    _column("n", "integer", "", "animals"),
    _column("n_by_group", "text", "", "animals of each group that is compared, in the contrast's order"),
    _column("effect", "number", "", "the study's own effect, or the random-effects mean"),
    _column("ci_low", "number", "", "lower end of its 95 % interval; of the prediction, where the next study's lies"),
    _column("ci_high", "number", "", "upper end of that interval"),
    _column("standard_error", "number", "", "its standard error"),
    _column("weight", "number", "", "share in the mean, 0 to 1"),
    _column("statistic", "number", "", "t of the mean (Hartung–Knapp)"),
    _column("df", "number", "", "its degrees of freedom, and those of the prediction interval"),
    _column("p_value", "number", "", "two-sided, that the mean is 0; not adjusted"),
    _column("tau2", "number", "", "variance of the studies' true effects (REML), in squares of the effect's unit"),
    _column("tau2_low", "number", "", "lower end of its 95 % interval (Q-profile)"),
    _column("tau2_high", "number", "", "upper end of that interval"),
    _column("i2", "number", "", "share of that variance in the whole variance of the effects, 0 to 1"),
    _column("i2_low", "number", "", "lower end of its 95 % interval"),
    _column("i2_high", "number", "", "upper end of that interval"),
    _column("q", "number", "", "Cochran's Q"),
    _column("q_df", "number", "", "its degrees of freedom"),
    _column("q_p_value", "number", "", "p of Q, that all studies have one true effect"),
    _column("note", "text", "", "why a study was left out, or what else is to be known"),
)

POWER_COLUMNS = (
    _column("contrast", "text", "", "planned test: groups that are compared, first minus second"),
    _column("n", "integer", "", "animals in each group that are analysed"),
    _column("power", "number", "", "share of the simulated studies in which the test is significant"),
    _column("power_low", "number", "", "lower end of its 95 % interval by Wilson: the simulation's own error"),
    _column("power_high", "number", "", "upper end of that interval"),
    _column("normal_power", "number", "", "in closed form, unadjusted, as if outcomes were normal with one variance"),
    _column("draws", "integer", "", "simulated studies"),
)

_INTERVALS = (
    ("bias", "mean of csds less old"),
    ("lower_limit", "lower 95 % limit of agreement of these differences"),
    ("upper_limit", "upper limit"),
    ("icc", "intraclass correlation ICC(2,1): absolute agreement, two-way random, single"),
    ("ccc", "Lin's concordance correlation"),
    ("slope", "of the differences on the pairs' means: proportional bias"),
    ("ratio", "geometric mean of csds / old, where all values are above 0"),
    ("ratio_lower_limit", "lower 95 % limit of agreement of these ratios"),
    ("ratio_upper_limit", "upper limit of the ratios"),
)

AGREEMENT_COLUMNS = (
    _column("measurement", "text", "", "column of animals.csv or sessions.csv"),
    _column("old_column", "text", "", "its column in the old table"),
    _column("phase", "text", "", "phase, of a measurement of sessions"),
    _column("test", "text", "", "which of repeated tests"),
    _column("n", "integer", "", "pairs"),
    _column("n_missing", "integer", "", "further pairs in which either has no number"),
    _column("sd", "number", "", "standard deviation of the differences"),
    *(
        _column(f"{name}{end}", "number", "", f"{meaning}{of}")
        for name, meaning in _INTERVALS
        for end, of in (("", ""), ("_low", ": lower end of its 95 % interval"), ("_high", ": upper end"))
    ),
    _column("slope_p", "number", "", "p value of the slope, two-sided"),
    _column("note", "text", "", "why something is empty"),
)

DISAGREEMENT_COLUMNS = (
    _column("cohort", "text", "", "cohort"),
    _column("animal_id", "text", "", "animal"),
    _column("test", "text", "", "which of repeated tests"),
    _column("phase", "text", "", "phase, of a measurement of sessions"),
    _column("measurement", "text", "", "column of animals.csv or sessions.csv; phenotypes stand first"),
    _column("csds", "text", "", "its value by csds"),
    _column("old", "text", "", "its value in the old table"),
    _column("difference", "number", "", "csds less old"),
    _column("difference_sd", "number", "", "distance of the difference from the bias, in SD of the differences"),
    _column("outside_limits", "boolean", "", "the difference lies beyond the limits of agreement"),
    _column("old_row", "integer", "", "line of the old table"),
    _column("overlays", "text", "", "the sessions' pictures, relative to the table's folder, ;-separated"),
    _column("thumbnails", "text", "", "their small pictures of the trial's start and end"),
)


def names(columns: tuple[Column, ...], zones: tuple[str, ...] = ()) -> list[str]:
    """Return the columns' names with ``<zone>`` spelled out for each zone.

    Examples
    --------
    >>> names(TRACK_COLUMNS, ("interaction",))[-1]
    'in_interaction'
    """
    spelled: list[str] = []
    done: set[str] = set()
    for column in columns:
        if "<zone>" not in column.name:
            spelled.append(column.name)
            continue
        if column.name in done:
            continue
        prefix = column.name.split("<zone>")[0]
        family = [c.name for c in columns if c.name.startswith(prefix + "<zone>")]
        done.update(family)
        spelled += [name.replace("<zone>", zone) for zone in zones for name in family]
    return spelled
