"""ARRIVE items hold what the files tell, and mark what only the authors know."""

from __future__ import annotations

from csds.report.arrive import arrive_items, open_fields
from csds.report.content import read_report


def test_ten_items_in_the_guidelines_order(results) -> None:
    items = arrive_items(read_report(results()))
    assert [item.number for item in items] == list(range(1, 11))
    assert [item.title for item in items][2:5] == ["Inclusion and exclusion criteria", "Randomisation", "Blinding"]
    assert items[3].known == ()
    assert "csds allocate" in items[3].to_fill[0]


def test_what_is_known_is_filled_in_and_what_is_open_is_named(results) -> None:
    items = {item.title: item for item in arrive_items(read_report(results(exclude="fell ill")))}
    assert "control + isotype 6, control + anti-IL-4Rα 5" in items["Sample size"].known[0]
    assert items["Inclusion and exclusion criteria"].known == ("control + anti-IL-4Rα, 1: fell ill (m1).",)
    assert "sex: F 24." in items["Experimental animals"].known
    assert "weight (g): 20 to 25.75." in items["Experimental animals"].known
    assert "route: i.p." in items["Experimental procedures"].known
    assert "Open in study.toml: dose_mg_kg." in items["Experimental procedures"].known
    assert open_fields({}) == []


def test_study_without_a_comparison_says_why(results) -> None:
    folder = results(treatment="isotype")
    table = (folder / "animals.csv").read_text(encoding="utf-8").replace("defeated", "control")
    (folder / "animals.csv").write_text(table, encoding="utf-8")
    report = read_report(folder)
    assert report.analysis is None
    assert "expected two groups at least" in arrive_items(report)[9].known[0]
