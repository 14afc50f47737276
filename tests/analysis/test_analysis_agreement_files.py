"""The files of a comparison: complete, the same each time, read back whole; links lead to pictures."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from csds.analysis.agreement import Disagreement, compare
from csds.analysis.agreement_files import DISAGREEMENTS, RECORD, TABLE, PicturesOf, read_agreement, write_agreement
from csds.analysis.agreement_pairs import pair_results
from csds.errors import TableError
from csds.formats.tables import read_table
from csds.model.columns import AGREEMENT_COLUMNS, DISAGREEMENT_COLUMNS
from csds.study.blinding import LOG

COMMAND = "=cmd|'/C calc'!A0"
NAMES = ("M0", "a/b", COMMAND, "<script>", "m4", "ω")


@pytest.fixture
def compared(archive, tmp_path: Path):
    calls = ("susceptible", "resilient", "resilient", "susceptible", "control", "undetermined")
    rows = [
        {
            "animal_id": name,
            "absent": 60 + at,
            "present": 50 + 9 * at,
            "si_ratio": (50 + 9 * at) / 60,
            "phenotype": call,
        }
        for at, (name, call) in enumerate(zip(NAMES, calls, strict=True))
    ]
    folder = archive(rows)
    lines = [
        f'"{row["animal_id"]}",{row["present"] + (-1) ** at * at},{row["si_ratio"]},S' for at, row in enumerate(rows)
    ]
    table = tmp_path / "old.csv"
    table.write_text("\n".join([f"animal_id,{COMMAND},si_ratio,Group", *lines]), encoding="utf-8")
    texts = [f"{COMMAND}=interaction_present_s", "Group=phenotype"]
    return folder, compare(pair_results(folder, table, texts=texts), table.name)


def test_tables_have_their_columns_and_guard_against_formulas(compared) -> None:
    folder, agreement = compared
    assert write_agreement(agreement, folder, folder) == [folder / TABLE, folder / DISAGREEMENTS, folder / RECORD]
    table = read_table(folder / TABLE)
    assert list(table) == [column.name for column in AGREEMENT_COLUMNS]
    assert list(table["measurement"]) == ["interaction_present_s", "si_ratio"]
    assert float(table["bias"].iloc[0]) == pytest.approx((0 + 1 - 2 + 3 - 4 + 5) / 6)
    assert table["note"].iloc[1] == "all 6 are equal"
    assert f"'{COMMAND}" in (folder / TABLE).read_text(encoding="utf-8-sig")
    rows = read_table(folder / DISAGREEMENTS)
    assert list(rows) == [column.name for column in DISAGREEMENT_COLUMNS]
    assert f"'{COMMAND}" in (folder / DISAGREEMENTS).read_text(encoding="utf-8-sig")
    assert list(rows["measurement"][:4]) == ["phenotype"] * 4
    assert len(rows) == 4 + 5


@pytest.mark.parametrize("where", [".", "../elsewhere/deep"])
def test_links_lead_to_the_sessions_pictures(where: str, compared) -> None:
    folder, agreement = compared
    out = (folder / where).resolve()
    write_agreement(agreement, folder, out)
    for _, row in read_table(out / DISAGREEMENTS).iterrows():
        for column in ("overlays", "thumbnails"):
            links = row[column].split(";")
            assert len(links) == (1 if row["measurement"] == "interaction_present_s" else 2)
            assert all((out / link).is_file() for link in links)
            assert all("present" in link for link in links[-1:])


def test_what_was_written_is_read_back_whole(compared) -> None:
    folder, agreement = compared
    write_agreement(agreement, folder, folder)
    assert read_agreement(folder) == agreement
    first = (folder / RECORD).read_bytes()
    write_agreement(agreement, folder, folder)
    assert (folder / RECORD).read_bytes() == first


def test_what_is_not_a_number_is_null_and_back(archive, tmp_path: Path) -> None:
    folder = archive([{"animal_id": "M0", "absent": 1, "present": 2, "si_ratio": ""}])
    (tmp_path / "old.csv").write_text("animal_id,si_ratio\nM0,2\n", encoding="utf-8")
    write_agreement(compare(pair_results(folder, tmp_path / "old.csv"), "old.csv"), folder, folder)
    assert json.loads((folder / RECORD).read_text(encoding="utf-8"))["agreement"]["measurements"][0]["bias"] is None
    (one,) = read_agreement(folder).measurements
    assert math.isnan(one.bias)
    assert list(read_table(folder / DISAGREEMENTS)) == [column.name for column in DISAGREEMENT_COLUMNS]


def test_without_a_comparison_there_is_none(tmp_path: Path) -> None:
    assert read_agreement(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"agreement": []}',
        '{"agreement": {"against": "x"}}',
        '{"agreement": {"against": 3, "pairing": {}, "measurements": [], "calls": []}}',
    ],
)
def test_a_damaged_record_says_what_to_do(text: str, tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match="expected a comparison") as raised:
        read_agreement(tmp_path)
    assert raised.value.hint == "Run csds agree again."


def test_without_sessions_there_are_no_links(compared) -> None:
    folder, agreement = compared
    (folder / "sessions.csv").unlink()
    write_agreement(agreement, folder, folder)
    assert set(read_table(folder / DISAGREEMENTS)["overlays"]) == {""}


def test_names_that_csds_does_not_give_lead_nowhere(compared) -> None:
    folder, agreement = compared
    text = (folder / "sessions.csv").read_text(encoding="utf-8-sig").replace("M0_target_present", "../M0", 1)
    (folder / "sessions.csv").write_text(text, encoding="utf-8")
    write_agreement(agreement, folder, folder)
    rows = read_table(folder / DISAGREEMENTS)
    assert list(rows.loc[rows["animal_id"] == "M0", "overlays"]) in ([], ["overlays/M0_target_absent.png"])


def test_pictures_of_unblinded_results_are_those_of_the_blinded(compared) -> None:
    folder, agreement = compared
    (folder / "overlays").rename(folder.parent / "overlays")
    (folder.parent / "overlays" / "M0_target_absent.png").rename(folder.parent / "overlays" / "X1.png")
    log = {"results": "..", "sessions": {"M0_target_absent": "X1"}}
    (folder / LOG).write_text(json.dumps(log), encoding="utf-8")
    write_agreement(agreement, folder, folder)
    links = dict(zip(*(read_table(folder / DISAGREEMENTS)[name] for name in ("old_row", "overlays")), strict=True))
    assert links["3"] == "../overlays/a_b_target_present.png"
    pair = agreement.measurements[0].paired.pairs[0]
    one = Disagreement(measurement="si_ratio", pair=pair, in_sd=0.0, is_outside=False)
    assert [path.name for path in PicturesOf(folder).of(one).overlays] == ["X1.png", "M0_target_present.png"]
