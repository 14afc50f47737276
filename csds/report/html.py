"""A report as one HTML file that needs no network: answer first, then what it rests on."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from csds import __version__
from csds.analysis.results import Result
from csds.analysis.summary import not_computed_texts, summary_sections
from csds.analysis.wording import check_text, effect_text, outcome_text, p_text, statistic_text
from csds.formats.atomic import atomic_path
from csds.plots.plot import Plot
from csds.plots.style import drawing
from csds.report.agreement import MEASURED, agreement_part
from csds.report.answer import answer_sentences
from csds.report.arms import group_numbers
from csds.report.arrive import arrive_items
from csds.report.content import Report
from csds.report.exclusions import EXCLUSIONS_HEAD, exclusions
from csds.report.formats import EmbedName
from csds.report.methods import report_methods
from csds.report.quality import session_rows
from csds.report.study import name_of_test, study_facts

_TEST_COLUMNS = ("comparison", "test", "statistic", "p", "adjusted p", "effect [95 % CI]", "effect is")

#: Of what is no line within a figure, such as maps of where animals were.
_MAPS_DPI = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure within the report: its title, its picture's address, and what it shows in words."""

    title: str
    address: str
    alt: str


def write_html(
    report: Report, plots: Sequence[Plot], remarks: Sequence[str], target: Path, *, embed: EmbedName = "thumbnails"
) -> Path:
    """Write a report, whole or not at all, and return its path.

    Parameters
    ----------
    report : Report
    plots : sequence of Plot
        In the order in which they are to stand.
    remarks : sequence of str
        What is to be said of figures: why some can't be drawn, letters that they lack.
    target : Path
        The file; links to full pictures go from its folder.
    embed : {"thumbnails", "all"}
        Whether full pictures are within the file as well.
    """
    text = html_text(report, plots, remarks, embed=embed, beside=target.parent)
    with atomic_path(target) as part:
        part.write_text(text, encoding="utf-8")
    return target


def html_text(
    report: Report,
    plots: Sequence[Plot] = (),
    remarks: Sequence[str] = (),
    *,
    embed: EmbedName = "thumbnails",
    beside: Path | None = None,
) -> str:
    """Return a report as HTML, to lie in a folder; whatever comes from the study's files is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    surroundings = Environment(
        loader=PackageLoader("csds.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    sessions = session_rows(report, embed=embed, beside=beside or report.folder)
    agreement = agreement_part(report, embed=embed, beside=beside or report.folder)
    return surroundings.get_template("report.html.j2").render(
        **_content(report, plots),
        agreement=agreement,
        agreement_columns=MEASURED,
        agreement_figure=figure_address(agreement.plot) if agreement and agreement.plot else "",
        sessions=sessions,
        meanings={code: meaning for row in sessions for code, meaning, _ in row.flags},
        flagged=sum(bool(row.doubts) for row in sessions),
        remarks=remarks,
    )


def _content(report: Report, plots: Sequence[Plot]) -> dict[str, Any]:
    found = report.analysis
    sentences = answer_sentences(report)
    planned = [one for one in found.results if one.analysis == "planned" and one.statistic_name] if found else []
    others = [one for one in found.results if one.statistic_name and one.analysis != "planned"] if found else []
    return {
        "title": report.title,
        "test": name_of_test(report),
        "answer": sentences[0],
        "sentences": sentences[1:],
        "warnings": [one for one in found.notices if one.severity == "warning"] if found else [],
        "notes": [one for one in found.notices if one.severity != "warning"] if found else [],
        "checks": [check_text(check) for check in found.checks] if found else [],
        "departures": summary_sections(found, report.planned, ()).get("Departures from the plan", []) if found else [],
        "facts": study_facts(report),
        "numbers": group_numbers(report),
        "figures": [
            Figure(title=plot.name.replace("_", " ").capitalize(), address=figure_address(plot), alt=plot.alt)
            for plot in plots
        ],
        "test_columns": _TEST_COLUMNS,
        "planned": [_cells(one) for one in planned],
        "others": [(outcome_text(one.outcome), one.analysis, *_cells(one)) for one in others],
        "not_computed": not_computed_texts(found.not_computed) if found else [],
        "exclusions_head": EXCLUSIONS_HEAD,
        "exclusions": exclusions(report),
        "arrive": arrive_items(report),
        "methods": report_methods(report),
        "provenance": _provenance(report),
        "version": __version__,
        "made": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def _cells(one: Result) -> tuple[str, ...]:
    return (
        one.contrast or one.term.replace(":", " × "), one.test, statistic_text(one), p_text(one.p_value),
        p_text(one.p_adjusted), effect_text(one), one.effect_name,
    )  # fmt: skip


def _provenance(report: Report) -> list[tuple[str, str]]:
    made = report.provenance
    libraries = ", ".join(f"{name} {version}" for name, version in made.get("libraries", {}).items())
    return [
        ("tracked with", f"csds {made.get('csds', 'unknown')}"),
        ("libraries", libraries or "not recorded"),
        ("system", f"{made.get('system', 'not recorded')}, Python {made.get('python', 'unknown')}"),
        ("protocol", f"{report.protocol.get('name', 'not recorded')}, SHA-256 {report.protocol.get('sha256', '')}"),
        ("finished", str(made.get("finished", "not recorded"))),
        ("plan", f"SHA-256 {report.planned.sha256}" if report.planned.is_written else "none in study.toml: defaults"),
    ]


def figure_address(plot: Plot) -> str:
    """Return a figure as an address that holds it; letters as shapes, since the reader may lack the font."""
    import matplotlib as mpl

    drawn = io.BytesIO()
    with drawing(plot.style), mpl.rc_context({"svg.fonttype": "path", "savefig.dpi": _MAPS_DPI}):
        plot.figure.savefig(drawn, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode("ascii")
