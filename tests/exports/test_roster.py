"""Who is who."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import build, copy_released, gradebook

from autograder.course import Course
from autograder.errors import UserError
from autograder.exports.roster import read_roster

LISTS = {
    "own": "lms_id,student_id\n 11 ,anna\n12,\n,bob\n",
    "nbgrader": "id,first_name,last_name,email,lms_user_id\nanna,A,B,a@x.example,11\n",
    "canvas": (
        "Student,ID,SIS User ID,SIS Login ID,Section,hw (1)\n    Points Possible,,,,,6\n"
        '"Müller, Anna",11,s11,anna,1,\n'
    ),
    "canvas_semicolons": 'Student;ID;SIS User ID;SIS Login ID;Section\n"Müller";11;s;anna;1\n',
    "moodle": "Identifier,Full name,Email address,Status\nTeilnehmer 11,A,anna@x.example,x\n",
    "moodle_username": "Identifier,Full name,Username\nParticipant 11,Anna,anna\n",
}


@pytest.mark.parametrize("name", LISTS)
def test_lists(name: str, tmp_path: Path) -> None:
    """The course's own, nbgrader's, Canvas' gradebook, Moodle's grading worksheet."""
    course = Course(copy_released(tmp_path))
    with gradebook(tmp_path) as book:
        book.update_or_create_student("anna", email="Anna@x.example")
    path = tmp_path / "list.csv"
    path.write_text(LISTS[name], encoding="utf-8-sig")
    assert read_roster(course, path).find("11") == "anna"
    assert read_roster(course, path).find("12") is None


def test_the_gradebook_knows(tmp_path: Path) -> None:
    """By lms_user_id; by the id itself, of a student who has no other number in the system."""
    course = Course(copy_released(tmp_path))
    assert read_roster(course).is_empty
    with gradebook(tmp_path) as book:
        book.update_or_create_student("4711", lms_user_id="11")
        book.update_or_create_student("4712")
    known = read_roster(course)
    assert not known.is_empty
    found = {name: known.find(name) for name in ("11", "4712", "4711", "99", "")}
    assert found == {"11": "4711", "4712": "4712", "4711": None, "99": None, "": None}


def test_people_are_known_by_e_mail_first(tmp_path: Path) -> None:
    """In upper or lower case: anybody can write another's number into a profile."""
    course = Course(copy_released(tmp_path))
    with gradebook(tmp_path) as book:
        book.update_or_create_student("anna", email="Anna@x.example", lms_user_id="11")
        book.update_or_create_student("bob", email="bob@x.example")
    known = read_roster(course)
    assert known.find_person("BOB@x.example", "anna") == "bob"
    for person in (("anna@X.example", ""), ("", "anna"), ("new@x.example", "11")):
        assert known.find_person(*person) == "anna"
    assert known.find_person("new@x.example", "99") is known.find_person("", "") is None


def test_line_breaks_within_a_cell(tmp_path: Path) -> None:
    """A name of two lines, or with a separator of lines that is none in CSV, is one row."""
    path = tmp_path / "list.csv"
    path.write_text('lms_id,name,student_id\n11,"A\nB",anna\n12,B\u2028C\x85D,bob\n', "utf-8")
    known = read_roster(Course(build(tmp_path / "course")), path)
    assert known.by_lms_id == {"11": "anna", "12": "bob"}


def test_no_gradebook_yet(tmp_path: Path) -> None:
    """Hand-ins may come before the release."""
    assert read_roster(Course(build(tmp_path))).is_empty


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "found none"),
        (b"", "received nothing"),
        (b"name,mark\nx,1\n", "received name, mark"),
        ("lms_id,student_id\n1,Jörg\n".encode("latin-1"), "UTF-8"),
        (b'lms_id,student_id\n1,"' + b"x" * 200_000 + b'"\n', "field larger"),
    ],
)
def test_lists_that_are_none(data: bytes | None, said: str, tmp_path: Path) -> None:
    """One line, with what it should be."""
    path = tmp_path / "list.csv"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UserError, match=said) as caught:
        read_roster(Course(build(tmp_path / "course")), path)
    assert "\n" not in str(caught.value)
