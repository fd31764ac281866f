"""`autograder export`: an assignment's grades in another system's form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from autograder.course import Course, HandIn
from autograder.errors import UserError
from autograder.exports.csv_files import write_canvas, write_csv, write_moodle
from autograder.exports.excel import write_excel
from autograder.exports.gradescope import address_of, write_gradescope
from autograder.exports.gradesheet import Gradesheet, Missing
from autograder.exports.marks import Database, read_questions, read_students
from autograder.exports.options import load_options
from autograder.files import replacing
from autograder.grading.database import open_gradebook, require_released
from autograder.grading.scores import load
from autograder.notebook.reading import read_notebook


@dataclass(frozen=True)
class Format:
    """A form of grades: the end of its file's name, and what writes it."""

    suffix: str
    write: Callable[[Gradesheet, Path], None]


FORMATS = {
    "csv": Format(".csv", write_csv),
    "canvas": Format("-canvas.csv", write_canvas),
    "moodle": Format("-moodle.csv", write_moodle),
    "gradescope": Format("-gradescope.zip", write_gradescope),
    "excel": Format(".xlsx", write_excel),
}


@dataclass(frozen=True)
class Exported:
    """What was written, and who has no grade in it: students by why."""

    path: Path
    students: int
    no_hand_in: int
    ungraded: int
    no_email: int = 0

    def line(self) -> str:
        """For the terminal."""
        counts = (
            (self.ungraded, "with answers to be marked"),
            (self.no_hand_in, "without a hand-in"),
            (self.no_email, "without an e-mail"),
        )
        lacking = ", ".join(f"{count} {why}" for count, why in counts if count)
        rest = f"; no grade for {lacking}" if lacking else ""
        return f"{self.path}: {self.students} students{rest}"


def export(
    course: Course,
    assignment: str,
    to: str,
    output: Path | None = None,
    missing: Missing = "empty",
) -> Exported:
    """Write the grades of `assignment` as `to` ("csv", "canvas", "moodle", "gradescope", "excel").

    output: the file; default: exports/<assignment>… in the course. missing: what an answer that
    nobody has scored counts, and no hand-in: "empty" or "zero". Raises UserError.
    """
    course.notebooks(assignment)
    with open_gradebook(course) as gradebook:
        return export_from(gradebook.db, course, assignment, to, output, missing)


def export_from(
    db: Database,
    course: Course,
    assignment: str,
    to: str,
    output: Path | None = None,
    missing: Missing = "empty",
    only: tuple[str, ...] = (),
) -> Exported:
    """`export` from an open gradebook. only: the students; empty: all."""
    if to not in FORMATS:
        raise UserError(f"--to: expected one of {', '.join(FORMATS)}, received {to!r}")
    path = output or course.root / "exports" / f"{assignment}{FORMATS[to].suffix}"
    if path.is_dir():
        raise UserError(f"{path}: expected a file to write, found a folder; name a file in it")
    sheet = _sheet(db, course, assignment, missing, only)
    with replacing(path) as temporary:
        FORMATS[to].write(sheet, temporary)
    return _count(sheet, path, to == "gradescope")


def _sheet(
    db: Database, course: Course, assignment: str, missing: Missing, only: tuple[str, ...]
) -> Gradesheet:
    require_released(db, course, assignment)
    questions = read_questions(db, assignment, _order(course, assignment))
    return Gradesheet(
        assignment=assignment,
        questions=questions,
        students=lambda: read_students(db, assignment, only),
        messages=_messages(course, assignment),
        options=load_options(course),
        missing=missing,
    )


def _order(course: Course, assignment: str) -> dict[tuple[str, str], int]:
    """The places of the cells in their source notebooks: the gradebook does not know them."""
    return {
        (path.stem, str(cell.metadata.nbgrader["grade_id"])): place
        for path in course.source(assignment).glob("*.ipynb")
        for place, cell in enumerate(read_notebook(path).cells)
        if cell.metadata.get("nbgrader", {}).get("grade_id")
    }


def _messages(course: Course, assignment: str) -> Callable[[str, str], Mapping[str, str]]:
    """What the tests of a student's notebook said, by grade_id; feedback shows the same."""

    @lru_cache(maxsize=1)
    def read(student: str, notebook: str) -> Mapping[str, str]:
        folder = course.path("submitted", student, assignment)
        path = course.run(HandIn(student, assignment, folder), notebook) / "scores.json"
        scores = load(path)
        return {test.grade_id: test.message for test in scores.tests} if scores else {}

    return read


def _count(sheet: Gradesheet, path: Path, by_email: bool) -> Exported:
    students = no_hand_in = ungraded = no_email = 0
    for student in sheet.students():
        students += 1
        if sheet.total(student) is None:
            no_hand_in += not student.handed_in
            ungraded += student.handed_in
        elif by_email and not address_of(student):
            no_email += 1
    return Exported(path, students, no_hand_in, ungraded, no_email)
