"""How long notebooks took the last time: what a schedule is made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.course import REHEARSAL, HandIn
from autograder.engines import Item
from autograder.engines.schedule import Expectations
from autograder.execution.frameworks import named_in
from autograder.execution.runs import load_run
from autograder.notebook.master import Master
from autograder.pipeline.assignment import Assignment

_SOLUTION = "solution"  # the author's, as a hand-in of the release


def items_of(assignment: Assignment, hand_ins: list[HandIn]) -> Iterator[Item]:
    """An item for each notebook of each hand-in, whether or not there is anything to be done."""
    course, names = assignment.course, list(assignment.masters)
    past = {
        (hand_in.student, name): seconds
        for hand_in in hand_ins
        for name in names
        if (seconds := _ran_s(course.run(hand_in, name))) is not None
    }
    rehearsed = course.runs(assignment.name) / REHEARSAL / assignment.name / _SOLUTION
    solutions = {name: s for name in names if (s := _ran_s(rehearsed / name)) is not None}
    expectations = Expectations(past, solutions)
    uses = {name: uses_framework(assignment, name) for name in names}
    for hand_in in hand_ins:
        for name in names:
            expected_s = expectations.expected_s(hand_in.student, name)
            yield Item(hand_in.student, name, expected_s, uses[name])


def _ran_s(place: Path) -> float | None:
    run = load_run(place)
    return run.ending.wall_s if run and run.ending else None


def uses_framework(assignment: Assignment, name: str) -> bool:
    """Whether a notebook uses a framework, which uses a GPU where there is one.

    The framework may be installed only where the notebook will run: on a node, in a container.
    """
    master: Master = assignment.masters[name]
    text = "\n".join(cell.source for cell in master.graded.cells if cell.cell_type == "code")
    return bool(named_in(text, assignment.course.settings.warm_frameworks))
