"""How long the report and the specification curve take, and how large the page is: ``python -m benchmarks.report``.

Times are multiples of what one figure of groups compared takes for 40 animals, drawn and saved as the report does it,
in the same run. Ends with 1 if a bar is missed.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.measures import Measure
from benchmarks.simulated_results import write_results
from csds.analysis.plan import read_plan
from csds.analysis.specifications import specification_curve
from csds.plots.comparison import draw_comparison
from csds.plots.opened import open_study
from csds.plots.plot import Plot
from csds.plots.specification_curve import draw_specification_curve
from csds.plots.study import StudyResults
from csds.plots.style import Style
from csds.report.formats import write_html_report
from csds.report.html import figure_address
from csds.results.reread import reread_animals

FEW, MANY, SPECIFICATIONS = 40, 200, 200
_ROUNDS, _MB = 5, 1e6


def measure_all(folder: Path) -> list[Measure]:
    """Return what is measured of two simulated studies, made in a folder."""
    few, many = write_results(folder / "few", FEW), write_results(folder / "many", MANY)
    study = open_study(few)
    page = folder / "report.html"
    _save(_figure(study))  # fills matplotlib's caches, and Python's
    once = _seconds(lambda: _save(_figure(study)))
    report, curve = _seconds(lambda: write_html_report(many, page)), _seconds(lambda: _curve(few))
    print(f"one figure of groups compared, {FEW} animals: {once:.3f} s; report {report:.1f} s; curve {curve:.1f} s")
    sizes = {number: write_html_report(results, page).stat().st_size / _MB for number, results in
             ((FEW, few), (MANY, many))}  # fmt: skip
    return [
        Measure(what=f"report, {MANY} animals", value=report / once, bar=40, unit="×"),
        Measure(what=f"{SPECIFICATIONS} specifications, {FEW} animals, from tracks to figure", value=curve / once,
                bar=120, unit="×"),
        Measure(what=f"page, {FEW} animals", value=sizes[FEW], bar=8, unit="MB"),
        Measure(what=f"page, {MANY} animals", value=sizes[MANY], bar=15, unit="MB"),
    ]  # fmt: skip


def _figure(study: StudyResults) -> Plot:
    return draw_comparison(study, style=Style())


def _save(plot: Plot) -> None:
    figure_address(plot)


def _curve(results: Path) -> None:
    protocol, readings = reread_animals(results)
    curve = specification_curve(readings, read_plan(results.parent), protocol, rng=np.random.default_rng(1))
    if len(curve.effects) < SPECIFICATIONS:
        raise SystemExit(f"expected at least {SPECIFICATIONS} specifications, found {len(curve.effects)}")
    _save(draw_specification_curve(curve, Style()))


def _seconds(task: Callable[[], object]) -> float:
    """Return the median time that a task takes."""
    taken = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        task()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def main() -> int:
    """Print every measure; return 1 if a bar is missed."""
    with TemporaryDirectory() as folder:
        measures = measure_all(Path(folder))
    for one in measures:
        print(one)
    return int(any(one.value > one.bar for one in measures))


if __name__ == "__main__":
    sys.exit(main())
