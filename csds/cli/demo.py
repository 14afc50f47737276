"""``csds demo``: the whole of csds on the sample study that comes with it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.errors import ResultsError, UsageError
from csds.shipped import shipped_folder

TIME_BINS_S = 10.0  # the sample recordings last half a minute

_RESULTS = (
    ("the report", "report.html"),
    ("all tables as a workbook", "results.xlsx"),
    ("pictures of each animal", "animals"),
    ("pictures of each session", "overlays"),
    ("animals and phenotypes", "animals.csv"),
    ("sessions and zone times", "sessions.csv"),
    ("the same in bins of time", "time_bins.csv"),
    ("statistics, in sentences", "stats.md"),
    ("every number of them", "stats.csv"),
)


def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to; made if need be.")] = Path("csds-demo"),
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Recordings worked on at the same time.")] = 1,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Copy the sample study into a folder and run everything that csds can do with it.

    The study is simulated: 8 mice, control or defeated, isotype or antibody, both phases of the social
    interaction test. Run it again and it completes what is missing.
    """
    from csds.batch import TrackOptions
    from csds.cli.stats import analyse_and_show
    from csds.cli.track import read_input, run_and_show
    from csds.report.formats import DEFAULT, write_report

    sheet = copy_sample_study(folder)
    console.note(f"the sample study is in {folder}; it is simulated, so its mice prove nothing", quiet=quiet)
    results = folder / "results"
    study, faults, protocol = read_input([sheet], "", {}, "")
    options = TrackOptions(jobs=jobs, time_bins_s=TIME_BINS_S, command=tuple(sys.argv))
    result = run_and_show(study, faults, protocol, results, options, quiet=quiet, as_json=as_json)
    if not as_json:
        console.say()
        analyse_and_show(results, {}, results, quiet=quiet, as_json=False)
        write_report(results, DEFAULT, results)
    for what, where in _RESULTS:
        console.note(f"{what:<26}{results / where}", quiet=quiet)
    console.note(f"the same by hand: csds track {sheet} --out {results} --time-bins {TIME_BINS_S:.0f}", quiet=quiet)
    console.note(f"                  csds stats {results}; csds plot {results}; csds report {results}", quiet=quiet)
    if result.failures:
        raise typer.Exit(1)


def copy_sample_study(folder: Path) -> Path:
    """Copy the sample study into a folder and return the path of its sheet.

    A copy that is there already is completed; its results stay.

    Raises
    ------
    UsageError
        If the folder holds something else, or is a file.
    ResultsError
        If it can't be written to.
    """
    source = shipped_folder("sample_videos")
    files = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: a file, expected a folder", hint="name a folder that csds may make")
    if folder.is_dir() and any(folder.iterdir()) and not _is_copy(folder / "study.csv", source / "study.csv"):
        raise UsageError(
            f"{folder}: holds other files, expected an empty folder or one that `csds demo` has made",
            hint="name another folder: csds demo DIR",
        )
    try:
        for file in files:
            if not _is_copy(folder / file, source / file):
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / file, folder / file)
    except OSError as error:
        raise ResultsError(
            f"{error.filename or folder}: the sample study can't be copied there ({error.strerror})",
            hint="name another folder: csds demo DIR",
        ) from error
    return folder / "study.csv"


def _is_copy(copy: Path, original: Path) -> bool:
    return copy.is_file() and copy.read_bytes() == original.read_bytes()
