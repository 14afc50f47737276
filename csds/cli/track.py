"""``csds track``: from recordings to tracks, zone times, scores, phenotypes and pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csds.batch import RunResult, TrackOptions
    from csds.batch.options import Outcome
    from csds.model.protocol import Protocol
    from csds.model.study import Study
    from csds.study.faults import Fault

_SHOWN = ("si_ratio", "interaction_absent_s", "interaction_present_s", "corners_absent_s", "corners_present_s")


def track(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="SHEET | ABSENT PRESENT | BOTH | FOLDER",
            help="A study sheet (csv, xlsx); or an animal's two recordings, target absent and present, or the one that "
            "holds both phases; or a folder with --pattern.",
        ),
    ],
    protocol: Annotated[
        str,
        typer.Option("--protocol", "-p", help="A protocol's name, or a file. Default: study.toml's, else golden2011."),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Results folder. Default: results/ beside the input (results_ID/ for recordings)."
        ),
    ] = None,
    arena: Annotated[
        Path | None,
        typer.Option(help="One arena file for all recordings. Default: each recording's own, or else it is found."),
    ] = None,
    animal: Annotated[str, typer.Option(help="The animal's ID, with recordings.")] = "",
    stress: Annotated[str, typer.Option(help="With recordings: control or defeated.")] = "",
    treatment: Annotated[str, typer.Option(help="With recordings: the animal's treatment.")] = "",
    pattern: Annotated[
        str, typer.Option(help='How the files of a folder are named, e.g. "{cohort}_{animal_id}_{phase}.{ext}".')
    ] = "",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Recordings worked on at the same time.")] = 1,
    overlay_video: Annotated[bool, typer.Option("--overlay-video", help="Also write an annotated video each.")] = False,
    time_bins: Annotated[
        float | None,
        typer.Option(
            min=1.0,
            max=14_400.0,
            help="Also write zone times and distance in bins of so many seconds. Default: the protocol's.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that holds another study.")] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Track a study and call each animal susceptible or resilient.

    \b
    Examples:
      csds track study.csv
      csds track study.csv --protocol accelerated_defeat --out results --jobs 2 --time-bins 30
      csds track absent.mp4 present.mp4 --animal M01 --stress defeated
      csds track both_phases.mp4 --animal M01
      csds track recordings --pattern "{animal_id}_{phase}.{ext}" --arena room1.arena.toml

    \b
    Exit code: 0 all well, 1 some sessions could not be used (the rest is done; see failures.csv),
    2 the call is wrong, 130 interrupted (what was finished is kept; the same call completes the rest).
    """
    from csds.batch import TrackOptions
    from csds.study.session_ids import safe_name

    if arena is not None and not arena.is_file():
        raise UsageError(f"{arena}: there is no such arena file", hint="Check the path given with --arena.")
    study, faults, settings = read_input(
        inputs, protocol, {"animal_id": animal, "stress": stress, "treatment": treatment}, pattern
    )
    folder = out or _beside(inputs[0]) / (safe_name(f"results_{animal}") if _are_recordings(inputs) else "results")
    options = TrackOptions(
        arena_file=arena,
        jobs=jobs,
        overlay_video=overlay_video,
        time_bins_s=time_bins,
        force=force,
        command=tuple(sys.argv),
    )
    result = run_and_show(study, faults, settings, folder, options, quiet=quiet, as_json=as_json)
    if result.failures:
        raise typer.Exit(1)


def read_input(
    inputs: list[Path], protocol_name: str, by_hand: dict[str, str], pattern: str
) -> tuple[Study, list[Fault], Protocol]:
    """Return the study that the arguments name, its faults and its protocol.

    ``by_hand`` holds what a sheet would say of an animal whose recordings are given.
    """
    from csds.protocol import load_protocol
    from csds.study import load_study, named_protocol, study_from_files, study_from_folder

    _check_inputs(inputs, by_hand, pattern)
    settings = load_protocol(protocol_name or named_protocol(_beside(inputs[0])))
    if _are_recordings(inputs):
        columns = {name: by_hand[name] for name in ("stress", "treatment")}
        present = inputs[1] if len(inputs) == 2 else None
        return study_from_files(inputs[0], present, by_hand["animal_id"], settings, columns=columns), [], settings
    if inputs[0].is_dir():
        study, faults = study_from_folder(inputs[0], pattern, settings)
    else:
        study, faults = load_study(inputs[0], settings)
    return study, faults, settings


def _check_inputs(inputs: list[Path], by_hand: dict[str, str], pattern: str) -> None:
    """Raise UsageError where the arguments don't say what is meant, before anything is opened."""
    if len(inputs) > 2:
        raise UsageError(
            f"expected a sheet, an animal's recordings or a folder, found {len(inputs)} paths",
            hint="List many recordings in a study sheet; README.md shows one.",
        )
    first, are_recordings = inputs[0], _are_recordings(inputs)
    if not first.exists():
        what = "recording" if are_recordings else "study sheet or folder"
        raise UsageError(f"{first}: there is no such {what}", hint="Check the path and the folder you are in.")
    if are_recordings and not by_hand["animal_id"].strip():
        what = "two recordings need" if len(inputs) == 2 else f"{first}: one recording alone needs"
        hint = "For example: --animal M01" + ("" if len(inputs) == 2 else ", if it holds both phases; else give both.")
        raise UsageError(f"{what} --animal ID", hint=hint)
    if not are_recordings and any(by_hand.values()):
        raise UsageError(
            "--animal, --stress and --treatment go with recordings", hint="A sheet or pattern names them itself."
        )
    if first.is_dir() and not are_recordings:
        if not pattern:
            raise UsageError(
                f"{first}: a folder needs --pattern to tell animals and phases apart",
                hint='For files such as M01_absent.mp4: --pattern "{animal_id}_{phase}.{ext}"',
            )
    elif pattern:
        raise UsageError("--pattern goes with a folder", hint="Leave it out, or name the recordings' folder.")


