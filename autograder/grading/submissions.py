"""Hand-ins in the gradebook: found, entered, and held while their scores are written.

Several programs may be at it: other gradings, `nbgrader autograde`, people in formgrader. So what a
score is decided by is read after the rows are held, never taken from what was read before.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from nbgrader.api import (
    Assignment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

_AS_IT_IS = {"synchronize_session": False}


def known_notebooks(gradebook: Gradebook, assignment: str) -> dict[tuple[str, str], bool]:
    """The notebooks that the gradebook has scores of, by student and name: whether it was late."""
    rows = gradebook.db.execute(
        select(
            SubmittedAssignment.student_id,
            Notebook.name,
            SubmittedAssignment.timestamp,
            SubmittedAssignment.extension,
            Assignment.duedate,
        )
        .select_from(SubmittedNotebook)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .where(Assignment.name == assignment)
    )
    return {(student, notebook): _is_late(*times) for student, notebook, *times in rows}


def enter_submission(
    gradebook: Gradebook, assignment: str, student: str, handed_in: datetime | None
) -> SubmittedAssignment:
    """The student's hand-in in the gradebook, made where there was none; the caller commits.

    handed_in: in UTC, without a zone; None leaves what stands there.
    """
    db = gradebook.db
    # Writing first holds the row (in SQLite: the database), so two gradings do not enter one twice.
    held = db.execute(
        update(Student).where(Student.id == student).values(email=Student.email),
        execution_options=_AS_IT_IS,
    )
    if not held.rowcount:
        db.add(Student(id=student))
        db.flush()
    found: SubmittedAssignment | None = (
        db.query(SubmittedAssignment)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == assignment, SubmittedAssignment.student_id == student)
        .populate_existing()
        .one_or_none()
    )
    if found is None:
        when = {"timestamp": handed_in} if handed_in else {}
        return gradebook.add_submission(assignment, student, **when)
    if handed_in:
        found.timestamp = handed_in
    return found


def hold_notebook(
    gradebook: Gradebook, submission: SubmittedAssignment, notebook: str
) -> SubmittedNotebook:
    """One notebook's grades and comments as they stand now; until the commit nobody changes them.

    Raises NoResultFound where the hand-in has no such notebook.
    """
    db = gradebook.db
    entry = db.scalars(
        select(SubmittedNotebook.id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .where(SubmittedNotebook.assignment_id == submission.id, Notebook.name == notebook)
    ).one()
    db.execute(
        update(Grade)
        .where(Grade.notebook_id == entry)
        .values(needs_manual_grade=Grade.needs_manual_grade),
        execution_options=_AS_IT_IS,
    )
    held: SubmittedNotebook = (
        db.query(SubmittedNotebook)
        .options(selectinload(SubmittedNotebook.grades), selectinload(SubmittedNotebook.comments))
        .where(SubmittedNotebook.id == entry)
        .populate_existing()
        .one()
    )
    return held


def _is_late(handed_in: datetime | None, extension: timedelta | None, due: datetime | None) -> bool:
    if handed_in is None or due is None:
        return False
    return handed_in > due + (extension or timedelta())
