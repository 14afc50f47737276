"""The data dictionary: every column and flag that csds writes, as a page of documentation.

``python -m csds.model.dictionary`` writes it to ``docs/data-dictionary.md``, or to the path given.
"""

from __future__ import annotations

import sys
from pathlib import Path

from csds.model.columns import (
    AGREEMENT_COLUMNS,
    ANIMAL_COLUMNS,
    DISAGREEMENT_COLUMNS,
    FAILURE_COLUMNS,
    META_COLUMNS,
    POWER_COLUMNS,
    SESSION_COLUMNS,
    STATS_COLUMNS,
    TIME_BIN_COLUMNS,
    TRACK_COLUMNS,
    Column,
)
from csds.model.flags import FLAGS

_HEAD = """# Data dictionary

Generated from `csds/model/columns.py` and `csds/model/flags.py` by `python -m csds.model.dictionary`: change it
there.

`<zone>` stands for each zone of the protocol: `interaction`, `corner_left`, `corner_right` and `corners` for the
social interaction test. Centimetres are those of the arena: seen with the enclosure wall at the top, x runs along it
from its left end and y away from it. A missing value is empty, and a flag says why; it is never 0. Numbers are
unrounded. CSVs are UTF-8 with a byte-order mark.
"""

_RULE = "|---|---|---|---|"

TABLES: tuple[tuple[str, str, tuple[Column, ...]], ...] = (
    ("tracks/<session_id>.parquet", "One row per decoded frame in the window.", TRACK_COLUMNS),
    ("sessions.csv", "One row per session; the sheet's other columns are kept as well.", SESSION_COLUMNS),
    (
        "animals.csv",
        "One row per animal and test; the sheet's other columns follow behind `flags`, one that differs between an "
        "animal's phases as `<name>_absent` and `<name>_present`. Protocols without a score have the columns of "
        "`sessions.csv` from `<zone>_time_s` to `immobile_time_s` in place of the scores.",
        ANIMAL_COLUMNS,
    ),
    ("time_bins.csv", "One row per session and bin, where `--time-bins` asks for them.", TIME_BIN_COLUMNS),
    ("stats.csv", "One row per result of `csds stats`.", STATS_COLUMNS),
    (
        "meta_analysis.csv",
        "One row per study, mean and prediction of each contrast, where `csds stats` finds several studies.",
        META_COLUMNS,
    ),
    ("power.csv", "One row per planned test and number of animals of `csds power`.", POWER_COLUMNS),
    ("agreement.csv", "One row per measurement, phase and test of `csds agree`.", AGREEMENT_COLUMNS),
    ("disagreements.csv", "One row per pair that isn't equal, of `csds agree`.", DISAGREEMENT_COLUMNS),
    ("failures.csv", "One row per session that could not be used.", FAILURE_COLUMNS),
)
"""Every table with its file, what a row is, and its columns."""


def render_dictionary() -> str:
    """Return the data dictionary as Markdown."""
    parts = [_HEAD]
    for file, meaning, columns in TABLES:
        rows = [
            f"| `{column.name}` | {column.kind} | {column.unit} | {_escape(column.meaning)} |" for column in columns
        ]
        parts.append(
            "\n".join([f"## `{file}`\n", f"{meaning}\n", "| column | kind | unit | meaning |", _RULE, *rows, ""])
        )
    flags = [f"| `{flag.code}` | {'yes' if flag.trust else ''} | {_escape(flag.meaning)} |" for flag in FLAGS.values()]
    parts.append(
        "\n".join(
            [
                "## Flags\n",
                'Codes in `flags` columns, separated by `;`. Those marked "look" say that the numbers beside them '
                "should be looked at before they are used; a session's are passed on to its animal.\n",
                "| code | look | meaning |",
                "|---|---|---|",
                *flags,
                "",
            ]
        )
    )
    return "\n".join(parts)


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    default = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    target.write_text(render_dictionary(), encoding="utf-8", newline="\n")
