"""What an archive would give: its studies as they are read, before any recording is opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from csds.batch.archive import FoundStudy, LeftOver, search_archive
from csds.errors import CsdsError
from csds.model.protocol import Protocol
from csds.model.study import Session, Study
from csds.study.faults import Fault, errors_among
from csds.study.folders import Skipped
from csds.study.patterns import read_pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyLook:
    """One study of an archive as it is read.

    Parameters
    ----------
    found : FoundStudy
    protocol : Protocol or None
        None where it can't be used: ``faults`` say why.
    study : Study or None
        None where it can't be read at all.
    faults : tuple of Fault
    """

    found: FoundStudy
    protocol: Protocol | None
    study: Study | None
    faults: tuple[Fault, ...]

    @property
    def all_sessions(self) -> tuple[Session, ...]:
        """Its sessions, also those that can't be used."""
        return (*self.study.sessions, *self.study.unusable) if self.study else ()

    @property
    def animals(self) -> int:
        """How many animals it has; one tested twice counts once."""
        return len({(s.key.cohort, s.key.animal_id) for s in self.study.sessions}) if self.study else 0

    @property
    def phases(self) -> Mapping[str, int]:
        """How many sessions of each phase it has, in the protocol's order."""
        if self.study is None or self.protocol is None:
            return {}
        counts = Counter(session.phase for session in self.study.sessions)
        return {phase.name: counts[phase.name] for phase in self.protocol.phases}

    def examples(self, count: int) -> list[tuple[str, dict[str, str]]]:
        """Return the first recordings of a study without a sheet, and the columns that their names gave."""
        if self.study is None or not self.found.pattern:
            return []
        pattern = read_pattern(self.found.pattern, list(self.phases))
        shown = []
        for session in self.study.sessions[:count]:
            own = {"phase": session.phase, "stress": session.stress, "treatment": session.treatment}
            key = {name: getattr(session.key, name) for name in ("cohort", "animal_id", "test")}
            cells = {**session.design, **own, **key, "arena": session.arena or ""}
            fields = (*pattern.fields, *pattern.constants)
            shown.append((session.video, {name: cells[name] for name in fields if name in cells}))
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveCheck:
    """What there is in an archive.

    Parameters
    ----------
    looks : tuple of StudyLook
        Its studies, in the order of their folders.
    left_over : tuple of LeftOver
        Recordings that no pattern names.
    unlisted : tuple of LeftOver
        Recordings beside or below a sheet that don't stand in one: it may be meant.
    skipped : tuple of Skipped
        Folders that were not gone into.
    """

    looks: tuple[StudyLook, ...]
    left_over: tuple[LeftOver, ...]
    unlisted: tuple[LeftOver, ...]
    skipped: tuple[Skipped, ...]

    @property
    def is_good(self) -> bool:
        """There is a study, none has an error, and no recording is left over."""
        errors = any(errors_among(look.faults) for look in self.looks)
        return bool(self.looks) and not errors and not self.left_over


def check_archive(root: Path, pattern: str = "", *, protocol: str = "") -> ArchiveCheck:
    """Return what csds makes of an archive; no recording is opened, nothing is tracked or written.

    Parameters
    ----------
    root : Path
        Its folder.
    pattern, protocol : str
        As `search_archive`, which raises the same.
    """
    archive = search_archive([root], pattern, protocol=protocol)
    looks = [_look(found, protocol) for found in archive.studies]
    taken = {path for look in looks if look.study for session in look.all_sessions for path in session.videos}
    left, unlisted = list(archive.left_over), list[LeftOver]()
    told = []
    for look in looks:
        lost = _not_taken(look, taken)
        (left if look.found.sheet is None else unlisted).extend(lost.values())
        told.append(replace(look, faults=tuple(f for f in look.faults if f.row or f.video not in lost)))
    return ArchiveCheck(
        looks=tuple(told),
        left_over=tuple(sorted(left, key=lambda one: one.path.parts)),
        unlisted=tuple(unlisted),
        skipped=archive.skipped,
    )


def _look(found: FoundStudy, protocol: str) -> StudyLook:
    used = None
    try:
        used = found.protocol(protocol)
        study, faults = found.load(used)
    except CsdsError as error:
        fault = Fault(row=None, column="", message=error.message, hint=error.hint, stage=error.stage, unusable=True)
        return StudyLook(found=found, protocol=used, study=None, faults=(fault,))
    return StudyLook(found=found, protocol=used, study=study, faults=tuple(faults))


def _not_taken(look: StudyLook, taken: set[Path]) -> dict[str, LeftOver]:
    """Return the recordings of a study that could be read which no session is taken from, by their names in it."""
    if look.study is None:
        return {}
    missing = [name for name in look.found.recordings if look.found.folder / name not in taken]
    if missing:
        whole = {path.resolve() for path in taken}  # a sheet may name a recording by a link
        missing = [name for name in missing if (look.found.folder / name).resolve() not in whole]
    why = {fault.video: fault for fault in look.faults if fault.column == "video" and not fault.row}
    return {
        name: LeftOver(
            path=look.found.folder / name,
            reason=why[name].message.removeprefix(f"{name} is left out: ") if name in why else "no sheet names it",
        )
        for name in missing
    }
