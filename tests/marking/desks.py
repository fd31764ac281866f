"""A course with answers to one question in its gradebook, made in a moment, and a desk on it."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import insert
from support import ASSIGNMENT, build, gradebook

from autograder.course import Course
from autograder.marking.contract import Answer, Criterion, Group, Question, Rubric, Suggestion
from autograder.marking.server import desk
from autograder.marking.sessions import Desk, Sources

RUBRIC = Rubric(
    (
        Criterion(1.0, "The **window** is wide.", (0.0, 1.0)),
        Criterion(1.0, "It slides. 0.5 for half of it.", (0.0, 0.5, 1.0)),
        Criterion(1.0, "A reason.", (0.0, 1.0)),
    ),
    "Earns nothing: “because”.",
)
WHY = Question("one", "why", "Question 1 · Why", "Why is it so? $x^2$", 3.0, RUBRIC)
TEXTS = {
    "ada": "Because the window is wide.",
    "bob": "Because the window is so wide.",
    "eve": "The window is wide, I think.",
    "zoe": "It slides over the image.",
    "kim": "",
}


def make_course(root: Path, students: Iterable[str] = TEXTS) -> Course:
    """Explanations wait for a person, but kim's, which was left as it was released."""
    shutil.copytree(_made(tuple(students)), root, dirs_exist_ok=True)
    return Course(root)


@functools.cache
def _made(students: tuple[str, ...]) -> Path:
    """Made once in a test run: nbgrader takes a second for a new gradebook."""
    root = Path(tempfile.mkdtemp(prefix="desk-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    course = Course(build(root))
    with Gradebook(course.db_url, "deep-learning") as book:
        book.add_assignment(ASSIGNMENT)
        book.add_notebook("one", ASSIGNMENT)
        book.add_grade_cell("why", "one", ASSIGNMENT, max_score=3, cell_type="markdown")
        book.add_solution_cell("why", "one", ASSIGNMENT)
        for table, rows in _rows(book, students):
            book.db.execute(insert(table), rows)
        book.db.commit()
    return root


def _rows(
    book: Gradebook, students: tuple[str, ...]
) -> Iterator[tuple[type, list[dict[str, Any]]]]:
    """As nbgrader's add_submission makes them, one student after the other."""
    assignment = book.find_assignment(ASSIGNMENT).id
    notebook = book.find_notebook("one", ASSIGNMENT).id
    graded = book.find_grade_cell("why", "one", ASSIGNMENT).id
    said = book.find_solution_cell("why", "one", ASSIGNMENT).id
    ids = [(student, uuid4().hex, uuid4().hex) for student in students]
    yield Student, [{"id": student} for student in students]
    yield (
        SubmittedAssignment,
        [{"id": one, "assignment_id": assignment, "student_id": name} for name, one, _ in ids],
    )
    yield (
        SubmittedNotebook,
        [{"id": two, "notebook_id": notebook, "assignment_id": one} for _, one, two in ids],
    )
    yield (
        Grade,
        [
            {
                "id": uuid4().hex,
                "notebook_id": entry,
                "cell_id": graded,
                "auto_score": 0.0 if name == "kim" else None,
                "needs_manual_grade": name != "kim",
            }
            for name, _, entry in ids
        ],
    )
    yield Comment, [{"id": uuid4().hex, "notebook_id": two, "cell_id": said} for _, _, two in ids]


def sources(texts: Mapping[str, str] = TEXTS) -> Sources:
    """Answers as given; those that say “window” are one group; a suggestion for “window”."""
    return Sources(
        questions=lambda course, assignment: (WHY,),
        answers=lambda course, assignment, question: answers(texts),
        groups=_groups,
        suggestions=_suggestions,
    )


def answers(texts: Mapping[str, str]) -> Iterator[Answer]:
    for number, (student, text) in enumerate(texts.items()):
        yield Answer(f"k{number}", student, text, is_empty=not text.strip())


def _groups(given: Sequence[Answer]) -> tuple[Group, ...]:
    alike = tuple(answer.key for answer in given if "window" in answer.text)
    others = [answer for answer in given if "window" not in answer.text and not answer.is_empty]
    return (*((Group(alike),) if alike else ()), *(Group((answer.key,)) for answer in others))


def _suggestions(rubric: Rubric, text: str) -> tuple[Suggestion, ...]:
    at = text.find("window")
    return (Suggestion(0, 0.5, ((at, at + 6),)),) if at >= 0 else ()


@contextmanager
def open_desk(
    course: Course, marker: str = "tutor", texts: Mapping[str, str] = TEXTS
) -> Iterator[Desk]:
    with desk(course, ASSIGNMENT, marker, sources(texts)) as opened:
        yield opened


def in_book(course: Course, student: str) -> tuple[float | None, str | None, bool]:
    """What nbgrader reads: manual score, manual comment, whether a person has yet to look."""
    with gradebook(course.root) as book:
        grade = book.find_grade("why", "one", ASSIGNMENT, student)
        comment = book.find_comment("why", "one", ASSIGNMENT, student)
        return grade.manual_score, comment.manual_comment, grade.needs_manual_grade


def in_formgrader(course: Course, student: str, points: float | None, comment: str) -> None:
    """As formgrader writes them."""
    with gradebook(course.root) as book:
        grade: Grade = book.find_grade("why", "one", ASSIGNMENT, student)
        grade.manual_score = points
        grade.needs_manual_grade = points is None
        said: Comment = book.find_comment("why", "one", ASSIGNMENT, student)
        said.manual_comment = comment
        book.db.commit()
