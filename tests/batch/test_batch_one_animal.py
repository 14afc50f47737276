"""Two mice, or none, are an error with a picture, and no track."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from csds.arena import write_arenas
from csds.batch import TrackOptions, track_study
from csds.formats.tables import write_table
from csds.protocol import load_protocol
from csds.simulate.recording import simulate_recording
from csds.simulate.scenarios import scenario
from csds.simulate.scene import Nuisance
from csds.study import load_study


@pytest.mark.parametrize(("nuisance", "why"), [("two_mice", "two animals"), ("no_mouse", "no animal")])
def test_two_mice_or_none_fail_with_a_picture_beside_a_mouse_that_is_tracked(
    nuisance: str, why: str, tmp_path: Path, no_pictures: None
) -> None:
    rows = []
    for animal, faults in (("alone", ()), ("odd", (Nuisance(name=nuisance),))):
        scene = replace(scenario("small_wmv", phase="target_absent", seed=4, duration_s=6.0), nuisances=faults)
        video = tmp_path / f"{animal}{scene.encoding.suffix}"
        simulate_recording(scene, video)
        write_arenas(video.with_name(video.name + ".arena.toml"), [scene.arena])
        rows.append(
            {"animal_id": animal, "phase": "target_absent", "video": video.name, "start_s": 0.0, "duration_s": 6.0}
        )
    write_table(pd.DataFrame(rows), tmp_path / "study.csv")
    protocol = load_protocol("golden2011")
    study, _ = load_study(tmp_path / "study.csv", protocol)
    result = track_study(study, protocol, tmp_path / "results", TrackOptions())
    assert [failure.session_id for failure in result.failures] == ["odd_target_absent"]
    assert why in result.failures[0].error
    assert "overlays/odd_target_absent.png" in result.failures[0].how_to_fix
    assert (tmp_path / "results" / "overlays" / "odd_target_absent.png").stat().st_size > 1000
    assert not (tmp_path / "results" / "tracks" / "odd_target_absent.parquet").exists()
    assert (tmp_path / "results" / "tracks" / "alone_target_absent.parquet").exists()
