"""What counts as wrong in silence, and as crying wolf."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.compare import SessionScore
from benchmarks.silent import SceneScore, read_scores, show_summary


def session(*, zone_error_s: float = 0.0, flags: str = "", p99_cm: float = 0.5) -> SessionScore:
    """Return a session of 15 s: 2 s per 90 s are a third of a second."""
    return SessionScore(
        name="1_target_absent",
        median_cm=0.1,
        p99_cm=p99_cm,
        nose_median_cm=0.2,
        detection=1.0,
        swapped=0.0,
        nose_missing=0.0,
        zone_error_s=zone_error_s,
        zone_edge_s=0.2,
        window_s=15.0,
        flags=flags,
    )


def scene(*sessions: SessionScore, nuisances: tuple[str, ...] = (), failed: tuple[str, ...] = ()) -> SceneScore:
    return SceneScore(seed=1, nuisances=nuisances, sessions=sessions, failed=failed)


@pytest.mark.parametrize(
    ("off_s", "flags", "is_silent"),
    [(0.50, "", False), (0.56, "", True), (0.56, "low_tracking", False), (0.56, "immobile;borderline", True)],
)
def test_a_session_is_silent_if_its_zone_is_off_and_no_flag_of_the_measurement_says_so(
    off_s: float, flags: str, is_silent: bool
) -> None:
    assert bool(scene(session(zone_error_s=off_s, flags=flags)).silent) == is_silent


def test_only_scenes_that_were_measured_right_can_cry_wolf(capsys: pytest.CaptureFixture[str]) -> None:
    wolf, off = session(flags="low_contrast"), session(flags="low_contrast", p99_cm=3.0)
    assert scene(session(), wolf).is_right
    assert not scene(session(), off).is_right
    assert not scene(session(), failed=("1_target_present: two animals",)).is_right

    assert show_summary([scene(session(), off), scene(session(), session())]) == []
    # One of two, where 3 % and 15 % are allowed; nothing is asked of two nuisances.
    assert show_summary([scene(wolf), scene(session())]) == ["crying wolf with 0 nuisances"]
    assert show_summary([scene(wolf, nuisances=("hand",))]) == ["crying wolf with 1 nuisances"]
    assert show_summary([scene(wolf, nuisances=("hand", "shadow"))]) == []
    assert show_summary([scene(session(zone_error_s=1.0))]) == ["1 silent misses"]
    assert "low_contrast: 1 sessions; 1 scenes that were measured right" in capsys.readouterr().out


def test_scores_go_into_a_file_and_come_back(tmp_path: Path) -> None:
    score = scene(session(flags="low_contrast"), nuisances=("hand",), failed=("1_target_present: no animal",))
    path = tmp_path / "scores.jsonl"
    assert read_scores(path) == {}
    path.write_text(json.dumps(asdict(score)) + "\n", encoding="utf-8")
    assert read_scores(path) == {1: score}
