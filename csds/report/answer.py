"""What a study found, in the sentences with which its report begins."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from csds.analysis.results import Result
from csds.analysis.sentences import results_sentences
from csds.analysis.wording import LEVEL, adjusted_text, author_text, decisive_p, interval_text, sentence
from csds.formats.tables import to_number
from csds.report.arms import NO_GROUP, animal_names, arms
from csds.report.content import Report
from csds.stats.proportions import wilson_interval

#: More contrasts than so many are counted, not named.
_NAMED = 3
_CIRCULAR = "No groups are compared: scores told them apart, so that they are described, not tested."
_CALLS = ("susceptible", "resilient")


def answer_sentences(report: Report) -> list[str]:
    """Return the answer: the first planned comparison in words, what it says, and then all else that was found.

    Without a comparison, what can be said of the animals, and why they aren't compared.
    """
    if report.analysis is None:
        return [*map(sentence, _described(report)), f"No groups are compared: {report.why_not}."]
    first, *others = results_sentences(report.analysis) or ["Nothing could be computed."]
    primary = [one for one in report.analysis.results if one.analysis == "planned" and one.statistic_name]
    if not primary:
        return [_CIRCULAR, first, *others]
    tests = [one for one in primary if one.contrast] or primary
    reading = _reading(tests[0]) if tests[0].contrast else ""
    return [" ".join(filter(None, (first, reading))), *_family(tests), *others]


def _reading(one: Result) -> str:
    """Return what a contrast's interval and p value allow to be said, at the level of 5 %."""
    p = decisive_p(one)
    if math.isnan(p):
        return ""
    if p < LEVEL:
        return "By the planned test the two differ, at a level of 5 %."
    if one.ci_low > 0 or one.ci_high < 0:
        return (
            f"The 95 % interval excludes zero, but after {author_text(one.adjustment)}'s adjustment the planned test "
            "does not show a difference."
        )
    return (
        "The 95 % interval includes zero: the planned test does not show a difference, which is not to show that there "
        "is none."
    )


def _family(tests: Sequence[Result]) -> Iterator[str]:
    """Yield what several planned contrasts show together."""
    contrasts = [one for one in tests if one.contrast]
    if len(contrasts) < 2:
        return
    shown = [one.contrast for one in contrasts if decisive_p(one) < LEVEL]
    how = f" after {author_text(contrasts[0].adjustment)}'s adjustment" if adjusted_text(contrasts[0]) else ""
    verb = "shows" if len(shown) == 1 else "show"
    which = f": {'; '.join(shown)}" if 0 < len(shown) <= _NAMED else ""
    count = f"{len(shown) or 'none'} {verb} a difference at a level of 5 %{how}"
    yield f"Of the {len(contrasts)} planned contrasts, {count}{which}."


def _described(report: Report) -> Iterator[str]:
    """Yield what is known of animals that aren't compared: of one all that it did, of more their arms' phenotypes."""
    table = report.animals
    if "exclude" in table:
        table = table[[not str(cell).strip() for cell in table["exclude"]]]
    if len(table) == 1:
        row = table.iloc[0]
        absent, present, ratio = (
            to_number(str(row.get(name, ""))) for name in ("interaction_absent_s", "interaction_present_s", "si_ratio")
        )
        score = f" had an SI ratio of {ratio:.2f}" if ratio is not None else " has no SI ratio"
        times = (
            f" ({absent:.1f} s in the interaction zone with the target absent, {present:.1f} s with it present)"
            if absent is not None and present is not None
            else ""
        )
        call = str(row.get("phenotype", "")).strip()
        yield f"animal {animal_names(table)[0]}{score}{times}{f'; its phenotype is {call}' if call else ''}"
        return
    calls = [str(cell).strip() for cell in table.get("phenotype", [""] * len(table))]
    counts = Counter((arm, call) for arm, call in zip(arms(report, table), calls, strict=True) if call in _CALLS)
    for arm in dict.fromkeys(arm for arm, _ in counts):
        susceptible = counts[arm, "susceptible"]
        n = susceptible + counts[arm, "resilient"]
        share = wilson_interval(susceptible, n)
        shown = interval_text(Result(test="", effect=share.value, ci_low=share.ci_low, ci_high=share.ci_high))
        where = f" in {arm}" if arm != NO_GROUP else ""
        verb = "was" if susceptible == 1 else "were"
        yield f"{susceptible} of {n} animals {verb} susceptible{where} (proportion {shown})"
