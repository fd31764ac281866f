"""Work on a cluster: job arrays are submitted, and files and the queue are looked at until all is
done. The queue lives in Slurm's controller and what was submitted in the ledger, so a grading that
is killed goes on where it was.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from autograder.engines.contract import Finished, Item, Value
from autograder.engines.schedule import cut
from autograder.engines.slurm.answers import Task
from autograder.engines.slurm.board import Board, Chunk
from autograder.engines.slurm.chunks import Key, Try, key_of, read_tries
from autograder.engines.slurm.commands import QueueFullError, Scheduler
from autograder.engines.slurm.ledger import Batch, Ledger
from autograder.engines.slurm.script import PLACEHOLDER, Array, Needs, batch_script
from autograder.errors import UserError
from autograder.settings import Slurm

ARRAY_TASKS = 1000  # Slurm's own MaxArraySize is 1001
GRACE_S = 75.0  # another node's files may be seen 60 s late: NFS keeps what it knows of a folder

FRUITLESS = 3  # so many tasks that ended before anything was done are no accident

_USUAL = {"", "None", "Priority", "Resources", "JobArrayTaskLimit", "BeginTime"}

_LONGEST = 300  # characters of a task's last words

_Chunks = list[list[Try]]


@dataclass(frozen=True)
class Worker:
    """What tasks run, and on what.

    argv: the command that works on a chunk file. slots, gpu_slots: how many items a task works on
    at the same time. needs: what a chunk may take at most, where the settings do not say. binds:
    folders that a container finds at the same path.
    """

    argv: Callable[[Path], list[str]]
    slots: int = 1
    gpu_slots: int = 1
    needs: Callable[[Sequence[Item]], Needs] | None = None
    binds: tuple[Path, ...] = ()


class SlurmEngine(Generic[Value]):
    """Has items worked on by tasks of Slurm. One process at a time may use `folder`, the ledger.

    collect: what has become of an item, by its files; None if it is not done, or not to be seen
    yet. is_wanted: whether an item that `run` was not asked for is still to be done, for whoever
    submitted it; unless told, what cannot be collected is. tell: is given lines for the user.

    Raises UserError for what the user can mend; jobs stay in the queue then, as when `run` is
    closed, and the next `run` goes on with them.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        folder: Path,
        worker: Worker,
        collect: Callable[[Item], Value | None],
        settings: Slurm,
        *,
        is_wanted: Callable[[Item], bool] | None = None,
        tell: Callable[[str], None] = lambda line: None,
        grace_s: float = GRACE_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._scheduler, self._ledger = scheduler, Ledger(folder.absolute())
        self._worker, self._collect, self._settings = worker, collect, settings
        self._is_wanted = is_wanted or (lambda item: collect(item) is None)
        self._tell, self._grace_s, self._clock, self._sleep = tell, grace_s, clock, sleep
        self._told: set[str] = set()
        self._full_at: int | None = None  # chunks at work when Slurm took no more
        self._fruitless: int | None = 0  # tasks that came to nothing; None once anything was done

    def run(self, items: Iterable[Item]) -> Iterator[Finished[Value]]:
        """Each of `items` once it is done. Closing it leaves the jobs in the queue."""
        board = Board(items)
        asked, named = set(board.due), set[str]()
        self._full_at, self._fruitless = None, 0
        self._ledger.sweep()
        self._find_again(board)
        waiting = deque(self._arrays([], [Try(item) for item in board.unowned()]))
        while board.due:
            yield from self._done(board, board.reported())
            tasks = self._scheduler.tasks(board.names())
            self._explain(tasks)
            for chunk in board.look(tasks, self._clock(), self._grace_s):
                yield from self._done(board, [each.item for each in chunk.missing.values()])
                if chunk.missing:
                    self._give_up_if_all_fail(chunk, tasks)
                    yield from self._again(board, chunk, waiting, named)
            self._send(board, waiting)
            if board.due:
                self._sleep(self._settings.poll_s)
        self._clean(asked, named)

    def jobs(self) -> list[str]:
        """The ids of what was submitted and is not all collected, oldest first."""
        return [batch.job for batch in self._ledger.batches() if batch.job]

    def _find_again(self, board: Board) -> None:
        """What a grading that was killed had submitted goes on.

        What it had not, and what somebody has taken out of the queue since, is forgotten.
        """
        batches = self._ledger.batches()
        tasks = defaultdict(list)
        for task in self._scheduler.tasks([batch.name for batch in batches]):
            tasks[task.name].append(task)
        for batch in batches:
            mine = tasks[batch.name]
            withdrawn = bool(mine) and all(task.state == "CANCELLED" for task in mine)
            if withdrawn or not (batch.job or mine):
                self._ledger.remove(batch)
                continue
            if not batch.job:
                batch = self._ledger.submitted(batch, mine[0].job)
            board.take(batch, {index: _read(path) for index, path in batch.chunks().items()})
        if found := len(board.at_work()):
            self._tell(f"Slurm: {found} tasks of an earlier grading go on")

    def _done(self, board: Board, items: Iterable[Item]) -> Iterator[Finished[Value]]:
        for item in items:
            if (value := self._collect(item)) is not None:
                self._fruitless = None
                board.drop(item)
                yield Finished(item, value)

    def _give_up_if_all_fail(self, chunk: Chunk, tasks: Sequence[Task]) -> None:
        """Where a setting is wrong every task ends at once: that is no notebook's fault.

        Raises UserError; then nothing is in the queue any more. As long as more tasks are at work
        than have come to nothing, it may yet be the notebooks.
        """
        if self._fruitless is None or not chunk.is_untouched:
            return
        self._fruitless += 1
        if self._fruitless < max(FRUITLESS, sum(task.state == "RUNNING" for task in tasks)):
            return
        batches = self._ledger.batches()
        self._scheduler.cancel(self._live(batches))
        for batch in batches:
            self._ledger.keep_logs(batch)
        ending, log = self._what_happened(chunk)
        raise UserError(
            f"Slurm: {self._fruitless} tasks ended before anything was done, the last: {ending}"
            f"{_last_words(log)} (log: {log}); their jobs were withdrawn: mend that and start again"
        )

    def _what_happened(self, chunk: Chunk) -> tuple[str, Path]:
        """How the task of a chunk ended, in a few words, and its log."""
        ending = self._scheduler.why(chunk.job, chunk.index) or _ending(chunk.last)
        return ending, chunk.batch.log(chunk.job, chunk.index)

    def _again(
        self, board: Board, chunk: Chunk, waiting: deque[_Chunks], named: set[str]
    ) -> Iterator[Finished[Value]]:
        """A task ended too early: its items are tried again, or given up."""
        task = chunk.last
        ending, log = self._what_happened(chunk)
        if task and task.held:
            self._scheduler.cancel([task])
        if "BadConstraints" in ending:  # every task would end so, and the whole class be given up
            self._ledger.remove(chunk.batch)
            raise UserError(
                "Slurm has no node that its tasks fit on (BadConstraints); look at c.Slurm.cpus, "
                "c.Slurm.gpus, c.Slurm.memory_gb and c.Slurm.options in course_config.py"
            )
        retry = chunk.again(self._settings.retries)
        self._tell(
            f"Slurm: task {chunk.job}_{chunk.index} ended, {ending}, with {len(chunk.missing)} of "
            f"{chunk.size} notebooks missing (log: {log})"
        )
        board.release(chunk)
        waiting.extend(self._arrays(retry.alone, retry.together))
        for given_up in retry.given_up:
            named.add(chunk.batch.name)
            last = board.problems.get(key_of(given_up.item), ending)
            board.drop(given_up.item)
            yield Finished(
                given_up.item,
                problem=f"its Slurm task ended {_times(given_up.failures)} before it was done; "
                f"the last: {last} (log: {log})",
            )

    def _arrays(self, alone: Sequence[Try], together: Sequence[Try]) -> Iterator[_Chunks]:
        """Job arrays: of few enough tasks, and not of both lanes."""
        tries = {key_of(each.item): each for each in together}
        chunks = [
            [tries[key_of(item)] for item in chunk]
            for chunk in cut(
                [each.item for each in together],
                most=self._settings.chunk,
                slots=self._worker.slots,
                gpu_slots=self._worker.gpu_slots,
                tasks=self._settings.parallel,
            )
        ] + [[each] for each in alone]
        for accelerated in (True, False):
            lane = [chunk for chunk in chunks if chunk[0].item.accelerated == accelerated]
            count = -(-len(lane) // ARRAY_TASKS)
            yield from (lane[start::count] for start in range(count))  # long ones first in each

    def _send(self, board: Board, waiting: deque[_Chunks]) -> None:
        """Submit what waits, unless Slurm takes no more while ours are still in the queue."""
        tasks = sum(map(len, waiting))
        while waiting and (self._full_at is None or len(board.at_work()) < self._full_at):
            chunks = waiting.popleft()
            try:
                board.take(self._submit(chunks, tasks), dict(enumerate(chunks)))
                self._full_at = None
            except QueueFullError as full:
                if at_work := len(board.at_work()):
                    self._tell_once(f"{full}; the rest is submitted when there is room")
                    self._full_at = at_work
                elif len(chunks) == 1:
                    raise
                half = len(chunks) if at_work else len(chunks) // 2
                waiting.extendleft(filter(None, (chunks[half:], chunks[:half])))

    def _submit(self, chunks: _Chunks, tasks: int) -> Batch:
        """The batch that these chunks are now; nothing is left of it if Slurm refuses it."""
        batch = self._ledger.add(chunks, lambda batch: self._script(batch, chunks, tasks))
        try:
            return self._ledger.submitted(batch, self._scheduler.submit(batch.script, batch.name))
        except UserError:
            self._ledger.remove(batch)
            raise

    def _script(self, batch: Batch, chunks: _Chunks, tasks: int) -> str:
        """The script of `chunks`, which are some of the tasks that are submitted at this time."""
        array = Array(
            name=batch.name,
            folder=batch.folder,
            tasks=len(chunks),
            parallel=-(-self._settings.parallel * len(chunks) // tasks),
            accelerated=chunks[0][0].item.accelerated,
            needs=self._needs(chunks),
        )
        argv = self._worker.argv(batch.folder / PLACEHOLDER)
        return batch_script(self._settings, array, argv, self._worker.binds)

    def _needs(self, chunks: _Chunks) -> Needs | None:
        """What the most demanding chunk needs: tasks of an array ask for the same."""
        if self._worker.needs is None:
            return None
        each = [self._worker.needs([one.item for one in chunk]) for chunk in chunks]
        return Needs(max(one.time_s for one in each), max(one.memory_mb for one in each))

    def _explain(self, tasks: Iterable[Task]) -> None:
        """Tell, once, of tasks that wait for something else than their turn."""
        for task in tasks:
            if task.state == "PENDING" and task.reason not in _USUAL:
                self._tell_once(f"Slurm: tasks wait, it says: {task.reason}")

    def _tell_once(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self._tell(line)

    def _clean(self, asked: set[Key], named: set[str]) -> None:
        """Cancel what is left in the queue, and forget all but what a message names.

        Only what nobody waits for: a grading of other hand-ins may have been killed before.
        """
        batches = self._ledger.batches()
        by_name = {batch.name: batch for batch in batches}
        live = self._live(batches)
        wanted = {task for task in live if self._wanted(by_name[task.name], task.index, asked)}
        self._scheduler.cancel(task for task in live if task not in wanted)
        for batch in batches:
            if batch.name in named:
                self._ledger.keep_logs(batch)
            elif batch.name not in {task.name for task in wanted}:
                self._ledger.remove(batch)

    def _wanted(self, batch: Batch, index: int, asked: set[Key]) -> bool:
        others = [each.item for each in _read(batch.chunk(index)) if key_of(each.item) not in asked]
        return any(map(self._is_wanted, others))

    def _live(self, batches: Iterable[Batch]) -> list[Task]:
        tasks = self._scheduler.tasks([batch.name for batch in batches])
        return [task for task in tasks if not task.over or task.held]


def _read(chunk: Path) -> list[Try]:
    """What a chunk file of an earlier grading holds; nothing, if a power cut left it empty."""
    try:
        return read_tries(chunk)
    except UserError:
        return []


def _last_words(log: Path) -> str:
    """What a task said last, if it said anything."""
    try:
        lines = log.read_text(errors="replace").split("\n")
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return f", saying {said[-1][:_LONGEST]!r}" if said else ""


def _ending(task: Task | None) -> str:
    if task is None or not task.over:
        return "gone from the queue"
    return f"{task.state} on {task.node}" if task.node else task.state


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
