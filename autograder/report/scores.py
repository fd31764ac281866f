"""The score table of an assignment: from the scores of the runs and what people marked."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from nbgrader.api import MissingEntry, SubmittedAssignment

from autograder.course import Course
from autograder.grading.gradebook import open_gradebook
from autograder.grading.scores import load


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
        try:
            found = gradebook.find_assignment(assignment)
        except MissingEntry:
            return []
        return [_sums(submission) for submission in sorted(found.submissions, key=_student)]


def as_json(rows: Iterable[TestRow]) -> str:
    """A list of objects; "bonus" and "max_bonus" only in those of a bonus."""
    data = [asdict(row) for row in rows]
    for row in data:
        if not row["max_bonus"]:
            del row["bonus"], row["max_bonus"]
    return json.dumps(data, indent=1, ensure_ascii=False)


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


def _student(submission: SubmittedAssignment) -> str:
    return str(submission.student.id)


def _sums(submission: SubmittedAssignment) -> StudentRow:
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    scored = [g for g in grades if g.cell.cell_type == "code" and g.manual_score is None]
    extra = math.fsum(grade.score for grade in scored if not grade.max_score)
    tests = math.fsum(grade.score for grade in scored if grade.max_score)
    everything = math.fsum(grade.score for grade in grades)
    late = math.fsum(nb.late_submission_penalty or 0.0 for nb in submission.notebooks)
    return StudentRow(
        student=_student(submission),
        tests=tests,
        marked=everything - tests - extra,
        late_penalty=late,
        total=everything - late,
        max_points=math.fsum(grade.max_score for grade in grades),
        waiting=sum(grade.needs_manual_grade for grade in grades),
        bonus=extra,
    )
