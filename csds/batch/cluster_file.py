"""Which cluster is asked for: a scheduler that runs, or a file that says how to start workers through a queue."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csds.batch.parcel import PathMap, parse_path_map
from csds.errors import ClusterError, UsageError
from csds.protocol.keys import ChoiceKey, Key, NumberKey, Place, TextKey, TextsKey, check_keys, parse_toml, read_keys

QUEUE: Mapping[str, Key] = {
    "kind": ChoiceKey(words=("slurm", "lsf", "pbs")),
    "workers": NumberKey(low=1, high=10_000),
    "cores": NumberKey(low=1, high=1024),
    "memory": TextKey(),
    "walltime": TextKey(optional=True),
    "queue": TextKey(optional=True),
    "account": TextKey(optional=True),
    "interface": TextKey(optional=True),
    "python": TextKey(optional=True),
    "log_folder": TextKey(optional=True),
    "directives": TextsKey(optional=True),
    "prologue": TextsKey(optional=True),
}
"""Every key of a cluster file beside ``[[path_map]]``."""

PATH_MAP: Mapping[str, Key] = {"here": TextKey(), "there": TextKey()}

_MEMORY = re.compile(r"\d+(\.\d+)? ?[MGT]i?B")
_WALLTIME = re.compile(r"(\d+-)?\d+:\d{2}(:\d{2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Jobs that are asked of a cluster's queue.

    Parameters
    ----------
    kind : {"slurm", "lsf", "pbs"}
    workers : int
        Jobs; each works on as many recordings at the same time as it has ``cores``.
    cores : int
    memory : str
        Of each job: ``16 GB``.
    walltime : str, optional
    queue, account : str, optional
        Queue or partition; account or project that pays.
    interface : str, optional
        Network interface, such as ``ib0``.
    python : str, optional
        Python on the nodes; default: the one that runs csds here.
    log_folder : str, optional
        Where jobs' messages go.
    directives, prologue : tuple of str
        More lines for the job's head, without ``#SBATCH`` or the like; and commands before the worker is started.
    """

    kind: str
    workers: int
    cores: int
    memory: str
    walltime: str | None = None
    queue: str | None = None
    account: str | None = None
    interface: str | None = None
    python: str | None = None
    log_folder: str | None = None
    directives: tuple[str, ...] = ()
    prologue: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Cluster:
    """Where work is to be done: by the scheduler at ``address``, or by jobs of a ``queue``.

    ``path_maps`` say how workers call the leader's folders; ``at_most`` is how many items are worked on at the same
    time, 0 for as many as there are threads; ``running`` is how many are at present.
    """

    address: str = ""
    queue: Queue | None = None
    path_maps: tuple[PathMap, ...] = ()
    at_most: int = 0
    running: int = 0


def find_cluster(asked: str, path_maps: Sequence[str] = (), *, at_most: int = 0) -> Cluster:
    """Return the cluster at an address, ``tcp://host:8786``, or that of a file.

    Parameters
    ----------
    asked : str
        As the option ``--cluster`` has it.
    path_maps : sequence of str
        As the option ``--path-map`` has them: ``here=there``; they go before those of the file.
    at_most : int

    Raises
    ------
    UsageError
        There is no such file, or a path map isn't of that form.
    ClusterError
        The file can't be used; the message names the key.

    Examples
    --------
    >>> find_cluster("tcp://node1:8786", ["/mnt/archive=/data/archive"]).path_maps
    (PathMap(here='/mnt/archive', there='/data/archive'),)
    """
    own = tuple(parse_path_map(text) for text in path_maps)
    if "://" in asked:
        return Cluster(address=asked, path_maps=own, at_most=at_most)
    if not asked.endswith(".toml") and not Path(asked).exists():
        raise UsageError(
            f"--cluster: expected the address of a Dask scheduler or a TOML file, found '{asked}'",
            hint="Addresses look like tcp://host:8786; docs/cluster.md shows a file for SLURM, LSF or PBS.",
        )
    queue, theirs = read_cluster_file(Path(asked))
    return Cluster(queue=queue, path_maps=(*own, *theirs), at_most=at_most)


def read_cluster_file(path: Path) -> tuple[Queue, tuple[PathMap, ...]]:
    """Return what a cluster file asks for, and its path maps.

    Raises
    ------
    UsageError
        There is no such file.
    ClusterError
        It isn't TOML, or a key is unknown, missing, of the wrong kind or out of range.
    """
    data, _ = parse_toml(path, ClusterError)
    place = Place(file=path, table="", error=ClusterError)
    check_keys(data, {**QUEUE, "path_map": None}, place)
    values = read_keys({key: value for key, value in data.items() if key in QUEUE}, QUEUE, place)
    for name in ("workers", "cores"):
        if not float(values[name]).is_integer():
            raise place.fault(name, "a whole number", values[name])
        values[name] = int(values[name])
    if not _MEMORY.fullmatch(values["memory"]):
        raise place.fault("memory", "a size such as '16 GB'", values["memory"])
    if "walltime" in values and not _WALLTIME.fullmatch(values["walltime"]):
        raise place.fault("walltime", "a time such as '12:00:00'", values["walltime"])
    return Queue(**values), _path_maps(data.get("path_map", []), place)


def _path_maps(tables: Any, place: Place) -> tuple[PathMap, ...]:
    if not isinstance(tables, list):
        raise place.fault("path_map", "tables [[path_map]]", tables, hint="Write [[path_map]] with two brackets.")
    places = (Place(file=place.file, table=f"path_map.{number}", error=place.error) for number in range(1, 10_000))
    return tuple(PathMap(**read_keys(table, PATH_MAP, where)) for table, where in zip(tables, places, strict=False))
