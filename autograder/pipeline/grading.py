"""A class's hand-ins on their way into the gradebook, which has a single writer: this process."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

from autograder.course import Course, HandIn
from autograder.engines import Engine, Finished, Item
from autograder.engines.schedule import ordered
from autograder.grading.gradebook import Record
from autograder.pipeline.assignment import Assignment, PipelineError, Result
from autograder.pipeline.times import items_of

Say = Callable[[str], None]


class Grading:
    """The hand-ins of an assignment, or those of `students`.

    hand_ins: by student. refused: folders that are no hand-in.
    Raises CourseError when a student in `students` has handed in nothing.
    """

    def __init__(self, course: Course, name: str, students: tuple[str, ...] = ()) -> None:
        self.assignment = Assignment(course, name)
        found, self.refused = course.hand_ins(name, students)
        self.hand_ins: dict[str, HandIn] = {hand_in.student: hand_in for hand_in in found}

    @cached_property
    def items(self) -> list[Item]:
        """The notebooks to look at, in the order in which they begin: the longest first."""
        return ordered(items_of(self.assignment, list(self.hand_ins.values())))

    def run(self, engine: Engine[Result], say: Say) -> Iterator[tuple[Item, Result]]:
        """Have done what is due; each result is yielded once it is in the gradebook.

        say: told when another command has to be waited for.
        """
        course, name = self.assignment.course, self.assignment.name
        with (
            only_one(course.runs(name), say),
            Record(course, name, self.assignment.masters) as record,
        ):
            for finished in engine.run(self.items):
                result = finished.value or self._give_up(finished)
                _save(record, result)
                yield finished.item, result
            self.assignment.sweep()

    def _give_up(self, finished: Finished[Result]) -> Result:
        item = finished.item
        hand_in = self.hand_ins[item.student]
        return self.assignment.give_up(hand_in, item.notebook, finished.problem)


def _save(record: Record, result: Result) -> None:
    prepared = result.prepared
    record.save(
        result.hand_in,
        result.notebook,
        prepared.sanitised.notebook,
        result.scores,
        result.remarks,
        prepared.state,
    )


@contextlib.contextmanager
def only_one(folder: Path, say: Say = lambda _: None) -> Iterator[None]:
    """Hold an assignment's runs: a grading, release or prune that does is waited for, and said."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{folder}: another command is at work here; waiting for its end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as error:
            raise PipelineError(
                f"{lock.name}: cannot be locked: {error.strerror}; expected a file system with "
                "locks (Lustre: mounted with -o flock), put the course on one"
            ) from error
        yield
