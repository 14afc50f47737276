"""The report is one file: complete, escaped, without a call to any network."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from csds.errors import UsageError
from csds.plots.plot import Plot
from csds.plots.style import Style, drawing, new_figure
from csds.report.content import read_report
from csds.report.html import html_text, write_html

EVIL = "<script>alert(1)</script>"


class Page(HTMLParser):
    """Gathers what a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def is_within(folder: Path, link: str) -> bool:
    return link.startswith("#") or (folder / link).is_file()


def figure() -> Plot:
    with drawing(Style()):
        drawn = new_figure(Style(), 1.5)
        drawn.add_subplot().plot([0, 1])
    return Plot(name="group_comparison", figure=drawn, data=pd.DataFrame(), alt="Two groups.", style=Style())


def test_answer_comes_first_with_effect_and_interval(results) -> None:
    text = html_text(read_report(results()))
    answer = re.search(r'<p class="answer">(.*?)</p>', text)
    assert answer
    assert answer[1].startswith(
        "SI ratio was not shown to differ between defeated + anti-IL-4Rα and defeated + isotype"
    )
    assert "95 % CI [" in answer[1]


def test_nothing_is_fetched_and_every_picture_is_there(results) -> None:
    folder = results()
    target = write_html(read_report(folder), [figure()], ["estimation: <b>why"], folder / "report.html")
    page = Page(target.read_text(encoding="utf-8"))
    pictures = page.all("img")
    assert len(pictures) == 25
    assert all((picture["src"] or "").startswith("data:image/") and picture["alt"] for picture in pictures)
    links = [link["href"] or "" for link in page.all("a")]
    ids = {attributes.get("id") for _, attributes in page.tags}
    assert {link[1:] for link in links if link.startswith("#")} <= ids
    assert not page.all("link")
    assert not [script for script in page.all("script") if script.get("src")]
    assert all(link.startswith("https://doi.org/10.") for link in links if not is_within(folder, link))
    outside = re.findall(r"https?://[^\"<]*", re.sub(r"data:image/[^\"]*", "", target.read_text(encoding="utf-8")))
    assert set(outside) == {link for link in links if link.startswith("https")}


def test_full_pictures_are_within_where_asked_for(results) -> None:
    report = read_report(results())
    links = [link["href"] or "" for link in Page(html_text(report, embed="all")).all("a")]
    assert sum(link.startswith("data:image/png") for link in links) == 24


@pytest.mark.parametrize("place", ["name", "treatment"])
def test_names_are_shown_as_text(results, place: str) -> None:
    text = html_text(read_report(results(**{place: EVIL})))
    page = Page(text)
    assert EVIL not in text
    assert len(page.all("script")) == 1
    assert any("<script>alert(1)</script>" in words for words in page.words)


def test_headings_fall_by_one_and_tables_have_heads(results) -> None:
    page = Page(html_text(read_report(results()), [figure()]))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(head.get("scope") for head in page.all("th"))
    assert page.all("html")[0]["lang"] == "en"


def test_flagged_sessions_stand_first_with_what_the_flag_means(results) -> None:
    text = html_text(read_report(results()))
    rows = re.findall(r'<th scope="row">(s\d+)</th>', text)
    assert rows[0] == "s5"
    assert "<dt>low_tracking</dt><dd>the animal was found in fewer than 95 %" in text


def test_references_are_numbered_links_and_what_is_missing_is_marked(results) -> None:
    text = html_text(read_report(results()))
    listed = re.search(r'<h3 id="references">References</h3>\n<ol>(.*?)</ol>', text, re.DOTALL)
    assert listed
    assert '<a href="https://doi.org/10.1038/nprot.2011.361">' in listed[1]
    cited = {int(number) for found in re.findall(r"\[(\d+(?:, \d+)*)\]", text) for number in found.split(", ")}
    assert set(range(1, listed[1].count("<li>") + 1)) <= cited
    assert '<span class="fill">To be filled in: who was blind to the groups' in text


def test_exclusions_stand_by_arm_and_reason(results) -> None:
    text = html_text(read_report(results(exclude=EVIL)))
    assert re.search(
        r"<th scope=.row.>control \+ anti-IL-4Rα</th><td>&lt;script&gt;.*?</td><td>1</td><td>m1</td>", text
    )
    assert "No animal was left out, and no session failed." in html_text(read_report(results()))


def test_departures_from_the_plan_are_said(results) -> None:
    from typer.testing import CliRunner

    from csds.cli import app

    folder = results()
    (folder.parent / "study.toml").write_text('[analysis]\nprimary = "si_ratio"\n', encoding="utf-8")
    assert "departure from the plan" not in html_text(read_report(folder))
    CliRunner().invoke(app, ["stats", str(folder), "--adjust", "sidak", "--covariate", "weight_g"])
    report = read_report(folder)
    assert report.analysis
    assert (report.analysis.plan.adjust, report.analysis.plan.covariates) == ("sidak", ("weight_g",))
    assert "adjust: planned &#39;&#39;, used &#39;sidak&#39;" in html_text(report)
    (folder.parent / "study.toml").write_text('[analysis]\nprimary = "interaction_present_s"\n', encoding="utf-8")
    report = read_report(folder)
    assert report.analysis
    assert report.analysis.plan == report.planned


def test_folder_without_results_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no animals\.csv"):
        read_report(tmp_path)
