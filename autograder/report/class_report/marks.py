"""What the gradebook says of a class: totals, and each question's points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbgrader.api import (
    Assignment,
    Grade,
    GradeCell,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, scoped_session

from autograder.course import Course
from autograder.grading.database import open_gradebook
from autograder.report.class_report.spread import Spread
from autograder.report.scores import student_rows

_AT_ONCE = 2000  # rows of the gradebook in memory
Key = tuple[str, str]  # notebook, grade_id


@dataclass
class CellMarks:
    """One question's points in the class, so far as they are given. waiting: for a person.

    blank: 0 points that no person gave: an answer left as it was, or a test's.
    """

    max_points: float
    shares: Spread = field(default_factory=Spread)  # of max_points; 0 where it has none
    waiting: int = 0
    full: int = 0
    part: int = 0
    none: int = 0
    blank: int = 0

    @property
    def marked(self) -> int:
        """Answers that a person has scored, or a test with more than 0."""
        return self.full + self.part + self.none

    @property
    def given(self) -> int:
        return self.marked + self.blank

    def add(self, score: float, *, is_waiting: bool, is_blank: bool) -> None:
        if is_waiting:
            self.waiting += 1
            return
        share = score / self.max_points if self.max_points else 0.0
        self.shares.add(share)
        self.full += share >= 1
        self.part += 0 < share < 1
        self.blank += share <= 0 and is_blank
        self.none += share <= 0 and not is_blank


@dataclass(frozen=True)
class Marks:
    """A class's points. students: their ids; totals: shares of max_points, in percent.

    settled: student, notebook and grade_id of answers that a person gave points and no test did.
    """

    students: tuple[str, ...]
    totals: Spread
    max_points: float
    provisional: int  # totals in which marks are still missing
    late: int  # students with a late penalty
    cells: Mapping[Key, CellMarks]
    settled: frozenset[tuple[str, str, str]] = frozenset()


def read_marks(course: Course, assignment: str) -> Marks:
    """Raises GradebookError where the gradebook cannot be read."""
    rows = student_rows(course, assignment)
    with open_gradebook(course) as gradebook:
        ids = _cells(gradebook.db, assignment)
        cells = {key: CellMarks(points) for key, points in ids.values()}
        grades = gradebook.db.execute(_grades(assignment).execution_options(yield_per=_AT_ONCE))
        settled = set()
        for student, cell, score, marked, automatic, waiting in grades:
            key, is_blank = ids[cell][0], marked is None
            cells[key].add(score or 0.0, is_waiting=bool(waiting), is_blank=is_blank)
            if automatic is None and not is_blank and not waiting:
                settled.add((student, *key))
    most = sum(marks.max_points for marks in cells.values())
    totals = Spread()
    for row in rows:
        totals.add(100 * row.total / most if most else 0.0)
    return Marks(
        students=tuple(row.student for row in rows),
        totals=totals,
        max_points=most,
        provisional=sum(row.waiting > 0 for row in rows),
        late=sum(row.late_penalty > 0 for row in rows),
        cells=cells,
        settled=frozenset(settled),
    )


def _cells(db: scoped_session[Session], assignment: str) -> dict[str, tuple[Key, float]]:
    """Each graded cell's notebook, grade_id and points, by its id in the database."""
    return {
        cell: ((notebook, name), points)
        for table in (GradeCell, TaskCell)
        for cell, notebook, name, points in db.execute(
            select(table.id, Notebook.name, table.name, table.max_score)
            .join(Notebook, Notebook.id == table.notebook_id)
            .join(Assignment, Assignment.id == Notebook.assignment_id)
            .where(Assignment.name == assignment)
        )
    }


def _grades(assignment: str) -> Select[Any]:
    return (
        select(
            SubmittedAssignment.student_id,
            Grade.cell_id,
            Grade.score,
            Grade.manual_score,
            Grade.auto_score,
            Grade.needs_manual_grade,
        )
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == assignment)
    )
