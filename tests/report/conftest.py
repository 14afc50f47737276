"""Results folders, made by hand so that they take no time; names that do harm where they aren't taken as text."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from csds.formats.json_files import write_json
from csds.formats.tables import write_table
from csds.protocol import load_protocol

Folder = Callable[..., Path]
SCRIPT, COMMAND = "<script>alert(1)</script>", "=cmd|'/C calc'!A0"


@pytest.fixture
def results(tmp_path: Path) -> Folder:
    """Return a results folder of 24 animals; ``name`` replaces an animal's id, ``treatment`` the antibody."""

    def make(
        *, name: str = "m0", treatment: str = "anti-IL-4Rα", exclude: str = "", protocol: str = "golden2011"
    ) -> Path:
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
        content = asdict(load_protocol(protocol))
        provenance = {"csds": "0.1.0", "python": "3.13.1", "libraries": {"opencv-python": "4.11.0", "av": "15.0"},
                      "study": {"title": "Antibody study", "settings": settings},
                      "protocol": {"name": protocol, "sha256": "ab" * 32, "content": content}}  # fmt: skip
        write_json(folder / "provenance.json", provenance)
        return folder

    return make


@pytest.fixture
def analysed(tmp_path: Path) -> Path:
    """Three animals, two planned tests, one secondary, a group described."""
    folder = tmp_path / "analysed"
    animals = pd.DataFrame(
        {
            "animal_id": [SCRIPT, COMMAND, "α*1*\x1b[2J\nβ"],
            "test": ["", "", ""],
            "si_ratio": [1.456, np.nan, 0.5],
            "phenotype": ["resilient", "undetermined", "susceptible"],
            "weight_g": [20.5, 21.5, 22.5],
        }
    )
    stats = pd.DataFrame(
        {
            "analysis": ["planned", "planned", "secondary", "description", "description", "sensitivity"],
            "outcome": ["si_ratio", "si_ratio", "corner_ratio", "si_ratio", "corner_ratio", "si_ratio"],
            "term": ["", "stress", "", "isotype", "isotype", ""],
            "contrast": ["anti-IL-4Rα - isotype", "", f"{SCRIPT} - isotype", "", "", "a - b"],
            "test": ["contrast", "ANOVA, type III", "contrast", "description", "description", "contrast"],
            "statistic_name": ["t", "F", "t", "", "", "t"],
            "statistic": [1.7639, 14.96, -2.5, np.nan, np.nan, 1],
            "df1": [4, 1, 4, np.nan, np.nan, 4],
            "df2": [np.nan, 4, *[np.nan] * 4],
            "p_value": [0.1525, 0.0184, 0.0004, np.nan, np.nan, 0.5],
            "p_adjusted": [0.4576, np.nan, 0.0012, np.nan, np.nan, 0.5],
            "effect_name": ["difference", "partial eta squared", "odds ratio", "mean", "mean", "difference"],
            "effect": [0.5047, 0.79, 3.0, 1.6227, 2.0, 1.0],
            "ci_low": [-0.2897, 0.05, 1.5, 1.25, 1.0, 0.0],
            "ci_high": [1.2991, 0.93, np.inf, 2.0, 3.0, 2.0],
            "n": [8, 8, 7, 4, 4, 8],
        }
    )
    text = {
        "Results": [f"SI ratio was higher in {SCRIPT} than in isotype."],
        "Methods": ["Tests are two-sided."],
        "To be known": ["warning, confounded: cage goes with treatment"],
    }
    notices = [{"severity": "warning", "code": "confounded", "message": f"=1+1 cage goes with {SCRIPT}", "rows": [2]}]
    write_table(animals, folder / "animals.csv")
    write_table(stats, folder / "stats.csv")
    write_table(pd.DataFrame({"session_id": ["M9"], "error": ["no video"]}), folder / "failures.csv")
    (folder / "stats.json").write_text(json.dumps({"text": text, "notices": notices}), encoding="utf-8")
    return folder
