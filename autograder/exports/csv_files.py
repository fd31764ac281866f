"""Grades as comma-separated files (RFC 4180): plain, for Canvas, for Moodle.

Texts are quoted and numbers are not, so that numbers stay numbers.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import UserError
from autograder.exports.gradesheet import Gradesheet
from autograder.exports.marks import StudentMarks
from autograder.exports.safe import for_csv, for_key, number


@dataclass(frozen=True)
class Key:
    """An id by which a system finds the student."""

    text: str


Cell = str | float | int | Key | None
_MOST_NAMED = 5


def write_csv(sheet: Gradesheet, path: Path) -> None:
    """A row per student of the course: who, sums, and a column for each question.

    It begins with a byte order mark: without one Excel takes UTF-8 for the system's old encoding,
    and Müller becomes MÃ¼ller.
    """
    questions = [f"{q.notebook}: {q.grade_id}" for q in sheet.questions]
    with _rows(path, encoding="utf-8-sig") as write:
        write((*_COLUMNS, *questions))
        for student in sheet.students():
            sums = _sums(sheet, student)
            points = (sheet.points(student, question) for question in sheet.questions)
            write((*_person(student), *sums, *points))


def write_canvas(sheet: Gradesheet, path: Path) -> None:
    """Canvas' gradebook: five columns on the student, one of the assignment.

    Canvas looks for ID, then for SIS Login ID, then for the name. No byte order mark: a quote
    after one is no quote to Canvas.
    """
    column = sheet.options.canvas_column.get(sheet.assignment, sheet.assignment)
    with _rows(path, encoding="utf-8") as write:
        write(("Student", "ID", "SIS User ID", "SIS Login ID", "Section", column))
        write(("    Points Possible", "", "", "", "", number(sheet.max_points)))
        for student in sheet.students():
            ids = Key(student.lms_user_id), "", Key(student.student)
            write((student.name, *ids, "", sheet.total(student)))


def write_moodle(sheet: Gradesheet, path: Path) -> None:
    """Moodle's grade import: by what it finds the student, the grade, a feedback.

    Raises UserError where a student lacks it: Moodle would give such a line's grade to the student
    of the line before.
    """
    by = sheet.options.moodle_user
    _refuse_nameless(sheet, by)
    with _rows(path, encoding="utf-8") as write:
        write((by, "Full name", sheet.assignment, "Feedback"))
        for student in sheet.students():
            grade, told = sheet.total(student), _feedback(sheet, student)
            write((Key(_moodle_user(student, by)), student.name, grade, told))


_COLUMNS = (
    *("student", "last_name", "first_name", "email", "lms_user_id", "handed_in"),
    *("points", "late_penalty", "total", "max_points", "ungraded", "waiting"),
)


def _person(student: StudentMarks) -> tuple[Cell, ...]:
    time = student.time.isoformat(" ", "seconds") if student.time else ""
    return (
        student.student,
        student.last_name,
        student.first_name,
        student.email,
        student.lms_user_id,
        time or ("yes" if student.handed_in else "no"),
    )


def _sums(sheet: Gradesheet, student: StudentMarks) -> tuple[Cell, ...]:
    """From "points" on: what is scored so far, and the total once all is."""
    return (
        number(student.points(sheet.questions)) if student.handed_in else None,
        number(student.late_penalty) if student.handed_in else None,
        sheet.total(student),
        number(sheet.max_points),
        student.ungraded,
        student.waiting,
    )


def _feedback(sheet: Gradesheet, student: StudentMarks) -> str:
    """The points of each notebook and what people wrote, in one line."""
    if not student.handed_in:
        return ""
    told = []
    for notebook, questions in sheet.notebooks.items():
        points = sheet.sum(student, questions)
        most = number(sum(question.max_points for question in questions))
        told.append(f"{notebook}: {'to be marked' if points is None else f'{points} of {most}'}.")
        for question in questions:
            mark = student.marks.get(question.cell)
            if mark and mark.comment:
                told.append(f"{question.grade_id}: {' '.join(mark.comment.split())}")
    if student.late_penalty:
        told.append(f"Handed in late: {number(student.late_penalty)} points less.")
    return " ".join(told)


def _moodle_user(student: StudentMarks, by: str) -> str:
    return {
        "username": student.student,
        "email": student.email,
        "idnumber": student.lms_user_id,
    }[by].strip()


def _refuse_nameless(sheet: Gradesheet, by: str) -> None:
    nameless = [s.student for s in sheet.students() if not _moodle_user(s, by)]
    if nameless:
        field = {"email": "e-mail", "idnumber": "lms_user_id"}.get(by, by)
        more = f" and {len(nameless) - _MOST_NAMED} more" if len(nameless) > _MOST_NAMED else ""
        raise UserError(
            f"the gradebook: expected the {field} of every student, as c.Exports.moodle_user = "
            f"{by!r} asks; none of {', '.join(map(repr, nameless[:_MOST_NAMED]))}{more}; enter it "
            "with `nbgrader db student import`, or set another c.Exports.moodle_user"
        )


@contextmanager
def _rows(path: Path, encoding: str) -> Iterator[Callable[[Iterable[Cell]], None]]:
    """A function that writes a row: texts made safe, None as an empty cell."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")

        def write(row: Iterable[Cell]) -> None:
            writer.writerow([_safe(cell) for cell in row])

        yield write


def _safe(cell: Cell) -> str | float | int:
    if cell is None:
        return ""
    if isinstance(cell, Key):
        return for_key(cell.text)
    return for_csv(cell) if isinstance(cell, str) else cell
