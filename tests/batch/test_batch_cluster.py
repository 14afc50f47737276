"""On a cluster of several processes: the same tables as on one machine, whatever happens to a worker."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import pickle
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path
from types import SimpleNamespace

import dask
import psutil
import pytest
from typer.testing import CliRunner

from csds.batch.adopt import adopt_outcomes
from csds.batch.child import Limits
from csds.batch.cluster import ClusterWorkers, Places
from csds.batch.cluster_file import Cluster, Queue, find_cluster
from csds.batch.cluster_reach import connect, fault_of, queue_arguments, start_queue
from csds.batch.options import Listener, Outcome, TrackOptions
from csds.batch.parcel import PathMap, pack, parse_path_map, path_there, text_here
from csds.batch.prepare import Context
from csds.batch.software import software
from csds.batch.station import TOPIC, Station, cluster_software
from csds.batch.sweep import StudyJob, SweepResult, sweep
from csds.cli import app
from csds.errors import ClusterError, ResultsError, UsageError
from csds.formats.json_files import read_json
from csds.model.study import AnimalKey, Session
from csds.protocol import load_protocol
from csds.results.folder import ResultsFolder
from csds.study import load_study
from tests.batch.cluster_tasks import end_job_once, fail, kill_always, kill_or_sleep, sleep_long, work

pytestmark = [
    # Of Dask's own sockets, whose time to be cleared away comes when it comes, and of slow disks.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Creating scratch directories:UserWarning"),
]
TABLES = ("animals.csv", "sessions.csv", "failures.csv")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a scheduler with two workers, each a process with a nanny that starts it anew."""
    from distributed import LocalCluster

    with (
        dask.config.set({"distributed.worker.daemon": True}),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
    ):
        yield cluster.scheduler_address
    gc.collect()


def make_archive(folder: Path, filmed: Path) -> Path:
    """Make a folder with two copies of the filmed study; of the second a recording is damaged."""
    for name in ("a", "b"):
        shutil.copytree(filmed, folder / name)
    (folder / "b" / "videos" / "M02_absent.mp4").write_bytes(b"no video")
    return folder


@pytest.fixture
def archive(filmed: Path, tmp_path: Path) -> Path:
    return make_archive(tmp_path / "archive", filmed)


def work_through(
    archive: Path, protocol: Path, out: Path, *, cluster: Cluster | None = None, listener: Listener | None = None
) -> SweepResult:
    rules = load_protocol(protocol)
    jobs = []
    for folder in sorted(archive.iterdir()):
        study, faults = load_study(folder / "study.csv", rules)
        jobs.append(StudyJob(study=study, protocol=rules, out=out / folder.name, faults=faults))
    return sweep(jobs, TrackOptions(jobs=2, retry_failed=False), listener=listener, cluster=cluster)


@pytest.fixture
def run(archive: Path, short_protocol: Path, tmp_path: Path) -> Callable[..., SweepResult]:
    """Return what works through the archive, here or on a cluster."""

    def made(out: str, cluster: Cluster | None = None, listener: Listener | None = None) -> SweepResult:
        return work_through(archive, short_protocol, tmp_path / out, cluster=cluster, listener=listener)

    return made


