"""What is asked of the gradebook's tables for one question."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import Connection, Row, Select, Subquery, and_, case, func, select

from autograder.marking.contract import Question
from autograder.marking.marks import FORMGRADER, Entry, Mark, Progress
from autograder.marking.tables import MARKS

_CELLS = BaseCell.__table__


@dataclass(frozen=True)
class Place:
    """Ids of the cells that a question's grades and comments are for; "" where there is none."""

    graded: str
    commented: str


def place_of(db: Connection, assignment: str, question: Question) -> Place:
    """nbgrader has one cell for the points of a solution and another for its comments."""
    named = (
        select(_CELLS.c.type, _CELLS.c.id)
        .join(Notebook, Notebook.id == _CELLS.c.notebook_id)
        .join(Assignment, Assignment.id == Notebook.assignment_id)
        .where(
            Assignment.name == assignment,
            Notebook.name == question.notebook,
            _CELLS.c.name == question.grade_id,
        )
    )
    cells = {row.type: row.id for row in db.execute(named)}
    task = cells.get("TaskCell", "")
    return Place(cells.get("GradeCell", task), cells.get("SolutionCell", task))


def of_question(place: Place, students: Collection[str] | None = None) -> Select[Any]:
    """A row for each student: nbgrader's grade and comment, and the latest version of the mark.

    students: at least theirs, where it is not for everybody's.
    """
    newest = _latest(place)
    every = (
        select(
            SubmittedAssignment.student_id.label("student"),
            Grade.id.label("grade"),
            Grade.auto_score,
            Grade.manual_score,
            Grade.needs_manual_grade,
            Comment.id.label("comment_id"),
            Comment.manual_comment,
            *(newest.c[name] for name in _OF_MARKS),
        )
        .select_from(Grade)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .outerjoin(
            Comment,
            and_(Comment.notebook_id == Grade.notebook_id, Comment.cell_id == place.commented),
        )
        .outerjoin(newest, newest.c.grade == Grade.id)
        .where(Grade.cell_id == place.graded)
    )
    if students is None or len(students) > _MOST_NAMED:
        return every
    return every.where(SubmittedAssignment.student_id.in_(students))


_MOST_NAMED = 500  # what every database takes in one statement
_OF_MARKS = (
    *("version", "batch", "undoes", "marker", "marked_at"),
    *("points", "steps", "comment", "digest"),
)


def _latest(place: Place) -> Subquery:
    """The newest version of each mark of a question."""
    newest = select(MARKS.c.grade, func.max(MARKS.c.version).label("version"))
    last = newest.where(MARKS.c.cell == place.graded).group_by(MARKS.c.grade).subquery("last")
    is_last = and_(MARKS.c.grade == last.c.grade, MARKS.c.version == last.c.version)
    return select(MARKS).join(last, is_last).subquery("newest")


def count(db: Connection, assignment: str, question: Question) -> Progress:
    place = place_of(db, assignment, question)
    waits = case((Grade.needs_manual_grade, 1), else_=0)
    is_marked = and_(~Grade.needs_manual_grade, Grade.manual_score.is_not(None))
    marked = case((is_marked, 1), else_=0)
    counted = select(func.count(), func.sum(waits), func.sum(marked))
    total, waiting, done = db.execute(counted.where(Grade.cell_id == place.graded)).one()
    return Progress(done or 0, waiting or 0, total - (waiting or 0) - (done or 0))


def of_batch(db: Connection, batch: str, place: Place) -> dict[str, Row[Any]]:
    """The marks of a question that were saved together, by the id of nbgrader's grade."""
    saved = select(MARKS).where(MARKS.c.cell == place.graded, MARKS.c.batch == batch)
    return {row.grade: row for row in db.execute(saved)}


def last_batch(db: Connection, place: Place, marker: str) -> str | None:
    """The newest of which anything stands as this marker saved it, and that is no undo."""
    rows = of_question(place).subquery()
    ours = select(rows).where(rows.c.marker == marker, rows.c.undoes.is_(None))
    newest_first = db.execute(ours.order_by(rows.c.marked_at.desc(), rows.c.batch))
    return next((row.batch for row in newest_first if not is_foreign(row)), None)


def entry_of(row: Row[Any]) -> Entry:
    foreign = is_foreign(row)
    return Entry(
        student=row.student,
        mark=Mark(row.manual_score, steps_of(row), row.manual_comment or ""),
        auto_points=row.auto_score,
        waits=row.needs_manual_grade,
        seen=seen_of(row),
        marker=FORMGRADER if foreign else row.marker or "",
        marked_at=None if foreign else row.marked_at,
        digest="" if foreign else row.digest or "",
    )


def is_foreign(row: Row[Any]) -> bool:
    """Whether the gradebook holds something else than the last mark wrote."""
    return (row.manual_score, row.manual_comment or None) != (row.points, row.comment or None)


def steps_of(row: Row[Any]) -> tuple[float, ...]:
    return tuple(json.loads(row.steps)) if row.steps and not is_foreign(row) else ()


def seen_of(row: Row[Any]) -> str:
    """What changes with every version and with whatever else is written there."""
    state = repr((row.version or 0, row.manual_score, row.manual_comment or ""))
    return hashlib.sha256(state.encode()).hexdigest()[:16]
