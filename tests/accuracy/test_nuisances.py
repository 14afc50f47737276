"""The table of nuisances says what misses its bar, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.compare import SessionScore
from benchmarks.nuisances import NuisanceScore, combinations, show_table, some_pairs
from csds.simulate.nuisance import NUISANCES

RIGHT = SessionScore(
    name="a", median_cm=0.1, p99_cm=0.5, nose_median_cm=0.3, detection=1.0, swapped=0.0, nose_missing=0.0,
    zone_error_s=0.1, zone_edge_s=0.2, window_s=30.0, flags="",
)  # fmt: skip
OFF = replace(RIGHT, p99_cm=1.6)

#: What was asked for, in its words and order.
ASKED = {
    "hand and arm": ["hand"],
    "droppings and urine marks appearing": ["droppings", "urine"],
    "tether or fibre": ["tether"],
    "reflections in glossy walls": ["reflection"],
    "shadow": ["shadow"],
    "mains flicker": ["flicker"],
    "slow and sudden light change": ["light_drift", "light_step"],
    "camera shake": ["shake"],
    "camera bumped between phases and within one": ["bump_between", "bump_within"],
    "bedding": ["bedding"],
    "low contrast": ["low_contrast"],
    "black mouse over a dark enclosure shadow": ["enclosure_shadow"],
    "overexposure": ["overexposure"],
    "heavy compression": ["compression"],
    "interlaced video": ["interlaced"],
    "dropped and repeated frames": ["dropped_frames", "repeated_frames"],
    "time overlay text": ["time_overlay"],
    "timestamp gaps": ["timestamp_gaps"],
    "the target's snout and tail": ["target_reaching"],
    "rearing on and climbing the enclosure": ["rearing", "climbing"],
    "another arena's mouse at the edge": ["neighbour"],
    "no mouse": ["no_mouse"],
    "two mice": ["two_mice"],
    "light falls off towards the corners": ["vignette"],
}


def score(*sessions: SessionScore, of: tuple[str, ...] = ("flicker",), failed: tuple[str, ...] = ()) -> NuisanceScore:
    return NuisanceScore(nuisances=of, sessions=sessions, failed=failed)


def test_every_nuisance_that_was_asked_for_is_an_option() -> None:
    assert {name for names in ASKED.values() for name in names} == set(NUISANCES)
    count = len(NUISANCES)
    assert len(combinations(pairs=True)) == count * (count - 1) / 2


def test_one_nuisance_must_be_measured_right_flag_or_not() -> None:
    assert score(RIGHT, RIGHT).falls_short == []
    assert score(RIGHT, OFF).falls_short == ["flicker: a p99"]
    assert score(RIGHT, replace(OFF, flags="low_contrast")).falls_short == ["flicker: a p99"]
    assert score(RIGHT, failed=("b: no animal",)).falls_short == ["flicker: b: no animal"]


def test_two_may_be_flagged_instead() -> None:
    pair = ("flicker", "shake")
    assert score(OFF, of=pair).falls_short == ["flicker + shake: a"]
    assert score(replace(OFF, flags="low_contrast"), of=pair).falls_short == []
    assert score(replace(OFF, flags="camera_moved"), of=pair).falls_short == ["flicker + shake: a"]


def test_no_mouse_and_two_mice_must_not_be_tracked() -> None:
    for name in ("no_mouse", "two_mice"):
        assert score(of=(name,), failed=("b: no animal",)).falls_short == []
        assert score(RIGHT, of=("flicker", name)).falls_short == [f"flicker + {name}: a was tracked"]


@pytest.mark.parametrize(
    ("changed", "why"), [({"nose_median_cm": 0.7}, "nose off"), ({"swapped": 0.01}, "nose swapped")]
)
def test_noses_have_bars_of_their_own(changed: dict[str, float], why: str) -> None:
    assert score(replace(RIGHT, **changed)).falls_short == [f"flicker: {why}"]


def test_noses_may_be_missing_but_not_in_a_clean_room() -> None:
    noseless = replace(RIGHT, nose_missing=0.2)
    assert score(noseless).falls_short == []
    assert score(noseless, of=()).falls_short == ["none: no nose"]


def test_crying_wolf_falls_short(capsys: pytest.CaptureFixture[str]) -> None:
    flagged = replace(RIGHT, flags="hand_in_trial")
    assert show_table([score(of=()), score(flagged, *[RIGHT] * 9)]) == []
    assert show_table([score(flagged, *[RIGHT] * 4)]) == ["cried wolf with one wrong"]
    assert show_table([score(flagged, *[RIGHT] * 20, of=())]) == ["cried wolf with none wrong"]
    assert "of 21 sessions measured right with none wrong, 1 carry a trust flag" in capsys.readouterr().out


def test_pairs_are_drawn_once_each() -> None:
    pairs = some_pairs(50, seed=3)
    assert len(set(pairs)) == len(pairs) == 50
    assert some_pairs(50, seed=3) == pairs
    assert len(some_pairs(10**6, seed=0)) == len(combinations(pairs=True))
