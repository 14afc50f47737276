r"""Name patterns: what the names and folders of recordings say about them.

A pattern is a path as a study's recordings have it, with fields in braces that are columns of a sheet:
``{cohort}/{animal_id}_{phase}.{ext}``. Nothing in it is evaluated.

- ``{phase}`` is any accepted word for a phase of the protocol, ``{ext}`` a suffix of a recording; it may be left out.
- Any other field, and ``*``, is any text within one name: neither matches ``/``. A field isn't empty, ``*`` may be.
- Fields end at the first place where the text behind them stands, the last field of a name where the rest fits. So
  ``{cohort}_{animal_id}_{phase}`` reads ``C1_M_2_absent`` as cohort C1, animal M_2, and says that it could be C1_M, 2.
- ``{field=text}`` matches nothing and gives each recording that text: ``{animal_id}{phase=both}.{ext}``.
- Capitals don't count, ``\`` is ``/``, and letters with accents are alike however a file system spells them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal
from unicodedata import normalize

from csds.errors import UsageError
from csds.study.files import VIDEO_SUFFIXES
from csds.study.words import BOTH, echo_phase, nearest_phase, phase_pattern

_DEFAULT = (
    "{cohort}_{animal_id}_{phase}.{ext}",
    "{animal_id}_{phase}.{ext}",
    "{cohort}-{animal_id}-{phase}.{ext}",
    "{animal_id}-{phase}.{ext}",
    "{cohort} {animal_id} {phase}.{ext}",
    "{animal_id} {phase}.{ext}",
    "{phase}_{animal_id}.{ext}",
    "{phase}-{animal_id}.{ext}",
    "{phase} {animal_id}.{ext}",
    "{animal_id}/{phase}.{ext}",
    "{phase}/{animal_id}.{ext}",
)
_ONE_PHASE = "{animal_id}.{ext}"

_TOKEN = re.compile(r"\{([a-z][a-z0-9_]*)(?:=([^{}/]*))?\}|(\*+)|([^{}*]+)")

_HINT = (
    "Write it like '{animal_id}_{phase}.{ext}' or '{cohort}/{animal_id}_{phase}.{ext}'; fields are columns of a sheet "
    "in small letters, each once. Where one recording holds both phases: '{animal_id}{phase=both}.{ext}'."
)

Kind = Literal["text", "free", "star", "phase", "ext"]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Kind
    text: str
    """Text as it is, or the name of its group."""

    @property
    def is_open(self) -> bool:
        """It matches any text."""
        return self.kind in {"free", "star"}


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two fields of a name with only ``between`` to part them: if that stands in the second too, there are two ways."""

    first: str
    second: str
    between: re.Pattern[str]
    least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NameMatch:
    """What a name says: its columns, and those of another way to read it where there is one."""

    cells: Mapping[str, str]
    other: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NamePattern:
    """A pattern that was read by `read_pattern`; ``depth`` is how many folders it spans."""

    text: str
    depth: int
    fields: tuple[str, ...]
    constants: Mapping[str, str]
    phases: tuple[str, ...]
    tokens: tuple[tuple[_Token, ...], ...]
    expression: re.Pattern[str]
    loose: re.Pattern[str]
    """With any text as the phase."""
    pairs: tuple[_Pair, ...]

    def match(self, name: str) -> NameMatch | None:
        """Return what a name says, or None where the pattern isn't its.

        Parameters
        ----------
        name : str
            Path from the study's folder, with forward slashes.

        Examples
        --------
        >>> pattern = read_pattern("{cohort}_{animal_id}_{phase}", ["target_absent", "target_present"])
        >>> pattern.match("C1_M_2_No Target.MP4").cells
        {'cohort': 'C1', 'animal_id': 'M_2', 'phase': 'No Target'}
        >>> pattern.match("C1_M_2_No Target.MP4").other
        {'cohort': 'C1_M', 'animal_id': '2', 'phase': 'No Target'}
        """
        plain = _plain(name)
        found = self.expression.fullmatch(plain)
        if found is None:
            return None
        cells = {**{field: found[field] for field in self.fields}, **self.constants}
        for pair in self.pairs:
            end = found.end(pair.second)
            again = pair.between.search(plain, found.end(pair.first) + 1, end - pair.least)
            if again is not None:
                first, second = plain[found.start(pair.first) : again.start()], plain[again.end() : end]
                moved = {pair.first: first, pair.second: second} | again.groupdict()
                return NameMatch(cells=cells, other={name: moved.get(name, cell) for name, cell in cells.items()})
        return NameMatch(cells=cells)

    def why_not(self, name: str) -> tuple[str, str]:
        """Return the nearest reason why the pattern isn't that of a name, and how to mend it."""
        plain = _plain(name)
        if plain.count("/") != self.depth:
            where, spans = _folders(plain.count("/")), _folders(self.depth)
            return f"it lies {where} below the study's folder, the pattern spans {spans}", "Move it, or leave it out."
        found = self.loose.fullmatch(plain)
        if found is not None and "phase" in self.fields:
            word = found["phase"]
            last = re.split(r"[_\s-]+", word)[-1]
            near = nearest_phase(word, self.phases) or nearest_phase(last, self.phases)
            hint = f"Did you mean '{near}'?" if near else "Words taken: absent, present, no target, target …"
            return f"'{word}' is no word for a phase", hint
        return self._missing_text(plain), "Rename it, or give a sheet."

    def _missing_text(self, plain: str) -> str:
        for component, part in zip(self.tokens, plain.casefold().split("/"), strict=True):
            at, after, is_open = 0, "", False
            for token in component:
                if token.kind != "text":
                    is_open, after = True, token.text if token.kind in {"free", "phase"} else after
                    continue
                text = token.text.casefold()
                found = part.find(text, at) if is_open else at if part.startswith(text, at) else -1
                if found < 0:
                    return f"expected '{token.text}'" + (f" behind {{{after}}}" if after else " at the beginning")
                at, is_open = found + len(text), False
        return "its parts don't stand as in the pattern"


