"""A course with a whole class in its gradebook, made in seconds: nobody's code is run.

    make_class(Path("course"), students=1000)

The assignment is entered by nbgrader itself; hand-ins, scores.json and the rows of the gradebook
are written in bulk, as `autograder grade` leaves them: explanations wait to be marked, one student
in ten handed in late.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.converters import GenerateAssignment
from sqlalchemy import insert

from autograder.converters import convert
from autograder.course import Course, HandIn
from autograder.grading.database import make_gradebook, open_gradebook, patient_url
from autograder.grading.scores import NotebookScores, TestScore, save

ROOT = Path(__file__).parent.parent
ASSIGNMENT = "large"
NOTEBOOKS = ("architecture", "images", "theory")
TESTS, EXPLANATIONS = 25, 3  # cells of each notebook
_DUE, _LATE = datetime(2026, 1, 31, 12), datetime(2026, 1, 31, 14)
_CARD = (
    "<table>" + "<tr><td>expected</td><td>received</td></tr>" * 70 + "</table>"
)  # 3 kB, as usual
_AT_ONCE = 200  # students whose rows are held in memory


def make_class(root: Path, students: int, config: str = "") -> Course:
    """A course at `root` with `students` graded hand-ins of the assignment `large`.

    config: lines for course_config.py, such as another db_url.
    """
    course = _make_course(root, config)
    names = [f"student-{number:05}" for number in range(students)]
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=_DUE)
        for begin in range(0, students, _AT_ONCE):
            _enter(gradebook, names[begin : begin + _AT_ONCE])
    for number, name in enumerate(names):
        _write_files(course, name, number)
    return course


def points(student: int, test: int) -> float:
    """What the test with this number gave the student with this number, in [0, 1]."""
    return random.Random(f"{student}, {test}").choice((0.0, 0.5, 0.7, 1.0, 1.0))


def _make_course(root: Path, config: str) -> Course:
    root.mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    text = (ROOT / "course_config.py").read_text()
    (root / "course_config.py").write_text(f"{text}\n{config}\n")
    (root / "source" / ASSIGNMENT).mkdir(parents=True)
    for name in NOTEBOOKS:
        nbformat.write(_notebook(), root / "source" / ASSIGNMENT / f"{name}.ipynb")
    course = Course(root)
    make_gradebook(course)
    convert(GenerateAssignment, course, ASSIGNMENT, {"db_url": patient_url(course)})
    return course


def _notebook() -> nbformat.NotebookNode:
    cells = []
    for number in range(TESTS):
        cells.append(_cell("code", f"a{number}", f"a{number} = ...", solution=True))
        cells.append(_cell("code", f"test_{number}", f"assert a{number}", grade=True, points=1))
    for number in range(EXPLANATIONS):
        cells.append(_cell("markdown", f"why_{number}", "", grade=True, solution=True, points=2))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def _cell(kind: str, grade_id: str, source: str, **flags: Any) -> nbformat.NotebookNode:
    settings = {"grade": False, "solution": False, "task": False, **flags}
    settings |= {"grade_id": grade_id, "schema_version": 3}
    settings["locked"] = not settings["solution"]
    make = new_code_cell if kind == "code" else new_markdown_cell
    return make(source, id=grade_id, metadata={"nbgrader": settings})


def _enter(gradebook: Gradebook, names: list[str]) -> None:
    """The rows of these students, as nbgrader's add_submission would make them."""
    assignment = gradebook.find_assignment(ASSIGNMENT)
    rows: dict[type, list[dict[str, Any]]] = {
        kind: [] for kind in (Student, SubmittedAssignment, SubmittedNotebook, Grade, Comment)
    }
    for name in names:
        number = int(name.rpartition("-")[2])
        submission = uuid4().hex
        rows[Student].append({"id": name})
        rows[SubmittedAssignment].append(
            {
                "id": submission,
                "assignment_id": assignment.id,
                "student_id": name,
                "timestamp": _LATE if _is_late(number) else _DUE,
            }
        )
        for notebook in assignment.notebooks:
            entry = uuid4().hex
            rows[SubmittedNotebook].append(
                {
                    "id": entry,
                    "notebook_id": notebook.id,
                    "assignment_id": submission,
                    "late_submission_penalty": 0.1 if _is_late(number) else None,
                }
            )
            rows[Grade] += _grades(notebook.grade_cells, entry, number)
            rows[Comment] += (
                {"id": uuid4().hex, "notebook_id": entry, "cell_id": cell.id}
                for cell in notebook.solution_cells
            )
    for kind, made in rows.items():
        gradebook.db.execute(insert(kind), made)
    gradebook.db.commit()


def _grades(cells: list[Any], entry: str, student: int) -> Iterator[dict[str, Any]]:
    for cell in cells:
        is_test = cell.cell_type == "code"
        earned = points(student, int(cell.name.rpartition("_")[2]))
        yield {
            "id": uuid4().hex,
            "notebook_id": entry,
            "cell_id": cell.id,
            "auto_score": earned if is_test else None,
            "needs_manual_grade": not is_test,
        }


def _is_late(student: int) -> bool:
    return student % 10 == 9


def _write_files(course: Course, name: str, student: int) -> None:
    """The student's hand-in and autograded notebooks (links to the release) and scores.json."""
    release = course.path("release", ".", ASSIGNMENT)
    hand_in = HandIn(name, ASSIGNMENT, course.path("submitted", name, ASSIGNMENT))
    tests = tuple(_score(student, number) for number in range(TESTS))
    for notebook in NOTEBOOKS:
        for folder in (hand_in.folder, course.path("autograded", name, ASSIGNMENT)):
            folder.mkdir(parents=True, exist_ok=True)
            os.link(release / f"{notebook}.ipynb", folder / f"{notebook}.ipynb")
        place = course.run(hand_in, notebook)
        place.mkdir(parents=True)
        save(place / "scores.json", NotebookScores("made", tests))


def _score(student: int, test: int) -> TestScore:
    earned = points(student, test)
    outcome = "correct" if earned == 1 else "partly correct" if earned else "incorrect"
    rows = ({"asked": "a number", "found": str(earned), "points": earned},)
    return TestScore(f"test_{test}", earned, 1.0, outcome, "½ of it is right", rows, _CARD)
