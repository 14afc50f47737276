"""Which animal gets which treatment: permuted blocks within strata, the same for the same seed everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from csds.errors import TableError, UsageError
from csds.formats.tables import is_missing, parse_numbers, to_number
from csds.protocol.nearest import nearest, quoted

TREATMENT = "treatment"
EXCLUDE = "exclude"

#: What makes an animal: its tests aren't told apart, for all of them are of one mouse with one treatment.
_KEYS = ("cohort", "animal_id")
#: Columns of a study whose numbers are names: cage 12 isn't more than cage 3.
NAME_COLUMNS = frozenset({"cohort", "test", "sex", "cage", "strain", "aggressor", "experimenter", "stress"})

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationDesign:
    """How animals are to be assigned to arms.

    Parameters
    ----------
    arms : tuple of str
        Treatments, as they are to stand in the table; two or more.
    stratify : tuple of str
        Columns to balance within. Text is taken as it is (so is what identifies: cage, cohort …);
        numbers are cut into bands.
    within : tuple of str
        Columns to balance within that are taken as they are, whatever they hold.
    block : int or None
        Animals in a block, a multiple of the number of arms; by default twice that number.
    bands : int
        Bands that a column of numbers is cut into, each with as many animals as the others.

    Raises
    ------
    UsageError
        For fewer than two arms, an arm twice or without a name, a column twice, a block that the arms
        can't share, or fewer than two bands.
    """

    arms: tuple[str, ...]
    stratify: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    block: int | None = None
    bands: int = 3

    def __post_init__(self) -> None:
        arms = [arm.strip() for arm in self.arms]
        object.__setattr__(self, "arms", tuple(arms))
        if len(arms) < 2:
            raise UsageError(
                f"expected two arms or more, found {quoted(arms)}", hint="Name each: --arm isotype --arm anti-IL-4Rα."
            )
        if unnamed := [arm for arm in arms if is_missing(arm)]:
            raise UsageError(
                f"expected the name of a treatment, found {quoted(unnamed)}, which a table reads as missing",
                hint="Write what the animals get, as in --arm untreated.",
            )
        if doubled := _doubled(arm.casefold() for arm in arms):
            raise UsageError(
                f"expected each arm once, found {quoted(doubled)} more than once (capitals don't count)",
                hint="Arms are of equal size; name each once.",
            )
        if doubled := _doubled([*self.stratify, *self.within]):
            raise UsageError(f"the strata name the column {quoted(doubled)} twice", hint="Name each column once.")
        if self.block_size < 1 or self.block_size % len(arms):
            raise UsageError(
                f"expected a block of a multiple of {len(arms)} animals, as there are {len(arms)} arms, "
                f"found {self.block_size}",
                hint=f"Write --block {len(arms)} or --block {2 * len(arms)}.",
            )
        if self.bands < 2:
            raise UsageError(f"expected two bands or more, found {self.bands}", hint="Write --bands 2 or more.")

    @property
    def block_size(self) -> int:
        """Animals in a block."""
        return 2 * len(self.arms) if self.block is None else self.block


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Animals that are alike in the columns of the strata.

    Parameters
    ----------
    levels : mapping
        The stratum's value, or band of values, in each column.
    counts : mapping
        How many of its animals are in each arm.
    """

    levels: Mapping[str, str]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """An arm for each animal.

    Parameters
    ----------
    arms : tuple of str
        In the order of the table's rows; empty for an animal with a reason in ``exclude``.
    strata : tuple of Stratum
        All that have animals; one without columns where nothing is stratified.
    """

    arms: tuple[str, ...]
    strata: tuple[Stratum, ...]


def allocate(table: pd.DataFrame, design: AllocationDesign, rng: np.random.Generator) -> Allocation:
    """Return an arm for each animal that isn't excluded, by permuted blocks within strata [1]_.

    A stratum's animals are taken in blocks, in the order of cohort and id, and every arm gets the same
    number in a block, in random order. An incomplete block is filled evenly; what doesn't come out even goes
    to the arms that have fewest animals so far, over all strata, ties at random. So arms differ by one animal
    at most within each stratum and over all of them, and each animal gets each arm with the same probability.

    Parameters
    ----------
    table : DataFrame of str
        A row for each animal with ``animal_id``, as `csds.formats.tables.read_table` gives it; the order of
        its rows doesn't matter.
    design : AllocationDesign
        Arms, strata and blocks.
    rng : Generator
        Only the raw stream of its bit generator is used, which numpy keeps the same on every platform and in
        every version.

    Raises
    ------
    UsageError
        There is no column of that name to stratify by; the message names the nearest one.
    TableError
        An animal is doubled, unnamed or has a treatment; there are fewer animals than arms; a value to
        stratify by is missing, or isn't a number among numbers. The message names row and column.

    References
    ----------
    .. [1] Altman DG, Bland JM (1999). How to randomise. BMJ 319:703-704. doi:10.1136/bmj.319.7211.703

    Examples
    --------
    >>> table = pd.DataFrame({"animal_id": ["1", "2", "3", "4"], "cage": ["A", "B", "A", "B"]})
    >>> design = AllocationDesign(arms=("isotype", "anti-IL-4Rα"), stratify=("cage",))
    >>> for stratum in allocate(table, design, np.random.default_rng(1)).strata:
    ...     print(stratum.levels, stratum.counts)
    {'cage': 'A'} {'isotype': 1, 'anti-IL-4Rα': 1}
    {'cage': 'B'} {'isotype': 1, 'anti-IL-4Rα': 1}
    """
    animals = _animals(table)
    _check_untreated(table)
    reasons = table[EXCLUDE] if EXCLUDE in table else [""] * len(table)
    rows = [at for at, reason in enumerate(reasons) if is_missing(str(reason))]
    if len(rows) < len(design.arms):
        raise TableError(
            f"expected an animal for each of {len(design.arms)} arms or more, found {len(rows)}",
            hint="Name fewer arms or add animals; those with a reason in 'exclude' get none.",
        )
    some = table.iloc[rows]
    levels = {column: _levels(some, column, design) for column in (*design.stratify, *design.within)}
    strata: dict[tuple[str, ...], list[int]] = {}
    for place in sorted(range(len(rows)), key=lambda place: animals[rows[place]]):
        strata.setdefault(tuple(cells[place] for cells in levels.values()), []).append(rows[place])

    arms = [""] * len(table)
    totals: Counter[str] = Counter()
    described = []
    for stratum, members in sorted(strata.items()):
        given = list(_blocks(len(members), design, totals, rng))
        totals.update(given)
        for at, arm in zip(members, given, strict=True):
            arms[at] = arm
        counts = {arm: given.count(arm) for arm in design.arms}
        described.append(Stratum(levels=dict(zip(levels, stratum, strict=True)), counts=counts))
    return Allocation(arms=tuple(arms), strata=tuple(described))


