"""The score table of an assignment: from the scores of the runs and what people marked."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import attrgetter
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
from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session, scoped_session

from autograder.course import Course
from autograder.grading.database import open_gradebook, require_released
from autograder.grading.scores import load

_AT_ONCE = 5000  # rows of the gradebook in memory
_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True)
class TestRow:
    """One student's outcome in one test cell; a bonus is beside the points."""

    student: str
    notebook: str
    grade_id: str
    points: float
    max_points: float
    outcome: str
    message: str
    bonus: float = 0.0
    max_bonus: float = 0.0


@dataclass(frozen=True)
class StudentRow:
    """One student's sums. waiting: answers that a person has yet to mark.

    bonus: the extra credit of test cells without points; part of total, not of max_points.
    """

    student: str
    tests: float
    marked: float
    late_penalty: float
    total: float
    max_points: float
    waiting: int
    bonus: float = 0.0


def test_rows(course: Course, assignment: str) -> list[TestRow]:
    """A row per student and test cell, in the order of the notebook."""
    rows = []
    for path in sorted(course.runs(assignment).glob("[!.]*/[!.]*/scores.json")):
        scores = load(path)
        student, notebook = path.parts[-3], path.parts[-2]
        for test in scores.tests if scores else ():
            rows.append(
                TestRow(
                    student,
                    notebook,
                    test.grade_id,
                    test.points,
                    test.max_points,
                    test.outcome,
                    test.message,
                    test.bonus,
                    test.max_bonus,
                )
            )
    return rows


def student_rows(course: Course, assignment: str) -> list[StudentRow]:
    """A row per student, from the gradebook: manual scores, late penalties and all.

    Raises GradebookError where it cannot be read.
    """
    with open_gradebook(course) as gradebook:
        require_released(gradebook.db, course, assignment)
        return sorted(_student_rows(gradebook.db, assignment), key=attrgetter("student"))


def as_json(rows: Iterable[TestRow]) -> str:
    """A list of objects; "bonus" and "max_bonus" only in those of a bonus."""
    # As json.dumps(…, indent=1) writes it, which takes three times as long.
    objects = ",\n ".join(_object(vars(row)) for row in rows)
    return f"[\n {objects}\n]" if objects else "[]"


def as_csv(rows: Iterable[StudentRow]) -> str:
    """Comma-separated, a line per student, quoted where needed (RFC 4180).

    The last column, bonus, is there where anybody has one.
    """
    data = [asdict(row) for row in rows]
    names = list(StudentRow.__annotations__)
    if not any(row["bonus"] for row in data):
        names.remove("bonus")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([row[name] for name in names] for row in data)
    return text.getvalue()


def _object(row: dict[str, Any]) -> str:
    names = [name for name in row if row["max_bonus"] or name not in ("bonus", "max_bonus")]
    return "{\n" + ",\n".join(f'  "{name}": {_encode(row[name])}' for name in names) + "\n }"


def _student_rows(db: scoped_session[Session], assignment: str) -> Iterator[StudentRow]:
    """Of plain rows, a student's at a time: nbgrader's objects would take a minute for a class."""
    cells = _graded_cells(db, assignment)
    penalties = _late_penalties(db, assignment)
    students = {row.id: row.student_id for row in db.execute(_students(assignment))}
    rows = db.execute(_grades(assignment).execution_options(yield_per=_AT_ONCE))
    for submission, grades in groupby(rows, attrgetter("submission")):
        yield _sums(students.pop(submission), list(grades), cells, penalties[submission])
    for submission, student in students.items():  # of an assignment without graded cells
        yield _sums(student, [], cells, penalties[submission])


def _students(assignment: str) -> Select[tuple[str, str]]:
    return (
        select(SubmittedAssignment.id, SubmittedAssignment.student_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == assignment)
    )


def _grades(assignment: str) -> Select[Any]:
    """The grades of a class, those of one hand-in beside each other."""
    hand_ins = _students(assignment).with_only_columns(SubmittedAssignment.id)
    return (
        select(
            SubmittedNotebook.assignment_id.label("submission"),
            Grade.cell_id,
            Grade.score,
            Grade.manual_score,
            Grade.needs_manual_grade,
        )
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .where(SubmittedNotebook.assignment_id.in_(hand_ins))
        .order_by(SubmittedNotebook.assignment_id)
    )


def _graded_cells(db: scoped_session[Session], assignment: str) -> dict[str, tuple[str, float]]:
    """What a cell's grades are for: the cell's type, "code" or "markdown", and its points."""
    return {
        cell: (kind, points)
        for table in (GradeCell, TaskCell)
        for cell, kind, points in db.execute(
            select(table.id, table.cell_type, table.max_score)
            .join(Notebook, Notebook.id == table.notebook_id)
            .join(Assignment, Assignment.id == Notebook.assignment_id)
            .where(Assignment.name == assignment)
        )
    }


def _late_penalties(db: scoped_session[Session], assignment: str) -> defaultdict[str, list[float]]:
    """The penalties of a hand-in's notebooks, by the hand-in."""
    penalties: defaultdict[str, list[float]] = defaultdict(list)
    hand_ins = _students(assignment).with_only_columns(SubmittedAssignment.id)
    penalty = SubmittedNotebook.late_submission_penalty
    rows = select(SubmittedNotebook.assignment_id, penalty).where(
        penalty.is_not(None), SubmittedNotebook.assignment_id.in_(hand_ins)
    )
    for hand_in, points in db.execute(rows):
        penalties[hand_in].append(points)
    return penalties


def _sums(
    student: str,
    grades: list[Row[Any]],
    cells: dict[str, tuple[str, float]],
    penalties: list[float],
) -> StudentRow:
    by_tests = [g for g in grades if cells[g.cell_id][0] == "code" and g.manual_score is None]
    extra = math.fsum(grade.score for grade in by_tests if not cells[grade.cell_id][1])
    tests = math.fsum(grade.score for grade in by_tests if cells[grade.cell_id][1])
    everything = math.fsum(grade.score for grade in grades)
    late = math.fsum(penalties)
    return StudentRow(
        student=student,
        tests=tests,
        marked=everything - tests - extra,
        late_penalty=late,
        total=max(0.0, everything - late),  # as nbgrader exports it
        max_points=math.fsum(cells[grade.cell_id][1] for grade in grades),
        waiting=sum(grade.needs_manual_grade for grade in grades),
        bonus=extra,
    )