@lru_cache(maxsize=256)
def _read(text: str, phases: tuple[str, ...]) -> NamePattern:
    whole = _plain(text.replace("\\", "/")).removeprefix("./")
    if not whole.endswith("{ext}") and Path(whole).suffix.casefold() not in VIDEO_SUFFIXES:
        whole += ".{ext}"
    tokens, constants = _tokens(text, whole)
    parts = [token for component in tokens for token in component]
    fields = tuple(token.text for token in parts if token.kind in {"free", "phase"})
    _check(text, [*fields, *constants, *(token.text for token in parts if token.kind == "ext")], tokens, phases)
    if echo_phase(constants.get("phase", BOTH), phases) is None:
        raise UsageError(f"the pattern {text} names the phase '{constants['phase']}', which isn't known", hint=_HINT)
    return NamePattern(
        text=text,
        depth=len(tokens) - 1,
        fields=fields,
        constants=constants,
        phases=phases,
        tokens=tokens,
        expression=re.compile(_expression(tokens, phases), re.IGNORECASE),
        loose=re.compile(_expression(tokens, phases, loose=True), re.IGNORECASE),
        pairs=tuple(pair for component in tokens for pair in _pairs(component, phases)),
    )


def read_pattern(text: str, phases: Sequence[str]) -> NamePattern:
    r"""Return a name pattern that is ready to match.

    Parameters
    ----------
    text : str
    phases : sequence of str
        Names of the protocol's phases; where it has a single one, the pattern needs no ``{phase}``.

    Raises
    ------
    UsageError
        A field that is needed is missing or one stands twice, two have nothing between them, or it leaves the folder.

    Examples
    --------
    >>> read_pattern(r"{cohort}\{animal_id}", ["open_field"]).match("C1/M1.mp4").cells
    {'cohort': 'C1', 'animal_id': 'M1'}
    """
    return _read(text, tuple(phases))


def default_patterns(phases: Sequence[str]) -> tuple[str, ...]:
    """Return the patterns that are tried where none is given, in their order."""
    return _DEFAULT if len(phases) > 1 else (*_DEFAULT, _ONE_PHASE)


def choose_pattern(candidates: Mapping[NamePattern, Sequence[str]]) -> NamePattern | None:
    """Return the pattern that explains most names, or None where none explains any.

    Of those that explain as many, the one that reads fewer names in two ways, then the first.

    Parameters
    ----------
    candidates : mapping
        The names that each pattern is to explain.
    """
    best, best_score = None, (0, 0)
    for pattern, names in candidates.items():
        matches = [match for match in map(pattern.match, names) if match is not None]
        score = (len(matches), -sum(match.other is not None for match in matches))
        if score[0] and score > best_score:
            best, best_score = pattern, score
        if score == (len(names), 0):
            break  # none can do better, and those before it did worse
    return best


def _plain(name: str) -> str:
    return name if name.isascii() else normalize("NFC", name)


def _folders(count: int) -> str:
    return "no folder" if count == 0 else "1 folder" if count == 1 else f"{count} folders"


