"""Work on this machine: so many pieces at the same time, each watched over by a thread.

The threads only wait and copy; the work itself is in processes forked from warm ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class LocalEngine:
    """Runs `slots` pieces of work at a time."""

    def __init__(self, slots: int) -> None:
        self._slots = slots

    def run(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """The results of `work` on each of `items`, as they come; few are in flight at a time.

        An exception of `work` is raised here once what is in flight has ended.
        """
        waiting = iter(items)
        with ThreadPoolExecutor(self._slots) as pool:
            flying: set[Future[Result]] = set()
            try:
                while True:
                    room = 2 * self._slots - len(flying)
                    flying |= {pool.submit(work, item) for item in islice(waiting, room)}
                    if not flying:
                        return
                    done, flying = wait(flying, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)  # what has not begun never will