def with_treatment(table: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Return the table with the arms as its last column, ``treatment``, instead of an empty one."""
    return table.drop(columns=_treatment_columns(table)).assign(**{TREATMENT: list(arms)})


def _blocks(n: int, design: AllocationDesign, totals: Mapping[str, int], rng: np.random.Generator) -> Iterator[str]:
    """Yield the arms of a stratum's n animals, block by block; ``totals`` are those of the strata before it."""
    size, arms = design.block_size, design.arms
    for start in range(0, n, size):
        each, left_over = divmod(min(size, n - start), len(arms))
        # The sort is stable: arms with equal totals keep the random order.
        fewest = sorted(_shuffled(arms, rng), key=lambda arm: totals.get(arm, 0))[:left_over]
        yield from _shuffled([*arms * each, *fewest], rng)


def _shuffled(items: Sequence[_Item], rng: np.random.Generator) -> list[_Item]:
    raw = np.asarray(rng.bit_generator.random_raw(len(items)), np.uint64)
    return [items[at] for at in np.argsort(raw, kind="stable")]


def _animals(table: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return each row's cohort (where there is one) and id; raise TableError where they don't tell animals apart."""
    if "animal_id" not in table:
        near = nearest("animal_id", map(str, table.columns))
        raise TableError(
            f"expected a column 'animal_id', found {quoted(map(str, table.columns))}",
            hint=f"Rename '{near}' to 'animal_id'." if near else "Add it: a row for each animal.",
        )
    seen: dict[tuple[str, ...], int] = {}
    for row, *cells in table[[key for key in _KEYS if key in table]].itertuples(name=None):
        animal = tuple(str(cell).strip() for cell in cells)
        if not animal[-1]:
            raise TableError(f"row {row}, column 'animal_id': it is empty", hint="Give every row the animal's id.")
        if animal in seen:
            raise TableError(
                f"row {row}, column 'animal_id': '{animal[-1]}' is in row {seen[animal]} already",
                hint="Animals are allocated, not tests or sessions: keep one row for each. Ids used again in "
                "another cohort need a column 'cohort'.",
            )
        seen[animal] = int(row)
    return list(seen)


def _check_untreated(table: pd.DataFrame) -> None:
    for column in _treatment_columns(table):
        for row, cell in table[column].items():
            if str(cell).strip():
                raise TableError(
                    f"row {row}, column '{column}': this animal has a treatment already, '{cell}'",
                    hint="Allocate animals that have none; delete the column if it isn't meant.",
                )


def _treatment_columns(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if str(name).strip().casefold() == TREATMENT]


def _levels(table: pd.DataFrame, column: str, design: AllocationDesign) -> list[str]:
    """Return what each row's stratum is in a column: its text, or the band that its number is in."""
    if column not in table:
        near = nearest(column, map(str, table.columns))
        raise UsageError(
            f"there is no column '{column}' to stratify by" + (f"; did you mean '{near}'?" if near else ""),
            hint=f"Columns of this table: {', '.join(map(str, table.columns))}.",
        )
    cells = [str(cell).strip() for cell in table[column]]
    for row, cell in zip(table.index, cells, strict=True):
        if is_missing(cell):
            raise TableError(
                f"row {row}, column '{column}': expected a value to stratify by, found '{cell}'",
                hint="Fill it in, or stratify by other columns.",
            )
    numbers = sum(to_number(cell) is not None for cell in cells)
    if column in design.within or column.casefold() in NAME_COLUMNS or 2 * numbers <= len(cells):
        return cells
    try:
        values = parse_numbers(table[column], column).to_numpy(float)
    except TableError as error:
        raise TableError(
            error.message, hint=f"{error.hint} Where the cells are names, write --within {column}."
        ) from error
    return _bands(values, design.bands)


def _bands(values: np.ndarray, bands: int) -> list[str]:
    """Return each value's band; equal values are in the same one. Edges are order statistics: nothing is rounded."""
    ordered = np.sort(values)
    edges = ordered[[-(-len(values) * band // bands) - 1 for band in range(1, bands)]]
    _, band = np.unique(np.searchsorted(edges, values), return_inverse=True)
    width = len(str(bands))
    names = [
        f"band {number + 1:0{width}} ({values[band == number].min():g} to {values[band == number].max():g})"
        for number in range(band.max() + 1)
    ]
    return [names[number] for number in band]


def _doubled(words: Iterator[str] | Sequence[str]) -> list[str]:
    return sorted(word for word, times in Counter(words).items() if times > 1)
