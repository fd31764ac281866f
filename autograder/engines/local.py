"""Work on this machine: so many items at the same time, each watched over by a thread.

The threads only wait and copy; the work itself is in processes forked from warm ones. Items that
use a GPU have a lane of their own where there is one, so that it never waits for those that do not.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Generic

from autograder.engines.contract import Finished, Item, Slot, Value
from autograder.errors import UserError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_A_BUG = "the autograder failed on it, which is a bug: {kind}: {error}"


class LocalEngine(Generic[Value]):
    """Runs `work` on as many items at a time as there are slots.

    accelerated: the slots with a GPU. Without any, all items go into the other slots.
    An exception of `work` ends that item; but a UserError, such as walls that do not stand, or a
    full disk would meet all of them: that is raised once what is in flight has ended. A
    KeyboardInterrupt waits for nothing: what is in flight ends with its warm processes.
    """

    def __init__(
        self,
        work: Callable[[Item, Slot], Value],
        plain: Sequence[Slot],
        accelerated: Sequence[Slot] = (),
    ) -> None:
        self._work = work
        self._plain = plain
        self._accelerated = accelerated

    def run(self, items: Iterable[Item]) -> Iterator[Finished[Value]]:
        """Each item once it is done; few are in flight at a time."""
        lanes = list(self._lanes(items))
        is_patient = True
        try:
            while flying := {future for lane in lanes for future in lane.fill()}:
                for future in wait(flying, return_when=FIRST_COMPLETED).done:
                    for lane in lanes:
                        lane.forget(future)
                    yield future.result()
        except KeyboardInterrupt:
            is_patient = False
            raise
        finally:
            for lane in lanes:
                lane.close()
            for lane in lanes if is_patient else ():
                lane.wait()

    def _lanes(self, items: Iterable[Item]) -> Iterator[_Lane[Value]]:
        waiting = list(items)
        if self._accelerated:
            mine = [item for item in waiting if item.accelerated]
            waiting = [item for item in waiting if not item.accelerated]
            yield _Lane(self._finish, self._accelerated, mine)
        yield _Lane(self._finish, self._plain, waiting)

    def _finish(self, item: Item, slot: Slot) -> Finished[Value]:
        try:
            return Finished(item, self._work(item, slot))
        except UserError:
            raise
        except Exception as error:  # one hand-in must not end the grading of all others
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                raise
            return Finished(item, problem=_A_BUG.format(kind=type(error).__name__, error=error))


class _Lane(Generic[Value]):
    """Items on their way through some slots, in their order."""

    def __init__(
        self,
        work: Callable[[Item, Slot], Finished[Value]],
        slots: Sequence[Slot],
        items: Iterable[Item],
    ) -> None:
        self._work = work
        self._waiting = deque(items)
        self._room = 2 * len(slots)  # so that no thread waits for whoever records what is done
        self._free: SimpleQueue[Slot] = SimpleQueue()
        for slot in slots:
            self._free.put(slot)
        self._pool = ThreadPoolExecutor(len(slots))
        self._flying: set[Future[Finished[Value]]] = set()

    def fill(self) -> set[Future[Finished[Value]]]:
        """What is in flight, once there is no more room."""
        while self._waiting and len(self._flying) < self._room:
            self._flying.add(self._pool.submit(self._in_a_slot, self._waiting.popleft()))
        return self._flying

    def forget(self, future: Future[Finished[Value]]) -> None:
        self._flying.discard(future)

    def close(self) -> None:
        """What has not begun never will."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def wait(self) -> None:
        self._pool.shutdown(wait=True)

    def _in_a_slot(self, item: Item) -> Finished[Value]:
        slot = self._free.get()
        try:
            return self._work(item, slot)
        finally:
            self._free.put(slot)
