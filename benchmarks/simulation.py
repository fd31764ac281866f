"""The scheduler's own code in simulated time: when each item of a class would be done.

The order, the lanes, the slots and the cutting into tasks are autograder.engines' own. Simulated
is what takes time: notebooks, Slurm's queue, the start of its tasks, and nodes that die.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from random import Random
from typing import Any, NamedTuple
from unittest.mock import patch

from autograder.engines import Item, LocalEngine, Slot, local
from autograder.engines.schedule import cut

Times = Mapping[Item, float]
"""How long items really take, in seconds."""


class Ended(NamedTuple):
    """An item that needs no more work, and when that was, in seconds since the first began."""

    item: Item
    at_s: float


class _Waited(NamedTuple):
    done: set[Future[Any]]
    not_done: set[Future[Any]]


class _World:
    """A clock, and what stands for the threads that the engine would start."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.spent_s = 0.0
        self.ends_s: dict[Future[Any], float] = {}

    def pool(self, threads: int) -> _Pool:
        return _Pool(self, threads)

    def wait(self, flying: Collection[Future[Any]], **_: object) -> _Waited:
        """Let time pass until the first of `flying` ends."""
        first = min(flying, key=self.ends_s.__getitem__)
        self.now_s = self.ends_s.pop(first)
        return _Waited({first}, set(flying) - {first})


class _Pool:
    """Threads that work at once and are busy until that would have been done."""

    def __init__(self, world: _World, threads: int) -> None:
        self._world = world
        self._free_s = [0.0] * threads

    def submit(self, work: Callable[[Item], object], item: Item) -> Future[Any]:
        begins_s = max(self._world.now_s, heappop(self._free_s))
        future: Future[Any] = Future()
        future.set_result(work(item))
        self._world.ends_s[future] = begins_s + self._world.spent_s
        heappush(self._free_s, begins_s + self._world.spent_s)
        return future

    def shutdown(self, **_: object) -> None:
        """Nothing is left to stop."""


def on_one_machine(
    items: Sequence[Item], wall_s: Times, *, slots: int, gpu_slots: int = 0
) -> list[Ended]:
    """What LocalEngine does with `items`, in the order of their ends."""
    world = _World()

    def work(item: Item, _: Slot) -> None:
        world.spent_s = wall_s[item]

    engine = LocalEngine(work, [Slot()] * slots, [Slot(gpu="0")] * gpu_slots)
    with (
        patch.object(local, "ThreadPoolExecutor", world.pool),
        patch.object(local, "wait", world.wait),
    ):
        return [Ended(finished.item, world.now_s) for finished in engine.run(items)]


@dataclass(frozen=True)
class Cluster:
    """What Slurm lends, and how it behaves.

    gpu_tasks, plain_tasks: how many run at the same time, each with gpu_slots or slots items at
    work. most: items of a task. queue_s: tasks get their first place within that time. start_s:
    from a task's place to its first item, at least and at most. dies: the chance that a task's node
    does. notice_s: from there until its items are in the queue again, `retries` times an item.
    """

    gpu_tasks: int
    plain_tasks: int
    gpu_slots: int = 1
    slots: int = 4
    most: int = 200
    queue_s: float = 120.0
    start_s: tuple[float, float] = (20.0, 60.0)
    dies: float = 0.03
    notice_s: float = 60.0
    retries: int = 3


@dataclass
class Outcome:
    """What became of the items of one partition.

    given_up: what was tried once too often. held_s: the time for which tasks held their places.
    """

    ended: list[Ended] = field(default_factory=list)
    given_up: list[Item] = field(default_factory=list)
    tasks: int = 0
    deaths: int = 0
    held_s: float = 0.0


def on_a_cluster(
    items: Sequence[Item], wall_s: Times, cluster: Cluster, random: Random
) -> tuple[Outcome, Outcome]:
    """What tasks of Slurm do with `items`: those that use a GPU, and the others."""
    fast = _Partition(cluster, cluster.gpu_tasks, cluster.gpu_slots, wall_s, random)
    slow = _Partition(cluster, cluster.plain_tasks, cluster.slots, wall_s, random)
    return (
        fast.run([item for item in items if item.accelerated]),
        slow.run([item for item in items if not item.accelerated]),
    )


class _Waiting(NamedTuple):
    chunk: list[Item]
    since_s: float


class _Partition:
    """Places for so many tasks, each with so many items at work."""

    def __init__(
        self, cluster: Cluster, places: int, slots: int, wall_s: Times, random: Random
    ) -> None:
        self._cluster, self._places, self._slots = cluster, places, slots
        self._wall_s, self._random = wall_s, random
        self._outcome, self._tries = Outcome(), Counter[Item]()

    def run(self, items: Sequence[Item]) -> Outcome:
        """Chunks in the queue's order, each in the place that is free first."""
        free_s = [self._random.uniform(0, self._cluster.queue_s) for _ in range(self._places)]
        heapify(free_s)
        queue = deque(_Waiting(chunk, 0.0) for chunk in self._chunks(items))
        while queue:
            chunk, since_s = queue.popleft()
            rest, ends_s = self._task(chunk, max(heappop(free_s), since_s))
            if rest:
                ends_s += self._cluster.notice_s
                queue.extend(_Waiting(part, ends_s) for part in self._chunks(self._again(rest)))
            heappush(free_s, ends_s)
        return self._outcome

    def _chunks(self, items: Sequence[Item]) -> list[list[Item]]:
        return cut(items, most=self._cluster.most, slots=self._slots, tasks=self._places)

    def _again(self, rest: Sequence[Item]) -> list[Item]:
        self._tries.update(rest)
        retries = self._cluster.retries
        self._outcome.given_up += [item for item in rest if self._tries[item] > retries]
        return [item for item in rest if self._tries[item] <= retries]

    def _task(self, chunk: Sequence[Item], begins_s: float) -> tuple[list[Item], float]:
        """The items that one task did not finish, and when it ended."""
        first_s = begins_s + self._random.uniform(*self._cluster.start_s)
        done = on_one_machine(chunk, self._wall_s, slots=self._slots)
        ended = [Ended(item, first_s + at_s) for item, at_s in done]
        ends_s = ended[-1].at_s
        if self._random.random() < self._cluster.dies:
            ends_s = self._random.uniform(begins_s, ends_s)
            self._outcome.deaths += 1
        self._outcome.ended += [each for each in ended if each.at_s <= ends_s]
        self._outcome.tasks += 1
        self._outcome.held_s += ends_s - begins_s
        return [each.item for each in ended if each.at_s > ends_s], ends_s
