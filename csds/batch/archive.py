"""The studies of an archive: folder trees with sheets, or with nothing but recordings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from csds.errors import CsdsError, SheetError, UsageError
from csds.model.protocol import Protocol
from csds.model.study import Study
from csds.protocol import load_protocol
from csds.study.faults import Fault
from csds.study.folders import Listing, Skipped, list_folders
from csds.study.named import study_from_names
from csds.study.patterns import NamePattern, choose_pattern, default_patterns, read_pattern
from csds.study.sheet import load_study, named_protocol, read_settings

_NEAREST = "{animal_id}_{phase}.{ext}"
"""The pattern that says why a recording is no study's where none was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundStudy:
    """A study of an archive, before it is read.

    Parameters
    ----------
    folder : Path
        Where its sheet is, or the recordings' paths start.
    sheet : Path or None
        None where the recordings' names say it all.
    pattern : str
        The pattern that these follow; empty with a sheet.
    recordings : tuple of str
        Paths of the recordings that are its own, from its folder with forward slashes: with a sheet all of its tree,
        named or not; with a pattern those that it was tried on.
    notes : tuple of str
        What to know: a second sheet that is left out.
    """

    folder: Path
    sheet: Path | None = None
    pattern: str = ""
    recordings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def protocol(self, name: str = "") -> Protocol:
        """Return the protocol of that name, or else the one that ``study.toml`` names; raise as `load_protocol`."""
        with self._reading():
            return load_protocol(name or named_protocol(self.folder))

    def load(self, protocol: Protocol) -> tuple[Study, list[Fault]]:
        """Return the study of all usable recordings and what is wrong, as `load_study` does of a sheet.

        Raises
        ------
        UsageError
            The sheet is gone, or the pattern lacks what this protocol needs.
        SheetError
            The study can't be read at all.
        """
        with self._reading():
            if self.sheet is not None:
                return load_study(self.sheet, protocol)
            pattern = read_pattern(self.pattern, [phase.name for phase in protocol.phases])
            return study_from_names(self.folder, self.recordings, pattern, protocol)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where = error.filename or self.sheet or self.folder
            raise SheetError(
                f"{where}: can't be read ({error.strerror or error})",
                hint="Check the drive or network that it is on, then run the same command again.",
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOver:
    """A recording that no study takes, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What a search found: studies in the order of their folders, recordings of no study, folders not gone into."""

    studies: tuple[FoundStudy, ...]
    left_over: tuple[LeftOver, ...]
    skipped: tuple[Skipped, ...]


def find_studies(roots: Sequence[Path], pattern: str = "", *, protocol: str = "") -> tuple[FoundStudy, ...]:
    """Return the studies of folder trees; see `search_archive`, which also says what was left over."""
    return search_archive(roots, pattern, protocol=protocol).studies


def search_archive(roots: Sequence[Path], pattern: str = "", *, protocol: str = "") -> Archive:
    """Return what an archive holds; nothing is opened but ``study.toml``.

    A ``study.csv`` or ``study.xlsx`` makes its folder a study, and all below it belongs to it, but for studies with a
    sheet of their own. Recordings elsewhere are studies by their names: a pattern is held against the end of a
    recording's path, and the study's folder is what lies above that, so that ``{animal_id}_{phase}`` makes every
    folder with recordings a study, and ``{cohort}/{animal_id}_{phase}`` the folders above them. A ``study.toml``
    settles where a study's folder is, and may say its ``pattern``.

    Parameters
    ----------
    roots : sequence of Path
        Folders, or sheets; a folder within another one is looked at once.
    pattern : str
        Default: `default_patterns` are tried on every folder; see `choose_pattern`.
    protocol : str
        Name or file of a protocol; default: what each study's ``study.toml`` names.

    Raises
    ------
    UsageError
        There is no such folder, or the pattern can't be used.
    ProtocolError
        There is a protocol of that name, but it can't be used.
    """
    given = load_protocol(protocol) if protocol else None
    search = _Search(pattern, None if given is None else tuple(phase.name for phase in given.phases))
    for root in roots:
        if not root.exists():
            raise UsageError(f"{root}: there is no such folder or study sheet", hint="Check the spelling of the path.")
    sheets = list(dict.fromkeys(root for root in roots if root.is_file()))
    for root in _outermost([root for root in roots if root.is_dir()]):
        within = {sheet: root / sheet.resolve().relative_to(root.resolve()) for sheet in _within(sheets, root)}
        search.add(root, list(within.values()))
        sheets = [sheet for sheet in sheets if sheet not in within]
    search.studies += [FoundStudy(folder=sheet.parent, sheet=sheet) for sheet in sheets]
    return search.result()


def _outermost(roots: Sequence[Path]) -> list[Path]:
    """Return the folders without those that lie in another one, in their order."""
    whole = {root.resolve(): root for root in reversed(roots)}
    return [whole[path] for path in reversed(whole) if whole.keys().isdisjoint(path.parents)]


def _within(sheets: Sequence[Path], root: Path) -> list[Path]:
    return [sheet for sheet in sheets if sheet.resolve().is_relative_to(root.resolve())]


class _Search:
    """A search on its way: which recordings each study's folder has, by the pattern that they follow."""

    def __init__(self, pattern: str, phases: tuple[str, ...] | None) -> None:
        self._pattern, self._given = pattern, phases
        self.studies: list[FoundStudy] = []
        self._left: list[LeftOver] = []
        self._skipped: list[Skipped] = []
        if pattern:
            # What can't be read at all is told before anything is looked at.
            read_pattern(pattern, phases or ("open_field",))

    def add(self, root: Path, sheets: Sequence[Path] = ()) -> None:
        """Look through a folder tree; the sheets that are given there count in their folders, whatever their names."""
        listings, skipped = list_folders(root)
        self._skipped += skipped
        with_sheet = {listing.folder: listing.sheets for listing in listings if listing.sheets}
        given = {sheet.parent: tuple(s.name for s in sheets if s.parent == sheet.parent) for sheet in sheets}
        with_settings = {listing.folder for listing in listings if listing.has_settings}
        of_sheet: defaultdict[Path, list[str]] = defaultdict(list)
        named: defaultdict[Path, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for listing in listings:
            above = [listing.folder, *_up_to(listing.folder, root)]
            sheet = next((folder for folder in above if folder in with_sheet or folder in given), None)
            if sheet is not None:
                of_sheet[sheet] += _names(listing, sheet)
            elif listing.recordings:
                settled = next((folder for folder in above if folder in with_settings), None)
                place = self._place(listing, above, settled)
                if place is None:
                    self._leave(listing, above, settled)
                else:
                    named[place[0]][place[1]] += _names(listing, place[0])
        for folder, names in {**with_sheet, **given}.items():
            taken = names if folder in given else names[:1]
            notes = tuple(f"{name} lies beside {names[0]} and is left out" for name in names[len(taken) :])
            own = tuple(of_sheet[folder])
            self.studies += [FoundStudy(folder=folder, sheet=folder / n, recordings=own, notes=notes) for n in taken]
        for folder, patterns in named.items():
            self._add_named(folder, patterns)

    def result(self) -> Archive:
        """Return what was found, in order."""
        return Archive(
            studies=tuple(sorted(self.studies, key=lambda found: (found.folder.parts, str(found.sheet)))),
            left_over=tuple(sorted(self._left, key=lambda one: one.path.parts)),
            skipped=tuple(sorted(self._skipped, key=lambda one: one.folder.parts)),
        )

    def _place(self, listing: Listing, above: Sequence[Path], settled: Path | None) -> tuple[Path, str] | None:
        """Return the folder of the study that a folder's recordings are of, and their pattern; None for no study."""
        if settled is not None and not self._pattern and (own := _own_pattern(settled)):
            return settled, own
        folders = dict(self._tries(above, settled))
        best = choose_pattern({pattern: _names(listing, folder) for pattern, folder in folders.items()})
        return None if best is None else (folders[best], best.text)

    def _tries(self, above: Sequence[Path], settled: Path | None) -> Iterator[tuple[NamePattern, Path]]:
        """Yield the patterns that a folder's recordings may have, and the study's folder for each."""
        phases = self._phases(settled)
        for text in [self._pattern] if self._pattern else default_patterns(phases):
            pattern = read_pattern(text, phases)
            if settled is not None:
                yield pattern, settled
            elif pattern.depth < len(above):
                yield pattern, above[pattern.depth]

    def _phases(self, settled: Path | None) -> tuple[str, ...]:
        return self._given or (_default_phases() if settled is None else _named_phases(settled))

    def _leave(self, listing: Listing, above: Sequence[Path], settled: Path | None) -> None:
        """Put a folder's recordings among those of no study, with the nearest reason."""
        pattern = read_pattern(self._pattern or _NEAREST, self._phases(settled))
        folder = settled or above[min(pattern.depth, len(above) - 1)]
        said = "it isn't named by the pattern" if self._pattern else "it isn't named in a usual way, such as"
        for recording, name in zip(listing.recordings, _names(listing, folder), strict=True):
            reason = f"{said} {pattern.text} ({pattern.why_not(name)[0]})"
            self._left.append(LeftOver(path=listing.folder / recording, reason=reason))

    def _add_named(self, folder: Path, patterns: Mapping[str, Sequence[str]]) -> None:
        """Add the study of a folder: by the pattern of most recordings, which leaves out those that it doesn't name."""
        most = max(patterns, key=lambda text: len(patterns[text]))
        names = sorted(name for some in patterns.values() for name in some)
        self.studies.append(FoundStudy(folder=folder, pattern=most, recordings=tuple(names)))


def _up_to(folder: Path, root: Path) -> list[Path]:
    """Return the folders above one, the nearest first, up to the root."""
    return list(folder.parents)[: len(folder.parts) - len(root.parts)]


def _names(listing: Listing, folder: Path) -> list[str]:
    above = listing.folder.parts[len(folder.parts) :]
    return ["/".join((*above, name)) for name in listing.recordings]


def _own_pattern(folder: Path) -> str:
    """Return what a folder's ``study.toml`` says is its pattern, empty where it says nothing or can't be read."""
    try:
        return str(read_settings(folder).get("pattern", ""))
    except SheetError:
        return ""  # told when the study is read


@cache
def _default_phases() -> tuple[str, ...]:
    return tuple(phase.name for phase in load_protocol("golden2011").phases)


def _named_phases(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(phase.name for phase in load_protocol(named_protocol(folder)).phases)
    except CsdsError:
        return _default_phases()  # what is wrong with it is told when the study is read
