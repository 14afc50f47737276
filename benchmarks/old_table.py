"""An old table of results whose differences are known, and the picture of ``docs/agreement.md``.

``python -m benchmarks.old_table`` compares a simulated study, the same each time, with such a table, prints what ``csds
agree`` prints of it and writes ``docs/pictures/agreement.png``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from PIL import Image

from benchmarks.gallery import ANIMALS, SEED, save_picture
from benchmarks.simulated_results import write_results
from csds.analysis.agreement_files import read_agreement
from csds.formats.tables import parse_numbers, read_table
from csds.plots.agreement import draw_agreement
from csds.plots.style import Style

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "agreement.png"
MAP = (
    "Batch=cohort", "Mouse=animal_id", "SI=si_ratio", "IZ target (s)=interaction_present_s",
    "IZ empty (s)=interaction_absent_s", "Group=phenotype",
)  # fmt: skip
#: The old program saw the animal in the zone for so long less, s, with so large an error, s.
OFFSET_S, ERROR_S = 1.5, 6.0
#: Below this ratio it called a mouse susceptible, where csds's protocol has 1.
CUTOFF = 1.15


def write_old_table(results: Path, table: Path, *, seed: int = SEED) -> Path:
    """Write what another program might have exported of the same animals, and return the table.

    Times are `OFFSET_S` shorter with an error of `ERROR_S`, the ratio follows from them, and so does the phenotype of
    defeated animals, S below `CUTOFF`.

    Parameters
    ----------
    results : Path
        With ``animals.csv``.
    table : Path
        CSV to write.
    seed : int
    """
    animals, rng = read_table(results / "animals.csv"), np.random.default_rng(seed)
    empty, target = (
        parse_numbers(animals[name], name).to_numpy() - OFFSET_S + ERROR_S * rng.normal(size=len(animals))
        for name in ("interaction_absent_s", "interaction_present_s")
    )
    ratio = target / empty
    groups = np.where(animals["phenotype"] == "control", "Ctrl", np.where(ratio < CUTOFF, "S", "R"))
    old = {
        "Batch": animals["cohort"], "Mouse": animals["animal_id"], "IZ empty (s)": empty.round(2),
        "IZ target (s)": target.round(2), "SI": ratio.round(3), "Group": groups,
    }  # fmt: skip
    pd.DataFrame(old).to_csv(table, index=False)
    return table


def main() -> int:
    """Print what is found, and write the picture."""
    with TemporaryDirectory() as folder:
        results = write_results(Path(folder), ANIMALS, seed=SEED)
        table = write_old_table(results, Path(folder) / "old.csv")
        maps = [part for text in MAP for part in ("--map", text)]
        command = [sys.executable, "-m", "csds", "agree", str(results), "--against", str(table), *maps]
        subprocess.run(command, check=True)
        found = read_agreement(results)
        if found is None:
            return 1
        plot = draw_agreement(found, style=Style(width="double"))
        save_picture(plot, PICTURE, 160)
        with Image.open(PICTURE) as picture:
            small = picture.convert("RGB").quantize(64)
        small.save(PICTURE, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
