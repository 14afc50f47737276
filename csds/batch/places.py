"""Where an archive's results go: a tree of folders like the archive's, which is never written to itself."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from csds.batch.archive import FoundStudy
from csds.study.session_ids import safe_name


def places_of(studies: Sequence[FoundStudy], roots: Sequence[Path], out: Path) -> list[Path]:
    """Return each study's folder below ``out``, no two the same.

    It has the study's path within its root; of several roots, the root's name before that. Two studies of one folder
    have their sheets' names as well.
    """
    above = {root.resolve(): root.name if len(roots) > 1 else "" for root in roots}
    found = [PurePath(*map(safe_name, _parts(study, above))) for study in studies]
    counts = Counter(str(place).casefold() for place in found)
    unique = [
        place / safe_name(study.sheet.stem) if study.sheet and counts[str(place).casefold()] > 1 else place
        for place, study in zip(found, studies, strict=True)
    ]
    taken: set[str] = set()
    places = []
    for place in unique:
        free = next(one for one in _numbered(place) if str(one).casefold() not in taken)
        taken.add(str(free).casefold())
        places.append(out / free)
    return places


def _parts(study: FoundStudy, above: dict[Path, str]) -> list[str]:
    folder = study.folder.resolve()
    for root, name in above.items():
        place = root if root.is_dir() else root.parent
        if folder == place or place in folder.parents:
            return [part for part in (name, *folder.relative_to(place).parts) if part]
    return [folder.name]


def _numbered(place: PurePath) -> Iterator[PurePath]:
    """Yield the place, and then others beside it; that of a study in the root itself has no name."""
    yield place
    for number in itertools.count(2):
        yield place.parent / f"{place.name or 'study'}_{number}"
