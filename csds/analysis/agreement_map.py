"""Which column of a table from elsewhere holds what csds calls by another name, and which word which phenotype."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from csds.errors import UsageError
from csds.protocol.nearest import nearest, quoted
from csds.study.words import PHENOTYPE_WORDS, echo_phenotype

PHENOTYPE = "phenotype"
_OF_WORDS = f"{PHENOTYPE}:"
_HINT = 'Write it as in --map "Time in IZ (s)=interaction_time_s", once for each column.'


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """How a table from elsewhere is read.

    Parameters
    ----------
    columns : mapping of str to str
        csds's name of a column to the table's; those that were named come first.
    named : tuple of str
        csds's names of the columns that were named, not matched by having the same name.
    words : mapping of str to str
        The table's own words for phenotypes, in small letters, to csds's; empty for one to leave out.
    """

    columns: Mapping[str, str]
    named: tuple[str, ...]
    words: Mapping[str, str]

    def phenotype(self, text: str) -> str | None:
        """Return csds's word for a phenotype, empty for one to leave out, None for an unknown one."""
        own = self.words.get(_plain(text))
        return echo_phenotype(text) if own is None else own


def read_map(texts: Sequence[str], theirs: Sequence[str], own: Sequence[str]) -> ColumnMap:
    """Return what ``--map`` says of a table: ``their column=csds's column``, or ``phenotype:their word=csds's word``.

    The other way round, as ``csds score`` has it, is understood where only that way names columns that are there. Names
    of the table are told apart by case and spaces at their ends only where need be. Columns with csds's own names need
    no mapping.

    Parameters
    ----------
    texts : sequence of str
        What was asked.
    theirs, own : sequence of str
        The columns of the table, and those of csds that it may have.

    Raises
    ------
    UsageError
        A text names no column, or one that isn't there, or a column or word is named twice.

    Examples
    --------
    >>> found = read_map(
    ...     ["Mouse=animal_id", "phenotype:A=susceptible"], ["Mouse", "si_ratio"], ["animal_id", "si_ratio"]
    ... )
    >>> found.columns, found.phenotype("A"), found.phenotype("Res")
    ({'animal_id': 'Mouse', 'si_ratio': 'si_ratio'}, 'susceptible', 'resilient')
    """
    columns: dict[str, str] = {}
    words: dict[str, str] = {}
    for text in texts:
        pair = next(_columns_of(text, theirs, own), None)
        if pair is None and text.startswith(_OF_WORDS):
            word, call = _word_of(text)
            if words.setdefault(word, call) != call:
                raise UsageError(f"--map names the phenotype '{word}' twice: {words[word]} and {call}", hint=_HINT)
        elif pair is None:
            raise _unknown(text, theirs, own)
        else:
            mine, their = pair
            if columns.setdefault(mine, their) != their:
                raise UsageError(f"--map names '{mine}' twice: {columns[mine]} and {their}", hint=_HINT)
    named = tuple(columns)
    used = set(columns.values())
    for name in own:
        same = _same(name, theirs)
        if name not in columns and same is not None and same not in used:
            columns[name] = same
    return ColumnMap(columns=columns, named=named, words=words)


def _columns_of(text: str, theirs: Sequence[str], own: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield csds's column and the table's, for each way to read the text; names may hold ``=`` themselves."""
    places = [at for at, letter in enumerate(text) if letter == "="]
    halves = [(text[:at].strip(), text[at + 1 :].strip()) for at in places]
    for their, mine in (*halves, *((right, left) for left, right in halves)):
        same = _same(their, theirs)
        if same is not None and mine in own:
            yield mine, same


def _same(name: str, among: Sequence[str]) -> str | None:
    """Return the column of that name, exactly or but for case and spaces at its ends."""
    return name if name in among else next((one for one in among if _plain(one) == _plain(name)), None)


def _word_of(text: str) -> tuple[str, str]:
    word, equals, call = text.removeprefix(_OF_WORDS).rpartition("=")
    call = call.strip()
    if not (equals and word.strip()) or (call and call not in PHENOTYPE_WORDS):
        raise UsageError(
            f"--map {text}: expected {_OF_WORDS} with the table's word, = and one of {', '.join(PHENOTYPE_WORDS)}",
            hint=f'Write it as in --map "{_OF_WORDS}A=susceptible"; "{_OF_WORDS}A=" leaves such animals out.',
        )
    return _plain(word), call


def _unknown(text: str, theirs: Sequence[str], own: Sequence[str]) -> UsageError:
    left, equals, right = (part.strip() for part in text.rpartition("="))
    if not (left and equals and right):
        return UsageError(f"--map expects the table's column=csds's column, found '{text}'", hint=_HINT)
    if _same(left, theirs) is None:
        near = nearest(left, theirs)
        return UsageError(
            f"--map {text}: the table has no column '{left}'" + (f"; did you mean '{near}'?" if near else ""),
            hint=f"The table's columns: {quoted(theirs)}.",
        )
    near = nearest(right, own)
    return UsageError(
        f"--map {text}: the results have no column '{right}'" + (f"; did you mean '{near}'?" if near else ""),
        hint=f"Their columns: {', '.join(own)}.",
    )


def _plain(text: str) -> str:
    return text.strip().casefold()
