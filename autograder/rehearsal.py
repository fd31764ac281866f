"""The unedited release and the solutions, graded as hand-ins are, before anything is released.

The solutions run once, behind walls; what they print and the cards they earn are shown in
solutions/. Their runs are kept in runs/<assignment>/.release/, by the same keys as a student's: a
release that was killed goes on where it was, and a changed text or test trains nothing again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.checks import Outcome
from autograder.course import REHEARSAL, Course, HandIn
from autograder.engines import Slot
from autograder.errors import UserError
from autograder.execution.nursery import Nursery
from autograder.execution.runs import load_cells, load_run
from autograder.grading.autograded import autograded
from autograder.grading.scores import TestScore
from autograder.notebook.plan import find_clashes
from autograder.notebook.reading import read_notebook, write_notebook
from autograder.pipeline import Assignment, Result
from autograder.solutions import Raised, open_own_nursery, raised_in, side_by_side

_SHOWN = 5
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")

Say = Callable[[str], None]


class ReleaseError(UserError):
    """The source must not be released as it is; the message says where and why."""


@dataclass(frozen=True)
class Released:
    """What was released: notebooks by name, points in all, those that tests decide, extra credit.

    bonus: not counted in max_points.
    """

    notebooks: tuple[str, ...]
    max_points: float
    test_points: float
    bonus: float


def open_rehearsal(course: Course, assignment: str) -> Assignment:
    """The assignment with a place for runs of its own.

    Raises CourseError or NotebookError where the source is wrong.
    """
    runs = course.runs(assignment) / REHEARSAL
    return Assignment(Course(course.root, runs, course.environment), assignment)


def rehearse(kept: Assignment, stage: Path, say: Say, *, unedited_only: bool = False) -> Released:
    """Try what make_notebooks has put into `stage`; the solutions there get outputs and cards.

    kept: as open_rehearsal gives it. say: told which notebook began, and when it ended how long it
    took. Raises ReleaseError unless the solutions run without an error and score full marks, and
    the unedited release nothing. That is tried first: it trains nothing. unedited_only: leave it
    at that.
    """
    unedited, solved = (
        HandIn(role, kept.name, stage / role / kept.name) for role in ("release", "solution")
    )
    refuse(_clashes(kept, solved))
    with open_own_nursery(kept.course, kept.name, say) as nursery:
        blanks = _grade(kept, unedited, nursery, lambda _: None)
        refuse(_undeserved(blanks))
        solutions = [] if unedited_only else _grade(kept, solved, nursery, say)
    kept.sweep()
    places = {result.notebook: kept.course.run(solved, result.notebook) for result in solutions}
    refuse([*_accidents(places, solved.folder), *_shortfalls(solutions)])
    for result in solutions:
        _show(solved.folder / f"{result.notebook}.ipynb", places[result.notebook], result)
    return _released(kept, [test for result in blanks for test in result.scores.tests])


def refuse(problems: Iterable[str]) -> None:
    """Raise ReleaseError with the first few of `problems`, unless there are none."""
    found = list(problems)
    if found:
        more = f" (and {len(found) - _SHOWN} more)" if len(found) > _SHOWN else ""
        raise ReleaseError("not released: " + "; ".join(found[:_SHOWN]) + more)


def _released(assignment: Assignment, tests: list[TestScore]) -> Released:
    cells = (cell for master in assignment.masters.values() for cell in master.cells.values())
    return Released(
        notebooks=tuple(assignment.masters),
        max_points=sum(float(cell.metadata.nbgrader.get("points", 0.0)) for cell in cells),
        test_points=sum(test.max_points for test in tests),
        bonus=sum(test.max_bonus for test in tests),
    )


def _grade(assignment: Assignment, hand_in: HandIn, nursery: Nursery, say: Say) -> list[Result]:
    """The notebooks of a hand-in graded side by side; in the order of their names."""

    def work(name: str, slot: Slot) -> Result:
        started = time.monotonic()
        say(f"{name}: the solution begins")
        result = assignment.work(hand_in, name, nursery, slot)
        say(_told(result, time.monotonic() - started))
        return result

    return side_by_side(assignment, work)


def _told(result: Result, wall_s: float) -> str:
    tests = result.scores.tests
    earned, most = sum(test.points for test in tests), sum(test.max_points for test in tests)
    how = "ran and was graded" if result.executed else "was graded, its run is the one before"
    if not result.graded:
        how = "is as it was before"
    return (
        f"{result.notebook}: the solution {how}, {wall_s:.0f} s; {earned:g} of {most:g} points "
        "by tests"
    )


def _clashes(assignment: Assignment, solved: HandIn) -> Iterator[str]:
    for name in assignment.masters:
        plan = assignment.prepare(solved, name).plan
        yield from (f"{name}, {clash}" for clash in find_clashes(plan))


def _undeserved(results: list[Result]) -> Iterator[str]:
    for result in results:
        for test in result.scores.tests:
            if test.outcome != Outcome.NOT_ATTEMPTED:
                yield (
                    f"{result.notebook}, {test.grade_id}: the unedited release is "
                    f"{test.outcome!r}, expected 'not attempted': {test.message}"
                )


def _accidents(places: Mapping[str, Path], folder: Path) -> Iterator[str]:
    """What went wrong while the solutions ran: cells that raised, notebooks that were stopped."""
    for name, place in places.items():
        run = load_run(place)
        if run and run.stopped:
            yield f"{name}: the solution was stopped: {run.stopped}"
        for cell in raised_in(read_notebook(folder / f"{name}.ipynb"), place):
            yield f"{name}, {cell.where}: {_told_of(cell)}"


def _told_of(cell: Raised) -> str:
    if cell.name == "KeyboardInterrupt":
        return "the cell ran over its time and was interrupted; c.Autograder.cell_timeout_s sets it"
    return f"the solution raises {cell.name}: {cell.text}".removesuffix(": ")


def _shortfalls(results: list[Result]) -> Iterator[str]:
    for result in results:
        for test in result.scores.tests:
            missing = test.points != test.max_points or test.bonus != test.max_bonus
            if test.outcome != Outcome.CORRECT or missing:
                earned, most = test.points + test.bonus, test.max_points + test.max_bonus
                yield (
                    f"{result.notebook}, {test.grade_id}: the solution scores {earned:g} of "
                    f"{most:g}, {test.outcome}: {test.message}"
                )


def _show(path: Path, place: Path, result: Result) -> None:
    """Give a solved notebook its outputs and cards, as if a kernel had run it from the top.

    Restoring it as a hand-in has moved none of its cells, so their records fit by index.
    """
    shown = autograded(read_notebook(path), load_cells(place), result.scores.tests)
    code = (cell for cell in shown.cells if cell.cell_type == "code" and cell.source.strip())
    for count, cell in enumerate(code, start=1):
        cell.execution_count = count
        cell.outputs = [_steady(output, count) for output in cell.outputs]
    write_notebook(shown, path)


def _steady(output: NotebookNode, count: int) -> NotebookNode:
    """`output` without addresses of objects: the same source gives the same file."""
    if output.output_type == "execute_result":
        output.execution_count = count
    if "text" in output:
        output.text = _without_addresses(output.text)
    if "data" in output:
        output.data = NotebookNode(
            {
                kind: _without_addresses(data) if kind.startswith("text/") else data
                for kind, data in output.data.items()
            }
        )
    return output


def _without_addresses(text: Any) -> Any:
    return _ADDRESS.sub("at 0x…", text) if isinstance(text, str) else text
