"""Marks in the gradebook: nbgrader's manual scores and comments, and who gave them, in one go.

Several people and programs may write: other markers, formgrader, a grading. A save names what its
writer saw; where that stands no longer, nothing is written.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from nbgrader.api import Comment, Grade
from sqlalchemy import Connection, Engine, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from autograder.marking.contract import Question
from autograder.marking.marks import (
    ConflictError,
    Entry,
    Mark,
    NotGradedError,
    Phrase,
    Progress,
    Saved,
    Undone,
    Wish,
)
from autograder.marking.rows import (
    Place,
    count,
    entry_of,
    is_foreign,
    last_batch,
    of_batch,
    of_question,
    place_of,
    seen_of,
    steps_of,
)
from autograder.marking.tables import MARKS, PHRASES, make_tables


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Store:
    """The marks of one assignment, written in the name of `marker`.

    engine: of the gradebook's database. Whatever the database refuses is SQLAlchemy's error.
    """

    def __init__(
        self, engine: Engine, assignment: str, marker: str, now: Callable[[], datetime] = _now
    ) -> None:
        self.marker = marker
        self._engine = engine
        self._assignment = assignment
        self._now = now
        make_tables(engine)

    def progress(self, questions: Iterable[Question]) -> tuple[Progress, ...]:
        """A count for each question."""
        with self._engine.connect() as db:
            return tuple(count(db, self._assignment, question) for question in questions)

    def entries(
        self, question: Question, students: Collection[str] | None = None
    ) -> dict[str, Entry]:
        """How the answers of `students`, or all, stand, by student."""
        with self._engine.connect() as db:
            rows = _rows(db, place_of(db, self._assignment, question), students)
            return {row.student: entry_of(row) for row in rows}

    def save(self, question: Question, wishes: Sequence[Wish]) -> Saved:
        """Write all `wishes`, or none. Raises ConflictError and NotGradedError."""
        by_student = {wish.student: wish for wish in wishes}
        with self._engine.begin() as db:
            place = place_of(db, self._assignment, question)
            rows = _hold(db, place, by_student)
            stale = [row for row in rows if seen_of(row) != by_student[row.student].seen]
            if stale:
                raise ConflictError(tuple(map(entry_of, stale)))
            batch = uuid4().hex
            changes = [_wished(row, by_student[row.student]) for row in rows]
            self._write(db, place, changes, {"batch": batch, "undoes": None})
            return Saved(batch, _entries(db, place, by_student))

    def undo(self, question: Question, batch: str) -> Undone:
        """Bring back what stood before `batch`, except where somebody has been at it since."""
        with self._engine.begin() as db:
            place = place_of(db, self._assignment, question)
            saved = of_batch(db, batch, place)
            students = {row.student for row in _rows(db, place) if row.grade in saved}
            rows = _hold(db, place, students)
            changes = [_undone(row, saved[row.grade]) for row in rows if _stands(row, batch)]
            self._write(db, place, changes, {"batch": uuid4().hex, "undoes": batch})
            done = {change.row.student for change in changes}
            return Undone(_entries(db, place, done), _entries(db, place, students - done))

    def last_batch(self, question: Question) -> str | None:
        """What this marker saved last and has not undone."""
        with self._engine.connect() as db:
            return last_batch(db, place_of(db, self._assignment, question), self.marker)

    def phrases(self, question: Question) -> tuple[Phrase, ...]:
        """The comments kept for a question, in the order in which they were kept."""
        with self._engine.connect() as db:
            cell = place_of(db, self._assignment, question).graded
            kept = db.execute(select(PHRASES).where(PHRASES.c.cell == cell).order_by(PHRASES.c.id))
            return tuple(Phrase(row.id, row.text) for row in kept)

    def keep_phrase(self, question: Question, text: str) -> None:
        """Once, however often it is kept."""
        with contextlib.suppress(IntegrityError), self._engine.begin() as db:
            cell = place_of(db, self._assignment, question).graded
            db.execute(insert(PHRASES), {"cell": cell, "text": text})

    def drop_phrase(self, question: Question, number: int) -> None:
        with self._engine.begin() as db:
            cell = place_of(db, self._assignment, question).graded
            db.execute(delete(PHRASES).where(PHRASES.c.id == number, PHRASES.c.cell == cell))

    def _write(
        self, db: Connection, place: Place, changes: Sequence[_Change], common: Mapping[str, Any]
    ) -> None:
        """nbgrader's columns, and a version of the mark for each; the rows are held."""
        if not changes:
            return
        db.execute(_SET_POINTS, [change.points() for change in changes])
        if said := [change.comment() for change in changes if change.row.comment_id is not None]:
            db.execute(_SET_COMMENT, said)
        by = {"marker": self.marker, "marked_at": self._now(), "cell": place.graded, **common}
        db.execute(insert(MARKS), [change.version() | by for change in changes])


