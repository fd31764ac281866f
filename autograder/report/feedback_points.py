"""What a feedback page says of points: read from the gradebook, question by question."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.preprocessors import NbGraderPreprocessor
from sqlalchemy import Connection, Engine, NullPool, Row, Select, create_engine, func, select

from autograder.course import Course
from autograder.grading.database import GradebookError, patient_url
from autograder.report.feedback_names import question_names
from autograder.report.feedback_totals import read_total

BY_TESTS, BY_HAND, NO_ANSWER = "by tests", "by hand", "no answer"
NOT_YET, AGAIN = "not yet marked", "to be looked at again"


@dataclass(frozen=True)
class Question:
    """A graded cell. points: without the bonus. how: one of the constants above."""

    grade_id: str
    name: str
    points: float
    max_points: float
    bonus: float
    how: str

    @property
    def is_waiting(self) -> bool:
        return self.how in (NOT_YET, AGAIN)


@dataclass(frozen=True)
class Sheet:
    """A notebook's points. comments: by grade_id, as a marker typed them (markdown).

    hand_in: the gradebook's id of what the notebook was handed in with.
    """

    hand_in: str
    questions: tuple[Question, ...]
    late_penalty: float
    comments: Mapping[str, str]

    @property
    def points(self) -> float:
        return math.fsum(question.points for question in self.questions)

    @property
    def max_points(self) -> float:
        return math.fsum(question.max_points for question in self.questions)

    @property
    def bonus(self) -> float:
        return math.fsum(question.bonus for question in self.questions)

    @property
    def total(self) -> float:
        """Never below 0."""
        return max(0.0, self.points + self.bonus - self.late_penalty)

    @property
    def waiting(self) -> int:
        return sum(question.is_waiting for question in self.questions)

    @property
    def by_id(self) -> dict[str, Question]:
        return {question.grade_id: question for question in self.questions}


class EnterPoints(NbGraderPreprocessor):  # type: ignore[misc]
    """In place of nbgrader's GetGrades, which asks the gradebook anew for each cell."""

    _engine: Engine | None = None

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Leave the notebook's Sheet and the AssignmentTotal in resources."""
        known = resources["nbgrader"]
        student, assignment = known["student"], known["assignment"]
        with self._connect() as connection:
            sheet = read_sheet(connection, student, assignment, known["notebook"], nb)
            folder = self._course.path("autograded", student, assignment)
            pages = {path.stem for path in folder.glob("*.ipynb")}
            resources["feedback_total"] = read_total(connection, sheet.hand_in, pages)
        resources["feedback"] = sheet
        return nb, resources

    @cached_property
    def _course(self) -> Course:
        return Course(Path(self.parent.parent.coursedir.root))

    def _connect(self) -> Connection:
        """No connection is kept open: formgrader's server lives for weeks."""
        if self._engine is None:
            self._engine = create_engine(patient_url(self._course), poolclass=NullPool)
        return self._engine.connect()


def read_sheet(
    connection: Connection, student: str, assignment: str, notebook: str, nb: NotebookNode
) -> Sheet:
    """The points of one student's notebook `nb`. Raises GradebookError where there are none."""
    entry = connection.execute(
        select(
            SubmittedNotebook.id,
            SubmittedNotebook.assignment_id.label("hand_in"),
            SubmittedNotebook.late_submission_penalty,
        )
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(SubmittedAssignment.student_id == student)
        .where(Assignment.name == assignment, Notebook.name == notebook)
    ).one_or_none()
    if entry is None:
        raise GradebookError(
            f"the gradebook: expected scores of {student}, {notebook}, found none; "
            f"run `autograder grade {assignment}`"
        )
    grades = {row.name: row for row in connection.execute(_grades(entry.id))}
    names = question_names(nb)
    return Sheet(
        entry.hand_in,
        tuple(_question(grades[name], names[name]) for name in names if name in grades),
        entry.late_submission_penalty or 0.0,
        {row.name: row.text for row in connection.execute(_comments(entry.id)) if row.text},
    )


def _grades(entry: str) -> Select[Any]:
    """Tables, not nbgrader's classes: those join what is not asked for."""
    cell, graded, task = BaseCell.__table__.c, GradeCell.__table__.c, TaskCell.__table__.c
    grade = Grade.__table__.c
    return (
        select(
            cell.name,
            func.coalesce(graded.cell_type, task.cell_type).label("cell_type"),
            func.coalesce(graded.max_score, task.max_score, 0.0).label("max_points"),
            grade.auto_score,
            grade.manual_score,
            grade.extra_credit,
            grade.needs_manual_grade,
        )
        .join(cell.id.table, cell.id == grade.cell_id)
        .outerjoin(graded.id.table, graded.id == cell.id)
        .outerjoin(task.id.table, task.id == cell.id)
        .where(grade.notebook_id == entry)
    )


def _comments(entry: str) -> Select[Any]:
    cell, comment = BaseCell.__table__.c, Comment.__table__.c
    return (
        select(cell.name, func.coalesce(comment.manual_comment, comment.auto_comment).label("text"))
        .join(comment.id.table, comment.cell_id == cell.id)
        .where(comment.notebook_id == entry)
    )


def _question(row: Row[Any], name: str) -> Question:
    points = row.auto_score if row.manual_score is None else row.manual_score
    return Question(
        row.name, name, points or 0.0, row.max_points, row.extra_credit or 0.0, _how(row)
    )


def _how(row: Row[Any]) -> str:
    if row.needs_manual_grade:
        return NOT_YET if row.manual_score is None and row.auto_score is None else AGAIN
    if row.manual_score is not None:
        return BY_HAND
    return BY_TESTS if row.cell_type == "code" else NO_ANSWER
