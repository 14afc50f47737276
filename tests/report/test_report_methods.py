"""The methods paragraph says how animals were tested, tracked, classified and analysed, and cites what it names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from csds.protocol import load_protocol, protocol_names
from csds.report.content import read_report
from csds.report.methods import Methods, report_methods
from csds.report.references import ARRIVE, GOLDEN, KRISHNAN, METHODS


def methods(folder: Path) -> tuple[str, Methods]:
    found = report_methods(read_report(folder))
    return " ".join(found.sentences), found


def change(folder: Path, **values: object) -> Path:
    """Change what the provenance says."""
    path = folder / "provenance.json"
    made = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(made | values), encoding="utf-8")
    return folder


def test_test_tracking_score_and_rule(results) -> None:
    text, found = methods(results())
    for words in (
        "tracked and scored with csds 0.1.0 (Python 3.13.1, OpenCV 4.11.0) by the protocol golden2011 [1].",
        "The arena measured 42 × 42 cm; a rectangular enclosure of 10 × 6.5 cm stood at the middle of one wall.",
        "The phases target absent and target present lasted 150 s each.",
        "The interaction zone measured 24 × 14 cm (along × away from the wall), at the middle of the enclosure's wall",
        "the zones corner left and corner right measured 9 × 9 cm each, in the corners of the opposite wall.",
        "An animal counted as in a zone while its centre point was inside.",
        "Savitzky–Golay filter [2] of 0.2 s; gaps of up to 0.5 s were interpolated",
        "The SI ratio was the time in the interaction zone with the target present divided by that with the target "
        "absent [1].",
        "Ratios with less than 5 s in the interaction zone with the target absent were flagged and not used",
        "Defeated animals were classified as susceptible [3] if the SI ratio was below 1 (exactly 1 counted as "
        "resilient), and otherwise as resilient (rule si_cutoff).",
        "adjusted by Holm's method [4].",
        "Statistics were computed with csds",
    ):
        assert words in text
    assert found.references[:4] == (GOLDEN, METHODS["Savitzky–Golay filter"], KRISHNAN, METHODS["Holm's method"])
    assert found.references[-1] == ARRIVE
    assert found.to_fill == ("who was blind to the groups: csds has no record of it",)


@pytest.mark.parametrize(
    ("protocol", "words"),
    [
        ("witness_round_cage", ["a round enclosure, 7 cm across, stood at the middle of one wall",
                                "The interaction zone reached 8 cm from the enclosure, whose own area it included."]),
        ("accelerated_defeat", ["Excluded from classification were animals with a time in the interaction zone with "
                                "the target present of less than 60 s that would be resilient; or that were in no zone "
                                "at all in the phase target absent."]),
        ("open_field", ["Behaviour was filmed", "The phase open field lasted 300 s.",
                        "The centre zone measured 50 % of each side, at the centre; the zones"]),
    ],
)  # fmt: skip
def test_other_protocols(results, protocol: str, words: list[str]) -> None:
    text, _ = methods(results(protocol=protocol))
    for one in words:
        assert one in text


def test_arena_and_length_are_those_of_the_sessions(results) -> None:
    folder = results()
    drawn = {"s1": {"arena": {"shape": "circle", "width_cm": 45.0, "height_cm": 45.0}}}
    change(folder, sessions=drawn)
    sessions = (folder / "sessions.csv").read_text(encoding="utf-8")
    lines = sessions.replace("target_present", "target_absent", 12).splitlines()
    (folder / "sessions.csv").write_text(
        "\n".join(f"{line},{'duration_s' if at == 0 else 120 + (at == 1)}" for at, line in enumerate(lines)) + "\n",
        encoding="utf-8",
    )
    text, _ = methods(folder)
    assert "The arena measured 45 cm across; a" in text
    lasted = ("target absent lasted 120 to 121 s", "target present lasted 120 s")
    both = "; the phase ".join(f"{one} (150 s by the protocol)" for one in lasted)
    assert f"The phase {both}." in text


def test_zones_by_nose_and_other_rules(results) -> None:
    folder = results()
    made = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    content = made["protocol"]["content"]
    content["behaviour"]["in_zone_by"] = "body"
    content["score"]["name"] = "si_preference"
    content["enclosure"]["gap_cm"] = 2.0
    content["source"] = "our laboratory"
    place = {"at": None, "width_cm": None, "depth_cm": None}
    content["zones"] = [
        content["zones"][0] | place | {"x_cm": [0, 10], "y_cm": [5, 25]},
        content["zones"][0] | place | {"name": "round", "shape": "circle", "centre_cm": [5, 5], "diameter_cm": 6},
        content["zones"][0] | place | {"name": "odd", "shape": "polygon", "points_cm": [[0, 0], [4, 0], [0, 4]]},
    ]
    content["rule"]["criteria"] = [
        content["rule"]["criteria"][0] | {"kind": "control_mean", "k": 2},
        content["rule"]["criteria"][0] | {"kind": "mixture", "score": "log_si_ratio"},
    ]
    content["rule"]["exclusions"] = [
        {"kind": "score_at_least", "column": "x", "minimum_s": 0, "only_if": "any", "phase": "x", "score": "si_ratio",
         "limit": 4}
    ]  # fmt: skip
    change(folder, protocol=made["protocol"])
    text, found = methods(folder)
    for words in (
        "while at least 50 % of its outline's area was inside",
        "stood 2 cm from the middle of one wall",
        "The interaction zone measured 10 × 20 cm; the round zone measured 6 cm across; the odd zone was the polygon "
        "(0, 0), (4, 0), (0, 4) cm.",
        "The SI preference P/(P + A) was the time in the interaction zone with the target present divided by that in "
        "both phases",
        "if the SI ratio was below the mean of undefeated controls less 2 SD or the log SI ratio fell into the lower "
        "component of a mixture of two normal distributions",
        "Excluded from classification were animals with a SI ratio of 4 or more.",
    ):
        assert words in text
    assert "our laboratory" in [one.text for one in found.references]


@pytest.mark.parametrize("name", protocol_names())
def test_every_protocol_has_sentences_without_gaps(results, name: str) -> None:
    folder = results()
    from dataclasses import asdict

    from csds.formats.json_files import plain

    protocol = load_protocol(name, allow_open=True)
    change(folder, protocol={"name": name, "content": plain(asdict(protocol))})
    text, found = methods(folder)
    assert not {"nan", "None", "inf"} & set(text.split())
    assert any("leaves open" in one for one in found.to_fill) == bool(protocol.open_fields)


def test_results_without_a_protocol_say_what_is_missing(results) -> None:
    folder = results()
    (folder / "provenance.json").unlink()
    text, found = methods(folder)
    assert text.startswith("SI ratio was analysed by")
    assert found.to_fill[0].startswith("arena, zones, phases, tracking and the rule: no protocol is recorded")
    assert GOLDEN not in found.references


@pytest.mark.parametrize(
    ("plan", "cited"),
    [
        ('secondary = []\nbayes_factors = true', ["Holm's method", "Hedges' g", "Bayes factors",
         "intervals from the noncentral F distribution", "bias-corrected accelerated bootstrap intervals"]),
        ('secondary = ["phenotype"]', ["Wilson's intervals", "Newcombe's intervals"]),
        ('secondary = []\nvariances = "separate"',
         ["contrasts with separate variances and Satterthwaite's degrees of freedom"]),
        ('secondary = []\nadjust = "tukey"', ["Tukey's test"]),
        ('secondary = []\ndesign = "one_way"', ["Dunnett's test"]),
        ('secondary = []\ndesign = "one_way"\nvariances = "separate"', ["Welch's analysis of variance"]),
        ('secondary = []\nfactors = ["treatment"]', ["Welch's t test"]),
        ('secondary = []\nrandom = ["cage"]',
         ["linear mixed model", "estimated marginal means, with Satterthwaite's degrees of freedom"]),
        ('secondary = []\ndesign = "pre_post"', ["Greenhouse–Geisser's correction"]),
    ],
)  # fmt: skip
def test_statistics_are_cited_where_they_were_used(tmp_path: Path, plan: str, cited: list[str]) -> None:
    rng = np.random.default_rng(3)
    tests = ("pre", "post", "late") if "pre_post" in plan else ("",)
    rows = [
        f"m{i},{test},{('control', 'defeated')[i // 12]},{'ab'[i % 2]},k{i // 3},{1 + 0.3 * rng.normal():.3f},"
        + ("control" if i < 12 else ("susceptible", "resilient")[i % 3 % 2])
        for i in range(24) for test in tests
    ]  # fmt: skip
    head = "animal_id,test,stress,treatment,cage,si_ratio,phenotype"
    (tmp_path / "animals.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    (tmp_path / "study.toml").write_text(f"[analysis]\ndraws = 1000\n{plan}\n", encoding="utf-8")
    text, found = methods(tmp_path)
    for words in cited:
        number = found.references.index(METHODS[words]) + 1
        assert f"{words} [{number}]" in text


def test_blind_scoring_is_said_where_it_is_on_record(results) -> None:
    folder = results()
    log = {"unblindings": [{"locked_at": "2025-01-02T03:04:05+00:00", "unblinded_at": "2025-01-02T04:00:00+00:00",
                            "scores": {}}]}  # fmt: skip
    (folder / "blinding.json").write_text(json.dumps(log), encoding="utf-8")
    text, found = methods(folder)
    assert "Animals were scored under codes that hid their groups" in text
    assert found.to_fill == ()
