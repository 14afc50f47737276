"""The report's section on a comparison with an old table: what agrees, and what disagrees most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from csds.analysis.agreement import (
    Agreement,
    CallAgreement,
    Disagreement,
    MeasurementAgreement,
    describe,
    estimate_text,
    worst_animals,
)
from csds.analysis.agreement_files import PicturesOf, read_agreement
from csds.errors import StatsError, TableError
from csds.formats.links import relative_path
from csds.plots.agreement import draw_agreement
from csds.plots.plot import Plot
from csds.plots.style import Style
from csds.report.content import Report
from csds.report.formats import EmbedName
from csds.report.quality import full_address, small_address

MEASURED = ("measurement", "n", "bias [95 % CI]", "lower limit [95 % CI]", "upper limit [95 % CI]",
            "ICC(2,1) [95 % CI]", "concordance [95 % CI]", "note")  # fmt: skip
WORST = ("what", "pictures in the results folder")

_GUARDRAIL = (
    "Correlation isn't agreement: two programs may order animals alike and still differ in each. ICC and concordance "
    "also rise with the spread of the animals that are compared. The limits say how far apart the two numbers of one "
    "animal are to be expected. None of this says which of the two is right: the pictures of what disagrees most may."
)
_CALLS = "Cohen's κ is agreement beyond chance, of the animals that aren't controls in both tables."


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """What disagrees most.

    Parameters
    ----------
    name : str
        Of the animal.
    text : str
        By how much.
    files : tuple of str
        Its pictures, relative to the results folder.
    pictures : tuple of (str, str)
        Addresses of each session's small picture and of its full one; empty where there is none.
    """

    name: str
    text: str
    files: tuple[str, ...]
    pictures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AgreementPart:
    """The section.

    Parameters
    ----------
    title : str
    sentences : tuple of str
    measurements : tuple of tuple of str
        Rows of `MEASURED`.
    tables : tuple of (str, tuple of str, tuple of tuple of str)
        Of phenotypes: title, head and rows.
    worst : tuple of Worst
    plot : Plot or None
    """

    title: str
    sentences: tuple[str, ...]
    measurements: tuple[tuple[str, ...], ...] = ()
    tables: tuple[tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]], ...] = ()
    worst: tuple[Worst, ...] = ()
    plot: Plot | None = None


def agreement_part(
    report: Report, *, embed: EmbedName = "thumbnails", beside: Path | None = None
) -> AgreementPart | None:
    """Return the section on what ``csds agree`` found, or None where nothing was compared.

    Parameters
    ----------
    report : Report
    embed : {"thumbnails", "all"}
        Whether full pictures are within the report.
    beside : Path, optional
        The folder that links go from; default: neither pictures nor a figure, for text alone.
    """
    try:
        found = read_agreement(report.folder)
    except TableError as error:
        return AgreementPart(title="Agreement", sentences=(f"{error.message}. {error.hint}",))
    if found is None:
        return None
    pictures = PicturesOf(report.folder)
    return AgreementPart(
        title=f"Agreement with {found.against}",
        sentences=tuple(_sentences(found)),
        measurements=tuple(map(_measured, found.measurements)),
        tables=tuple(_table(call) for call in found.calls if call.table),
        worst=tuple(_worst(one, pictures, report.folder, beside, embed) for one in worst_animals(found)),
        plot=_plot(found) if beside is not None else None,
    )


def _sentences(found: Agreement) -> Iterator[str]:
    pairing = found.pairing
    keys = ", ".join(pairing.keys)
    yield f"{pairing.n} rows of both were matched by {keys}; differences are csds less {found.against}."
    yield from (f"{notice[:1].upper()}{notice[1:]}." for notice in found.notices)
    yield _GUARDRAIL
    if found.calls:
        yield _CALLS
    for call in found.calls:
        if not call.table:
            yield f"Phenotypes{_at(call)}: {call.note}."


def _measured(one: MeasurementAgreement) -> tuple[str, ...]:
    limits = one.limits
    bias = estimate_text(limits.bias) if limits else f"{one.bias:.3g}" if one.paired.pairs else ""
    return (
        one.label, str(len(one.paired.pairs)), bias, estimate_text(limits.lower if limits else None),
        estimate_text(limits.upper if limits else None), estimate_text(one.icc), estimate_text(one.ccc), one.note,
    )  # fmt: skip


def _table(call: CallAgreement) -> tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    table = call.table
    names: Sequence[str] = table.categories if table else ()
    rows = [(name, *map(str, counts)) for name, counts in zip(names, table.counts if table else (), strict=True)]
    return (
        f"Phenotypes{_at(call)}, csds's in rows, the old table's in columns: {call.text}",
        ("csds", *names),
        tuple(rows),
    )


def _at(call: CallAgreement) -> str:
    return f" at {call.test}" if call.test else ""


def _worst(one: Disagreement, pictures: PicturesOf, folder: Path, beside: Path | None, embed: EmbedName) -> Worst:
    shown = pictures.of(one)
    files = tuple(relative_path(path, folder) for path in shown.overlays or shown.thumbnails)
    addresses: list[tuple[str, str]] = []
    if beside is not None:
        addresses = [
            (small_address(small) if small else "", full_address(full, beside, embed) if full else "")
            for small, full in zip_longest(shown.thumbnails, shown.overlays)
        ]
    return Worst(name=one.pair.name, text=describe(one), files=files, pictures=tuple(addresses))


def _plot(found: Agreement) -> Plot | None:
    try:
        return draw_agreement(found, style=Style())
    except StatsError:
        return None
