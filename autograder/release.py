"""source → release and solutions, with nbgrader's converters; refuses to leak and to disappoint.

All is made and tried in a folder beside its place first: nothing secret may survive in the release,
the solutions must score full marks and the unedited release nothing. Only then release/, solutions/
and the gradebook change.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.converters import GenerateAssignment, GenerateSolution
from traitlets.config import Config

from autograder.checks import Outcome
from autograder.converters import convert
from autograder.course import Course, HandIn
from autograder.data import CourseData, open_nursery
from autograder.errors import UserError
from autograder.files import replace_folder
from autograder.grading.gradebook import gradebook_name, open_gradebook
from autograder.isolation import NO_WALLS, survey
from autograder.leaks import find_leaks
from autograder.notebook.plan import find_clashes
from autograder.notebook.reading import read_notebook
from autograder.pipeline import Assignment, Result, only_one

_SETTINGS = Config()
_SETTINGS.Execute.timeout = 3600
# A kernel that listens on this machine's TCP warns of it, and nobody asked.
_SETTINGS.Execute.extra_arguments = [
    "--HistoryManager.hist_file=:memory:",
    "--IPKernelApp.log_level=ERROR",
]
_SETTINGS.Execute.record_timing = False  # solutions/ is committed: the same source, the same file
_SHOWN = 5
_STAGE = ".release-"


class ReleaseError(UserError):
    """The source must not be released as it is; the message says where and why."""


@dataclass(frozen=True)
class Released:
    """What was released: notebooks by name, points in all and those that tests decide."""

    notebooks: tuple[str, ...]
    max_points: float
    test_points: float


def release_assignment(
    course: Course, assignment: str, say: Callable[[str], None] = lambda _: None
) -> Released:
    """Make release/ and solutions/ of an assignment and enter it in the gradebook.

    say: told what is being done. Raises UserError; then all is as it was.
    """
    course.notebooks(assignment)
    if Path(gradebook_name(course)).is_file():
        with open_gradebook(course):
            pass  # a gradebook that cannot be used is told before the work begins
    with only_one(course.runs(assignment)), _stage(course) as stage:
        made = _rehearse(course, assignment, stage, say)
        say("entering the assignment in the gradebook")
        convert(GenerateAssignment, course, assignment, {"release_directory": str(stage / "again")})
        for step in ("release", "solution"):
            replace_folder(stage / step / assignment, course.path(step, ".", assignment))
    return made


def find_stale(course: Course, assignment: str) -> list[str]:
    """What in release/ and solutions/ is not what source/ gives now, a line each.

    Outputs are not compared: a solution that trains a model shows other numbers each time.
    """
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        _rehearse(course, assignment, stage, lambda _: None)
        stale = []
        for step in ("release", "solution"):
            there = _contents(course.path(step, ".", assignment))
            wanted = _contents(stage / step / assignment)
            stale += [
                f"{course.path(step, '.', assignment) / name} is stale"
                for name in sorted(there.keys() | wanted.keys())
                if there.get(name) != wanted.get(name)
            ]
        return stale


def _rehearse(course: Course, assignment: str, stage: Path, say: Callable[[str], None]) -> Released:
    """Make release and solution in `stage` and try them out."""
    data = CourseData(course)
    data.ensure(assignment, say)
    planned = Assignment(course, assignment)
    directories = {
        "release_directory": str(stage / "release"),
        "solution_directory": str(stage / "solution"),
        "db_url": f"sqlite:///{stage}/gradebook.db",
    }
    say("making the release")
    convert(GenerateAssignment, course, assignment, directories)
    _refuse(find_leaks(course.source(assignment), stage / "release" / assignment, course.config))
    say("running the solutions")
    with _environment(data.environment):  # the solutions run in a kernel of their own
        convert(GenerateSolution, course, assignment, directories, _SETTINGS)
    say("grading the solutions and the unedited release")
    rehearsal = Assignment(Course(course.root, runs=stage / "runs"), assignment)
    solved, unedited = (
        HandIn(role, assignment, stage / role / assignment) for role in ("solution", "release")
    )
    _refuse(_clashes(rehearsal, solved))
    results = _grade(rehearsal, [solved, unedited])
    _refuse(_shortfalls(results[solved]))
    _refuse(_undeserved(results[unedited]))
    tests = [test for result in results[solved] for test in result.scores.tests]
    return Released(
        notebooks=tuple(planned.masters),
        max_points=sum(_points(planned)),
        test_points=sum(test.max_points for test in tests),
    )


def _grade(assignment: Assignment, hand_ins: list[HandIn]) -> dict[HandIn, list[Result]]:
    """Grade as a hand-in is graded; the instructor's own code may run where there are no walls."""
    walls = survey()
    walls = NO_WALLS if walls.refuses else walls
    with open_nursery(assignment.course, assignment.name, walls, _ignore) as nursery:
        return {
            hand_in: [assignment.work(hand_in, name, nursery) for name in assignment.masters]
            for hand_in in hand_ins
        }


@contextmanager
def _environment(added: Mapping[str, str]) -> Iterator[None]:
    """Have `added` in os.environ, and after it what was there before."""
    before = dict(os.environ)
    os.environ.update(added)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _ignore(_: str) -> None:
    pass


def _clashes(assignment: Assignment, solved: HandIn) -> Iterator[str]:
    for name in assignment.masters:
        plan = assignment.prepare(solved, name).plan
        yield from (f"{name}, {clash}" for clash in find_clashes(plan))


def _shortfalls(results: list[Result]) -> Iterator[str]:
    for result in results:
        for test in result.scores.tests:
            if test.outcome != Outcome.CORRECT or test.points != test.max_points:
                yield (
                    f"{result.notebook}, {test.grade_id}: the solution scores {test.points:g} of "
                    f"{test.max_points:g}, {test.outcome}: {test.message}"
                )


def _undeserved(results: list[Result]) -> Iterator[str]:
    for result in results:
        for test in result.scores.tests:
            if test.outcome != Outcome.NOT_ATTEMPTED:
                yield (
                    f"{result.notebook}, {test.grade_id}: the unedited release is "
                    f"{test.outcome!r}, expected 'not attempted': {test.message}"
                )


def _refuse(problems: Iterator[str] | list[str]) -> None:
    found = list(problems)
    if found:
        more = f" (and {len(found) - _SHOWN} more)" if len(found) > _SHOWN else ""
        raise ReleaseError("not released: " + "; ".join(found[:_SHOWN]) + more)


def _points(assignment: Assignment) -> Iterator[float]:
    for master in assignment.masters.values():
        for cell in master.cells.values():
            yield float(cell.metadata.nbgrader.get("points", 0.0))


def _contents(folder: Path) -> dict[str, Any]:
    """What lies in a folder: notebooks without outputs, other files as bytes."""
    return {
        path.relative_to(folder).as_posix(): (
            read_notebook(path) if path.suffix == ".ipynb" else path.read_bytes()
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@contextmanager
def _stage(course: Course) -> Iterator[Path]:
    """A folder in the course directory, so that what is made in it can be moved into place."""
    for left in course.root.glob(f"{_STAGE}*"):  # by a release that was killed
        shutil.rmtree(left, ignore_errors=True)
    stage = Path(tempfile.mkdtemp(dir=course.root, prefix=_STAGE))
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)
