"""A results folder as csds track leaves it, made by hand so that it takes no time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

Folder = Callable[..., Path]


@pytest.fixture
def results(tmp_path: Path) -> Folder:
    """Return a results folder of 24 animals; ``name`` replaces an animal's id, ``treatment`` the antibody."""

    def make(*, name: str = "m0", treatment: str = "anti-IL-4Rα", exclude: str = "") -> Path:
        folder = tmp_path / "study" / "results"
        for place in (folder / "thumbnails", folder / "overlays"):
            place.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(4)
        animals = [
            "animal_id,stress,treatment,sex,weight_g,si_ratio,interaction_absent_s,interaction_present_s,exclude"
        ]
        sessions = ["session_id,animal_id,phase,stress,treatment,tracked_fraction,interpolated_fraction,flags"]
        for number in range(24):
            stress, arm = ("control", "defeated")[number // 12], ("isotype", treatment)[number % 2]
            absent, present = 60 + 5 * rng.normal(), (90 if number < 12 else 50) + 8 * rng.normal()
            animal = name if number == 0 else f"m{number}"
            cells = (animal, stress, arm, "F", 20 + number / 4, present / absent, absent, present)
            animals.append(",".join(f'"{cell}"' for cell in (*cells, exclude if number == 1 else "")))
            flags = "low_tracking;borderline" if number == 5 else ""
            sessions.append(f'"s{number}","{animal}",target_present,{stress},"{arm}",0.98,0.01,{flags}')
            picture = np.full((4, 6), number, np.uint8)
            for place in ("thumbnails", "overlays"):
                cv2.imwrite(str(folder / place / f"s{number}.png"), picture)
        (folder / "animals.csv").write_text("\n".join(animals) + "\n", encoding="utf-8")
        (folder / "sessions.csv").write_text("\n".join(sessions) + "\n", encoding="utf-8")
        settings = {"treatment": {"route": "i.p.", "dose_mg_kg": "open"}}
        provenance = {"csds": "0.1.0", "study": {"title": "Antibody study", "settings": settings},
                      "protocol": {"name": "golden2011", "sha256": "ab" * 32}}  # fmt: skip
        (folder / "provenance.json").write_text(json.dumps(provenance), encoding="utf-8")
        return folder

    return make
