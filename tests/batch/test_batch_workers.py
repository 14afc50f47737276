"""Workers: results come home, one that dies takes nothing else with it, an interruption ends them all."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from multiprocessing import active_children, get_context
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import SimpleNamespace

import pytest

from csds.batch.child import Child, Limits, LostError
from csds.batch.workers import Workers
from csds.errors import ResultsError


def work(item: object, count: Callable[[int], None]) -> object:
    """Count a number and double it; die of 13; of a path, die once."""
    if item == 13 or (isinstance(item, Path) and not item.exists()):
        if isinstance(item, Path):
            item.write_text("was here", encoding="utf-8")
        os._exit(1)
    if isinstance(item, Path):
        return item.name
    assert isinstance(item, int)
    count(item)
    count(1)
    return 2 * item


def fail_at_once(number: int, count: Callable[[int], None]) -> int:
    if number == 0:
        raise ResultsError("the disk is full", hint="free some")
    time.sleep(60)
    return number


def tell_and_sleep(path: Path, count: Callable[[int], None]) -> None:
    path.write_text(str(os.getpid()), encoding="utf-8")
    time.sleep(60)


def run_and_be_killed(path: Path) -> None:
    Workers(lambda _: tell_and_sleep, [path], processes=1, on_result=lambda *_: None, on_count=lambda _: None).run()


def sleep_long(number: int, count: Callable[[int], None]) -> int:
    count(1)
    time.sleep(60)
    return number


def test_results_and_counts_come_home() -> None:
    done: dict[int, object] = {}
    counted: list[int] = []
    pool = Workers(lambda _: work, list(range(5)), processes=2, on_result=done.__setitem__, on_count=counted.append)
    assert pool.run() == {}
    assert done == {number: 2 * number for number in range(5)}
    assert sum(counted) == sum(range(5)) + 5


def test_one_that_dies_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    done: dict[int, object] = {}
    items = [1, 13, 2, tmp_path / "once"]
    pool = Workers(lambda _: work, items, processes=2, on_result=done.__setitem__, on_count=lambda _: None)
    assert pool.run() == {1: "the process died (exit code 1), twice"}
    assert done == {0: 2, 2: 4, 3: "once"}


def test_short_items_go_several_at_once_and_one_among_them_that_dies_takes_no_other_with_it() -> None:
    done: dict[int, object] = {}
    counted: list[int] = []
    items = [*range(100, 300), 13, *range(300, 500)]
    pool = Workers(lambda _: work, items, processes=2, on_result=done.__setitem__, on_count=counted.append)
    assert pool.run() == {200: "the process died (exit code 1), twice"}
    assert done == {at: 2 * item for at, item in enumerate(items) if item != 13}
    assert sum(counted) == sum(items) - 13 + 400


def test_one_among_several_that_hangs_is_the_one_that_is_given_up() -> None:
    done: dict[int, object] = {}
    items = ["one"] * 90 + ["hang"] + ["two"] * 90
    pool = Workers(
        lambda _: hang_or_take, items, processes=2, on_result=done.__setitem__, on_count=lambda _: None,
        limits=Limits(silent_s=3.0),
    )  # fmt: skip
    assert pool.run() == {90: "nothing was heard of the process for 3 s, and it was ended"}
    assert done == {at: item for at, item in enumerate(items) if item != "hang"}


def test_tasks_of_items_are_kept_apart() -> None:
    done: dict[int, object] = {}
    pool = Workers(
        lambda item: work if isinstance(item, int) else hang_or_take,
        [*range(20, 70), "a", *range(20, 70), "b"],
        processes=2,
        on_result=done.__setitem__, on_count=lambda _: None,
    )  # fmt: skip
    assert pool.run() == {}
    assert list(dict(sorted(done.items())).values()) == [*range(40, 140, 2), "a", *range(40, 140, 2), "b"]


def test_what_is_added_is_begun_with_before_all_is_known(tmp_path: Path) -> None:
    done: dict[int, object] = {}
    pool = Workers(lambda _: work, processes=2, on_result=done.__setitem__, on_count=lambda _: None)
    pool.add([1, tmp_path / "once"])
    ends = time.monotonic() + 60
    while not (tmp_path / "once").exists():
        assert time.monotonic() < ends
        time.sleep(0.02)
    assert done == {}
    pool.add([2])
    assert pool.run() == {}
    assert done == {0: 2, 1: "once", 2: 4}


def test_closed_before_it_has_run_it_leaves_nothing_behind() -> None:
    pool = Workers(lambda _: sleep_long, processes=2, on_result=lambda *_: None, on_count=lambda _: None)
    pool.add([0, 1])
    pool.close()
    assert active_children() == []
    Workers(lambda _: sleep_long, processes=2, on_result=lambda *_: None, on_count=lambda _: None).close()


def test_a_process_that_is_ended_while_it_starts_is_not_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    child, start = Child(Limits()), SpawnProcess.start

    def start_and_be_ended(process: SpawnProcess) -> None:
        child.end()
        start(process)

    monkeypatch.setattr(SpawnProcess, "start", start_and_be_ended)
    with pytest.raises(LostError, match="the run was ended"):
        child.do(work, 1, lambda _: None)
    assert active_children() == []


def test_a_process_that_cant_start_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: SpawnProcess) -> None:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(SpawnProcess, "start", start)
    lost = Child(Limits()).try_twice(work, 1, lambda _: None)
    assert str(lost) == "the process died, twice"


def test_an_error_ends_the_others_at_once() -> None:
    done: dict[int, object] = {}
    pool = Workers(lambda _: fail_at_once, [0, 1], processes=2, on_result=done.__setitem__, on_count=lambda _: None)
    began = time.monotonic()
    with pytest.raises(ResultsError, match="disk is full") as caught:
        pool.run()
    assert caught.value.hint == "free some"
    assert time.monotonic() - began < 30
    assert done == {}
    assert active_children() == []


def test_an_interruption_ends_them_all() -> None:
    def interrupt(count: int) -> None:
        if count:
            raise KeyboardInterrupt

    pool = Workers(lambda _: sleep_long, [0, 1], processes=2, on_result=lambda *_: None, on_count=interrupt)
    with pytest.raises(KeyboardInterrupt):
        pool.run()
    assert active_children() == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    parent = get_context("spawn").Process(target=run_and_be_killed, args=(tmp_path / "pid",))
    parent.start()
    ends = time.monotonic() + 60
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text(encoding="utf-8"):
        assert time.monotonic() < ends
        time.sleep(0.02)
    parent.kill()
    parent.join()
    worker = Path("/proc") / (tmp_path / "pid").read_text(encoding="utf-8")
    while worker.exists() and "Z" not in (worker / "stat").read_text(encoding="utf-8").split()[2]:
        assert time.monotonic() < ends
        time.sleep(0.02)


def hang_or_take(item: str, count: Callable[[int], None]) -> str:
    if item == "hang":
        time.sleep(60)
    if item == "take":
        taken = [bytearray(2**24)]
        while True:
            taken.append(bytearray(b"x") * 2**24)
            time.sleep(0.02)
    return item


def test_one_that_hangs_or_takes_too_much_memory_is_given_up() -> None:
    done: dict[int, str] = {}
    items = ["hang", "one", "take", "two"]
    limits = Limits(silent_s=3.0, memory=2**29)
    pool = Workers(
        lambda _: hang_or_take, items, processes=2, on_result=done.__setitem__, on_count=lambda _: None, limits=limits
    )
    lost = pool.run()
    assert done == {1: "one", 3: "two"}
    assert lost[0] == "nothing was heard of the process for 3 s, and it was ended"
    assert re.fullmatch(r"the process took \d\.\d GiB of memory, more than 0\.5, and was ended", lost[2])
    assert active_children() == []


def sleep_a_second(number: int, count: Callable[[int], None]) -> int:
    time.sleep(1.0)
    return number


def test_a_machine_that_sleeps_while_it_is_waited_for_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    hours = iter(range(0, 10**9, 3600))
    monkeypatch.setattr("csds.batch.child.time", SimpleNamespace(monotonic=lambda: float(next(hours))))
    assert Child(Limits(silent_s=600.0)).do(sleep_a_second, 1, lambda _: None) == 1


def count_and_take(item: str, count: Callable[[int], None]) -> str:
    count(1)
    return hang_or_take(item, count)


def test_memory_is_charged_to_the_item_that_takes_it_where_the_one_before_is_heard_of_late() -> None:
    child = Child(Limits(memory=2**29))
    results = child.do_each(count_and_take, ["one", "take"], lambda count: time.sleep(3.0 * count))
    assert next(results) == "one"
    with pytest.raises(LostError, match="of memory"):
        next(results)
    assert active_children() == []
