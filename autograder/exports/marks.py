"""The class in the gradebook, student by student: what an export tells.

Read in blocks of students, three queries each, so that a class of any size takes the same memory.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import Row, and_, select
from sqlalchemy.orm import Session, scoped_session

from autograder.exports.safe import finite

Database = scoped_session[Session]
_AT_ONCE = 200  # students in memory


@dataclass(frozen=True)
class Question:
    """A cell that gives points; is_test: by itself. cell: nbgrader's id of it."""

    cell: str
    notebook: str
    grade_id: str
    max_points: float
    is_test: bool


@dataclass(frozen=True)
class Mark:
    """What a student has for a question.

    points: with extra credit; None while neither a test nor a person has scored it.
    waits: it stands in formgrader's list for a look, scored or not.
    """

    points: float | None
    comment: str = ""
    by_person: bool = False
    waits: bool = False


@dataclass(frozen=True)
class StudentMarks:
    """A student of the course and the marks in one assignment, by `Question.cell`.

    time: of the hand-in, in UTC without a zone. late_penalty: in points, >= 0.
    """

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""
    handed_in: bool = False
    time: datetime | None = None
    late_penalty: float = 0.0
    marks: Mapping[str, Mark] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """ "Last, First", or the id where the gradebook has no name."""
        return ", ".join(filter(None, (self.last_name, self.first_name))) or self.student

    @property
    def ungraded(self) -> int:
        """The answers that nobody and nothing has scored."""
        return sum(mark.points is None for mark in self.marks.values())

    @property
    def waiting(self) -> int:
        """The answers in formgrader's list, as `autograder scores` counts them."""
        return sum(mark.waits for mark in self.marks.values())

    def points(self, questions: tuple[Question, ...]) -> float:
        """The points in these questions; what is ungraded counts nothing."""
        marks = (self.marks.get(question.cell) for question in questions)
        return math.fsum(mark.points or 0.0 for mark in marks if mark)

    def total(self, questions: tuple[Question, ...]) -> float:
        """The points in all questions less the late penalty, never below 0."""
        return max(0.0, self.points(questions) - self.late_penalty)


def read_questions(
    db: Database, assignment: str, order: Mapping[tuple[str, str], int]
) -> tuple[Question, ...]:
    """The assignment's questions, by `order` of (notebook, grade_id); others by name, last."""
    rows = [
        Question(
            cell, notebook, grade_id, float(points or 0.0), table is GradeCell and kind == "code"
        )
        for table in (GradeCell, TaskCell)
        for cell, notebook, grade_id, points, kind in db.execute(
            select(table.id, Notebook.name, table.name, table.max_score, table.cell_type)
            .join(Notebook, Notebook.id == table.notebook_id)
            .join(Assignment, Assignment.id == Notebook.assignment_id)
            .where(Assignment.name == assignment)
        )
    ]
    last = len(order)
    return tuple(
        sorted(
            rows,
            key=lambda q: (q.notebook, order.get((q.notebook, q.grade_id), last), q.grade_id),
        )
    )


def read_students(
    db: Database, assignment: str, only: tuple[str, ...] = ()
) -> Iterator[StudentMarks]:
    """All students of the course in the order of their ids, or those in `only`."""
    before = ""
    while True:
        block = _block(db, assignment, before, only)
        if not block:
            return
        before = block[-1].id
        hand_ins = [row.hand_in for row in block if row.hand_in]
        marks, penalties = _marks(db, hand_ins), _penalties(db, hand_ins)
        for row in block:
            yield StudentMarks(
                student=row.id,
                first_name=row.first_name or "",
                last_name=row.last_name or "",
                email=row.email or "",
                lms_user_id=row.lms_user_id or "",
                handed_in=row.hand_in is not None,
                time=row.timestamp,
                late_penalty=math.fsum(penalties[row.hand_in]),
                marks=marks[row.hand_in],
            )


def _block(db: Database, assignment: str, before: str, only: tuple[str, ...]) -> list[Row[Any]]:
    """The next students after the id `before`, with their hand-in or None."""
    wanted = select(Assignment.id).where(Assignment.name == assignment)
    mine = and_(
        SubmittedAssignment.student_id == Student.id,
        SubmittedAssignment.assignment_id.in_(wanted),
    )
    rows = select(
        Student.id,
        Student.first_name,
        Student.last_name,
        Student.email,
        Student.lms_user_id,
        SubmittedAssignment.id.label("hand_in"),
        SubmittedAssignment.timestamp,
    ).outerjoin(SubmittedAssignment, mine)
    if only:
        rows = rows.where(Student.id.in_(only))
    rows = rows.where(Student.id > before).order_by(Student.id).limit(_AT_ONCE)
    return list(db.execute(rows))


def _marks(db: Database, hand_ins: list[str]) -> defaultdict[str, dict[str, Mark]]:
    """The marks by hand-in and cell."""
    comments = _comments(db, hand_ins)
    marks: defaultdict[str, dict[str, Mark]] = defaultdict(dict)
    rows = (
        select(
            SubmittedNotebook.assignment_id,
            Grade.notebook_id,
            Grade.cell_id,
            BaseCell.name,
            Grade.auto_score,
            Grade.manual_score,
            Grade.extra_credit,
            Grade.needs_manual_grade,
        )
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .where(SubmittedNotebook.assignment_id.in_(hand_ins))
    )
    for hand_in, notebook, cell, name, auto, manual, extra, waits in db.execute(rows):
        scored = finite(auto) if manual is None else finite(manual)
        marks[hand_in][cell] = Mark(
            points=None if scored is None else scored + (finite(extra) or 0.0),
            comment=comments.get((notebook, name), ""),
            by_person=manual is not None,
            waits=bool(waits),
        )
    return marks


def _comments(db: Database, hand_ins: list[str]) -> dict[tuple[str, str], str]:
    """The comments by notebook and grade_id: an answer's cell and its grade's are two rows."""
    rows = (
        select(Comment.notebook_id, BaseCell.name, Comment.comment)
        .join(SubmittedNotebook, SubmittedNotebook.id == Comment.notebook_id)
        .join(BaseCell, BaseCell.id == Comment.cell_id)
        .where(SubmittedNotebook.assignment_id.in_(hand_ins), Comment.comment.is_not(None))
    )
    return {(notebook, name): text for notebook, name, text in db.execute(rows)}


def _penalties(db: Database, hand_ins: list[str]) -> defaultdict[str, list[float]]:
    """The late penalties of a hand-in's notebooks, by hand-in."""
    penalties: defaultdict[str, list[float]] = defaultdict(list)
    penalty = SubmittedNotebook.late_submission_penalty
    rows = select(SubmittedNotebook.assignment_id, penalty).where(
        penalty.is_not(None), SubmittedNotebook.assignment_id.in_(hand_ins)
    )
    for hand_in, points in db.execute(rows):
        penalties[hand_in].append(finite(points) or 0.0)
    return penalties