@pytest.fixture(scope="module")
def here(filmed: Path, short_protocol: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of such an archive on one machine, not to be written to."""
    folder = tmp_path_factory.mktemp("here")
    work_through(make_archive(folder / "archive", filmed), short_protocol, folder / "out")
    return folder / "out"


def tables(out: Path, archive: Path) -> dict[str, bytes]:
    """Return the content of the tables; what names the archive's own place does so alike."""
    place = str(archive).encode()
    found = {f"{one.name}/{name}": one / name for one in sorted(out.iterdir()) for name in TABLES}
    return {name: path.read_bytes().replace(place, b"archive") for name, path in found.items()}


def processes_of(parent: int) -> list[str]:
    """Return the commands of a process's own processes that live."""
    commands = []
    for one in psutil.Process(parent).children():
        with contextlib.suppress(psutil.Error):
            commands.append(" ".join(one.cmdline()))
    return [command for command in commands if command and "resource_tracker" not in command]


def work_of(result: SweepResult) -> dict[str, dict[str, int]]:
    return {out.name: dict(one.work) for out, one in result.results.items()}


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_tables_are_those_of_a_run_here_and_a_later_run_here_only_looks(
    run: Callable[..., SweepResult],
    scheduler: str,
    archive: Path,
    here: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = run("there", Cluster(address=scheduler))
    assert result.failures == {}
    assert work_of(result) == {"a": {"tracked": 4}, "b": {"tracked": 3}}
    assert tables(tmp_path / "there", archive) == tables(here, here.parent / "archive")
    assert names(tmp_path / "there") == names(here)
    monkeypatch.setattr("csds.batch.sweep._Sweep._local", None)
    again = run("there")
    assert work_of(again) == {"a": {"kept": 4}, "b": {"kept": 3}}


def test_workers_may_call_the_folders_otherwise_and_the_results_are_the_leaders(
    run: Callable[..., SweepResult],
    scheduler: str,
    archive: Path,
    here: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = tmp_path / "mounted"
    elsewhere.symlink_to(tmp_path)
    # A stand-in for a network: workers are given, by one path map each, paths that are not the leader's.
    maps = (
        PathMap(here=str(archive), there=f"{elsewhere}/archive"),
        PathMap(here=str(tmp_path / "there"), there=f"{elsewhere}/there"),
    )
    run("there", Cluster(address=scheduler, path_maps=maps))
    assert tables(tmp_path / "there", archive) == tables(here, here.parent / "archive")
    records = [read_json(path) for path in (tmp_path / "there").rglob("sessions/*.json")]
    assert len(records) == 7
    for record in records:
        assert all(Path(video).parent.parent.parent == archive for video in record["made_from"]["videos"])
    monkeypatch.setattr("csds.batch.sweep._Sweep._local", None)
    assert work_of(run("there")) == {"a": {"kept": 4}, "b": {"kept": 3}}


def test_a_worker_that_sees_another_file_by_the_path_isnt_believed(
    run: Callable[..., SweepResult], scheduler: str, archive: Path, filmed: Path, tmp_path: Path
) -> None:
    shutil.copytree(archive, tmp_path / "old copy")
    shutil.copy(filmed / "videos" / "M01_absent.mp4", archive / "b" / "videos" / "M02_absent.mp4")
    shutil.copy(filmed / "videos" / "M02_absent.mp4", tmp_path / "old copy" / "b" / "videos" / "M02_absent.mp4")
    maps = (PathMap(here=str(archive), there=str(tmp_path / "old copy")),)
    result = run("out", Cluster(address=scheduler, path_maps=maps)).results[tmp_path / "out" / "b"]
    (failure,) = result.failures
    assert failure.session_id == "C1_M02_target_absent"
    assert "bytes as here, found" in failure.error
    assert "--path-map" in failure.how_to_fix
    # The others are the same in both, though elsewhere on the disk.
    again = run("out")
    assert work_of(again) == {"a": {"kept": 4}, "b": {"kept": 3}}


def test_a_recording_that_vanished_meanwhile_is_for_the_next_run(tmp_path: Path) -> None:
    key = AnimalKey(cohort="C1", animal_id="M01", test="")
    gone = Session(session_id="s", key=key, phase="target_absent", video="gone.mp4", videos=(tmp_path / "gone.mp4",))
    outcome = Outcome(session_id="s", record={"seen": [[1, 2, 3]]})
    context = Context(
        protocol=load_protocol("golden2011"),
        folder=ResultsFolder(path=tmp_path),
        options=TrackOptions(),
        sheet_folder=None,
    )
    assert adopt_outcomes([gone], [outcome], "fingerprint", context, ()) == [outcome]


def test_a_worker_killed_in_the_middle_costs_nothing_but_time(
    run: Callable[..., SweepResult], scheduler: str, archive: Path, here: Path, tmp_path: Path
) -> None:
    with connect(scheduler) as client:
        victim = next(iter(client.run(os.getpid).values()))
    counted: list[int] = []

    def kill(frames: int, finished: object) -> None:
        if not counted:
            os.kill(victim, signal.SIGKILL)
        counted.append(frames)

    result = run("there", Cluster(address=scheduler), listener=kill)
    assert {name: sum(done.values()) for name, done in work_of(result).items()} == {"a": 4, "b": 3}
    assert sum(counted) > 0
    assert tables(tmp_path / "there", archive) == tables(here, here.parent / "archive")
    assert names(tmp_path / "there") == names(here)


@pytest.fixture
def pool(scheduler: str, tmp_path: Path) -> Callable[..., dict[int, str]]:
    """Return what works through items on the cluster."""

    def made(
        task: Callable[..., object], items: list[object], done: dict[int, object], **options: object
    ) -> dict[int, str]:
        asked: dict[str, object] = {
            "cluster": Cluster(address=scheduler),
            "places": Places(folder=tmp_path),
            "on_start": lambda _: None,
            "on_result": done.__setitem__,
            "on_count": lambda _: None,
        }
        return ClusterWorkers(task, items, **(asked | options)).run()  # type: ignore[arg-type]

    return made


def test_what_dies_or_hangs_is_named_and_the_others_are_done(
    pool: Callable[..., dict[int, str]], scheduler: str, tmp_path: Path
) -> None:
    done: dict[int, object] = {}
    counted: list[int] = []
    cluster = Cluster(address=scheduler)
    items = [1, 13, 2, 99, 3, tmp_path / "once"]
    lost = pool(work, items, done, cluster=cluster, on_count=counted.append, limits=Limits(silent_s=3.0))
    assert lost == {
        1: "the process died (exit code 1), twice",
        3: "nothing was heard of the process for 3 s, and it was ended",
    }
    assert done == {0: 2, 2: 4, 4: 6, 5: "once"}
    assert sum(counted) == 6
    assert cluster.running == 0
    assert not list(tmp_path.glob(".csds-*"))


def test_a_worker_that_joins_later_and_isnt_fit_is_left_out(
    pool: Callable[..., dict[int, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    judged: list[object] = []

    def judge(told: object, own: object) -> tuple[str, str] | None:
        judged.append(told)
        return None if len(judged) <= 2 else ("has other software", "install it")

    def stop(count: int) -> None:
        if "is left out: it has other software" in caplog.text:
            raise KeyboardInterrupt

    monkeypatch.setattr("csds.batch.cluster.fault_of", judge)
    with pytest.raises(KeyboardInterrupt):
        pool(kill_or_sleep, [tmp_path / "once", 1], {}, on_count=stop)


def test_what_takes_two_workers_with_it_is_given_up(pool: Callable[..., dict[int, str]]) -> None:
    assert pool(kill_always, ["any"], {}) == {0: "its worker was lost, twice"}


def test_an_error_of_the_task_is_raised(pool: Callable[..., dict[int, str]]) -> None:
    with pytest.raises(ResultsError, match="disk is full") as caught:
        pool(fail, [1], {})
    assert caught.value.hint == "free some"


def test_an_interruption_ends_the_work_and_leaves_the_scheduler(
    pool: Callable[..., dict[int, str]], scheduler: str
) -> None:
    def interrupt(count: int) -> None:
        if count:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool(sleep_long, list(range(1000)), {}, on_count=interrupt)
    ends = time.monotonic() + 20
    with connect(scheduler) as client:
        client.wait_for_workers(2, timeout=20)  # one that a test before this killed comes again
        pids = client.run(os.getpid).values()
        while any(processes_of(pid) for pid in pids):
            assert time.monotonic() < ends
            time.sleep(0.1)
        assert not any(client.processing().values())


def test_no_more_is_sent_than_asked_for(pool: Callable[..., dict[int, str]], scheduler: str) -> None:
    cluster = Cluster(address=scheduler, at_most=1)
    seen: list[int] = []
    done: dict[int, object] = {}
    assert pool(work, [1, 2, 3], done, cluster=cluster, on_count=lambda _: seen.append(cluster.running)) == {}
    assert done == {0: 2, 1: 4, 2: 6}
    assert set(seen) == {1} or set(seen) == {0, 1}


def test_a_scheduler_that_doesnt_answer_is_told_in_seconds(
    run: Callable[..., SweepResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csds.batch.cluster_reach._CONNECT_S", 1.0)
    began = time.monotonic()
    with pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9") as caught:
        run("out", Cluster(address="tcp://127.0.0.1:9"))
    assert time.monotonic() - began < 10
    assert "dask scheduler" in caught.value.hint
    assert not list((tmp_path / "out").rglob("*.csv"))
    with pytest.raises(ClusterError, match="unknown address scheme 'ftp'"):
        connect("ftp://127.0.0.1:9")
    with pytest.raises(ClusterError, match="expected certificates in Dask's configuration, found none"):
        connect("tls://127.0.0.1:9")


def test_a_scheduler_without_workers_is_told(
    pool: Callable[..., dict[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr("csds.batch.cluster._CONNECT_S", 0.5)
    with (
        LocalCluster(n_workers=0, processes=True, dashboard_address=":0") as empty,
        pytest.raises(ClusterError, match="has no workers") as caught,
    ):
        pool(work, [1], {}, cluster=Cluster(address=empty.scheduler_address))
    assert f"dask worker {empty.scheduler_address}" in caught.value.hint


def test_a_scheduler_that_ends_in_the_middle_leaves_what_was_finished(
    run: Callable[..., SweepResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import LocalCluster

    cluster = LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0")
    ended: list[bool] = []

    def end(frames: int, finished: list[object]) -> None:
        if finished and not ended:
            ended.append(True)
            cluster.close()

    monkeypatch.setattr("csds.batch.cluster_reach._CONNECT_S", 2.0)
    with pytest.raises(ClusterError, match="is gone") as caught:
        run("out", Cluster(address=cluster.scheduler_address), listener=end)
    assert "run the same command" in caught.value.hint
    failures = (tmp_path / "out" / "b" / "failures.csv").read_text(encoding="utf-8-sig")
    assert "is gone" in failures


def test_workers_with_other_software_are_refused_before_anything_runs(
    run: Callable[..., SweepResult], scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csds.batch.station.cluster_software", lambda: {**cluster_software(), "numpy": "1.0"})
    with pytest.raises(ClusterError, match=r"has other software: numpy .* instead of 1\.0"):
        run("out", Cluster(address=scheduler))
    assert not list((tmp_path / "out").rglob("*.csv"))


def test_workers_that_see_other_folders_are_refused_before_anything_runs(
    run: Callable[..., SweepResult], scheduler: str, archive: Path, tmp_path: Path
) -> None:
    for here, what in ((tmp_path / "out", "the results folder"), (archive, "the recording")):
        maps = (PathMap(here=str(here), there="/nowhere"),)
        with pytest.raises(ClusterError, match=f"doesn't see {what} /nowhere/") as caught:
            run("out", Cluster(address=scheduler, path_maps=maps))
        assert "--path-map" in caught.value.hint
    assert not list((tmp_path / "out").rglob("*.csv"))
    assert not list((tmp_path / "out").rglob(".csds-*"))


def test_a_worker_without_csds_is_told() -> None:
    message, hint = fault_of(ImportError("No module named 'csds'"), {}) or ("", "")
    assert message == "can't run csds (No module named 'csds')"
    assert "pip install" in hint
    assert fault_of((cluster_software(), ""), cluster_software()) is None


@pytest.mark.parametrize("missing", ["distributed", "dask_jobqueue"])
def test_without_dask_it_says_what_to_install(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ClusterError, match="found it isn't installed") as caught:
        if missing == "distributed":
            connect("tcp://127.0.0.1:9")
        else:
            start_queue(QUEUE)
    assert 'pip install "csds[cluster]"' in caught.value.hint


QUEUE = Queue(
    kind="slurm",
    workers=2,
    cores=8,
    memory="16 GB",
    walltime="12:00:00",
    queue="long",
    account="mice",
    directives=("--mail-type=END",),
    prologue=("module load python",),
)


def script_of(queue: Queue) -> list[str]:
    """Return the job that would be handed in, line by line."""
    import dask_jobqueue

    kinds = {"slurm": dask_jobqueue.SLURMCluster, "lsf": dask_jobqueue.LSFCluster, "pbs": dask_jobqueue.PBSCluster}
    with kinds[queue.kind](**queue_arguments(queue)) as cluster:
        return str(cluster.job_script()).splitlines()


def test_a_job_asks_the_queue_for_what_the_file_says() -> None:
    script = script_of(QUEUE)
    assert set(script) >= {
        "#SBATCH -p long",
        "#SBATCH -A mice",
        "#SBATCH --cpus-per-task=8",
        "#SBATCH --mem=15G",
        "#SBATCH -t 12:00:00",
        "#SBATCH --mail-type=END",
    }
    *_, prologue, worker = script
    assert prologue == "module load python"
    assert "distributed.cli.dask_worker tcp://" in worker
    assert "--nthreads 8 " in worker
    lsf = script_of(replace(QUEUE, kind="lsf", walltime="12:00"))
    assert set(lsf) >= {"#BSUB -q long", '#BSUB -P "mice"', "#BSUB -n 8", "#BSUB -W 12:00"}
    pbs = script_of(replace(QUEUE, kind="pbs"))
    assert set(pbs) >= {
        "#PBS -q long",
        "#PBS -A mice",
        "#PBS -l select=1:ncpus=8:mem=15GB",
        "#PBS -l walltime=12:00:00",
    }


def test_a_queue_that_isnt_here_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ClusterError, match="expected the command sbatch on this machine, found none") as caught:
        start_queue(QUEUE)
    assert "login node" in caught.value.hint


def test_jobs_of_a_queue_do_the_work_are_replaced_and_ended(
    pool: Callable[..., dict[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dask_jobqueue.local import LocalCluster, LocalJob

    monkeypatch.setattr(LocalJob, "submit_command", "sh")  # it needs none, and runs the job here and now
    monkeypatch.setattr("dask_jobqueue.SLURMCluster", LocalCluster)
    monkeypatch.setattr("csds.batch.cluster._REFILL_S", 0.5)
    done: dict[int, object] = {}
    queue = Queue(kind="slurm", workers=1, cores=2, memory="2 GB")
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "0.5s"}):
        assert pool(end_job_once, [tmp_path / "once"], done, cluster=Cluster(queue=queue)) == {}
    assert done == {0: "once"}
    assert not [command for command in processes_of(os.getpid()) if "dask_worker" in command]
    gc.collect()  # dask-jobqueue leaves the local jobs' pipes open


FILE = """
kind = "slurm"
workers = 20
cores = 8
memory = "16 GB"
prologue = ["module load python"]

[[path_map]]
here = "/mnt/archive"
there = "/data/archive"
"""


def test_a_cluster_file_says_all(tmp_path: Path) -> None:
    path = tmp_path / "slurm.toml"
    path.write_text(FILE, encoding="utf-8")
    found = find_cluster(str(path), ["/home/me=/users/me"], at_most=5)
    assert found.queue == Queue(kind="slurm", workers=20, cores=8, memory="16 GB", prologue=("module load python",))
    assert found.path_maps == (
        PathMap(here="/home/me", there="/users/me"),
        PathMap(here="/mnt/archive", there="/data/archive"),
    )
    assert (found.address, found.at_most) == ("", 5)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"slurm"', '"slurn"', "kind: expected one of 'slurm', 'lsf', 'pbs', found 'slurn'"),
        ("workers = 20", "worker = 20", "unknown key 'worker'; the nearest known key is 'workers'"),
        ("workers = 20", "", "workers is missing; expected a number from 1 to 10000"),
        ("cores = 8", "cores = 0.5", "cores: expected a number from 1 to 1024, found 0.5"),
        ("cores = 8", "cores = 2.5", "cores: expected a whole number, found 2.5"),
        ('"16 GB"', '"much"', "memory: expected a size such as '16 GB', found 'much'"),
        ("cores = 8", 'cores = 8\nwalltime = "a day"', "walltime: expected a time such as '12:00:00', found 'a day'"),
        ("there =", "their =", "unknown key 'path_map.1.their'; the nearest known key is 'there'"),
        ("[[path_map]]", "[path_map]", "path_map: expected tables [[path_map]]"),
        ("workers = 20", "workers =", "expected TOML, found a slip"),
    ],
)
def test_a_slip_in_a_cluster_file_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "slurm.toml"
    path.write_text(FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(ClusterError) as caught:
        find_cluster(str(path))
    assert said in caught.value.message
    assert caught.value.hint


def test_what_is_no_cluster_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected the address of a Dask scheduler or a TOML file, found 'node1'"):
        find_cluster("node1")
    with pytest.raises(UsageError, match="there is no such file"):
        find_cluster(str(tmp_path / "none.toml"))
    for text in ("/mnt/archive", "=/data", "/mnt="):
        with pytest.raises(UsageError, match="expected here=there"):
            parse_path_map(text)


def test_paths_are_translated_wherever_they_stand_and_messages_back() -> None:
    maps = (PathMap(here="/mnt/archive", there="D:\\archive\\"), PathMap(here="/mnt", there="/data"))
    assert path_there(Path("/mnt/archive/a/b.mp4"), maps) == "D:\\archive/a/b.mp4"
    assert path_there(Path("/mnt/archive"), maps) == "D:\\archive"
    assert path_there(Path("/mnt/other/b.mp4"), maps) == "/data/other/b.mp4"
    assert path_there(Path("b.mp4"), maps) == str(Path.cwd() / "b.mp4")
    thing = {"out": (Path("/mnt/x"), [ResultsFolder(path=Path("/mnt/y"))]), "text": "/mnt/z"}
    assert pickle.loads(pack(thing, maps)) == {  # noqa: S301 - our own
        "out": (Path("/data/x"), [ResultsFolder(path=Path("/data/y"))]),
        "text": "/mnt/z",
    }
    assert text_here("/data/other/b.mp4: can't be read", maps) == "/mnt/other/b.mp4: can't be read"


def test_a_station_tells_what_is_counted_and_ends_processes_that_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csds.batch.station._TELL_S", 0.0)
    monkeypatch.setattr("csds.batch.station._IDLE_S", 0.2)
    others = {one.pid for one in active_children()}  # other tests' workers
    told: list[tuple[str, dict[str, object]]] = []
    station = Station("run", pack(work, ()), Limits())
    station.setup(
        SimpleNamespace(
            memory_manager=SimpleNamespace(memory_limit=8 * 2**30),
            state=SimpleNamespace(nthreads=3),
            log_event=lambda *event: told.append(event),
        )
    )
    assert station._limits.memory == 2 * 2**30
    answer = station.do(pack(5, ()))
    assert pickle.loads(answer.result or b"") == 10  # noqa: S301 - our own
    assert (told, answer.count) == ([(TOPIC, {"run": "run", "count": 5})], 0)
    ends = time.monotonic() + 20
    while {one.pid for one in active_children()} - others:
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert station.do(pack(6, ())).result is not None
    station.teardown(station._worker)
    assert {one.pid for one in active_children()} <= others


def test_the_command_works_on_a_cluster_and_status_shows_it(
    archive: Path, scheduler: str, short_protocol: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(archive / "a")
    asked = ["batch", "archive", "-p", str(short_protocol), "--cluster", scheduler, "--json"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 1, result.output
    assert [one["work"] for one in json.loads(result.stdout)["studies"]] == [{"tracked": 3}]
    (status,) = json.loads(CliRunner().invoke(app, ["status", "csds_batch", "--json"]).stdout)
    assert (status["state"], status["done"], status["failed"], status["running"]) == ("finished", 4, 1, 0)
    assert status["frames"] > 0


def test_a_wrong_cluster_is_told_by_the_command(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csds.batch.cluster_reach._CONNECT_S", 1.0)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["batch", "archive", "--cluster", "tcp://127.0.0.1:9"])
    assert result.exit_code == 1
    assert "no Dask scheduler answers" in result.stderr
    result = CliRunner().invoke(app, ["batch", "archive", "--path-map", "/a=/b"])
    assert result.exit_code == 2
    assert "--path-map is for the workers of a cluster" in result.stderr


def test_python_counts_by_its_minor_version() -> None:
    assert software()["Python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
