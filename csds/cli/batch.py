"""``csds batch``: all studies of an archive, in one run that survives anything."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.errors import UsageError

if TYPE_CHECKING:
    from csds.batch.archive import Archive
    from csds.batch.cluster_file import Cluster
    from csds.batch.options import Failure, Outcome
    from csds.batch.sweep import StudyJob, SweepResult


def batch(
    archive: Annotated[
        list[Path], typer.Argument(metavar="ARCHIVE…", help="Folders with studies below them, or study sheets.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for all results; the archive itself is never written to.")
    ] = Path("csds_batch"),
    protocol: Annotated[
        list[str] | None,
        typer.Option(
            "--protocol", "-p", help="A protocol's name, or a file; once for each. Default: each study.toml's."
        ),
    ] = None,
    pattern: Annotated[
        str, typer.Option(help='How recordings without a sheet are named, e.g. "{cohort}_{animal_id}_{phase}.{ext}".')
    ] = "",
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, help="Recordings worked on at the same time. 0: a processor each.")
    ] = 0,
    time_bins: Annotated[
        float | None, typer.Option(min=1.0, max=14_400.0, help="Also write zone times in bins of so many seconds.")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again what failed before, though nothing of it has changed.")
    ] = False,
    rehash: Annotated[
        bool, typer.Option("--rehash", help="Read every file to tell whether it changed, not size and date alone.")
    ] = False,
    give_up_after: Annotated[
        float, typer.Option(min=0.1, help="Minutes without a sign of life after which a recording is given up.")
    ] = 10.0,
    memory: Annotated[
        float | None,
        typer.Option(min=0.25, help="GiB that a worker may take. Default: its share of the machine's memory."),
    ] = None,
    cluster: Annotated[
        str, typer.Option(help="Work on a Dask cluster: tcp://host:8786, or a TOML file for SLURM, LSF or PBS.")
    ] = "",
    path_map: Annotated[
        list[str] | None,
        typer.Option("--path-map", metavar="HERE=THERE", help="A folder here, and how the cluster's workers call it."),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Track all studies of an archive, and complete what an earlier run left.

    Studies are found as csds check finds them: by their sheets, or by the names of their recordings. Each has its
    results in OUT, in a folder as in the archive, as csds track leaves them. Nothing that is finished is done again:
    changing a recording, an arena or a zone makes anew what depends on it. Two runs into one folder share the work
    badly, but harm nothing.

    \b
    Examples:
      csds check archive                      what would be done
      csds batch archive --out results
      csds batch 2019 2020 2021 --protocol golden2011 --protocol accelerated_defeat --jobs 8
      csds batch recordings --pattern "{cohort}/{animal_id}_{phase}.{ext}"
      csds batch /mnt/archive --cluster tcp://node1:8786 --path-map /mnt/archive=/data/archive
      csds batch /data/archive --cluster slurm.toml
      csds status csds_batch                  how far it is, from another window

    \b
    Exit code: 0 all well, 1 some sessions or studies could not be used (the rest is done), 2 the call is wrong,
    130 interrupted (what was finished is kept; the same call completes the rest).
    """
    import os

    from csds.batch.archive import search_archive
    from csds.batch.catalogue import write_catalogue
    from csds.batch.cluster_file import find_cluster
    from csds.batch.options import TrackOptions

    if path_map and not cluster:
        raise UsageError("--path-map is for the workers of a cluster", hint="Add --cluster, or leave it out.")
    where = find_cluster(cluster, path_map or (), at_most=jobs) if cluster else None
    found = search_archive(archive, pattern)
    lost = _out_of_reach(found)
    if not found.studies and not lost:
        raise UsageError(
            f"{', '.join(map(str, archive))}: expected studies, found neither a sheet nor recordings whose names tell "
            "animal and phase",
            hint="See what was looked at: csds check; or say how the files are named with --pattern.",
        )
    processes = jobs or os.cpu_count() or 1
    options = TrackOptions(
        jobs=processes,
        time_bins_s=time_bins,
        rehash=rehash,
        retry_failed=retry_failed,
        limits=_limits(give_up_after, memory, processes, where),
        command=tuple(sys.argv),
    )
    work, unread = _jobs(found, archive, out, protocol or [""])
    result = _run(work, options, out, where, quiet=quiet or as_json)
    failures = [*lost, *unread, *result.failures.values()]
    failures += [one for run in result.results.values() for one in run.failures]
    _tell(result, failures, found, as_json=as_json, quiet=quiet)
    catalogue = write_catalogue(out)
    for path, why in catalogue.unread:
        console.warn(f"not in the catalogue: {path}: {why}", quiet=quiet)
    console.note(f"catalogue: {out / 'catalogue.csv'} ({len(catalogue.animals)} animals), .parquet", quiet=quiet)
    if failures:
        raise typer.Exit(1)


