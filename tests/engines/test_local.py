"""Work on this machine, so many items at a time."""

from __future__ import annotations

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.engines import Finished, Item, LocalEngine, Slot, local
from autograder.errors import UserError


def _items(count: int, accelerated: bool = False) -> list[Item]:
    return [Item(str(number), "nb", accelerated=accelerated) for number in range(count)]


def _number(item: Item, _: Slot) -> int:
    return int(item.student)


def test_everything_is_done_once() -> None:
    """Each item has its result, in whatever order."""
    items = _items(50)
    done = list(LocalEngine(_number, [Slot()] * 3).run(items))
    assert sorted(done, key=lambda each: each.value or 0) == [
        Finished(item, int(item.student)) for item in items
    ]


def test_one_slot_keeps_the_order() -> None:
    """Items begin in the order in which they were given: the longest first."""
    begun: list[str] = []
    list(LocalEngine(lambda item, _: begun.append(item.student), [Slot()]).run(_items(20)))
    assert begun == [str(number) for number in range(20)]


def test_nothing_to_do_is_done_at_once() -> None:
    """No items, no results."""
    assert list(LocalEngine(_number, [Slot()]).run([])) == []


def test_slots_work_at_the_same_time() -> None:
    """Both items must be at work for either to end."""
    together = threading.Barrier(2, timeout=30)
    list(LocalEngine(lambda *_: together.wait(), [Slot()] * 2).run(_items(2)))


def test_no_slot_has_two_items_at_a_time() -> None:
    """However many items there are: a GPU's memory is divided by its slots."""
    lock, at_work, seen = threading.Lock(), set[str](), set[str]()

    def work(_: Item, slot: Slot) -> None:
        with lock:
            assert slot.gpu not in at_work
            at_work.add(slot.gpu)
            seen.add(slot.gpu)
        with lock:
            at_work.remove(slot.gpu)

    done = list(LocalEngine(work, [Slot("0"), Slot("1")]).run(_items(200)))
    assert [each.problem for each in done] == [""] * 200
    assert seen <= {"0", "1"}


def test_a_gpu_does_not_wait_for_those_that_need_none() -> None:
    """Each kind goes to slots of its own, and both are at work at the same time."""
    together = threading.Barrier(2, timeout=30)

    def work(item: Item, slot: Slot) -> str:
        if item.student == "0":
            together.wait()
        return slot.gpu

    engine = LocalEngine(work, [Slot()], [Slot("GPU-1")])
    done = list(engine.run([*_items(3, accelerated=True), *_items(3)]))
    assert sorted((each.item.accelerated, each.value) for each in done) == [
        *[(False, "")] * 3,
        *[(True, "GPU-1")] * 3,
    ]


def test_without_a_gpu_all_items_share_the_slots() -> None:
    """What would use one runs all the same."""
    engine = LocalEngine(_number, [Slot()])
    assert len(list(engine.run([*_items(3, accelerated=True), *_items(3)]))) == 6


def test_few_are_in_flight_at_a_time() -> None:
    """Results are taken one by one: a class of thousands is not held in memory."""
    begun: list[str] = []

    def work(item: Item, _: Slot) -> None:
        begun.append(item.student)

    results = LocalEngine(work, [Slot()] * 2).run(_items(1000))
    next(results)
    assert len(begun) <= 4
    results.close()  # type: ignore[attr-defined]


def test_an_item_on_which_the_kit_fails_ends_alone() -> None:
    """The others go on; the problem says that it is a bug."""

    def work(item: Item, _: Slot) -> int:
        return 1 // int(item.student)

    done = {each.item.student: each for each in LocalEngine(work, [Slot()]).run(_items(3))}
    assert "which is a bug: ZeroDivisionError" in done["0"].problem
    assert done["0"].value is None
    assert [done[student].problem for student in "12"] == ["", ""]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_no_bug(number: int) -> None:
    """It is told as what it is, and ends the grading: nothing more could be written."""

    def work(item: Item, _: Slot) -> None:
        raise OSError(number, os.strerror(number), "runs/cells.jsonl")

    with pytest.raises(OSError, match=r"runs/cells\.jsonl"):
        list(LocalEngine(work, [Slot()]).run(_items(3)))


def test_what_meets_all_of_them_is_raised_and_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has begun ends, what has not begun never will."""
    begun: list[str] = []
    closing = threading.Event()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            if wait:
                closing.set()
            super().shutdown(wait, cancel_futures=cancel_futures)

    def work(item: Item, _: Slot) -> None:
        begun.append(item.student)
        if item.student == "0":
            raise UserError("no walls")
        assert closing.wait(30)

    monkeypatch.setattr(local, "ThreadPoolExecutor", Pool)
    with pytest.raises(UserError, match="no walls"):
        list(LocalEngine(work, [Slot()] * 2).run(_items(1000)))
    assert set(begun) <= {"0", "1", "2"}  # two at work and the one that failed


def test_whoever_stops_listening_stops_the_work() -> None:
    """What waits for a thread is given up; what is at work is waited for."""
    begun: list[str] = []
    go_on = threading.Event()

    def work(item: Item, _: Slot) -> None:
        begun.append(item.student)
        if item.student != "0":
            go_on.wait(30)

    results = LocalEngine(work, [Slot()]).run(_items(10))
    assert next(results).item.student == "0"
    go_on.set()
    results.close()  # type: ignore[attr-defined]
    assert len(begun) <= 2


def test_an_interrupt_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is at work is ended by whoever owns its processes; what waits never begins."""
    begun: list[str] = []
    at_work, go_on = threading.Event(), threading.Event()

    def work(item: Item, _: Slot) -> None:
        begun.append(item.student)
        at_work.set()
        assert go_on.wait(30)

    def interrupt(*_: object, **__: object) -> None:
        assert at_work.wait(30)
        raise KeyboardInterrupt

    monkeypatch.setattr(local, "wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        list(LocalEngine(work, [Slot()]).run(_items(10)))
    assert not go_on.is_set()
    go_on.set()
    assert begun == ["0"]
