"""Who was left out of a study, by arm and reason."""

from __future__ import annotations

from collections.abc import Container, Iterator

from csds.analysis.wording import reason_text, series_text
from csds.model.flags import FLAGS, split_flags
from csds.report.arms import NO_GROUP, animal_names, arms, left_out_rows
from csds.report.content import Report

EXCLUSIONS_HEAD = ("arm", "reason", "n", "animals")
_COLUMNS = ("exclude", "phenotype", "flags")


def exclusions(report: Report) -> list[tuple[str, str, str, str]]:
    """Return a row for each arm and reason, with the number of animals and who they are.

    Animals that the sheet excludes, those whose sessions couldn't be used, those that the analysis of the primary
    outcome left out for another reason, and those that the rule excludes from classification. An animal stands in
    as many rows as there are reasons.
    """
    found: dict[tuple[str, str], dict[str, None]] = {}
    of_sessions = list(_of_sessions(report))
    failed = {name for _, _, name in of_sessions}
    for arm, reason, name in (*_of_animals(report, failed), *of_sessions):
        found.setdefault((arm, reason), {})[name] = None
    order = list(dict.fromkeys((*arms(report, report.animals), NO_GROUP)))
    return [
        (arm, reason, str(len(found[arm, reason])), ", ".join(found[arm, reason]))
        for arm, reason in sorted(found, key=lambda key: order.index(key[0]))
    ]


def _of_animals(report: Report, failed: Container[str]) -> Iterator[tuple[str, str, str]]:
    """Yield arm, reason and name of each animal that is left out; what follows from a failed session is told there."""
    table, left_out = report.animals, left_out_rows(report)
    cells = {name: [str(cell).strip() for cell in table.get(name, [""] * len(table))] for name in _COLUMNS}
    rows = zip(table.index, arms(report, table), animal_names(table), *cells.values(), strict=True)
    for row, arm, name, excluded, phenotype, flags in rows:
        codes = split_flags(flags)
        reason = left_out.get(row, "")
        if excluded:
            yield arm, excluded, name
        elif reason and not (name in failed and " is missing" in reason):  # its session says why
            yield arm, reason_text(reason), name
        if phenotype == "excluded" and not excluded:
            why = [FLAGS[code].meaning for code in codes if code.startswith("excluded_") and code in FLAGS]
            yield arm, f"not classified: {series_text(why) if why else 'excluded by the rule'}", name


def _of_sessions(report: Report) -> Iterator[tuple[str, str, str]]:
    """Yield arm, reason and animal of each session that couldn't be used; the session where no animal is known."""
    sessions = report.sessions
    rows = zip(sessions.get("session_id", []), arms(report, sessions), animal_names(sessions), strict=True)
    known = {str(session): (arm, name) for session, arm, name in rows}
    known_arms = set(arms(report, report.animals))
    phases = dict(zip(sessions.get("session_id", []), sessions.get("phase", []), strict=False))
    for one in report.failures.to_dict("records"):
        session = str(one.get("session_id", ""))
        arm, name = known.get(session, (NO_GROUP, session))
        phase = str(phases.get(session, "")).replace("_", " ")
        what = " ".join(filter(None, (phase, "session could not be used")))
        yield arm if arm in known_arms else NO_GROUP, f"{what} ({one.get('stage', '')}): {one.get('error', '')}", name
