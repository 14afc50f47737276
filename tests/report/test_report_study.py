"""Facts of study.toml and of the table, in words."""

from __future__ import annotations

import json

from csds.report.content import read_report
from csds.report.study import name_of_test, study_facts


def test_facts_of_animals_protocol_and_treatment(results) -> None:
    assert study_facts(read_report(results())) == [
        ("animals", "24"), ("sessions", "24"), ("protocol", "golden2011"), ("sex", "F 24"),
        ("weight (g)", "20 to 25.75"), ("route", "i.p."), ("dose (mg/kg)", "open"),
    ]  # fmt: skip


def test_whatever_study_toml_says_is_a_fact_but_how_it_is_analysed(results) -> None:
    folder = results()
    made = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    made["study"]["settings"] = {
        "title": "T", "protocol": "p", "reference": {"stress": "control"}, "analysis": {"seed": 1}, "species": "mouse",
        "animals": {"age_weeks": 8, "bred_in_house": True}, "treatment": {"days": [1, 4.5]},
    }  # fmt: skip
    made["protocol"]["content"]["treatment"] = {"target": "IL-4Rα", "days": "open"}
    (folder / "provenance.json").write_text(json.dumps(made), encoding="utf-8")
    assert study_facts(read_report(folder))[5:] == [
        ("species", "mouse"), ("animals, age (weeks)", "8"), ("animals, bred in house", "yes"), ("target", "IL-4Rα"),
        ("days", "1, 4.5"),
    ]  # fmt: skip


def test_animal_with_several_tests_counts_once(results) -> None:
    folder = results()
    rows = ["animal_id,test,sex,weight_g,si_ratio", "m1,pre,F,20,1", "m1,post,F,21,1", "m2,pre,,,1", ""]
    (folder / "animals.csv").write_text("\n".join(rows), encoding="utf-8")
    facts = dict(study_facts(read_report(folder)))
    assert (facts["animals"], facts["sex"], facts["weight (g)"]) == (
        "2", "F 1, not given 1", "20, not given of 1",
    )  # fmt: skip


def test_test_without_a_target_is_called_by_its_protocol(results) -> None:
    assert name_of_test(read_report(results())) == "Social interaction test"
    assert name_of_test(read_report(results(protocol="open_field"))) == "Open field of 5 minutes, centre and corners"
