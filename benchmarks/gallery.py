"""The pictures of ``docs/figures.md``: ``python -m benchmarks.gallery``.

Every figure of `csds.plots.gallery` is drawn from a simulated study that is the same each time, or of several from a
catalogue, at a journal's single-column width, and some on a dark page as well.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from benchmarks.simulated_results import write_results, write_several
from csds.plots.gallery import GALLERY
from csds.plots.opened import open_study
from csds.plots.plot import Plot
from csds.plots.study import StudyResults
from csds.plots.style import Style, drawing

PICTURES = Path(__file__).parents[1] / "docs" / "pictures" / "figures"
ANIMALS, SEED = 40, 1
#: Figures that are shown on a dark page as well.
DARK = ("comparison", "scatter")
#: Dots an inch of what isn't light with 200.
_DPI = {"paths": 110, "occupancy": 160}
_COLOURS = 128


def draw_gallery(study: StudyResults, several: StudyResults) -> list[Plot]:
    """Return every figure of a study, or of several, on a light page, and those of `DARK` on a dark one."""
    plots = [one.draw(several if one.takes_studies else study, style=Style()) for one in GALLERY]
    for one in GALLERY:
        if one.name in DARK:
            dark = one.draw(study, style=Style(theme="dark"))
            plots.append(replace(dark, name=f"{one.name}_dark"))
    return plots


def save_picture(plot: Plot, path: Path, dpi: int, **notes: str) -> None:
    """Write a figure for the screen, the same bytes each time, with notes that the file carries."""
    with drawing(plot.style):
        plot.figure.savefig(path, dpi=dpi, metadata={"Software": None, **notes}, pil_kwargs={"optimize": True})


def main() -> int:
    """Write every picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        study = open_study(write_results(Path(folder), ANIMALS, seed=SEED))
        several = open_study(write_several(Path(folder) / "several", seed=SEED))
        for plot in draw_gallery(study, several):
            path = PICTURES / f"{plot.name}.png"
            save_picture(plot, path, _DPI.get(plot.name, 200))
            with Image.open(path) as picture:
                small = picture.convert("RGB").quantize(_COLOURS)
            small.save(path, optimize=True)
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB. {plot.alt}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
