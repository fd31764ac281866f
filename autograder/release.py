"""source → release and solutions, with nbgrader's converters; refuses to leak and to disappoint.

All is made and tried in a folder beside its place first: nothing secret may survive in the release,
mark schemes must add up, the solutions must score full marks and the unedited release nothing. Only
then release/, solutions/ and the gradebook change.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.converters import GenerateAssignment

from autograder.calibration import find_wrong_tables
from autograder.converters import convert, make_notebooks
from autograder.course import Course
from autograder.files import replace_folder
from autograder.grading.database import check_gradebook, make_gradebook, patient_url
from autograder.leaks import find_leaks
from autograder.marking.questions import rubric_problems
from autograder.notebook.reading import read_notebook
from autograder.pipeline import only_one
from autograder.rehearsal import Released, ReleaseError, open_rehearsal, refuse, rehearse

__all__ = ["ReleaseError", "Released", "find_stale", "release_assignment"]

STEPS = ("release", "solution")
_STAGE = ".release-"


def release_assignment(
    course: Course,
    assignment: str,
    say: Callable[[str], None] = lambda _: None,
    *,
    keep_solutions: bool = False,
) -> Released:
    """Make release/ and solutions/ of an assignment and enter it in the gradebook.

    say: told what is being done. keep_solutions: leave solutions/ as it is and run nothing of it,
    if its code is what source/ gives now. Raises UserError; then all is as it was.
    """
    course.notebooks(assignment)
    check_gradebook(course)  # one that cannot be used is told before the work begins
    with only_one(course.runs(assignment), say), _stage(course, assignment) as stage:
        rehearsal = open_rehearsal(course, assignment)
        make_notebooks(course, assignment, stage)
        released = stage / "release" / assignment
        refuse(find_leaks(course.source(assignment), released, course.config))
        refuse(find_wrong_tables(course, assignment))
        refuse(rubric_problems(course, assignment))
        if keep_solutions:
            refuse(
                f"{line}; release without --keep-solutions"
                for line in _stale(course, assignment, stage, ["solution"])
            )
        made = rehearse(rehearsal, stage, say, unedited_only=keep_solutions)
        make_gradebook(course)
        places = {"release_directory": str(stage / "again"), "db_url": patient_url(course)}
        convert(GenerateAssignment, course, assignment, places)
        for step in ["release"] if keep_solutions else STEPS:
            replace_folder(stage / step / assignment, course.path(step, ".", assignment))
    return made


def find_stale(course: Course, assignment: str) -> list[str]:
    """What in release/ and solutions/ is not what source/ gives now, a line each.

    Nothing is run and no outputs are compared.
    """
    course.notebooks(assignment)
    with tempfile.TemporaryDirectory() as folder:
        make_notebooks(course, assignment, Path(folder))
        return list(_stale(course, assignment, Path(folder), STEPS))


def _stale(course: Course, assignment: str, stage: Path, steps: Iterable[str]) -> Iterator[str]:
    for step in steps:
        there = _contents(course.path(step, ".", assignment))
        wanted = _contents(stage / step / assignment)
        for name in sorted(there.keys() | wanted.keys()):
            if there.get(name) != wanted.get(name):
                yield f"{course.path(step, '.', assignment) / name} is stale"


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
def _stage(course: Course, assignment: str) -> Iterator[Path]:
    """A folder in the course directory, so that what is made in it can be moved into place.

    Its name is the assignment's own: another one may be released at the same time.
    """
    stage = course.root / f"{_STAGE}{assignment}"
    shutil.rmtree(stage, ignore_errors=True)  # left by a release that was killed
    stage.mkdir()
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)
