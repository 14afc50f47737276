"""Simulated studies, and the samples that come with csds."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from csds.arena.files import arena_path, read_arenas
from csds.cli import app
from csds.errors import SimulationError
from csds.model.shapes import Rectangle, contains
from csds.protocol.load import load_protocol
from csds.shipped import shipped_folder
from csds.simulate.recording import scene_truth
from csds.simulate.samples import sample_design
from csds.simulate.study import SimulatedAnimal, StudyDesign, recording_count, simulate_study, study_scene, two_by_two

ZONE = Rectangle(left=9, top=0, right=33, bottom=14)


def tiny_design(**changes):
    design = StudyDesign(animals=two_by_two(1), duration_s=0.5, frame_size_px=(320, 240), fps=10.0)
    return replace(design, **changes)


def test_a_study_is_complete(tmp_path):
    told = []
    sheet = simulate_study(
        tmp_path / "étude 1", tiny_design(), on_recording=lambda name, done: told.append((name, done))
    )
    rows = pd.read_csv(sheet, encoding="utf-8-sig", dtype=str)
    assert len(rows) == len(told) == 8
    assert told[-1] == ("M04_present.mp4", 8)
    assert set(rows["phase"]) == {"target_absent", "target_present"}
    assert rows.groupby(["stress", "treatment"])["animal_id"].nunique().tolist() == [1, 1, 1, 1]
    protocol = load_protocol("golden2011")
    for row in rows.itertuples():
        video = sheet.parent / row.video
        (arena,) = read_arenas(arena_path(video), protocol)
        assert arena.frame_size_px == (320, 240)
        truth = pd.read_csv(sheet.parent / "truth" / f"{video.stem}.truth.csv")
        assert len(truth) == 5
    settings = tomllib.loads((sheet.parent / "study.toml").read_text("utf-8"))
    assert settings["protocol"] == "golden2011"
    assert set(settings["treatment"].values()) == {"open"}


def test_two_arenas_share_a_recording_and_have_rows_and_truths_of_their_own(tmp_path):
    animals = tuple(SimulatedAnimal(animal_id=f"M{number}") for number in (1, 2, 3))
    design = StudyDesign(animals=animals, scenario="two_arenas", duration_s=0.3, fps=10.0, frame_size_px=(320, 180))
    sheet = simulate_study(tmp_path, design)
    rows = pd.read_csv(sheet, encoding="utf-8-sig", dtype=str)
    assert recording_count(design) == len(set(rows["video"])) == 4
    assert rows.groupby("animal_id")["arena"].unique().map(list).to_dict() == {"M1": ["A"], "M2": ["B"], "M3": ["A"]}
    assert sorted(path.name for path in (tmp_path / "truth").iterdir()) == sorted(
        f"{stem}_{phase}.{arena}.truth.csv"
        for stem in ("M1-M2", "M3")
        for phase in ("absent", "present")
        for arena in "AB"
    )
    arenas = read_arenas(arena_path(tmp_path / rows["video"][0]), load_protocol("golden2011"))
    assert [arena.name for arena in arenas] == ["A", "B"]
    # An arena left over has nobody in it.
    assert pd.read_csv(tmp_path / "truth" / "M3_absent.B.truth.csv")["x_cm"].isna().all()
    assert pd.read_csv(tmp_path / "truth" / "M3_absent.A.truth.csv")["x_cm"].notna().all()


def test_both_phases_in_one_recording_are_one_row_and_the_trial_s_start_is_left_open(tmp_path):
    design = StudyDesign(
        animals=two_by_two(1)[:1], scenario="both_phases", duration_s=1.0, fps=5.0, frame_size_px=(320, 240)
    )
    rows = pd.read_csv(simulate_study(tmp_path, design, arena_files=False), encoding="utf-8-sig", dtype=str)
    assert rows["phase"].tolist() == ["both"]
    assert rows["video"].tolist() == ["videos/M01_both.mp4"]
    assert rows["start_s"].isna().all()
    assert not list(tmp_path.rglob("*.arena.toml"))
    trials = pd.read_csv(tmp_path / "truth" / "M01_both.trials.csv")
    assert trials["phase"].tolist() == ["target_absent", "target_present"]
    assert (trials["end_s"] - trials["start_s"]).round(6).tolist() == [1.0, 1.0]


def test_cohorts_with_the_same_ids_have_files_of_their_own(tmp_path):
    animals = tuple(SimulatedAnimal(animal_id="M1", cohort=cohort) for cohort in ("C1", "C2"))
    simulate_study(tmp_path, tiny_design(animals=animals, title='A "quoted" title'))
    assert len(list((tmp_path / "videos").glob("*.mp4"))) == 4
    assert tomllib.loads((tmp_path / "study.toml").read_text("utf-8"))["title"] == 'A "quoted" title'


def test_animals_differ_and_phases_share_the_room():
    design = tiny_design(duration_s=5.0)
    scenes = [study_scene(design, animal, "target_present") for animal in design.animals]
    assert len({scene.seed for scene in scenes}) == 4
    assert study_scene(design, design.animals[0], "target_absent").seed == scenes[0].seed


@pytest.mark.parametrize("wrong", [(), two_by_two(1) * 2])
def test_impossible_studies_are_refused(wrong):
    with pytest.raises(SimulationError, match="expected"):
        tiny_design(animals=wrong)


def test_impossible_groups_are_refused():
    for arguments in ({"per_group": 0}, {"per_group": 2, "rescue": 2.0}):
        with pytest.raises(SimulationError, match="rescued share of 0 to 1"):
            two_by_two(**arguments)


def test_the_sample_study_s_phenotypes_are_as_its_readme_says():
    design, ratio = sample_design(), {}
    for animal in design.animals:
        seconds = []
        for phase in ("target_absent", "target_present"):
            scene = replace(study_scene(design, animal, phase), nuisances=())
            truth = scene_truth(scene).table
            seconds.append(contains(ZONE, truth["x_cm"], truth["y_cm"]).mean() * design.duration_s)
        assert seconds[0] > 6, animal.animal_id
        ratio[animal.stress, animal.treatment, animal.animal_id] = seconds[1] / seconds[0]
    controls = [value for key, value in ratio.items() if key[0] == "control"]
    isotype = [value for key, value in ratio.items() if key[:2] == ("defeated", "isotype")]
    antibody = sorted(value for key, value in ratio.items() if key[:2] == ("defeated", "anti-IL-4Rα"))
    assert min(controls) > 1.2
    assert max(isotype) < 0.8
    assert antibody[0] < 0.8
    assert antibody[1] > 1.2


def test_the_shipped_samples_are_those_of_the_design_and_small():
    folder = shipped_folder("sample_videos")
    rows = pd.read_csv(folder / "study.csv", encoding="utf-8-sig", dtype=str)
    assert sorted(set(rows["animal_id"])) == [animal.animal_id for animal in sample_design().animals]
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 10e6
    assert "imulated" in (folder / "README.md").read_text("utf-8")
    animal = sample_design().animals[4]
    truth = pd.read_csv(folder / "truth" / f"{animal.animal_id}_present.truth.csv")
    expected = scene_truth(study_scene(sample_design(), animal, "target_present")).table
    np.testing.assert_allclose(truth["x_cm"], expected["x_cm"], atol=0.02)


def run(*arguments):
    return CliRunner().invoke(app, ["simulate", *map(str, arguments)])


def test_command_video(tmp_path):
    out = tmp_path / "room.mp4"
    done = run("video", out, "--duration", 0.3, "--nuisance", "bedding=0.5", "--nuisance", "flicker", "--seed", 4)
    assert done.exit_code == 0, done.output
    assert out.exists()
    assert (tmp_path / "room.mp4.arena.toml").exists()
    assert len(pd.read_csv(tmp_path / "room.truth.csv")) == 9


def test_command_video_of_several_arenas_without_an_arena_file(tmp_path):
    out = tmp_path / "pair.mp4"
    done = run(
        "video", out, "--scenario", "two_arenas", "--duration", 0.2, "--no-arena-files", "--behaviour", "still",
        "--nuisance", "flicker", "--quiet",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pair.A.truth.csv", "pair.B.truth.csv", "pair.mp4"]


def test_command_study_and_cohort(tmp_path):
    done = run(
        "study", tmp_path / "study", "--animals-per-group", 1, "--duration", 1, "--scenario", "small_wmv", "--quiet"
    )
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "study" / "videos").glob("*.wmv"))) == 8
    done = run("cohort", tmp_path / "animals.csv", "--per-group", 3, "--rescue", 0.5)
    assert done.exit_code == 0, done.output
    assert len(pd.read_csv(tmp_path / "animals.csv", encoding="utf-8-sig")) == 12


def test_command_list():
    done = run("list")
    assert done.exit_code == 0
    for word in ("clean", "avoid", "bedding"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("video", "x.mp4", "--scenario", "clear"), 1),
        (("video", "x.mp4", "--nuisance", "fog"), 2),
        (("video", "x.mp4", "--phase", "both"), 1),
        (("cohort", "x.csv", "--sex", "both"), 2),
        (("cohort", "x.csv", "--per-group", "0"), 2),
    ],
)
def test_wrong_calls_have_their_exit_codes(tmp_path, monkeypatch, arguments, code):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == code
    assert not list(tmp_path.iterdir())
