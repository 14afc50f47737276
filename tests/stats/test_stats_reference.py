"""The table of csds' numbers beside R's: all agree, and one that doesn't is named."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from benchmarks.statistics import Row, compare, main, numbers


def test_all_numbers_are_those_of_r(
    real_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["statistics", "--brief"])
    monkeypatch.setenv("CSDS_REAL_DATA", str(real_data))
    code = main()
    assert (code, capsys.readouterr().out.splitlines()[-1]) == (0, "all agree")


def test_what_differs_or_has_no_answer_is_named(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "reference_stats"
    shutil.copytree(real_data / "reference_stats", folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    expected = json.loads((folder / "expected_r.json").read_text(encoding="utf-8"))
    expected["pearson"]["p"] *= 1 + 2e-6
    (folder / "expected_r.json").write_text(json.dumps(expected | {"kendall": {"tau": 0.4}}), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["statistics"])
    monkeypatch.setenv("CSDS_REAL_DATA", str(tmp_path))
    assert main() == 1
    assert capsys.readouterr().out.splitlines()[-1] == "falls short: pearson p; kendall tau has no answer"


def test_without_rs_numbers_nothing_is_said_to_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["statistics"])
    monkeypatch.delenv("CSDS_REAL_DATA", raising=False)
    with pytest.raises(SystemExit, match="CSDS_REAL_DATA is not set"):
        main()


def test_numbers_are_named_by_the_path_to_them() -> None:
    value = [{"term": "stress", "F": 2, "p": None, "CI": 0.95}, {"term": "sex", "ci": ["Inf", 1.5], "how": "exact"}]
    assert list(numbers(value, "anova")) == [
        ("anova stress F", 2.0),
        ("anova sex, exact ci 1", float("inf")),
        ("anova sex, exact ci 2", 1.5),
    ]


@pytest.mark.parametrize(
    ("name", "r", "csds", "misses"),
    [
        ("pearson p", 1e-9, 1.0000009e-9, False),
        ("pearson p", 1e-9, 1.0000011e-9, True),
        ("pearson p", 0.5, float("nan"), True),
        ("pearson ci", float("inf"), float("inf"), False),
        ("pearson ci", float("inf"), 3.0, True),
        ("boot_mean_defveh bca 1", 0.01, 0.0199, False),
        ("boot_mean_defveh bca 1", 0.01, 0.0201, True),
    ],
)
def test_a_number_misses_if_it_differs_by_more_than_allowed(name: str, r: float, csds: float, misses: bool) -> None:
    assert Row(key="", name=name, r=r, csds=csds).misses is misses


def test_every_number_needs_a_counterpart() -> None:
    with pytest.raises(ValueError, match="shorter"):
        compare({"pearson": {"r": 0.5, "p": 0.1}}, {"pearson": [0.5]})
