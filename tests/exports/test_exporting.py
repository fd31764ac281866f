"""The command's function: formats, places, mistakes, a large class."""

from __future__ import annotations

import csv
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Student
from sqlalchemy import update
from support import ASSIGNMENT, build, copy_released, gradebook

from autograder.course import Course, CourseError
from autograder.errors import UserError
from autograder.exports import FORMATS, export
from autograder.exports.marks import StudentMarks, read_questions, read_students
from autograder.grading.database import GradebookError, open_gradebook
from autograder.settings import SettingsError
from benchmarks.gradebooks import ASSIGNMENT as LARGE
from benchmarks.gradebooks import make_class
from exports.made import graded_course


def test_each_format_has_its_place(tmp_path: Path) -> None:
    """exports/ in the course; the line tells who has no grade."""
    course = graded_course(tmp_path)
    names = {export(course, ASSIGNMENT, to).path.name for to in FORMATS}
    assert names == {
        *("ps.csv", "ps-canvas.csv", "ps-moodle.csv", "ps-gradescope.zip", "ps.xlsx"),
    }
    assert {path.name for path in (tmp_path / "exports").iterdir()} == names
    line = export(course, ASSIGNMENT, "csv").line()
    assert line.endswith(
        "ps.csv: 4 students; no grade for 1 with answers to be marked, 1 without a hand-in"
    )


@pytest.mark.parametrize(
    ("make", "options", "error", "said"),
    [
        (build, ("csv",), GradebookError, "found none; `autograder release` makes it"),
        (copy_released, ("cvs",), UserError, "expected one of csv, canvas, moodle"),
    ],
)
def test_mistakes_are_one_line(
    make: object, options: tuple[str, ...], error: type[UserError], said: str, tmp_path: Path
) -> None:
    """Where, what was expected, what to do; no file is left."""
    course = Course(make(tmp_path))  # type: ignore[operator]
    with pytest.raises(error, match=said) as caught:
        export(course, ASSIGNMENT, *options)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("exports/*"))


def test_other_mistakes(tmp_path: Path) -> None:
    """No such assignment, a folder for a file, a setting that is none."""
    course = Course(copy_released(tmp_path))
    with pytest.raises(CourseError, match="the assignments here are: ps"):
        export(course, "sp", "csv")
    with pytest.raises(UserError, match="found a folder; name a file in it"):
        export(course, ASSIGNMENT, "csv", tmp_path)
    with gradebook(tmp_path) as book:
        book.remove_assignment(ASSIGNMENT)
    with pytest.raises(GradebookError, match="run `autograder release ps` first"):
        export(course, ASSIGNMENT, "csv")
    wrong = Course(build(tmp_path / "wrong", "c.Exports.moodle_user = 'name'"))
    copy_released(tmp_path / "wrong", "c.Exports.moodle_user = 'name'")
    with pytest.raises(SettingsError, match="moodle_user"):
        export(wrong, ASSIGNMENT, "csv")


def test_a_class_without_hand_ins(tmp_path: Path) -> None:
    """Is an empty table with its heads."""
    course = Course(copy_released(tmp_path))
    for to in FORMATS:
        assert export(course, ASSIGNMENT, to).students == 0


def test_blocks_lose_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Students are read in blocks; each comes once and in order, whatever the block's size."""
    course = graded_course(tmp_path)
    with open_gradebook(course) as book:
        whole = list(read_students(book.db, ASSIGNMENT))
        for size in (1, 2, 3, 4, 5):
            monkeypatch.setattr("autograder.exports.marks._AT_ONCE", size)
            assert list(read_students(book.db, ASSIGNMENT)) == whole
        assert [s.student for s in read_students(book.db, ASSIGNMENT, ("bob",))] == ["bob"]
        assert [q.max_points for q in read_questions(book.db, ASSIGNMENT, {})] == [2, 3, 1]
    assert len(whole) == 4


def test_marks_that_wait_for_another_look_count(tmp_path: Path) -> None:
    """A regrade puts a marked answer back into formgrader's list; its points stay."""
    course = graded_course(tmp_path)
    with gradebook(tmp_path) as book:
        book.find_grade("why", "one", ASSIGNMENT, "anna").needs_manual_grade = True
        book.find_grade("test_b", "two", ASSIGNMENT, "anna").extra_credit = 0.25
        book.db.commit()
    path = export(course, ASSIGNMENT, "csv").path
    with path.open(newline="", encoding="utf-8-sig") as file:
        anna = next(row for row in csv.DictReader(file) if row["student"] == "anna")
    assert (anna["total"], anna["two: test_b"]) == ("5.25", "1.25")
    assert (anna["ungraded"], anna["waiting"]) == ("0", "1")


def test_a_penalty_above_the_points(tmp_path: Path) -> None:
    """Leaves 0, as in nbgrader's own export."""
    course = graded_course(tmp_path)
    with gradebook(tmp_path) as book:
        late = book.find_submission_notebook("one", ASSIGNMENT, "anna")
        late.late_submission_penalty = 99.0
        book.db.commit()
    path = export(course, ASSIGNMENT, "canvas").path
    assert b'"anna","",0\r\n' in path.read_bytes()


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> list[Course]:
    """Of 30 and of 120 students."""
    folder = tmp_path_factory.mktemp("classes")
    made = [make_class(folder / str(students), students) for students in (30, 120)]
    for course in made:
        with open_gradebook(course) as book:
            book.db.execute(update(Student).values(email=Student.id + "@x.example"))
            book.db.commit()
    return made


@pytest.mark.parametrize("to", sorted(FORMATS))
def test_memory_does_not_grow_with_the_class(
    to: str, classes: list[Course], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block of students is in memory, not the class."""
    monkeypatch.setattr("autograder.exports.marks._AT_ONCE", 10)
    peaks = []
    for course in classes:
        export(course, LARGE, to, missing="zero")  # imports, caches
        tracemalloc.start()
        assert export(course, LARGE, to, missing="zero").students in (30, 120)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_a_gradebook_that_breaks_off_leaves_nothing(
    classes: list[Course], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In any format: no half of a class is taken for the class."""

    def broken(*_: object) -> Iterator[StudentMarks]:
        yield StudentMarks("anna")
        raise GradebookError("the gradebook cannot be used")

    monkeypatch.setattr("autograder.exports.exporting.read_students", broken)
    for to in FORMATS:
        with pytest.raises(GradebookError):
            export(classes[0], LARGE, to, tmp_path / to)
    assert list(tmp_path.iterdir()) == []
