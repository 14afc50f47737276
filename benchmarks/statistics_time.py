"""How long ``csds stats`` takes on 40 animals, all outcomes bootstrapped, beside importing pingouin.

    python -m benchmarks.statistics_time

Both are whole processes, run in turns; the bar is twice the import.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.processes import csds, in_turns, median_s, ratios, run
from csds.analysis.plan import OUTCOMES

BAR = 2.0
_EACH, _ROUNDS = 10, 7


def write_animals(path: Path) -> None:
    """Write a table of 40 animals, ten of each stress and treatment, with every outcome that csds analyses."""
    rng = np.random.default_rng(4)
    stress = np.repeat(["control", "defeated"], 2 * _EACH)
    treatment = np.tile(np.repeat(["isotype", "anti-IL-4Rα"], _EACH), 2)
    table = pd.DataFrame({"animal_id": [f"m{number:02}" for number in range(4 * _EACH)]})
    table["stress"], table["treatment"] = stress, treatment
    table["cage"] = [f"c{number // 2}" for number in range(4 * _EACH)]
    for outcome in OUTCOMES:
        table[outcome] = np.exp(0.3 * rng.normal(size=4 * _EACH))
    table["si_ratio"] = table["interaction_present_s"] / table["interaction_absent_s"]
    below = table["si_ratio"] < 1
    table["phenotype"] = np.where(stress == "control", "control", np.where(below, "susceptible", "resilient"))
    table.to_csv(path, index=False)


def describe_time(rounds: int = _ROUNDS) -> str:
    """Return the figures as a line of text."""
    with TemporaryDirectory() as folder:
        table = Path(folder) / "animals.csv"
        write_animals(table)
        command = [*csds("stats", table), "--out", folder, "--quiet"]
        import_pingouin = [sys.executable, "-c", "import pingouin"]
        run(command), run(import_pingouin)  # fills the caches of the disk and of Python's bytecode
        found = in_turns(rounds, {"stats": lambda: run(command), "import": lambda: run(import_pingouin)})
    above, below = ([one.seconds for one in found[name]] for name in ("stats", "import"))
    return (
        f"csds stats, 40 animals, {len(OUTCOMES)} outcomes, 10,000 resamples: {median_s(found['stats']):.2f} s, "
        f"{ratios(above, below)} × import pingouin ({median_s(found['import']):.2f} s; bar {BAR:g} ×)"
    )


if __name__ == "__main__":
    print(describe_time())