def _are_recordings(inputs: Sequence[Path]) -> bool:
    """Return True for an animal's recordings: two, or one that holds both phases."""
    from csds.study.files import VIDEO_SUFFIXES

    return len(inputs) == 2 or (inputs[0].suffix.casefold() in VIDEO_SUFFIXES and not inputs[0].is_dir())


def run_and_show(
    study: Study,
    faults: list[Fault],
    settings: Protocol,
    folder: Path,
    options: TrackOptions,
    *,
    quiet: bool,
    as_json: bool,
) -> RunResult:
    """Track the study with a progress bar, print the animals and what failed, and return the result."""
    from csds.batch import track_study

    for fault in faults:
        if fault.severity == "warning":
            console.warn(str(fault), quiet=quiet)
    total = _FrameTotal(study, settings)
    with console.progress(total=total.frames or None, quiet=quiet or as_json) as bar:
        frames = sessions = 0

        def listen(more_frames: int, finished: Sequence[Outcome]) -> None:
            nonlocal frames, sessions
            frames, sessions = frames + more_frames, sessions + len(finished)
            total.leave_out(finished)
            bar.update(frames, total=total.frames or None, text=f"{sessions} of {len(study.sessions)} sessions")

        result = track_study(study, settings, folder, options, faults=faults, listener=listen)
    if as_json:
        console.print_json(
            {
                "folder": str(folder),
                "animals": result.animals.to_dict(orient="records"),
                "failures": [{name: getattr(f, name) for name in f.__slots__} for f in result.failures],
                "work": dict(result.work),
                "messages": list(result.messages),
            }
        )
    else:
        _show(result, quiet=quiet)
    for message in result.messages:
        console.note(message, quiet=quiet)
    return result


def _show(result: RunResult, *, quiet: bool) -> None:
    animals = result.animals
    first = [name for name in ("cohort", "animal_id", "test", "stress", "treatment") if (animals[name] != "").any()]
    shown = [name for name in (*_SHOWN, "distance_cm") if name in animals]
    columns = [*first, *shown, "phenotype", "phenotype_certainty", "flags"]
    cells = {name: animals[name].tolist() for name in columns if name in animals}
    if "si_ratio_low" in animals:
        ends = zip(animals["si_ratio_low"], animals["si_ratio_high"], strict=True)
        # Beside the ratio, whose name it explains.
        cells = _inserted(cells, "si_ratio", "interval", [_range(low, high) for low, high in ends])
    console.print_table(
        [name.removeprefix("phenotype_") for name in cells], [list(row) for row in zip(*cells.values(), strict=True)]
    )
    for failure in result.failures:
        fix = failure.how_to_fix.replace("\n", "\n  ")
        console.warn(f"{failure.session_id or 'sheet'}: {failure.error}\n  fix: {fix}", quiet=False)
    words = {"tracked": "tracked", "rescored": "scored anew from their tracks", "kept": "kept as they were"}
    done = ", ".join(f"{count} {words[work]}" for work, count in sorted(result.work.items()))
    console.note(f"sessions: {done or 'none'}; {len(result.failures)} failed", quiet=quiet)
    console.note(f"results: {result.folder} (animals.csv, sessions.csv, overlays/, animals/)", quiet=quiet)


def _inserted(cells: dict[str, list[Any]], after: str, name: str, values: list[Any]) -> dict[str, list[Any]]:
    """Return columns with one more behind the one named."""
    at = list(cells).index(after) + 1
    items = list(cells.items())
    return dict([*items[:at], (name, values), *items[at:]])


def _range(low: float, high: float) -> str:
    if low != low:  # noqa: PLR0124 - NaN: nothing is known
        return ""
    return f"{low:.2f}-{high:.2f}" if high == high else f"{low:.2f}-"  # noqa: PLR0124 - NaN: not bounded


#: What is decoded before, between and after trials that are to be found, s for each; for the bar alone.
_AROUND_S = 20.0


class _FrameTotal:
    """How many frames there are to decode, by what the recordings' headers say; for the bar alone."""

    def __init__(self, study: Study, settings: Protocol) -> None:
        from csds.batch.asked import duration_of, given_window, sharing_trials
        from csds.errors import VideoError
        from csds.video import probe

        self._videos = {session.session_id: session.videos for session in study.sessions}
        self._frames: dict[tuple[Path, ...], float] = {}
        spans: dict[tuple[Path, ...], tuple[float, float]] = {}
        for session in study.sessions:
            sharing = sharing_trials(session, study.sessions, settings)
            # Where the trials are to be found, what lies around them is decoded too.
            found = (0.0, sum(duration_of(other, settings) for other in sharing) + _AROUND_S * len(sharing))
            start, end = given_window(session, settings) or found
            low, high = spans.get(session.videos, (start, end))
            spans[session.videos] = min(low, start), max(high, end)
        for videos, (start, end) in spans.items():
            try:
                info = probe(videos[0])
                self._frames[videos] = info.nominal_rate * max(0.0, min(end, info.claimed_s * len(videos)) - start)
            except VideoError:
                continue  # it will fail with its reason when its turn comes

    @property
    def frames(self) -> float:
        """Frames that are still to be counted on."""
        return sum(self._frames.values())

    def leave_out(self, finished: Sequence[Outcome]) -> None:
        """Leave out the recordings of sessions that needed no decoding, or failed."""
        for outcome in finished:
            if outcome.failure is not None or outcome.work != "tracked":
                self._frames.pop(self._videos[outcome.session_id], None)


def _beside(path: Path) -> Path:
    return path if path.is_dir() else path.parent
