"""What the tests of the study layer share: tables of animals, written and read as people's are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from csds.analysis.animals import Animals, read_animals
from csds.formats.tables import cell_text

Rows = Sequence[Mapping[str, object]]


@pytest.fixture
def animals_of(tmp_path: Path) -> Callable[[Rows], Animals]:
    """Return animals from rows of cells, as read from their file; row i of the list is line i + 2."""

    def read(rows: Rows) -> Animals:
        columns = list(dict.fromkeys(name for row in rows for name in row))
        lines = [",".join(cell_text(row.get(name, "")) for name in columns) for row in rows]
        path = tmp_path / "animals.csv"
        path.write_text("\n".join([",".join(columns), *lines]) + "\n", encoding="utf-8")
        return read_animals(path)

    return read


@pytest.fixture
def factorial() -> Callable[..., list[dict[str, object]]]:
    """Return a function that makes rows of animals in a full factorial of stress and treatment, of either sex."""

    def make(count: int = 32, seed: int = 7) -> list[dict[str, object]]:
        rng = np.random.default_rng(seed)
        rows: list[dict[str, object]] = []
        for i in range(count):
            stress, treatment = ("control", "defeated")[i % 2], ("isotype", "anti-IL-4Rα")[i // 2 % 2]
            absent = 60 + 10 * rng.normal()
            present = absent * (1.4 if stress == "control" else 0.9) * float(np.exp(0.3 * rng.normal()))
            ratio = present / absent
            phenotype = "control" if stress == "control" else "susceptible" if ratio < 1 else "resilient"
            rows.append(
                {"animal_id": f"m{i}", "stress": stress, "treatment": treatment, "sex": "FM"[i // 4 % 2],
                 "weight_g": 25 + rng.normal(), "interaction_absent_s": absent, "interaction_present_s": present,
                 "si_ratio": ratio, "log_si_ratio": float(np.log(ratio)), "phenotype": phenotype}
            )  # fmt: skip
        return rows

    return make
