"""The catalogue holds every animal of every study once, with its kind, and says where it is from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from csds.analysis.animals import read_animals
from csds.batch.catalogue import read_catalogue, write_catalogue
from csds.formats.tables import read_table, write_table


@pytest.fixture
def results(tracked: Path, tmp_path: Path) -> Path:
    """Two studies' results; the second's cage is a number, the first's text, and it alone has grams."""
    for study, cage, more in (("2019/a", "x1", {}), ("2020", "7", {"grams": "20.5"})):
        folder = tmp_path / study
        folder.mkdir(parents=True)
        shutil.copy(tracked / "provenance.json", folder)
        write_table(read_table(tracked / "animals.csv").assign(cage=cage, **more), folder / "animals.csv")
    return tmp_path


def test_every_animal_of_every_study(results: Path, tracked: Path) -> None:
    own = read_table(tracked / "animals.csv")
    found = read_catalogue(results)
    table = found.animals
    assert found.unread == ()
    assert table["study"].tolist() == ["2019/a", "2019/a", "2020", "2020"]
    assert table["cohort"].tolist() == ["2019/a C1", "2019/a C1", "2020 C1", "2020 C1"]
    assert table["animal_id"].tolist() == [*own["animal_id"]] * 2
    assert table["si_ratio"].tolist() == [*own["si_ratio"].astype(float)] * 2
    assert set(table["protocol"]) == {"golden2011"}
    assert table["cage"].tolist() == ["x1", "x1", "7", "7"]
    assert table["grams"].isna().tolist() == [True, True, False, False]


def test_files_hold_the_same(results: Path) -> None:
    found = write_catalogue(results).animals
    held = pd.read_parquet(results / "catalogue.parquet")
    assert list(held.columns) == list(found.columns)
    assert held["si_ratio"].dtype == "float64"
    assert held["si_ratio"].tolist() == found["si_ratio"].tolist()
    assert read_table(results / "catalogue.csv")["study"].tolist() == found["study"].tolist()
    animals = read_animals(results / "catalogue.csv")
    assert len(animals.table) == 4


def test_a_table_that_cant_be_read_is_told(results: Path) -> None:
    (results / "2020" / "animals.csv").write_bytes(b"")
    found = read_catalogue(results)
    assert [path.parent.name for path, _ in found.unread] == ["2020"]
    assert len(found.animals) == 2


def test_nothing_there(tmp_path: Path) -> None:
    assert read_catalogue(tmp_path).animals.empty
