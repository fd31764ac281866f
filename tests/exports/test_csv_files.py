"""Grades as CSV: plain, for Canvas, for Moodle."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from support import ASSIGNMENT, gradebook

from autograder.course import Course
from autograder.errors import UserError
from autograder.exports import export
from autograder.exports.gradesheet import Missing
from autograder.report.scores import student_rows
from exports.made import EVIL, QUOTED, graded_course

ODD = "=cmd|' /C calc'!A1"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The four students; read only."""
    return graded_course(tmp_path_factory.mktemp("csv"))


def _read(
    course: Course, to: str, output: Path, missing: Missing = "empty", encoding: str = "utf-8"
) -> list[dict[str, str]]:
    export(course, ASSIGNMENT, to, output, missing)
    with output.open(newline="", encoding=encoding) as file:
        return list(csv.DictReader(file, strict=True))


def _by_student(rows: list[dict[str, str]], column: str = "student") -> dict[str, dict[str, str]]:
    return {row[column].removeprefix("'"): row for row in rows}


def test_csv_tells_sums_and_questions(course: Course, tmp_path: Path) -> None:
    """The late penalty is taken off; questions stand in the order of the notebooks."""
    rows = _by_student(_read(course, "csv", tmp_path / "x.csv", encoding="utf-8-sig"))
    anna = rows["anna"]
    assert list(anna)[-3:] == ["one: test_a", "one: why", "two: test_b"]
    assert [anna["one: test_a"], anna["one: why"], anna["two: test_b"]] == ["2", "2.5", "1"]
    assert (anna["points"], anna["late_penalty"], anna["total"]) == ("5.5", "0.5", "5")
    assert (anna["max_points"], anna["handed_in"]) == ("6", "2026-01-31 14:00:00")
    assert (anna["last_name"], anna["lms_user_id"]) == ("Müller", "11")


def test_what_nobody_has_scored_is_empty(course: Course, tmp_path: Path) -> None:
    """Neither the answer nor the total is 0, and what there is so far is told."""
    rows = _by_student(_read(course, "csv", tmp_path / "x.csv", encoding="utf-8-sig"))
    bob, carl = rows["bob"], rows["carl"]
    assert (bob["one: why"], bob["total"], bob["points"], bob["ungraded"]) == ("", "", "0.3", "1")
    assert {carl[c] for c in ("one: test_a", "points", "late_penalty", "total")} == {""}
    assert carl["handed_in"] == "no"


def test_zeros_where_they_are_asked_for(course: Course, tmp_path: Path) -> None:
    """For the end of term."""
    read = _read(course, "csv", tmp_path / "x.csv", "zero", "utf-8-sig")
    rows = _by_student(read)
    assert (rows["bob"]["one: why"], rows["bob"]["total"]) == ("0", "0.3")
    assert (rows["carl"]["one: test_a"], rows["carl"]["total"]) == ("0", "0")


def test_totals_are_those_of_autograder_scores(course: Course, tmp_path: Path) -> None:
    """Two ways through the gradebook, one result."""
    rows = _by_student(_read(course, "csv", tmp_path / "x.csv", "zero", "utf-8-sig"))
    expected = {row.student: row for row in student_rows(course, ASSIGNMENT)}
    assert expected.keys() == {"anna", "bob", ODD}
    for student, row in expected.items():
        assert float(rows[student]["total"]) == pytest.approx(row.total)
        assert float(rows[student]["late_penalty"]) == row.late_penalty
        assert int(rows[student]["waiting"]) == row.waiting
        assert float(rows[student]["max_points"]) == row.max_points


def test_odd_names_survive_and_compute_nothing(course: Course, tmp_path: Path) -> None:
    """Commas, quotes and line breaks come back as they were; formulas behind an apostrophe."""
    rows = _by_student(_read(course, "csv", tmp_path / "x.csv", encoding="utf-8-sig"))
    odd = rows[ODD]
    assert odd["student"] == f"'{ODD}"
    assert odd["last_name"] == QUOTED
    assert odd["first_name"] == f"'{EVIL}"
    assert (odd["email"], odd["lms_user_id"]) == ("'@SUM(1+1)", "'+49")


