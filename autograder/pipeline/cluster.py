"""Work on an assignment's hand-ins by tasks of Slurm, each of which runs chunk.py on a node."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.data import CourseData
from autograder.engines import Finished, Item, Slot
from autograder.engines.schedule import SOME_TASKS
from autograder.engines.slots import Slots
from autograder.engines.slurm import Needs, Scheduler, SlurmEngine, Worker
from autograder.execution.execute import limits
from autograder.pipeline.assignment import Look, Result
from autograder.pipeline.grading import Grading

LEDGER = ".slurm"  # below runs/<assignment>
_SLOWER = 3  # a node may take so many times as long as the last time
_START_S = 900  # to import the frameworks, over a network, and to grade what has run last
_WARM_MB = 3072  # the warm processes of a task, which its notebooks share
_LEFT = (
    "Slurm: the jobs go on by themselves; the same command finds them again, "
    "`scancel {jobs}` ends them"
)


class ClusterEngine:
    """Settles here what takes no running, and has the rest worked on by Slurm."""

    def __init__(self, grading: Grading, say: Callable[[str], None]) -> None:
        self._grading = grading
        self._course = grading.assignment.course
        self._due: dict[Item, bool] = {}  # whether it is to be run, or graded alone
        self._engine = SlurmEngine(
            Scheduler(tell=say),
            self._course.runs(grading.assignment.name) / LEDGER,
            self._worker(),
            self._collect,
            self._course.slurm,
            is_wanted=self._is_wanted,
            tell=say,
        )

    @property
    def slots(self) -> Slots:
        """Those of all tasks together, as far as is known."""
        tasks = self._course.slurm.parallel or SOME_TASKS
        here, gpus = self._slots()
        return Slots((Slot(),) * (tasks * here), (Slot("some"),) * (tasks * gpus))

    def run(self, items: Iterable[Item]) -> Iterator[Finished[Result]]:
        """Each of `items` once it is done; closing it leaves the jobs in the queue."""
        for item in items:
            look = self._look(item)
            if (result := self._settled(look, item)) is not None:
                yield Finished(item, result)
            else:
                self._due[item] = look.run is None
        for finished in self._engine.run(list(self._due)):
            yield self._with_its_run(finished) if finished.problem else finished

    def left_in_queue(self) -> str:
        """What to tell whoever stops waiting, in one line; "" where nothing was submitted."""
        jobs = self._engine.jobs()
        return _LEFT.format(jobs=" ".join(jobs)) if jobs else ""

    def _look(self, item: Item, only_look: bool = False) -> Look:
        assignment, walled = self._grading.assignment, self._course.settings.isolation
        hand_in = assignment.hand_in(item.student)
        prepared = assignment.prepare(hand_in, item.notebook)
        return assignment.look(prepared, hand_in, item.notebook, walled, only_look)

    def _settled(self, look: Look, item: Item) -> Result | None:
        hand_in = self._grading.hand_ins[item.student]
        return self._grading.assignment.settled(look, hand_in, item.notebook)

    def _collect(self, item: Item) -> Result | None:
        """What a task has left in an item's files, if that is all there."""
        result = self._settled(self._look(item), item)
        if result is None or item not in self._due:
            return result
        return replace(result, executed=self._due[item], graded=True)

    def _with_its_run(self, given_up: Finished[Result]) -> Finished[Result]:
        """An item that was given up, but whose code has run: that is not to be lost."""
        item, look = given_up.item, self._look(given_up.item)
        if look.run is None:
            return given_up
        assignment, hand_in = self._grading.assignment, self._grading.hand_ins[item.student]
        result = assignment.leave_ungraded(look, hand_in, item.notebook, look.run, given_up.problem)
        return Finished(item, replace(result, executed=self._due[item]))

    def _is_wanted(self, item: Item) -> bool:
        """Whether an item that only an earlier grading asked for is still to be done."""
        assignment = self._grading.assignment
        is_there = assignment.hand_in(item.student).folder.is_dir()
        if item.notebook not in assignment.masters or not is_there:
            return False
        return self._look(item, only_look=True).scores is None

    def _slots(self) -> tuple[int, int]:
        """Of one task: those without a GPU, those with one."""
        settings, slurm = self._course.settings, self._course.slurm
        return settings.workers or slurm.cpus, slurm.gpus * settings.slots_per_gpu

    def _worker(self) -> Worker:
        slots, gpu_slots = self._slots()
        data = CourseData(self._course).store.root
        binds = (self._course.root, *([data] if data.is_dir() else []))  # a course may use none
        return Worker(self._argv, slots, gpu_slots, self._needs, binds)

    def _argv(self, chunk: Path) -> list[str]:
        """The command of a task, which finds the data that this process would."""
        course, store = self._course, CourseData(self._course).store
        python = "python" if course.slurm.container else sys.executable
        return [
            "env",
            f"AUTOGRADER_DATA={store.root}",
            f"AUTOGRADER_PROFILE={store.profile}",
            *(python, "-m", "autograder", "work"),
            self._grading.assignment.name,
            f"--course={course.root}",
            f"--workers={self._slots()[0]}",
            "--chunk",
            str(chunk),
            *([] if course.settings.isolation else ["--no-isolation"]),
        ]

    def _needs(self, items: Sequence[Item]) -> Needs:
        bounds = [limits(self._course.settings, name) for name in {i.notebook for i in items}]
        plain, with_gpu = self._slots()
        slots = (with_gpu if items[0].accelerated else 0) or plain
        longest_s = max(bound.wall_s for bound in bounds)
        usual_s = _SLOWER * sum(item.expected_s for item in items) / slots
        most_mb = max(bound.memory_mb for bound in bounds)
        return Needs(usual_s + longest_s + _START_S, _WARM_MB + min(slots, len(items)) * most_mb)
