"""The author's own solutions at work: what a release and a calibration both need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from autograder.course import Course
from autograder.data import open_nursery
from autograder.engines import Item, LocalEngine, Slot
from autograder.engines.slots import find_slots
from autograder.errors import UserError
from autograder.execution.nursery import Nursery
from autograder.execution.runs import load_cells
from autograder.isolation import NO_WALLS, survey
from autograder.pipeline import Assignment, Result

_MEANT_TO_RAISE = "raises-exception"  # the tag that Jupyter has for such cells


@dataclass(frozen=True)
class Raised:
    """A cell that raised: where it stands, the exception's name, its text in one line."""

    where: str
    name: str
    text: str


def open_own_nursery(course: Course, assignment: str, say: Callable[[str], None]) -> Nursery:
    """Warm processes for the instructor's own code, which may run where there are no walls."""
    walls = survey()
    walls = NO_WALLS if walls.refuses else walls
    slots = find_slots(course.settings, len(course.notebooks(assignment)))
    return open_nursery(course, assignment, walls, say, slots.common)


def side_by_side(assignment: Assignment, work: Callable[[str, Slot], Result]) -> list[Result]:
    """`work` on each notebook, as many at a time as there are slots; in the order of their names.

    Raises UserError where it fails.
    """
    slots = find_slots(assignment.course.settings)
    engine = LocalEngine(
        lambda item, slot: work(item.notebook, slot), slots.plain, slots.accelerated
    )
    results = []
    for finished in engine.run(Item("", name, accelerated=True) for name in assignment.masters):
        if finished.value is None:
            raise UserError(f"{finished.item.notebook}: {finished.problem}")
        results.append(finished.value)
    return sorted(results, key=lambda result: result.notebook)


def raised_in(notebook: NotebookNode, place: Path) -> Iterator[Raised]:
    """The cells that raised and were not to, of a notebook whose run lies in `place`."""
    for index, record in load_cells(place).items():
        cell = notebook.cells[index]
        if record["error"] and _MEANT_TO_RAISE not in cell.metadata.get("tags", ()):
            where = cell.metadata.get("nbgrader", {}).get("grade_id") or f"cell {index + 1}"
            name, text = record["error"]
            yield Raised(str(where), name, " ".join(text.split()))