_GRADES, _COMMENTS = Grade.__table__, Comment.__table__
_SET_POINTS = (
    update(_GRADES)
    .where(_GRADES.c.id == bindparam("row"))
    .values(manual_score=bindparam("points"), needs_manual_grade=bindparam("waits"))
)
_SET_COMMENT = (
    update(_COMMENTS)
    .where(_COMMENTS.c.id == bindparam("row"))
    .values(manual_comment=bindparam("said"))
)


@dataclass(frozen=True)
class _Change:
    """A row of the gradebook as it stands, and what is to stand there."""

    row: Row[Any]
    mark: Mark
    waits: bool
    digest: str

    def points(self) -> dict[str, Any]:
        return {"row": self.row.grade, "points": self.mark.points, "waits": self.waits}

    def comment(self) -> dict[str, Any]:
        return {"row": self.row.comment_id, "said": self.mark.comment or None}

    def version(self) -> dict[str, Any]:
        return {
            "grade": self.row.grade,
            "version": (self.row.version or 0) + 1,
            "points": self.mark.points,
            "steps": json.dumps(self.mark.steps),
            "comment": None if self.row.comment_id is None else self.mark.comment or None,
            "digest": self.digest,
            "before_points": self.row.manual_score,
            "before_steps": json.dumps(steps_of(self.row)),
            "before_comment": self.row.manual_comment,
            "before_waits": self.row.needs_manual_grade,
            "before_digest": "" if is_foreign(self.row) else self.row.digest or "",
        }


def _wished(row: Row[Any], wish: Wish) -> _Change:
    waits = wish.mark.points is None and row.auto_score is None
    return _Change(row, wish.mark, waits, wish.digest)


def _undone(row: Row[Any], saved: Row[Any]) -> _Change:
    steps = tuple(json.loads(saved.before_steps))
    mark = Mark(saved.before_points, steps, saved.before_comment or "")
    is_graded_since = row.needs_manual_grade and saved.points is not None
    waits = saved.before_waits or is_graded_since
    return _Change(row, mark, waits, saved.before_digest)


def _stands(row: Row[Any], batch: str) -> bool:
    return bool(row.batch == batch) and not is_foreign(row)


def _rows(db: Connection, place: Place, students: Collection[str] | None = None) -> list[Row[Any]]:
    rows = db.execute(of_question(place, students))
    return [row for row in rows if students is None or row.student in students]


def _entries(db: Connection, place: Place, students: Collection[str]) -> tuple[Entry, ...]:
    return tuple(map(entry_of, _rows(db, place, students)))


def _hold(db: Connection, place: Place, students: Collection[str]) -> list[Row[Any]]:
    """These students' rows; until the commit nobody changes them. Raises NotGradedError."""
    ids = [row.grade for row in _rows(db, place, students)]
    for some in _cut(ids):
        # In one order, so that two who hold many do not wait for each other.
        grades = select(Grade.id).where(Grade.id.in_(some)).order_by(Grade.id)
        db.execute(grades.with_for_update()).all()
        held = update(Grade).where(Grade.id.in_(some))  # SQLite holds nothing for a reader
        db.execute(held.values(needs_manual_grade=Grade.needs_manual_grade))
    rows = _rows(db, place, students)
    if missing := set(students) - {row.student for row in rows}:
        raise NotGradedError(tuple(sorted(missing)))
    return rows


def _cut(ids: list[str], at_once: int = 500) -> Iterator[list[str]]:
    """In pieces that every database takes in one statement, in order."""
    ids = sorted(ids)
    return (ids[begin : begin + at_once] for begin in range(0, len(ids), at_once))
