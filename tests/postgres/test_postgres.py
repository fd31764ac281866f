"""The gradebook on PostgreSQL, by one setting: the same scores, and one line for what is wrong."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from support import ASSIGNMENT, RIGHT, autograder, build, copy_released, environment, hand_in

from autograder.course import Course
from postgres.server import PASSWORD, Server

CLASS = {"right": RIGHT, "wrong": {**RIGHT, "b": "b = 5"}, "unedited": {}}


@pytest.fixture
def book(course: Path) -> Iterator[Gradebook]:
    with Gradebook(Course(course).db_url, "deep-learning") as opened:
        yield opened


def _grade(course: Path) -> str:
    for student, answers in CLASS.items():
        hand_in(course, student, answers)
    said = autograder("grade", course=course)
    assert said.code == 0, said.text
    return autograder("scores", "--format", "csv", course=course).text


def test_scores_are_those_of_sqlite(course: Path, tmp_path: Path) -> None:
    """From release to feedback; no SQLite file is made on the way."""
    expected = _grade(copy_released(tmp_path / "sqlite"))
    assert _grade(course) == expected
    assert expected.count("\n") == 4
    assert "6 feedback pages" in autograder("feedback", course=course).text
    assert not (course / "gradebook.db").exists()


def test_a_second_grading_changes_nothing(course: Path, book: Gradebook) -> None:
    """What a person entered stands, and nothing is run or written."""
    _grade(course)
    grade = book.find_grade("why", "one", ASSIGNMENT, "right")
    grade.manual_score, grade.needs_manual_grade = 2.5, False
    book.db.commit()
    assert ": 0 run, 0 graded, 6 unchanged" in autograder("grade", course=course).text
    csv = autograder("scores", "--format", "csv", course=course).text
    assert "right,3.0,2.5,0.0,5.5,6.0,0" in csv.splitlines()


def test_what_formgrader_asks_is_answered(course: Path) -> None:
    """The lists behind its pages."""
    _grade(course)
    opened = Course(course)
    api = NbGraderAPI(opened.directory, config=opened.config)
    found = {each["student"]: each["score"] for each in api.get_submissions(ASSIGNMENT)}
    assert found == {"right": 3.0, "wrong": 2.0, "unedited": 0.0}
    assert len(api.get_notebook_submissions(ASSIGNMENT, "one")) == len(api.get_students()) == 3


def test_two_gradings_at_once(course: Path, book: Gradebook) -> None:
    """Both end well; each notebook is in the gradebook once."""
    for student, answers in CLASS.items():
        hand_in(course, student, answers)
    command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, "--course", str(course)]
    both = [
        subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=200)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert any(": 0 run, 0 graded, 6 unchanged" in text for text in said), said
    scores = {each.student.id: each.score for each in book.assignment_submissions(ASSIGNMENT)}
    assert scores == {"right": 3.0, "wrong": 2.0, "unedited": 0.0}


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Nobody listens there."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.mark.parametrize("command", ["release", "grade", "scores", "feedback"])
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("password", "password authentication failed"),
        ("database", 'database "none" does not exist'),
        ("down", "Connection refused"),
        ("driver", "its driver cannot be imported: No module named 'psycopg2'"),
        ("address", "c.CourseDirectory.db_url: expected an address"),
    ],
)
def test_a_fault_is_one_line_without_the_password(
    command: str, fault: str, expected: str, postgres: Server, closed_port: int, tmp_path: Path
) -> None:
    """Whatever needs the gradebook says where and what, and nothing secret."""
    wrong = f"wrong-{PASSWORD}"
    url = {
        "password": postgres.url("postgres", password=wrong),
        "database": postgres.url("none"),
        "down": postgres.url("postgres", port=closed_port),
        "driver": postgres.url("postgres").replace("psycopg:", "psycopg2:"),
        "address": f"postgresql+psycopg://teacher:{PASSWORD}@127.0.0.1:{PASSWORD}/x",
    }[fault]
    course = build(tmp_path, f"c.CourseDirectory.db_url = {url!r}")
    (course / "autograded" / "s" / ASSIGNMENT).mkdir(parents=True)
    said = autograder(command, course=course)
    assert said.code == 2, said.text
    (line,) = said.lines
    assert expected in line
    assert PASSWORD not in said.text
