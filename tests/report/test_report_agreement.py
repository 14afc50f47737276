"""The report's section on a comparison: there where there is one, escaped, with pictures that are there."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from csds.analysis.agreement import compare
from csds.analysis.agreement_files import RECORD, write_agreement
from csds.analysis.agreement_pairs import pair_results
from csds.report.agreement import agreement_part
from csds.report.content import read_report
from csds.report.document import report_sections
from csds.report.formats import write_report
from csds.report.html import html_text

EVIL = "<script>alert(1)</script>"
FAR = 5


class Section(HTMLParser):
    """Gathers the tags and words of a section."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text[text.index('<section id="agreement"') : text.index('<section id="exclusions"')])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def compared(results, tmp_path: Path) -> Callable[..., Path]:
    """Results that were compared with a table of ratios of which one, of animal `FAR`, is far off."""

    def make(name: str = "m0", file: str = "old.csv", *, called: bool = True) -> Path:
        folder = results(name=name)
        animals = pd.read_csv(folder / "animals.csv", keep_default_na=False)
        animals["phenotype"] = ["susceptible", "resilient", "susceptible", "resilient", "susceptible", "control"] * 4
        animals.to_csv(folder / "animals.csv", index=False)
        near = pd.Series([0.01, -0.02, 0.03] * 8)
        old = pd.DataFrame({"animal_id": animals["animal_id"], "si_ratio": animals["si_ratio"] + near})
        old.loc[FAR, "si_ratio"] += 2
        if called:
            old["Group"] = ["S", "R", "R", "R", "S", "Ctrl"] + ["S", "R", "S", "R", "S", "Ctrl"] * 3
        old.to_csv(tmp_path / file, index=False)
        texts = ["Group=phenotype"] if called else []
        write_agreement(compare(pair_results(folder, tmp_path / file, texts=texts), file), folder, folder)
        return folder

    return make


def test_without_a_comparison_there_is_no_section(results) -> None:
    report = read_report(results())
    assert agreement_part(report) is None
    assert 'id="agreement"' not in html_text(report)
    assert not [one for one in report_sections(report) if one.title.startswith("Agreement")]


def test_page_has_table_kappa_figure_and_the_worst_with_their_pictures(compared) -> None:
    folder = compared()
    text = html_text(read_report(folder), beside=folder)
    section = Section(text)
    assert "Agreement with old.csv" in section.words
    assert "24 rows of both were matched by animal_id" in section.words
    assert "Correlation isn't agreement" in section.words
    assert "With 24 pairs the limits of agreement are uncertain" in section.words
    assert re.search(r"Cohen's κ 0\.\d", section.words)
    assert "m2: susceptible by csds, resilient in the old table" in section.words
    assert f"m{FAR}: SI ratio" in section.words
    assert 'href="#agreement"' in text
    links = [str(link["href"]) for link in section.all("a")]
    assert len(links) == 5
    assert all((folder / link).is_file() for link in links)
    figure, *small = section.all("img")
    assert str(figure["alt"]).startswith("Differences of csds less old.csv")
    assert str(figure["src"]).startswith("data:image/svg")
    assert len(small) == 5
    assert all(str(one["src"]).startswith("data:image/jpeg") and one["alt"] for one in small)


def test_the_worst_are_those_that_were_made_so(compared) -> None:
    part = agreement_part(read_report(compared()))
    assert part is not None
    assert [one.name for one in part.worst][:2] == ["m2", f"m{FAR}"]
    assert part.worst[1].files == (f"overlays/s{FAR}.png",)
    assert part.measurements[0][:2] == ("SI ratio", "24")
    assert part.plot is None


def test_phenotypes_may_be_left_out_and_full_pictures_be_within(compared) -> None:
    folder = compared(called=False)
    part = agreement_part(read_report(folder), embed="all", beside=folder)
    assert part is not None
    assert part.tables == ()
    assert not any("κ" in sentence for sentence in part.sentences)
    assert part.worst[0].name == f"m{FAR}"
    assert all(full.startswith("data:image/png") for one in part.worst for _, full in one.pictures)


def test_what_is_equal_is_said_without_a_figure(compared, tmp_path: Path) -> None:
    folder = compared()
    write_agreement(compare(pair_results(folder, folder / "animals.csv", columns=["si_ratio"]), "it"), folder, folder)
    part = agreement_part(read_report(folder), beside=folder)
    assert part is not None
    assert part.measurements[0][-1] == "all 24 are equal"
    assert (part.plot, part.worst) == (None, ())
    assert "Agreement with it" in Section(html_text(read_report(folder), beside=folder)).words


def test_names_are_text_everywhere(compared) -> None:
    folder = compared(EVIL, "=cmd.csv")
    text = html_text(read_report(folder), beside=folder)
    assert EVIL not in text
    assert "Agreement with =cmd.csv" in Section(text).words
    written = write_report(folder, ["md", "docx"], folder)
    markdown = written["md"].read_text(encoding="utf-8")
    assert "## Agreement with =cmd.csv" in markdown
    assert "<script>" not in markdown
    assert f"overlays/s{FAR}.png" in markdown


def test_a_damaged_record_is_said_not_fatal(results) -> None:
    folder = results()
    (folder / RECORD).write_text("{}", encoding="utf-8")
    assert "Run csds agree again." in Section(html_text(read_report(folder), beside=folder)).words
    (section,) = [one for one in report_sections(read_report(folder)) if one.title.startswith("Agreement")]
    assert "expected a comparison" in section.sentences[0]


def test_the_workbook_has_both_tables(compared, tmp_path: Path) -> None:
    file = write_report(compared(EVIL), ["xlsx"], tmp_path)["xlsx"]
    sheets = pd.read_excel(file, sheet_name=None, skiprows=[1])
    assert sheets["agreement"]["n"].tolist() == [24]
    assert sheets["disagreements"]["outside_limits"].iloc[0]
