"""A table with the animals of several studies: the study belongs in the model, and what is to be known of that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from csds.analysis.animals import Animals
from csds.analysis.comparison import REPEATED, Comparison
from csds.analysis.members import members
from csds.analysis.notices import Notice
from csds.analysis.plan import AnalysisPlan
from csds.analysis.residuals import as_compared
from csds.errors import StatsError
from csds.stats.design import listed
from csds.study.session_ids import safe_name

#: The columns of a catalogue (`csds.batch.catalogue`) that say where an animal is from.
STUDY, PROTOCOL = "study", "protocol"
#: With so many studies or fewer, how much they differ is hardly known.
FEW = 4
_SHOWN = 8


def studies_of(animals: Animals) -> dict[str, str]:
    """Return the studies of a table in order of appearance, each with its protocol; empty cells are none.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"study": ["2019/a", "2020", "2020"], "protocol": ["golden2011", "", "mine"]})
    >>> studies_of(Animals(table=table, left_out=()))
    {'2019/a': 'golden2011', '2020': 'mine'}
    """
    protocols = animals.texts(PROTOCOL)
    return {
        study: ", ".join(dict.fromkeys(protocols[i] for i in at if protocols[i]))
        for study, at in members(animals, STUDY).items()
    }


def with_study(animals: Animals, comparison: Comparison, plan: AnalysisPlan) -> AnalysisPlan:
    """Return the plan with the study as its outermost random intercept, where several have its outcome and it has room.

    Raises
    ------
    TableError
        There is no column of the outcome, or it holds text.
    StatsError
        Two studies are the same recordings by two protocols.
    """
    of_row = animals.texts(STUDY)
    if len(set(filter(None, of_row))) < 2:
        return plan
    measured = {of_row[i] for i in animals.usable(as_compared(plan, comparison).primary)[0]} - {""}
    _check_once({study: protocol for study, protocol in studies_of(animals).items() if study in measured})
    if len(measured) < 2 or STUDY in plan.random or _why_not(animals, comparison, plan):
        return plan
    return replace(plan, random=(STUDY, *plan.random))


def study_notices(animals: Animals, comparison: Comparison, plan: AnalysisPlan) -> Iterator[Notice]:
    """Yield what is to be known of a table of several studies; nothing of one.

    Parameters
    ----------
    animals : Animals
    comparison : Comparison
    plan : AnalysisPlan
        As `with_study` returns it.
    """
    studies = studies_of(animals)
    if len(studies) < 2:
        return
    by_protocol: dict[str, list[str]] = {}
    for study, protocol in studies.items():
        by_protocol.setdefault(protocol or "no protocol", []).append(study)
    if len(by_protocol) > 1:
        where = "; ".join(f"{protocol}: {listed(some, _SHOWN)}" for protocol, some in by_protocol.items())
        message = (
            f"The studies were measured by different protocols ({where}): one outcome by name, though arenas, zones or "
            f"times differ. Take one of them, as --only protocol={next(iter(by_protocol))}, or say why they compare; "
            "Hedges' g, which has no unit, stands beside the differences."
        )
        yield Notice(code="protocols_differ", severity="warning", message=message)
    model = "study is a random intercept of the planned model"
    if STUDY not in plan.random:
        why = _why_not(animals, comparison, plan) or "one alone has the outcome"
        model = f"the planned model has no random intercept of study: {why}"
    message = f"The table holds {len(studies)} studies ({listed(studies, _SHOWN)}); {model}."
    yield Notice(code="several_studies", severity="note", message=message)
    if len(studies) <= FEW:
        message = (
            f"{len(studies)} studies say little of how much studies differ: the interval of the mean effect is wide, "
            "and where τ² happens to be 0 it can be too narrow, as can that of the next study's. Show each study's own "
            "effect, and don't take an I² of 0 % for agreement."
        )
        yield Notice(code="few_studies", severity="note", message=message)


def _why_not(animals: Animals, comparison: Comparison, plan: AnalysisPlan) -> str:
    """Return why the study can't be a random intercept beside what a plan has; empty where it can."""
    if STUDY in (*(one.name for one in comparison.factors), *plan.fixed):
        return "it is a factor"
    if plan.variances == "separate":
        return "the plan has separate variances"
    if len(plan.random) > (0 if comparison.name in REPEATED else 1):
        return f"the plan has {' and '.join(plan.random)}, and there is no room for one more"
    of_row = animals.texts(STUDY)
    studies = len(set(filter(None, of_row)))
    for column in (*plan.random, *plan.fixed):
        levels = members(animals, column)
        is_within = all(len({of_row[i] for i in at}) == 1 for at in levels.values())
        if is_within and (column in plan.fixed or len(levels) <= studies):
            return f"{column} tells studies apart"
        if not is_within and column in plan.random:
            return f"levels of {column}, a random intercept of the plan, lie in several studies"
    return ""


def _check_once(studies: dict[str, str]) -> None:
    """Raise StatsError where studies are the same recordings by several protocols, as ``csds batch`` leaves them."""
    places: dict[str, list[str]] = {}
    for study, protocol in studies.items():
        place, _, last = study.rpartition("/")
        if protocol and last == safe_name(protocol):
            places.setdefault(place, []).append(protocol)
    for place, protocols in places.items():
        if len(protocols) > 1:
            raise StatsError(
                f"expected every animal once, found {place or 'the recordings'} by {' and '.join(protocols)}: its "
                "animals would count twice",
                hint=f"Take one: --only protocol={protocols[0]}, or [analysis.only] in study.toml.",
            )