def _tokens(text: str, whole: str) -> tuple[tuple[tuple[_Token, ...], ...], dict[str, str]]:
    """Return the tokens of each folder's or file's name, and the columns that the pattern gives itself."""
    components = []
    constants: dict[str, str] = {}
    stars = 0
    for component in whole.split("/"):
        tokens: list[_Token] = []
        at = 0
        while (found := _TOKEN.match(component, at)) is not None:
            at = found.end()
            name, constant, star, literal = found.groups()
            if constant is not None:
                if name in {*constants, "ext"}:
                    raise UsageError(f"the pattern {text} can't give {{{name}}} this text", hint=_HINT)
                constants[name] = constant
            elif name is not None:
                kind: Kind = "phase" if name == "phase" else "ext" if name == "ext" else "free"
                tokens.append(_Token(kind, name))
            elif star:
                tokens.append(_Token("star", f"_{stars}"))
                stars += 1
            else:
                tokens.append(_Token("text", literal))
        if at < len(component):
            raise UsageError(f"the pattern {text} isn't understood from '{component[at:]}' on", hint=_HINT)
        if not tokens or component in {".", ".."}:
            raise UsageError(
                f"the pattern {text} has a folder without a name or one outside the study's",
                hint="Begin it in the study's folder, and go down from there.",
            )
        components.append(tuple(tokens))
    return tuple(components), constants


def _check(text: str, fields: Sequence[str], tokens: Sequence[Sequence[_Token]], phases: Sequence[str]) -> None:
    needed = ["animal_id", *(["phase"] if len(phases) > 1 else [])]
    lacking = [f"{{{name}}}" for name in needed if name not in fields]
    if lacking:
        raise UsageError(f"the pattern {text} lacks {' and '.join(lacking)}", hint=_HINT)
    doubled = [f"{{{name}}}" for name in dict.fromkeys(fields) if fields.count(name) > 1]
    if doubled or "video" in fields:
        fault = f"names {' and '.join(doubled)} twice" if doubled else "has the field {video}, which is the whole name"
        raise UsageError(f"the pattern {text} {fault}", hint=_HINT)
    for component in tokens:
        for one, other in pairwise(component):
            if one.is_open and other.is_open:
                shown = [f"{{{token.text}}}" if token.kind == "free" else "*" for token in (one, other)]
                raise UsageError(
                    f"the pattern {text} has nothing between {' and '.join(shown)}, so nothing says where one ends",
                    hint="Put between them what stands there in the names, or take one out.",
                )


def _expression(tokens: Sequence[Sequence[_Token]], phases: Sequence[str], *, loose: bool = False) -> str:
    return "/".join(_name_expression(component, phases, loose=loose) for component in tokens)


def _name_expression(component: Sequence[_Token], phases: Sequence[str], *, loose: bool) -> str:
    """Return the expression of one name.

    Each open token but the last one is settled by the first place where what is behind it stands (an atomic
    group): going back on it can't help, and would take forever with many fields and a long name.
    """
    places = [number for number, token in enumerate(component) if token.is_open]
    bounds = [0, *places, len(component)]
    texts = [
        "".join(_one(token, phases, loose=loose) for token in component[start:end]) for start, end in pairwise(bounds)
    ]
    return "".join(f"(?>{text})" if 0 < n < len(texts) - 1 else text for n, text in enumerate(texts))


def _one(token: _Token, phases: Sequence[str], *, loose: bool = False) -> str:
    if token.kind == "text":
        return re.escape(token.text)
    if token.kind == "ext":
        return "(?:" + "|".join(sorted(suffix[1:] for suffix in VIDEO_SUFFIXES)) + ")"
    if token.kind == "phase" and not loose:
        words = [*phases, BOTH] if len(phases) > 1 else phases
        return f"(?P<phase>{phase_pattern(words)})"
    return f"(?P<{token.text}>[^/]{'*' if token.kind == 'star' else '+'}?)"


def _pairs(component: Sequence[_Token], phases: Sequence[str]) -> list[_Pair]:
    places = [number for number, token in enumerate(component) if token.is_open]
    pairs = []
    for first, second in pairwise(places):
        between = component[first + 1 : second]
        tells = component[second].kind == "free" or any(token.kind == "phase" for token in between)
        # What a star takes says nothing, but a phase before it does.
        if tells:
            expression = re.compile("".join(_one(token, phases) for token in between), re.IGNORECASE)
            least = int(component[second].kind == "free")
            pairs.append(_Pair(component[first].text, component[second].text, expression, least))
    return pairs
