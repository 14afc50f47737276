"""``csds report`` from the command line: files, messages and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from csds.cli import app
from csds.report.formats import FORMATS, FormatName


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("results").mkdir()
    Path("results/animals.csv").write_text("animal_id,si_ratio\nM01,1.5\n", encoding="utf-8")
    return lambda *arguments: CliRunner().invoke(app, ["report", *arguments])


def test_workbook_goes_beside_the_tables(run) -> None:
    result = run("results", "--format", "xlsx")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"written: {Path('results/results.xlsx')}\n"
    assert load_workbook("results/results.xlsx")["animals"]["B3"].value == 1.5


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_has_its_file(run, name: FormatName) -> None:
    if name == "docx":
        pytest.importorskip("docx", reason="python-docx is not installed")
    result = run("results", "--format", name)
    assert result.exit_code == 0, result.output
    assert (Path("results") / FORMATS[name].file).stat().st_size > 0


@pytest.mark.parametrize(("out", "file"), [("s1.xlsx", "s1.xlsx"), ("new", "new/results.xlsx"), (".", "results.xlsx")])
def test_out_names_a_file_or_a_folder(run, out: str, file: str) -> None:
    assert run("results", "--format", "xlsx", "--out", out, "--quiet").output == ""
    assert Path(file).is_file()


def test_json_names_the_file(run) -> None:
    told = json.loads(run("results", "--format", "xlsx", "--json").stdout)
    assert told == {"files": {"xlsx": str(Path("results/results.xlsx"))}}
    told = json.loads(run("results", "--json").stdout)
    assert told == {"files": {"html": str(Path("results/report.html")), "xlsx": str(Path("results/results.xlsx"))}}


def test_wrong_calls(run) -> None:
    missing = run("nowhere", "--format", "xlsx")
    assert (missing.exit_code, "nowhere: there is no such folder" in missing.stderr) == (2, True)
    assert run("results", "--format", "odt").exit_code == 2
    result = run("results", "--format", "md", "--embed", "all")
    assert result.exit_code == 2
    assert "--embed all: is for html" in result.stderr


def test_report_is_a_page_and_a_workbook_unless_a_form_is_asked_for(run) -> None:
    result = run("results", "--embed", "all", "--out", "sent")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [f"written: {Path('sent') / name}" for name in ("report.html", "results.xlsx")]
    assert "<h1>" in Path("sent/report.html").read_text(encoding="utf-8")
    assert load_workbook("sent/results.xlsx").sheetnames[0] == "animals"


def test_html_alone_is_the_page_alone(run) -> None:
    assert run("results", "--format", "html").exit_code == 0
    assert sorted(path.name for path in Path("results").iterdir()) == ["animals.csv", "report.html"]


@pytest.mark.parametrize(("file", "start"), [("page.html", b"<!doctype"), ("page.MD", b"# "), ("page.xlsx", b"PK")])
def test_ending_of_a_file_says_the_form(run, file: str, start: bytes) -> None:
    assert run("results", "--out", file).exit_code == 0
    assert Path(file).read_bytes().startswith(start)
    assert len(list(Path().iterdir())) == 2


def test_table_that_can_not_be_read(run) -> None:
    Path("results/animals.csv").write_text("animal_id,si_ratio\nM01,high\n", encoding="utf-8")
    result = run("results", "--format", "xlsx")
    assert result.exit_code == 1
    assert "row 2, column 'si_ratio': expected a number, found 'high'" in result.stderr
    assert not Path("results/results.xlsx").exists()


def test_every_format_is_offered(run) -> None:
    page = run("--help").stdout
    assert "|".join(FORMATS) in page
    assert all(form.file in page for form in FORMATS.values())


def test_several_forms_at_once(run) -> None:
    told = json.loads(run("results", "-f", "md", "-f", "html", "--json").stdout)["files"]
    assert set(told) == {"html", "md"}
    assert Path(told["html"]).read_text(encoding="utf-8").startswith("<!doctype")
    assert Path(told["md"]).read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("-f", "html", "-o", "x.md"), "its ending says md, --format html"),
        (("-f", "html", "-f", "md", "-o", "x.html"), "its ending says html, --format html, md"),
        (("-o", "x.txt"), "a file that ends in .html, .md, .docx, .xlsx"),
    ],
)
def test_a_file_that_says_another_form_is_a_wrong_call(run, asked: tuple[str, ...], said: str) -> None:
    result = run("results", *asked)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not Path(asked[-1]).exists()
