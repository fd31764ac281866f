"""The work of one task in a cluster's queue: a chunk of notebooks, run and graded on a node.

Writes runs/… as any grading does, and a line for each notebook that is done. It does not touch the
gradebook.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.course import Course, HandIn
from autograder.engines.slots import Slots
from autograder.engines.slurm.chunks import DoneLines, read_chunk
from autograder.execution.nursery import Nursery
from autograder.pipeline.assignment import Assignment
from autograder.pipeline.local import local_engine


def work_on_chunk(
    course: Course, name: str, chunk: Path, nursery: Nursery, slots: Slots
) -> Iterator[str]:
    """Do what is due of the items in the file `chunk`; a line on each that is done."""
    items = read_chunk(chunk)
    assignment = Assignment(course, name)
    hand_ins = {
        student: HandIn(student, name, course.path("submitted", student, name))
        for student in {item.student for item in items}
    }
    engine = local_engine(assignment, hand_ins, nursery, slots)
    with DoneLines(chunk) as done:
        for finished in engine.run(items):
            done.add(finished.item, finished.problem)
            yield f"{finished.item.student}, {finished.item.notebook}: {finished.problem or 'done'}"
