"""The work of one task in a cluster's queue: a chunk of notebooks, run and graded on a node.

Writes runs/… as any grading does, and a line for each notebook that is done. It does not touch the
gradebook.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.course import Course
from autograder.data import CourseData
from autograder.engines import Finished
from autograder.engines.slots import Slots, refuse_full_without_gpu
from autograder.engines.slurm.chunks import DoneLines, read_chunk
from autograder.execution.nursery import Nursery
from autograder.pipeline.assignment import Assignment, Result
from autograder.pipeline.local import local_engine


def work_on_chunk(
    course: Course, name: str, chunk: Path, nursery: Nursery, slots: Slots
) -> Iterator[str]:
    """Do what is due of the items in the file `chunk`; a line on each that is done.

    Ended by a signal, it leaves what is done, and nothing of the rest that counts. Raises UserError
    where a GPU was asked for, profile full needs it, and there is none.
    """
    items = read_chunk(chunk)
    if course.slurm.gpus and any(item.accelerated for item in items):
        refuse_full_without_gpu(CourseData(course).store.profile, slots)
    assignment = Assignment(course, name)
    hand_ins = {item.student: assignment.hand_in(item.student) for item in items}
    engine = local_engine(assignment, hand_ins, nursery, slots)
    with DoneLines(chunk) as done:
        for finished in engine.run(items):
            problem = _problem(finished)
            done.add(finished.item, problem)
            yield f"{finished.item.student}, {finished.item.notebook}: {problem or 'done'}"


def _problem(finished: Finished[Result]) -> str:
    """Why it was not graded, if so: whoever submitted it may have it tried on another node."""
    return finished.value.prepared.problem if finished.value else finished.problem
