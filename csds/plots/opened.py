"""A results folder, or a table of animals, opened for its figures."""

from __future__ import annotations

from pathlib import Path

from csds.analysis.analyse import Analysis, analyse, described
from csds.analysis.animals import read_animals
from csds.analysis.plan import read_plan
from csds.errors import StatsError, UsageError
from csds.formats.json_files import read_json
from csds.plots.study import Centre, StudyResults, cutoffs_of, read_sessions
from csds.plots.tracks import tracks_of
from csds.study.blinding import refuse_blinded


def open_study(
    table: Path, *, outcome: str = "", centre: Centre = "mean", analysis: Analysis | None = None
) -> StudyResults:
    """Return what figures are drawn from; animals that can't be analysed have figures that compare nothing.

    Parameters
    ----------
    table : Path
        A results folder, or a table of animals; the plan is in ``study.toml`` beside it, or in the folder above.
    outcome : str
        What figures of one outcome show; default: the planned one.
    centre : {"mean", "median"}
        Of groups, and of differences between them.
    analysis : Analysis, optional
        Of these animals; default: as planned.

    Raises
    ------
    UsageError
        There is no such table, its groups are hidden, or the outcome isn't analysed.
    TableError
        See `csds.analysis.animals.read_animals` and `csds.analysis.analyse.analyse`.
    """
    refuse_blinded(table)
    home = table if table.is_dir() else table.parent
    animals = read_animals(table)
    if analysis is None:
        plan = read_plan(next((place for place in (home, home.parent) if (place / "study.toml").is_file()), home))
        try:
            analysis = analyse(animals, plan)
        except StatsError as error:
            analysis = described(animals, plan, error)
    if outcome and outcome not in analysis.left_out:
        raise UsageError(
            f"outcome {outcome}: expected one that is analysed",
            hint=f"One of {', '.join(analysis.left_out)}, or name it in study.toml's [analysis].",
        )
    is_tracked = (home / "sessions.csv").is_file()
    return StudyResults(
        animals=animals,
        analysis=analysis,
        outcome=outcome if outcome != analysis.plan.primary else "",
        centre=centre,
        cutoffs=cutoffs_of(read_json(home / "provenance.json")),
        folder=home if is_tracked else None,
        home=home,
        sessions=read_sessions(home),
        tracks=tracks_of(home) if is_tracked else None,
    )
