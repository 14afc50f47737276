"""A folder tree as a study sees it: recordings, sheets and settings, without what csds or the system put there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from csds.errors import SheetError
from csds.study.files import VIDEO_SUFFIXES
from csds.study.sheet import read_settings

SETTINGS = "study.toml"
_SHEETS = frozenset({"study.csv", "study.xlsx"})
_RESULTS = frozenset({"provenance.json", "sessions.csv"})
_OVERLAYS = "overlays"
"""Where csds leaves videos of its own, among results."""

_SYSTEM = frozenset({"$recycle.bin", "system volume information", "lost+found", "__macosx", "@eadir", "#recycle"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One folder of a tree.

    Parameters
    ----------
    folder : Path
    recordings : tuple of str
        Names of its recordings, sorted.
    sheets : tuple of str
        Names of its study sheets (``study.csv``, ``study.xlsx``, case-blind), the one to take first.
    has_settings : bool
        It has a ``study.toml``.
    """

    folder: Path
    recordings: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    has_settings: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A folder that was not gone into, and why; ``is_unread`` where it couldn't be, whatever it holds."""

    folder: Path
    reason: str
    is_unread: bool = False


def list_folders(root: Path) -> tuple[list[Listing], list[Skipped]]:
    """Return each folder of a tree that has something of a study, and the folders not gone into, in a fixed order.

    Hidden folders and files and those of the operating system are passed over without a word; results of csds (a
    folder with ``provenance.json`` or ``sessions.csv`` and no sheet), blinded twins of studies and what can't be read
    are told. Links are followed, each folder is gone into once, by its own path rather than a link's.

    Parameters
    ----------
    root : Path
        A folder; it is gone into whatever it holds.
    """
    listings: list[Listing] = []
    skipped: list[Skipped] = []
    seen: set[tuple[int, int]] = set()
    links: list[str] = [str(root)]
    while links:
        waiting, links = links, []
        while waiting:
            path = waiting.pop()
            found = _read(path, seen, is_root=path == str(root))
            if isinstance(found, Skipped):
                skipped.append(found)
            elif found is not None:
                listing, folders, linked = found
                if listing is not None:
                    listings.append(listing)
                waiting += reversed(folders)
                links += linked
        links.sort(reverse=True)
    listings.sort(key=lambda listing: listing.folder.parts)
    return listings, sorted(skipped, key=lambda one: one.folder.parts)


def _read(
    path: str, seen: set[tuple[int, int]], *, is_root: bool
) -> tuple[Listing | None, list[str], list[str]] | Skipped | None:
    """Return what a folder holds, its folders and links to folders; why it is skipped; or None if it was seen."""
    folder = Path(path)
    try:
        status = os.stat(path)  # noqa: PTH116 - a hundred thousand Paths cost more than the disk
        if (status.st_dev, status.st_ino) in seen:
            return None
        seen.add((status.st_dev, status.st_ino))
        files, folders, links = _entries(path)
    except OSError as error:
        return Skipped(folder=folder, reason=f"can't be read ({error.strerror})", is_unread=True)
    sheets = sorted((name for name in files if name.casefold() in _SHEETS), key=lambda name: (name.casefold(), name))
    is_result = not _RESULTS.isdisjoint(files)
    if is_result and not sheets and not is_root:
        return Skipped(folder=folder, reason="results of csds")
    has_settings = SETTINGS in files
    if has_settings and not is_root and is_blinded_twin(folder):
        return Skipped(folder=folder, reason="a blinded study; its recordings are another study's")
    if is_result:
        folders = [name for name in folders if name != _OVERLAYS]
    recordings = tuple(name for name in files if _suffix(name) in VIDEO_SUFFIXES)
    listing = None
    if recordings or sheets or has_settings:
        listing = Listing(folder=folder, recordings=recordings, sheets=tuple(sheets), has_settings=has_settings)
    join = os.path.join
    return listing, [join(path, name) for name in folders], [join(path, name) for name in links]


def _entries(path: str) -> tuple[list[str], list[str], list[str]]:
    """Return the names of a folder's files, of its folders and of links to folders, each sorted."""
    files, folders, links = [], [], []
    with os.scandir(path) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                continue
            if not entry.is_symlink():
                if not entry.is_dir(follow_symlinks=False):
                    files.append(name)
                elif name.casefold() not in _SYSTEM:
                    folders.append(name)
            elif entry.is_dir():
                links.append(name)
            elif entry.is_file():
                files.append(name)
    return sorted(files), sorted(folders), sorted(links)


def is_blinded_twin(folder: Path) -> bool:
    """Return True for a folder that ``csds blind`` made: its ``study.toml`` says so."""
    try:
        blinding = read_settings(folder).get("blinding")
    except SheetError:
        return False  # what is wrong with it is told when the study is read
    return isinstance(blinding, dict) and blinding.get("blinded") is True


def recordings_at(folder: Path, depth: int) -> Iterator[str]:
    """Yield the recordings so many folders below a folder, as paths from it with forward slashes, in a fixed order."""
    for listing in list_folders(folder)[0]:
        above = listing.folder.relative_to(folder).parts
        if len(above) == depth:
            yield from ("/".join((*above, name)) for name in listing.recordings)


def _suffix(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return f".{ending.casefold()}" if dot and stem else ""