def _out_of_reach(found: Archive) -> list[Failure]:
    """Return the folders of an archive that couldn't be looked into: nobody knows what they hold."""
    from csds.batch.options import Failure

    return [
        Failure(
            session_id="",
            video="",
            stage="archive",
            error=f"{one.folder}: {one.reason}, so it isn't known what studies it holds",
            how_to_fix="Check the drive or network that it is on, and that you may read it; then run the same command "
            "again.",
        )
        for one in found.skipped
        if one.is_unread
    ]


def _limits(minutes: float, memory: float | None, processes: int, cluster: Cluster | None) -> Any:
    import psutil

    from csds.batch.child import Limits

    if cluster is not None:  # the share of each worker's own machine, which is known there
        return Limits(silent_s=60 * minutes, memory=int(2**30 * (memory or 0)))
    share = psutil.virtual_memory().total / (processes + 1)
    return Limits(silent_s=60 * minutes, memory=int(2**30 * memory if memory else max(share, 2**30)))


def _jobs(
    found: Archive, roots: Sequence[Path], out: Path, protocols: Sequence[str]
) -> tuple[list[StudyJob], list[Failure]]:
    """Return the studies that can be read, by every protocol, and why others can't."""
    from csds.batch.options import Failure
    from csds.batch.places import places_of
    from csds.batch.sweep import StudyJob
    from csds.errors import CsdsError
    from csds.study.session_ids import safe_name

    work, unread = [], []
    taken: set[str] = set()
    for study, place in zip(found.studies, places_of(found.studies, roots, out), strict=True):
        for name in protocols:
            try:
                rules = study.protocol(name)
                read, faults = study.load(rules)
            except CsdsError as error:
                what = f"{study.sheet or study.folder}: {error.message}"
                unread.append(Failure(session_id="", video="", stage=error.stage, error=what, how_to_fix=error.hint))
                continue
            folder = place / safe_name(rules.name) if len(protocols) > 1 else place
            if str(folder).casefold() in taken:
                raise UsageError(
                    f"--protocol: two are named '{rules.name}', and each has its results in a folder of that name",
                    hint="Give each once; a changed copy needs a name of its own, which is its first line.",
                )
            taken.add(str(folder).casefold())
            work.append(StudyJob(study=read, protocol=rules, out=folder, faults=faults))
    return work, unread


def _run(work: Sequence[StudyJob], options: Any, out: Path, cluster: Cluster | None, *, quiet: bool) -> SweepResult:
    """Work through studies with a bar and a heartbeat."""
    from csds.batch.heartbeat import Heartbeat
    from csds.batch.sweep import sweep
    from csds.formats.atomic import require_steady
    from csds.results.folder import writing

    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    require_steady(out)
    total = sum(len(job.study.sessions) for job in work)
    heart = Heartbeat(folder=out)
    frames = done = failed = studies = 0
    with console.progress(total=total or None, unit="sessions", quiet=quiet) as bar:

        def listen(more: int, finished: Sequence[Outcome]) -> None:
            nonlocal frames, done, failed
            frames, done = frames + more, done + len(finished)
            failed += sum(outcome.failure is not None for outcome in finished)
            heart.beat(
                studies=len(work), sessions=total, done=done, failed=failed, frames=frames,
                running=min(options.jobs if cluster is None else cluster.running, total - done),
            )  # fmt: skip
            bar.update(done, total=total or None, text=f"{studies} of {len(work)} studies, {failed} failed")

        def finish(_: Path) -> None:
            nonlocal studies
            studies += 1
            heart.beat(studies_done=studies)

        state = "interrupted"
        try:
            result = sweep(work, options, listener=listen, on_study=finish, cluster=cluster)
            state = "finished"
        finally:
            heart.beat(state=state, running=0, at_once=True)
    return result


def _tell(result: SweepResult, failures: Sequence[Failure], found: Archive, *, as_json: bool, quiet: bool) -> None:
    names = ("results", "animals", "sessions", "failed")
    rows = [[str(out), one.animals, sum(one.work.values()), len(one.failures)] for out, one in result.results.items()]
    work = [dict(sorted(one.work.items())) for one in result.results.values()]
    if as_json:
        console.print_json(
            {
                "studies": [
                    {**dict(zip(names, row, strict=True)), "work": done} for row, done in zip(rows, work, strict=True)
                ],
                "failures": [{name: getattr(one, name) for name in one.__slots__} for one in failures],
                "left_over": [{"recording": str(one.path), "why": one.reason} for one in found.left_over],
            }
        )
        return
    done = [", ".join(f"{count} {kind}" for kind, count in one.items()) for one in work]
    console.print_table((*names, "work"), [[*row, text] for row, text in zip(rows, done, strict=True)])
    for failure in failures:
        console.warn(f"{failure.session_id or 'study'}: {failure.error}\n  fix: {failure.how_to_fix}", quiet=False)
    if found.left_over:
        more = f"{len(found.left_over)} recordings are no study's; csds check names them"
        console.note(more, quiet=quiet)
