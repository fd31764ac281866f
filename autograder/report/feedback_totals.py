"""What a student has in the whole assignment, for the top of each of its feedback pages."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote

from nbgrader.api import BaseCell, Grade, GradeCell, Notebook, SubmittedNotebook, TaskCell
from sqlalchemy import Connection, Integer, cast, func, select


@dataclass(frozen=True)
class NotebookTotal:
    """points: with the bonus, without the late penalty. waiting: answers to be looked at."""

    name: str
    points: float
    max_points: float
    waiting: int
    late_penalty: float
    has_page: bool

    @property
    def page(self) -> str:
        """The address of its feedback, from a page beside it."""
        return f"{quote(self.name)}.html"


@dataclass(frozen=True)
class AssignmentTotal:
    """The notebooks by name, those that were not handed in as well."""

    notebooks: tuple[NotebookTotal, ...]

    @property
    def max_points(self) -> float:
        return math.fsum(notebook.max_points for notebook in self.notebooks)

    @property
    def waiting(self) -> int:
        return sum(notebook.waiting for notebook in self.notebooks)

    @property
    def late_penalty(self) -> float:
        return math.fsum(notebook.late_penalty for notebook in self.notebooks)

    @property
    def total(self) -> float:
        """Never below 0, as in exports."""
        earned = math.fsum(notebook.points for notebook in self.notebooks)
        return max(0.0, earned - self.late_penalty)


def read_total(connection: Connection, hand_in: str, pages: Collection[str]) -> AssignmentTotal:
    """The points of the hand-in with this id; pages: the notebooks that have one."""
    cell, graded, task = BaseCell.__table__.c, GradeCell.__table__.c, TaskCell.__table__.c
    grade, mine, notebook = Grade.__table__.c, SubmittedNotebook.__table__.c, Notebook.__table__.c
    scored = func.coalesce(grade.manual_score, grade.auto_score, 0.0)
    rows = connection.execute(
        select(
            notebook.name,
            func.sum(scored + func.coalesce(grade.extra_credit, 0.0)),
            func.sum(func.coalesce(graded.max_score, task.max_score, 0.0)),
            func.sum(cast(grade.needs_manual_grade, Integer)),
            mine.late_submission_penalty,
        )
        .join(mine.id.table, mine.notebook_id == notebook.id)
        .outerjoin(grade.id.table, grade.notebook_id == mine.id)
        .outerjoin(cell.id.table, cell.id == grade.cell_id)
        .outerjoin(graded.id.table, graded.id == cell.id)
        .outerjoin(task.id.table, task.id == cell.id)
        .where(mine.assignment_id == hand_in)
        .group_by(notebook.name, mine.id, mine.late_submission_penalty)
        .order_by(notebook.name)
    )
    return AssignmentTotal(
        tuple(
            NotebookTotal(
                name, points or 0.0, most or 0.0, waiting or 0, late or 0.0, name in pages
            )
            for name, points, most, waiting, late in rows
        )
    )
