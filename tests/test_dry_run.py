"""`autograder grade --dry-run`: what would be done, and why, without doing it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import ASSIGNMENT, autograder, copy_graded, edit, hand_in, one, write


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Released; the student s handed in and was graded."""
    return copy_graded(tmp_path)


def _due(course: Path, *options: str) -> list[str]:
    before = {path: path.stat().st_mtime_ns for path in course.rglob("*")}
    said = autograder("grade", "--dry-run", *options, course=course)
    assert said.code == 0, said.text
    assert {path: path.stat().st_mtime_ns for path in course.rglob("*")} == before
    return said.text.splitlines()


def test_nothing_is_due(course: Path) -> None:
    """One line that says so."""
    assert _due(course) == ["1 hand-ins, 2 notebooks: 0 to run, 0 to grade, 2 unchanged"]


def test_a_new_hand_in(course: Path) -> None:
    """It is to be run for the first time."""
    hand_in(course, "t")
    assert sorted(_due(course)) == [
        "2 hand-ins, 4 notebooks: 2 to run, 0 to grade, 2 unchanged",
        "t, one: run and grade: not done yet",
        "t, two: run and grade: not done yet",
    ]


def test_a_changed_answer(course: Path) -> None:
    """That student's notebook alone."""
    hand_in(course, "t")
    autograder("grade", course=course)
    edit(course / "submitted" / "s" / ASSIGNMENT / "two.ipynb", "b", "b = 5")
    assert _due(course)[:-1] == ["s, two: run and grade: the student's cells"]


def test_a_changed_test(course: Path) -> None:
    """Nobody's code is run; the test that changed is in one of the notebooks."""
    hidden = "card.expect(1, equal(a[:1], [6]))\ncard.expect(1, equal(a[1:], [7]))"
    write(one(hidden), course / "source" / ASSIGNMENT / "one.ipynb")
    assert _due(course)[:-1] == ["s, one: grade: tests"]


def test_a_missing_notebook(course: Path) -> None:
    """There is nothing to run; that it scores nothing is still to be entered."""
    (course / "submitted" / "s" / ASSIGNMENT / "two.ipynb").unlink()
    assert _due(course)[:-1] == ["s, two: grade: two.ipynb was not handed in"]


def test_without_walls_is_another_run(course: Path) -> None:
    """As grading itself would have it."""
    said = _due(course, "--no-isolation")
    assert sorted(said)[1:] == [f"s, {name}: run and grade: walls" for name in ("one", "two")]


def test_another_folder_that_may_be_read(course: Path) -> None:
    """What was not found before may be found now."""
    with (course / "course_config.py").open("a") as file:
        file.write('c.Autograder.readable = ["/opt/data"]\n')
    assert sorted(_due(course))[1:] == [
        f"s, {name}: run and grade: what else may be read" for name in ("one", "two")
    ]


def test_a_run_of_an_earlier_version(course: Path) -> None:
    """Its key says nothing of its parts; the reason names them all."""
    path = course / "runs" / ASSIGNMENT / "s" / "one" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "key": "0123456789abcdef"}))
    assert "s, one: run and grade: the student's cells, " in _due(course)[0]


def test_what_was_missing_and_is_handed_in(course: Path) -> None:
    """It was never run: that is the reason, not whatever a run is made of."""
    path = course / "submitted" / "s" / ASSIGNMENT / "two.ipynb"
    handed_in = path.read_bytes()
    path.unlink()
    assert autograder("grade", course=course).code == 1
    path.write_bytes(handed_in)
    assert _due(course)[:-1] == ["s, two: run and grade: not done yet"]


def test_other_limits_of_grading(course: Path) -> None:
    """They matter to what could not be graded, and to nothing else."""
    with (course / "course_config.py").open("a") as file:
        file.write("c.Autograder.grading_timeout_s = 1234.0\n")
    assert len(_due(course)) == 1
    path = course / "runs" / ASSIGNMENT / "s" / "one" / "scores.json"
    path.write_text(path.read_text().replace('"correct"', '"could not be graded"', 1))
    assert _due(course)[:-1] == ["s, one: grade: the limits of grading"]


def test_only_the_named_student(course: Path) -> None:
    """--student holds for the dry run as well."""
    hand_in(course, "t")
    assert _due(course, "--student", "s") == [
        "1 hand-ins, 2 notebooks: 0 to run, 0 to grade, 2 unchanged"
    ]
