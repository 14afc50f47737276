"""An analysis as one mapping for ``stats.json``, and as a text to take sentences from, ``stats.md``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from csds.analysis.analyse import Analysis
from csds.analysis.meta import left_out_studies
from csds.analysis.methods import methods_sentences
from csds.analysis.pieces import NotComputed
from csds.analysis.plan import AnalysisPlan
from csds.analysis.sentences import results_sentences
from csds.analysis.wording import check_text, left_out_texts
from csds.formats.markdown import escaped


def summary(analysis: Analysis, planned: AnalysisPlan, history: Sequence[str]) -> dict[str, Any]:
    """Return an analysis as plain data, unrounded.

    Parameters
    ----------
    analysis : Analysis
    planned : AnalysisPlan
        What ``study.toml`` says, or the defaults.
    history : sequence of str
        Sentences on when the plan was written and whether scoring was blind.
    """
    comparison = analysis.comparison
    return {
        "plan": {**asdict(analysis.plan), "sha256": analysis.plan.sha256},
        "planned": {
            "is_written": planned.is_written,
            "sha256": planned.sha256,
            "changed": {
                key: {"planned": theirs, "used": mine}
                for key, (mine, theirs) in analysis.plan.differences(planned).items()
            },
        },
        "comparison": {**asdict(comparison), "groups": list(comparison.groups)},
        "methods": methods_sentences(analysis),
        "history": list(history),
        "text": summary_sections(analysis, planned, history),
        "sentences": results_sentences(analysis),
        "notices": [asdict(one) for one in analysis.notices],
        "checks": [asdict(one) for one in analysis.checks],
        "results": [asdict(one) for one in analysis.results],
        "left_out": {outcome: [asdict(one) for one in animals] for outcome, animals in analysis.left_out.items()},
        "not_computed": [asdict(one) for one in analysis.not_computed],
        "across_studies": [asdict(one) for one in analysis.across],
    }


def summary_text(analysis: Analysis, planned: AnalysisPlan, history: Sequence[str]) -> str:
    """Return an analysis in sentences, as Markdown."""
    sections = summary_sections(analysis, planned, history)
    return "\n".join(_section(title, lines) for title, lines in sections.items())


def summary_sections(analysis: Analysis, planned: AnalysisPlan, history: Sequence[str]) -> dict[str, list[str]]:
    """Return an analysis in sentences, each section's by its title; sections without a sentence are left out."""
    parts = {
        "Results": results_sentences(analysis),
        "Methods": [*methods_sentences(analysis), *history],
        "To be known": [f"{one.severity}, {one.code}: {one.message}" for one in analysis.notices],
        "Checks": [check_text(one) for one in analysis.checks],
        "Departures from the plan": [
            f"{key}: planned {theirs!r}, used {mine!r}" for key, (mine, theirs) in _departures(analysis, planned)
        ],
        "Left out": [
            f"{outcome}: {line}" for outcome, left_out in analysis.left_out.items() for line in left_out_texts(left_out)
        ]
        + left_out_studies(analysis.across),
        "Not computed": not_computed_texts(analysis.not_computed),
    }
    return {title: lines for title, lines in parts.items() if lines}


def not_computed_texts(missing: Iterable[NotComputed]) -> list[str]:
    """Return a line for each part that couldn't be computed and its reason: all outcomes that it is missing of.

    Examples
    --------
    >>> part = {"what": "bootstrap", "why": "too few values"}
    >>> not_computed_texts([NotComputed(outcome="si_ratio", **part), NotComputed(outcome="weight_g", **part)])
    ['bootstrap: too few values (si_ratio, weight_g)']
    """
    outcomes: dict[str, list[str]] = {}
    for one in missing:
        outcomes.setdefault(f"{'whole analysis' if one.what == 'all' else one.what}: {one.why}", []).append(one.outcome)
    return [f"{line} ({', '.join(names)})" for line, names in outcomes.items()]


def _departures(analysis: Analysis, planned: AnalysisPlan) -> Iterable[tuple[str, tuple[Any, Any]]]:
    return analysis.plan.differences(planned).items() if planned.is_written else ()


def _section(title: str, lines: Iterable[str]) -> str:
    return f"# {title}\n\n" + "\n".join(f"- {escaped(line)}" for line in lines) + "\n"
