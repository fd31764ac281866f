"""Work on this machine, so many pieces at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.engines import LocalEngine, local


def test_everything_is_done_once() -> None:
    """Each item has its result, in whatever order."""
    assert sorted(LocalEngine(3).run(lambda n: n * n, range(50))) == [n * n for n in range(50)]


def test_one_slot_keeps_the_order_of_what_is_slow() -> None:
    """With one thread, pieces begin in the order of the items."""
    begun: list[int] = []
    list(LocalEngine(1).run(begun.append, range(20)))
    assert begun == list(range(20))


def test_nothing_to_do_is_done_at_once() -> None:
    """No items, no results."""
    assert list(LocalEngine(2).run(lambda n: n, [])) == []


def test_slots_work_at_the_same_time() -> None:
    """Both pieces must be at work for either to end."""
    together = threading.Barrier(2, timeout=30)
    list(LocalEngine(2).run(lambda _: together.wait(), range(2)))


def test_no_more_than_the_slots_are_at_work() -> None:
    """However many items there are."""
    lock, now, most = threading.Lock(), [0], [0]

    def work(_: int) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        with lock:
            now[0] -= 1

    list(LocalEngine(2).run(work, range(200)))
    assert 1 <= most[0] <= 2


def test_items_are_taken_as_they_are_needed() -> None:
    """A class of thousands is not read before the first result is there."""
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = LocalEngine(2).run(lambda n: n, items())
    next(results)
    assert len(taken) <= 4
    results.close()  # type: ignore[attr-defined]


def test_an_exception_is_raised_and_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has begun ends, what has not begun never will."""
    begun: list[int] = []
    closing = threading.Event()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            if wait:
                closing.set()
            super().shutdown(wait, cancel_futures=cancel_futures)

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("the first piece")
        assert closing.wait(30)

    monkeypatch.setattr(local, "ThreadPoolExecutor", Pool)
    with pytest.raises(ValueError, match="the first piece"):
        list(LocalEngine(2).run(work, range(1000)))
    assert set(begun) <= {0, 1, 2}  # two at work and the one that failed


def test_whoever_stops_listening_stops_the_work() -> None:
    """What waits for a thread is given up; what is at work is waited for."""
    begun: list[int] = []
    go_on = threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        if number:
            go_on.wait(30)
        return number

    results = LocalEngine(1).run(work, range(10))
    assert next(results) == 0
    go_on.set()
    results.close()  # type: ignore[attr-defined]
    assert len(begun) <= 2
