"""Who is who: the students of the course by what Canvas, Moodle or Gradescope calls them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from nbgrader.api import Student
from sqlalchemy import select

from autograder.course import Course
from autograder.errors import UserError
from autograder.grading.database import GradebookError, check_gradebook, open_gradebook

# The system's number, and the columns that may hold the course's id, the best first.
_SHAPES = (
    ("lms_user_id", ("id",)),  # as nbgrader imports students
    ("lms_id", ("student_id",)),
    ("identifier", ("username", "id number", "email address")),  # Moodle's grading worksheet
    ("id", ("sis login id", "sis user id")),  # Canvas' gradebook export
    ("sid", ("student_id", "username", "email", "email address")),  # Gradescope's roster
)


@dataclass(frozen=True)
class Roster:
    """Student ids by the system's ids and by e-mail.

    is_empty: nothing is known of anybody; then the system's ids are the course's.
    """

    by_lms_id: Mapping[str, str] = field(default_factory=dict)
    by_email: Mapping[str, str] = field(default_factory=dict)
    students: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        return not self.by_lms_id and not self.by_email

    def find(self, lms_id: str) -> str | None:
        """Whom the system calls so: by lms_user_id, or by the id of a student who has none.

        A student with another number is not meant: both ids may be numbers of the same length.
        """
        return self.by_lms_id.get(lms_id) or (lms_id if lms_id in self._without_lms_id else None)

    @cached_property
    def _without_lms_id(self) -> frozenset[str]:
        return self.students.difference(self.by_lms_id.values())

    def find_person(self, email: str, sid: str) -> str | None:
        """By e-mail, then by student number: that, people can write into their profiles."""
        if student := self.by_email.get(email.lower()):
            return student
        return next((n for n in (sid, email) if n and n in self.students), self.by_lms_id.get(sid))


def read_roster(course: Course, path: Path | None = None) -> Roster:
    """The gradebook's students, where there is a gradebook, and those of the CSV file at `path`.

    Raises UserError for a file that is none of the known lists.
    """
    known = _gradebook(course)
    listed = _listed(path) if path else {}
    ids = {lms_id: known.by_email.get(name.lower(), name) for lms_id, name in listed.items()}
    return Roster({**known.by_lms_id, **ids}, known.by_email, known.students)


def _gradebook(course: Course) -> Roster:
    check_gradebook(course)
    try:
        with open_gradebook(course) as gradebook:
            columns = select(Student.id, Student.email, Student.lms_user_id)
            rows = gradebook.db.execute(columns).all()
    except GradebookError:  # there is none yet
        return Roster()
    return Roster(
        {row.lms_user_id: row.id for row in rows if row.lms_user_id},
        {row.email.lower(): row.id for row in rows if row.email},
        frozenset(row.id for row in rows),
    )


def _listed(path: Path) -> dict[str, str]:
    """The course's ids in a list by the system's."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path}: expected a list of the students (.csv), found none") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: expected text in UTF-8; save it as CSV UTF-8") from None
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    try:
        return _pairs(csv.DictReader(io.StringIO(text), delimiter=delimiter), path)
    except csv.Error as error:
        raise UserError(f"{path}: expected a list of the students (.csv): {error}") from None


def _pairs(reader: csv.DictReader[str], path: Path) -> dict[str, str]:
    heads = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    for lms_id, choices in _SHAPES:
        column = next((heads[choice] for choice in choices if choice in heads), None)
        if lms_id in heads and column:
            pairs = ((row[heads[lms_id]], row[column]) for row in reader)
            return {_plain(a): b.strip() for a, b in pairs if a and a.strip() and b and b.strip()}
    raise UserError(
        f"{path}: expected columns such as lms_id and student_id, Canvas' gradebook or Moodle's "
        f"grading worksheet, received {', '.join(heads.values()) or 'nothing'}"
    )


def _plain(lms_id: str) -> str:
    """Moodle's worksheet writes "Participant 1234567" in the language of who downloads it."""
    return lms_id.strip().rpartition(" ")[2]
