"""The sample study that comes with csds: ``python -m csds.simulate.samples [FOLDER]`` makes it anew."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from csds.formats.atomic import atomic_path
from csds.shipped import shipped_folder
from csds.simulate.scene import Encoding
from csds.simulate.study import StudyDesign, simulate_study, two_by_two

# Half a minute is short for a test that takes two and a half: these seeds show what longer ones would.
_SEEDS = (4, 1, 3, 1, 0, 12, 20, 7)

_README = """# Sample videos

**Simulated** by csds: no animal was filmed. Eight mice, two in each cell of stress (control, defeated) ×
treatment (isotype, anti-IL-4Rα), both phases of the social interaction test, shortened to 30 s each.
The numbers mean nothing beyond showing what csds does; in particular they say nothing about any antibody.

| file | content |
|---|---|
| `study.csv` | one row for each animal and phase |
| `study.toml` | title, protocol, reference levels; the treatment's own fields are left open |
| `videos/` | recordings (480 × 360, 20 frames per second, H.264) with their arena files |
| `truth/` | where the mouse truly is in each frame: centre of body and head without tail, and nose, in cm |

Undefeated mice greet the target. Of the defeated ones, both given isotype avoid it; of the two given the
antibody, one does.

`python -m csds.simulate.samples sample_videos` makes the folder anew.
"""


def sample_design() -> StudyDesign:
    """Return the design of the sample study."""
    animals = zip(two_by_two(2, rescue=0.5), _SEEDS, strict=True)
    return StudyDesign(
        animals=tuple(replace(animal, seed=seed) for animal, seed in animals),
        duration_s=30.0,
        title="Sample study (simulated)",
        seed=7,
        frame_size_px=(480, 360),
        fps=20.0,
        encoding=Encoding(bitrate_kbps=75, preset="faster"),
    )


def write_samples(folder: Path) -> Path:
    """Write the sample study into a folder, in place of what stands there, and return its sheet."""
    for old in ("videos", "truth"):
        shutil.rmtree(folder / old, ignore_errors=True)
    sheet = simulate_study(folder, sample_design())
    with atomic_path(folder / "README.md") as part:
        part.write_text(_README, encoding="utf-8", newline="\n")
    return sheet


def main(arguments: Sequence[str]) -> None:
    """Write the samples into the folder named, or into the one that csds ships."""
    write_samples(Path(arguments[0]) if arguments else shipped_folder("sample_videos"))


if __name__ == "__main__":
    main(sys.argv[1:])
