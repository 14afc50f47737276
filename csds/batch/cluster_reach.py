"""Reaching a cluster: its scheduler, the jobs that workers run in, and whether a worker is fit for the work."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from csds.batch.cluster_file import Cluster, Queue
from csds.errors import ClusterError

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_S = 10.0


def connect(address: str) -> Client:
    """Return a client of a Dask scheduler.

    Raises
    ------
    ClusterError
        Dask isn't installed, there is no scheduler at that address, or it asks for certificates.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise _not_installed(error) from error
    try:
        return Client(address, timeout=_CONNECT_S, set_as_default=False)
    except TypeError as error:  # Dask's own for an address tls:// without certificates
        raise ClusterError(
            f"{address}: expected certificates in Dask's configuration, found none ({error})",
            hint="docs/cluster.md shows the file; or use tcp:// where the scheduler asks for none.",
        ) from error
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address} ({error})",
            hint="Start one with `dask scheduler` and give the address that it prints, e.g. tcp://host:8786; perhaps a "
            "firewall closes the port, or it asks for certificates (tls://).",
        ) from error


def start_queue(queue: Queue) -> Any:
    """Return a scheduler on this machine whose workers are jobs of a queue; they have been asked for.

    Raises
    ------
    ClusterError
        dask-jobqueue isn't installed, or this machine has none of the queue's commands.
    """
    try:
        import dask_jobqueue
    except ImportError as error:
        raise _not_installed(error) from error
    kind = {
        "slurm": dask_jobqueue.SLURMCluster,
        "lsf": dask_jobqueue.LSFCluster,
        "pbs": dask_jobqueue.PBSCluster,
    }[queue.kind]
    command = kind.job_cls.submit_command.split()[0]
    if shutil.which(command) is None:
        raise ClusterError(
            f"kind = '{queue.kind}': expected the command {command} on this machine, found none",
            hint="Run csds where jobs are submitted, e.g. on the cluster's login node.",
        )
    started = kind(**queue_arguments(queue))
    started.scale(jobs=queue.workers)
    return started


def refill(started: Any, cluster: Cluster) -> None:
    """Ask for new jobs in place of those that have ended, as when their walltime was over."""
    if cluster.queue is not None:
        started.scale(jobs=cluster.queue.workers)


def queue_arguments(queue: Queue) -> dict[str, Any]:
    """Return what dask-jobqueue is told: each job is one worker with a thread for each of its cores."""
    names = {"queue": queue.queue, "walltime": queue.walltime, "interface": queue.interface, "python": queue.python}
    account = "project" if queue.kind == "lsf" else "account"
    names |= {account: queue.account, "log_directory": queue.log_folder}
    return {
        "scheduler_options": {"dashboard_address": ":0"},  # any port that is free
        "cores": queue.cores,
        "processes": 1,
        "worker_extra_args": ["--no-dashboard"],
        "memory": queue.memory,
        "job_extra_directives": list(queue.directives),
        "job_script_prologue": list(queue.prologue),
        **{name: value for name, value in names.items() if value is not None},
    }


def fault_of(told: tuple[dict[str, str], str] | BaseException, own: Mapping[str, str]) -> tuple[str, str] | None:
    """Return why a worker isn't fit and how to mend that, or None.

    ``told`` is what `csds.batch.station.look_around` returned there, or raised; ``own`` the leader's software.
    """
    if isinstance(told, BaseException):
        return (
            f"can't run csds ({told})",
            'Install it there, in the same version: pip install "csds[cluster]", with the Python that runs the worker.',
        )
    theirs, lacks = told
    differing = [
        f"{name} {theirs.get(name)} instead of {value}" for name, value in own.items() if theirs.get(name) != value
    ]
    if differing:
        return (
            f"has other software: {', '.join(differing)}",
            "Numbers of one run must come from the same versions: install these on all machines.",
        )
    if lacks:
        return lacks, "Share the folder with all workers; where they call it otherwise, say so: --path-map here=there."
    return None


def scheduler_gone(cluster: Cluster) -> ClusterError:
    """Return the error for a scheduler that was there and isn't any more."""
    return ClusterError(
        f"the scheduler {cluster.address or 'of the queue'} is gone",
        hint="Start it again, then run the same command: it completes what is missing.",
    )


def _not_installed(error: ImportError) -> ClusterError:
    return ClusterError(
        f"--cluster: expected Dask, found it isn't installed ({error})",
        hint='Install it with `pip install "csds[cluster]"`, here and where the workers run.',
    )