def test_the_file_is_as_rfc_4180_and_excel_want_it(course: Course, tmp_path: Path) -> None:
    """A byte order mark, CR LF, texts in quotes, numbers without."""
    path = export(course, ASSIGNMENT, "csv", tmp_path / "x.csv").path
    data = path.read_bytes()
    assert data.startswith(b'\xef\xbb\xbf"student"')
    assert b'"anna","M\xc3\xbcller"' in data
    assert b",5.5,0.5,5,6,0,0,2,2.5,1\r\n" in data


def test_canvas(course: Course, tmp_path: Path) -> None:
    """Its five columns, its row of points, and the column's name in Canvas."""
    rows = _read(course, "canvas", tmp_path / "x.csv")
    assert list(rows[0]) == [
        *("Student", "ID", "SIS User ID", "SIS Login ID", "Section", ASSIGNMENT),
    ]
    assert (rows[0]["Student"], rows[0][ASSIGNMENT]) == ("    Points Possible", "6")
    by_login = _by_student(rows[1:], "SIS Login ID")
    assert by_login["anna"]["Student"] == "Müller, Anna"
    assert (by_login["anna"]["ID"], by_login["anna"][ASSIGNMENT]) == ("11", "5")
    assert (by_login["bob"]["Student"], by_login["bob"][ASSIGNMENT]) == ("bob", "")
    assert not (tmp_path / "x.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_ids_fit_their_students(tmp_path: Path) -> None:
    """Moodle allows user names such as -x and @x, and one unknown ends its whole import."""
    root = graded_course(tmp_path).root
    with gradebook(root) as book:
        book.update_or_create_student("-x", first_name="-x", lms_user_id="+1")
    rows = _read(Course(root), "moodle", tmp_path / "x.csv")
    (row,) = (row for row in rows if row["username"] == "-x")
    assert row["Full name"] == "'-x"
    (row,) = (r for r in _read(Course(root), "canvas", tmp_path / "x.csv") if r["ID"] == "+1")
    assert (row["SIS Login ID"], row["Student"]) == ("-x", "'-x")
    assert f"'{ODD}" in {row["username"] for row in rows}


def test_canvas_knows_its_column_by_number(tmp_path: Path) -> None:
    """Else Canvas makes a new assignment."""
    root = graded_course(tmp_path).root
    with (root / "course_config.py").open("a") as file:
        file.write("c.Exports.canvas_column = {'ps': 'Problems, part 1 (4711)'}\n")
    rows = _read(Course(root), "canvas", tmp_path / "x.csv")
    assert rows[1]["Problems, part 1 (4711)"]


def test_moodle(course: Course, tmp_path: Path) -> None:
    """By user name; the feedback tells points and what people wrote, in one line."""
    rows = _by_student(_read(course, "moodle", tmp_path / "x.csv"), "username")
    assert list(rows["anna"]) == ["username", "Full name", ASSIGNMENT, "Feedback"]
    assert rows["anna"][ASSIGNMENT] == "5"
    assert rows["anna"]["Feedback"] == (
        "one: 4.5 of 5. why: =well seen;' -1 two: 1 of 1. Handed in late: 0.5 points less."
    )
    assert (rows["bob"][ASSIGNMENT], rows["carl"]["Feedback"]) == ("", "")
    assert rows["bob"]["Feedback"] == "one: to be marked. two: 0.2 of 1."


def test_moodle_by_another_field(tmp_path: Path) -> None:
    """As the setting says; a student without it would get the neighbour's grade, so none may."""
    root = graded_course(tmp_path).root
    with (root / "course_config.py").open("a") as file:
        file.write("c.Exports.moodle_user = 'email'\n")
    rows = _read(Course(root), "moodle", tmp_path / "x.csv")
    assert "anna@x.example" in {row["email"] for row in rows}
    with gradebook(root) as book:
        book.update_or_create_student("dora")
    before = (tmp_path / "x.csv").read_bytes()
    with pytest.raises(UserError, match=r"expected the e-mail of every student.*'dora'") as caught:
        export(Course(root), ASSIGNMENT, "moodle", tmp_path / "x.csv")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "x.csv").read_bytes() == before
