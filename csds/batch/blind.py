"""A blinded study on disk: its sheet and recordings under codes in one folder, the key in another."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np

from csds import __version__
from csds.arena.files import arena_path, find_arena_file, read_arenas, write_arenas
from csds.errors import UsageError
from csds.formats.atomic import atomic_path
from csds.formats.digest import file_digest
from csds.formats.json_files import write_json
from csds.formats.tables import write_table
from csds.formats.toml import toml_text
from csds.model.protocol import Protocol
from csds.study.assemble import raise_errors
from csds.study.blind import BlindedStudy, blind_study
from csds.study.blinding import LOG
from csds.study.faults import Fault
from csds.study.sheet import load_study

Videos = Literal["link", "copy", "none"]

SHEET, KEY, SETTINGS = "study.csv", "key.csv", "study.toml"
_PROTOCOL = "protocol.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindOptions:
    """How a study is blinded.

    Parameters
    ----------
    seed : int
        The same seed and sheet give the same codes.
    keep, hide : tuple of str
        Columns to keep though they tell, and to withhold though they don't.
    videos : str
        ``link`` the recordings under their coded names (or copy them, where the system can't), ``copy`` them, or
        ``none``: only name them, for someone else to put there.
    force : bool
        Overwrite a blinded study and its key.
    """

    seed: int
    keep: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()
    videos: Videos = "link"
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindedFolder:
    """What was written: the sheet and key, how recordings got there (``linked``, ``copied``), and what to know."""

    sheet: Path
    key: Path
    blinded: BlindedStudy
    recordings: Mapping[str, int]
    warnings: tuple[str, ...]


def write_blinded(sheet: Path, protocol: Protocol, out: Path, key: Path, options: BlindOptions) -> BlindedFolder:
    """Write a study's blinded twin, which ``csds track`` takes as any other, and its key.

    Parameters
    ----------
    sheet : Path
        The study sheet; it and its recordings stay as they are.
    protocol : Protocol
        Names the phases.
    out : Path
        Folder for ``study.csv``, ``study.toml`` and ``videos/`` with the arena files.
    key : Path
        Folder for ``key.csv``, ``blinding.json`` and a copy of ``study.toml``; not within ``out``.
    options : BlindOptions

    Raises
    ------
    UsageError
        The folders can't be used, there is a blinded study or a key already, or a column can't be kept or withheld.
    SheetError, ArenaError
        The sheet or an arena file has faults.
    ResultsError
        A file can't be written.
    """
    _check_folders(sheet, out, key, force=options.force)
    study, faults = load_study(sheet, protocol)
    raise_errors([fault for fault in faults if not _is_bearable(fault)], str(sheet))
    read_sha256 = file_digest(sheet)
    blinded = blind_study(
        study, np.random.Generator(np.random.PCG64(options.seed)), keep=options.keep, hide=options.hide
    )
    arenas = {
        name: read_arenas(file, protocol)
        for path, name in blinded.recordings.items()
        if (file := find_arena_file(path, sheet.parent)) is not None
    }
    write_table(blinded.key, key / KEY)
    own_settings = sheet.parent / SETTINGS
    if own_settings.is_file():
        _copy(own_settings, key / SETTINGS)
    key_sha256 = file_digest(key / KEY)
    ways = Counter(_place(path, out / name, options.videos) for path, name in blinded.recordings.items())
    for name, own in arenas.items():
        write_arenas(arena_path(out / name), own)
    settings = _with_own_protocol(blinded.settings, sheet.parent, out)
    text = toml_text({**settings, "blinding": {"blinded": True, "key_sha256": key_sha256}})
    with atomic_path(out / SETTINGS) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
    write_table(blinded.sheet, out / SHEET)
    record: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "csds": __version__,
        "seed": options.seed,
        "sheet_read": {"file": sheet.name, "sha256": read_sha256},
        "sheet_written": {"file": SHEET, "sha256": file_digest(out / SHEET)},
        "files": {name: file_digest(key / name) for name in (KEY, SETTINGS) if (key / name).is_file()},
        "withheld": dict(blinded.withheld),
        "kept_though_telling": list(blinded.warnings),
        "design_columns": list(study.design_columns),
        "recordings": {name: str(path) for path, name in blinded.recordings.items()},
        "unblindings": [],
    }
    write_json(key / LOG, record)
    lacking = [str(fault) for fault in faults if _is_bearable(fault)]
    return BlindedFolder(
        sheet=out / SHEET,
        key=key,
        blinded=blinded,
        recordings={way: count for way, count in ways.items() if way},
        warnings=(*lacking, *blinded.warnings),
    )


def _is_bearable(fault: Fault) -> bool:
    """Return True for a recording or phase that is missing: its row is blinded as it is."""
    return fault.severity == "warning" or fault.stage == "video" or (fault.column == "phase" and not fault.unusable)


def _check_folders(sheet: Path, out: Path, key: Path, *, force: bool) -> None:
    there, hidden = out.resolve(), key.resolve()
    if there == sheet.resolve().parent:
        raise UsageError(
            f"{out}: holds the sheet that has the groups", hint="Name a folder of its own for the blinded study: --out."
        )
    if hidden.is_relative_to(there):
        raise UsageError(
            f"{key}: the key would lie in the blinded study's own folder {out}",
            hint="Name a folder that those who score don't look into: --key.",
        )
    for path in (key / KEY, key / LOG, out / SHEET):
        if path.exists() and not force:
            what = "a blinded study" if path.name == SHEET else "a key"
            raise UsageError(
                f"{path}: there is {what} already; without its key, what was scored under its codes can't be unblinded",
                hint="Name other folders with --out and --key, or write --force if nothing has been scored under it.",
            )


def _place(path: Path, target: Path, videos: Videos) -> str:
    """Put a recording where it belongs, and return how; nothing where it isn't to be there, or is missing."""
    if videos == "none" or not path.is_file():
        return ""
    if videos == "link":
        with atomic_path(target) as part:
            try:
                os.link(path.resolve(), part)
            except OSError:
                shutil.copyfile(path, part)  # another disk, or one that knows no links
                return "copied"
        return "linked"
    _copy(path, target)
    return "copied"


def _copy(path: Path, target: Path) -> None:
    with atomic_path(target) as part:
        shutil.copyfile(path, part)


def _with_own_protocol(settings: Mapping[str, object], folder: Path, out: Path) -> dict[str, object]:
    """Return settings whose protocol, if it is a file, stands beside them."""
    name = settings.get("protocol")
    if not isinstance(name, str) or not name.casefold().endswith(".toml") or not (folder / name).is_file():
        return dict(settings)
    _copy(folder / name, out / _PROTOCOL)
    return {**settings, "protocol": _PROTOCOL}
