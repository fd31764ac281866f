"""Which items are due, and which task has each: what the engine knows while it waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from autograder.engines.contract import Item
from autograder.engines.slurm.answers import Task
from autograder.engines.slurm.chunks import Done, DoneReader, Key, Try, key_of
from autograder.engines.slurm.ledger import Batch

LOOKS = 3  # a task that a node died under looks finished for a moment, before it is requeued


@dataclass
class Chunk:
    """A task's work: what is missing of it, and since when the task seems to have ended."""

    batch: Batch
    index: int
    size: int
    missing: dict[Key, Try]
    last: Task | None = None
    looks: int = 0
    since_s: float = 0.0

    @property
    def job(self) -> str:
        """The id of the job whose task was seen last."""
        return self.last.job if self.last else self.batch.job

    @property
    def is_untouched(self) -> bool:
        """Whether nothing of it is done, and no task has failed on any of it before."""
        tried = any(each.failures for each in self.missing.values())
        return len(self.missing) == self.size and not tried

    def see(self, tasks: Sequence[Task], now_s: float) -> None:
        """A look at the queue, which shows `tasks` of it; none: it has left the queue."""
        self.last = tasks[-1] if tasks else self.last
        if any(not task.over for task in tasks):
            self.looks = 0
            return
        self.since_s = self.since_s if self.looks else now_s
        self.looks += 1

    def ended(self, now_s: float, grace_s: float) -> bool:
        """Whether the task has ended: seen so for long enough to believe it."""
        return self.looks >= LOOKS and now_s - self.since_s >= grace_s

    def again(self, retries: int) -> Retry:
        """What becomes of the items that an ended task left."""
        retry = Retry()
        progress = len(self.missing) < self.size
        for place, each in enumerate(self.missing.values()):
            # a task that ran out of time has done its part: blame only what it was at work on
            failures = each.failures + (0 if progress and place else 1)
            tried = Try(each.item, failures)
            if failures > retries:
                retry.given_up.append(tried)
            elif not place or failures >= 2 or 0 < failures == retries:
                retry.alone.append(tried)  # a bad one takes no others with it
            else:
                retry.together.append(tried)
        return retry


@dataclass
class Retry:
    """Items that are given up, and those to be tried again, alone or together."""

    given_up: list[Try] = field(default_factory=list)
    alone: list[Try] = field(default_factory=list)
    together: list[Try] = field(default_factory=list)


class Board:
    """The items that are due; each belongs to the chunk that was taken last with it."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.due = {key_of(item): item for item in items}
        self.problems: dict[Key, str] = {}  # what tasks said of items that they gave up
        self._reported: dict[Key, None] = {}
        self._owner: dict[Key, Chunk] = {}
        self._keys: dict[str, dict[int, tuple[Key, ...]]] = defaultdict(dict)  # by batch
        self._readers: dict[str, DoneReader] = {}

    def take(self, batch: Batch, chunks: Mapping[int, Sequence[Try]]) -> None:
        """`batch` is submitted: what is due of its chunks is its tasks' now."""
        self._readers[batch.name] = DoneReader(batch.folder)
        for index, tries in chunks.items():
            mine = {key_of(each.item): each for each in tries if key_of(each.item) in self.due}
            chunk = Chunk(batch, index, len(tries), {})
            for key in mine:
                if key in self._owner:
                    del self._owner[key].missing[key]
                self._owner[key] = chunk
            # as the grading knows them now: what they use may have changed since
            chunk.missing = {key: Try(self.due[key], mine[key].failures) for key in mine}
            self._keys[batch.name][index] = tuple(mine)

    def unowned(self) -> list[Item]:
        """What no task has."""
        return [item for key, item in self.due.items() if key not in self._owner]

    def release(self, chunk: Chunk) -> None:
        """`chunk` has nothing any more; what it missed is nobody's."""
        for key in chunk.missing:
            del self._owner[key]
        chunk.missing = {}

    def drop(self, item: Item) -> None:
        """`item` is not due any more."""
        key = key_of(item)
        del self.due[key]
        self._reported.pop(key, None)
        if key in self._owner:
            del self._owner.pop(key).missing[key]

    def names(self) -> list[str]:
        """The jobs that have, or had, something that is due."""
        return [name for name, chunks in self._keys.items() if self._due(*chunks.values())]

    def reported(self) -> list[Item]:
        """Due items that tasks say are done; they stay reported until they are dropped."""
        for name in self.names():
            for done in self._readers[name].new(partial(self._awaited, name)):
                self._note(done)
        return [self.due[key] for key in self._reported]

    def look(self, tasks: Iterable[Task], now_s: float, grace_s: float) -> Iterator[Chunk]:
        """Chunks whose tasks have ended, by what the queue shows, before their items were done."""
        shown: dict[tuple[str, int], list[Task]] = defaultdict(list)
        for task in tasks:
            shown[task.name, task.index].append(task)
        for chunk in self.at_work():
            chunk.see(shown[chunk.batch.name, chunk.index], now_s)
            if chunk.ended(now_s, grace_s):
                yield chunk

    def at_work(self) -> list[Chunk]:
        """The chunks that something is missing of."""
        return list({id(chunk): chunk for chunk in self._owner.values()}.values())

    def _note(self, done: Done) -> None:
        if done.key not in self.due:
            return
        if done.problem:
            self.problems[done.key] = done.problem
        self._reported[done.key] = None

    def _awaited(self, name: str, index: int) -> bool:
        return self._due(self._keys[name].get(index, ()))

    def _due(self, *groups: Iterable[Key]) -> bool:
        return any(key in self.due for group in groups for key in group)
