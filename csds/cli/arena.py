"""``csds arena``: arena files for a whole day of recordings, found in the picture, with a preview of each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csds.batch.arena_files import ArenaResult, Corners, Shot
    from csds.model.protocol import Protocol

_WALLS = ("top", "right", "bottom", "left")


def arena(
    videos: Annotated[
        list[Path] | None, typer.Argument(metavar="VIDEO...", help="Recordings; none with --sheet for all of it.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="A study sheet: both phases of an animal are looked at together.")
    ] = None,
    protocol: Annotated[
        str,
        typer.Option("--protocol", "-p", help="A protocol's name, or a file. Default: study.toml's, else golden2011."),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder for the arena files. Default: beside each video, or arenas/ beside the sheet where "
            "that can't be written to.",
        ),
    ] = None,
    corners: Annotated[
        list[str] | None,
        typer.Option(
            help='Settle it by hand: "x,y x,y x,y x,y", clockwise in the picture from the left end of the '
            "enclosure wall as seen with it at the top. Repeat it for several arenas in a frame."
        ),
    ] = None,
    wall: Annotated[
        str, typer.Option(help="With --corners in any order: the picture's side at which the enclosure stands.")
    ] = "",
    carry_from: Annotated[
        Path | None, typer.Option("--from", help="Carry the arena over from this recording of the same camera.")
    ] = None,
    confidence: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Least confidence of an arena that is used. Default: 0.9.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace arena files that were drawn by hand.")] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Find the arena in recordings, and write an arena file and a preview beside each.

    \b
    Examples:
      csds arena M01_absent.mp4 M01_present.mp4
      csds arena --sheet study.csv --protocol accelerated_defeat
      csds arena M01.mp4 --corners "110,30 530,30 530,450 110,450"
      csds arena M01.mp4 --corners "530,450 110,450 110,30 530,30" --wall left
      csds arena M02.mp4 M03.mp4 --from M01.mp4

    \b
    Exit code: 0 all well, 1 some could not be found (the rest is written), 2 the call is wrong.
    """
    from csds.arena import CONFIDENCE
    from csds.batch.arena_files import ArenaRequest, make_arena_files
    from csds.protocol import load_protocol
    from csds.study import named_protocol

    if not videos and sheet is None:
        raise UsageError("expected recordings or a sheet", hint="csds arena VIDEO..., or csds arena --sheet study.csv")
    beside = sheet.parent if sheet is not None else (videos or [Path()])[0].parent
    settings = load_protocol(protocol or named_protocol(beside))
    by_hand = tuple(_turned(_corners(text), wall) for text in corners or ())
    if wall and not by_hand:
        raise UsageError("--wall goes with --corners", hint="Give the floor's four corners as well.")
    request = ArenaRequest(
        protocol=settings,
        confidence=CONFIDENCE if confidence is None else confidence,
        out=out,
        sheet_folder=sheet.parent if sheet is not None else None,
        force=force,
        corners=by_hand,
        carry_from=carry_from,
    )
    shots = _shots(videos or [], sheet, settings)
    with console.progress(total=len(shots), unit="recordings", quiet=quiet or as_json) as bar:
        done = 0

        def listen(more: int) -> None:
            nonlocal done
            done += more
            bar.update(done)

        results = make_arena_files(shots, request, progress=listen)
    if as_json:
        console.print_json({"arenas": [_as_data(result) for result in results]})
    else:
        _show(results, quiet=quiet)
    if any(result.outcome == "failed" for result in results):
        raise typer.Exit(1)


def _shots(videos: Sequence[Path], sheet: Path | None, settings: Protocol) -> list[Shot]:
    """Return the recordings that are meant, each once."""
    from csds.batch.arena_files import Shot
    from csds.batch.windows import sampled_span
    from csds.study import load_study

    shots: dict[Path, Shot] = {}
    duration = max(phase.duration_s for phase in settings.phases)
    if sheet is not None:
        study, _ = load_study(sheet, settings)
        for session in study.sessions:
            # What csds track looks at: the window, or all that its trial may be found in.
            start, end = sampled_span(session, study.sessions, settings)
            shot = Shot(videos=session.videos, test=session.key, start_s=start, duration_s=end - start)
            shots.setdefault(session.videos[0], shot)
        wanted = {video.resolve() for video in videos}
        if wanted:
            shots = {video: shot for video, shot in shots.items() if video.resolve() in wanted}
            left = wanted - {video.resolve() for video in shots}
            if left:
                raise UsageError(f"{min(left)}: the sheet has no such recording", hint="Leave --sheet out, or add it.")
        return list(shots.values())
    for video in videos:
        shots.setdefault(video, Shot(videos=(video,), test=video, duration_s=duration))
    return list(shots.values())


def _corners(text: str) -> Corners:
    try:
        points = tuple((float(x), float(y)) for x, y in (pair.split(",") for pair in text.split()))
    except ValueError:
        points = ()
    if len(points) != 4:
        raise UsageError(
            f"--corners: expected four corners as 'x,y x,y x,y x,y', found '{text}'",
            hint='For example --corners "110,30 530,30 530,450 110,450", in pixels of the full frame.',
        )
    return points


def _turned(corners: Corners, wall: str) -> Corners:
    """Return corners clockwise, beginning at the wall that stands at this side of the picture."""
    if not wall:
        return corners
    if wall not in _WALLS:
        raise UsageError(f"--wall: expected one of {', '.join(_WALLS)}, found '{wall}'", hint="For example --wall left")
    import math

    middle = [sum(values) / 4 for values in zip(*corners, strict=True)]
    clockwise = sorted(corners, key=lambda p: math.atan2(p[1] - middle[1], p[0] - middle[0]))
    towards = {"top": (0, -1), "right": (1, 0), "bottom": (0, 1), "left": (-1, 0)}[wall]

    def side(i: int) -> float:
        one, other = clockwise[i], clockwise[(i + 1) % 4]
        return sum(float((one[k] + other[k]) / 2 - middle[k]) * towards[k] for k in (0, 1))

    start = max(range(4), key=side)
    return tuple(clockwise[start:] + clockwise[:start])


def _as_data(result: ArenaResult) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(result) | {"confidence": result.confidence}


def _show(results: Sequence[ArenaResult], *, quiet: bool) -> None:
    rows = [
        [
            result.video.name,
            result.outcome,
            len(result.arenas) or None,
            result.confidence,
            result.carried_from.name if result.carried_from else "",
            result.shift_px,
            "camera_moved" if result.camera_moved else "",
        ]
        for result in results
    ]
    console.print_table(["video", "arena", "n", "confidence", "from", "shift_px", "flags"], rows)
    for result in results:
        if result.outcome == "failed":
            fix = result.how_to_fix.replace("\n", "\n  ")
            console.warn(f"{result.video}: {result.error}\n  fix: {fix}", quiet=False)
    written = [result for result in results if result.file is not None and result.outcome != "kept"]
    failed = sum(result.outcome == "failed" for result in results)
    console.note(
        f"{len(written)} arena files written with their previews (.png beside each); {failed} failed", quiet=quiet
    )
