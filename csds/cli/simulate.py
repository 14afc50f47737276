"""``csds simulate``: recordings, studies and cohorts whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csds.cli import console

if TYPE_CHECKING:
    from csds.simulate.scene import Nuisance

simulate_app = typer.Typer(
    help="Make recordings, studies and cohorts whose truth is known.", no_args_is_help=True, rich_markup_mode=None
)

Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same result.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No messages.")]
ArenaFiles = Annotated[
    bool, typer.Option("--arena-files/--no-arena-files", help="Write arena files, or leave the arenas to be found.")
]
RoomName = Annotated[str, typer.Option("--scenario", help="Room by name; see csds simulate list.")]


@simulate_app.command("list")
def list_names() -> None:
    """List scenarios, behaviours and nuisances."""
    from csds.simulate.motion import BEHAVIOURS
    from csds.simulate.nuisance import NUISANCES
    from csds.simulate.scenarios import SCENARIOS

    rows = [["scenario", name, room.meaning] for name, room in SCENARIOS.items()]
    rows += [["behaviour", name, behaviour.meaning] for name, behaviour in BEHAVIOURS.items()]
    rows += [["nuisance", name, kind.meaning] for name, kind in NUISANCES.items()]
    console.print_table(["kind", "name", "meaning"], rows)


@simulate_app.command("video")
def simulate_video(
    out: Annotated[Path, typer.Argument(help="Recording to write; its suffix must suit the scenario's codec.")],
    scenario: RoomName = "clean",
    phase: Annotated[
        str,
        typer.Option(
            "--phase", help="target_absent, target_present, or both where one recording holds them.", show_default=False
        ),
    ] = "",
    duration: Annotated[float, typer.Option("--duration", min=0.1, help="Seconds of the trial.")] = 90.0,
    seed: Seed = 1,
    behaviour: Annotated[str, typer.Option("--behaviour", help="Instead of the scenario's own.")] = "",
    nuisance: Annotated[
        list[str] | None,
        typer.Option(
            "--nuisance", help="NAME or NAME=STRENGTH, as often as wanted; 1 is usual; see csds simulate list."
        ),
    ] = None,
    fps: Annotated[
        float | None, typer.Option("--fps", min=1.0, help="Frames per second, instead of the scenario's.")
    ] = None,
    bitrate: Annotated[int | None, typer.Option("--bitrate", min=1, help="kbit/s, instead of the scenario's.")] = None,
    arena_files: ArenaFiles = True,
    quiet: Quiet = False,
) -> None:
    """Write one recording, its arena file and its truth (OUT.truth.csv, or OUT.ARENA.truth.csv for each arena).

    \b
    Examples:
      csds simulate video room.mp4 --scenario tilted
      csds simulate video M01.mp4 --scenario both_phases --no-arena-files
      csds simulate video knocked.mp4 --phase target_present --nuisance bump_between --nuisance shadow=0.5
    """
    from dataclasses import replace

    from csds.arena.files import arena_path, write_arenas
    from csds.simulate.recording import save_truths, simulate_arenas
    from csds.simulate.scenarios import scenario_scenes

    added = _nuisances(nuisance or [])
    scenes = [
        replace(
            scene,
            nuisances=(*scene.nuisances, *added),
            fps=fps or scene.fps,
            encoding=replace(scene.encoding, bitrate_kbps=bitrate or scene.encoding.bitrate_kbps),
        )
        for scene in scenario_scenes(scenario, phase=phase or None, seed=seed, duration_s=duration, behaviour=behaviour)
    ]
    truths = simulate_arenas(scenes, out)
    if arena_files:
        write_arenas(arena_path(out), [scene.arena for scene in scenes])
    paths = save_truths(truths, out.parent, out)
    console.say(str(out))
    console.note(f"{len(truths[0].table)} frames; truth in {', '.join(map(str, paths))}", quiet=quiet)


@simulate_app.command("study")
def make_study(
    folder: Annotated[Path, typer.Argument(help="Folder to write the study into.")],
    animals_per_group: Annotated[
        int, typer.Option("--animals-per-group", min=1, help="Mice in each cell of stress × treatment.")
    ] = 2,
    rescue: Annotated[
        float, typer.Option("--rescue", min=0.0, max=1.0, help="Share of the treated defeated mice that don't avoid.")
    ] = 0.5,
    scenario: RoomName = "clean",
    duration: Annotated[float, typer.Option("--duration", min=1.0, help="Seconds of each phase's trial.")] = 150.0,
    seed: Seed = 1,
    arena_files: ArenaFiles = True,
    quiet: Quiet = False,
) -> None:
    """Write a stress × treatment study: recordings of both phases, sheet, arena files, truth.

    \b
    Example:
      csds simulate study practice --animals-per-group 1 --scenario two_arenas --duration 30 --no-arena-files
    """
    from csds.simulate.study import StudyDesign, recording_count, simulate_study, two_by_two

    design = StudyDesign(
        animals=two_by_two(animals_per_group, rescue=rescue), scenario=scenario, duration_s=duration, seed=seed
    )
    with console.progress(total=recording_count(design), unit="recordings", quiet=quiet) as bar:
        sheet = simulate_study(
            folder, design, arena_files=arena_files, on_recording=lambda name, done: bar.update(done, text=name)
        )
    console.say(str(sheet))


@simulate_app.command("cohort")
def make_cohort(
    out: Annotated[Path, typer.Argument(help="Table to write (CSV).")],
    per_group: Annotated[
        int, typer.Option("--per-group", min=1, help="Animals in each cell of stress × treatment.")
    ] = 10,
    cohorts: Annotated[int, typer.Option("--cohorts", min=1, help="Cohorts that each cell is spread over.")] = 1,
    rescue: Annotated[
        float, typer.Option("--rescue", max=1.0, help="Share of the stress effect that treatment removes.")
    ] = 0.5,
    stress_effect: Annotated[float, typer.Option("--stress-effect", min=0.0, help="0 none, 1 as published.")] = 1.0,
    sex: Annotated[str, typer.Option("--sex", help="male, or female (witness defeat).")] = "male",
    seed: Seed = 1,
) -> None:
    """Write a table of animals drawn by published numbers, ready for csds stats."""
    import numpy as np

    from csds.errors import UsageError
    from csds.formats.tables import write_table
    from csds.simulate.cohort import CohortDesign, simulate_cohort

    if sex not in ("male", "female"):
        raise UsageError(f"expected --sex male or female, found '{sex}'", hint="write --sex male or --sex female")
    design = CohortDesign(
        per_group=per_group,
        cohorts=cohorts,
        sex="male" if sex == "male" else "female",
        rescue=(0.0, rescue),
        stress_effect=stress_effect,
    )
    write_table(simulate_cohort(design, np.random.default_rng(seed)), out)
    console.say(str(out))


def _nuisances(texts: list[str]) -> tuple[Nuisance, ...]:
    from csds.simulate.nuisance import parse_nuisance

    return tuple(parse_nuisance(text) for text in texts)
