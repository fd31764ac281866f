"""Bonus points, from the card to nbgrader's extra credit, whichever way a notebook is graded."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.utils import determine_grade
from support import (
    ASSIGNMENT,
    RIGHT,
    autograder,
    build,
    cell,
    edit,
    environment,
    find,
    gradebook,
    hand_in,
    notebook,
    one,
    scores,
)

TEST_E = """card = scorecard("Bonus · e and f", points=2, bonus=True)
card.require(form(e, shape=()))
### BEGIN HIDDEN TESTS
card.expect(1.5, equal(e, 5))
card.expect(0.5, equal(f, 7))
### END HIDDEN TESTS
card"""
STUB_E = "e = ...\nf = ..."
FULL = {**RIGHT, "e": "e = 5\nf = 7"}
PART = {**RIGHT, "e": "e = 5\nf = 8"}
CRASH = {**RIGHT, "e": "import os\nos._exit(1)"}
STUDENTS: dict[str, Mapping[str, str]] = {
    "full": FULL,
    "part": PART,
    "plain": RIGHT,
    "unedited": {},
    "crash": CRASH,
}


def _bonus(name: str, points: float, *changes: tuple[str, str]) -> list[NotebookNode]:
    """A bonus question of which e and f are the answers; changes: in its test."""
    test = TEST_E
    for old, new in changes:
        assert old in test
        test = test.replace(old, new)
    solution = f"{STUB_E}\n### BEGIN SOLUTION\ne = 4 + 1\nf = 7\n### END SOLUTION"
    return [
        cell("code", name, solution, solution=True),
        cell("code", f"test_{name}", test, points, grade=True, locked=True),
    ]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = build(
        tmp_path_factory.mktemp("bonus") / "course", one=notebook(*one().cells, *_bonus("e", 0))
    )
    said = autograder("release", course=root)
    assert said.code == 0, said.text
    assert said.text.splitlines()[-1] == (
        "released ps: one; 5 points, 2 of them scored by tests, and a bonus of 2"
    )
    for student, answers in STUDENTS.items():
        hand_in(root, student, answers)
    return root


@pytest.fixture(scope="module")
def graded(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By `autograder grade`, with feedback; read only."""
    root = tmp_path_factory.mktemp("bonus") / "own"
    shutil.copytree(released, root)
    assert autograder("grade", course=root).code == 1  # the crash is told
    assert autograder("feedback", course=root).code == 0
    return root


@pytest.fixture
def course(graded: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    shutil.copytree(graded, tmp_path / "course")
    return tmp_path / "course"


def _entries(course: Path) -> dict[str, tuple[Any, ...]]:
    """What the gradebook holds of each student's bonus."""
    with gradebook(course) as book:
        grades = {
            submission.student.id: book.find_grade(
                "test_e", "one", ASSIGNMENT, submission.student.id
            )
            for submission in book.find_assignment(ASSIGNMENT).submissions
        }
        return {
            student: (grade.auto_score, grade.extra_credit, grade.needs_manual_grade)
            for student, grade in grades.items()
        }


EXPECTED = {
    "full": (0.0, 2.0, False),
    "part": (0.0, 1.5, False),
    "plain": (0.0, 0.0, False),
    "unedited": (0.0, 0.0, False),
    "crash": (None, None, True),  # nobody knows what it would have been
}


def test_a_bonus_is_extra_credit(graded: Path) -> None:
    """The cell itself stays at 0 of 0 points."""
    assert _entries(graded) == EXPECTED


def test_totals_have_it_and_the_maximum_has_not(graded: Path) -> None:
    """As nbgrader computes them, for assignments, notebooks and exports."""
    with gradebook(graded) as book:
        submission = book.find_submission(ASSIGNMENT, "part")
        assert (submission.score, submission.max_score) == (3.5, 5.0)
        assert submission.notebooks[0].score == 3.5
        assert submission.notebooks[0].code_score == 3.5
        assert not submission.notebooks[0].failed_tests


def test_scores_show_it(graded: Path) -> None:
    """In the table beside the total, as a column and in the objects of the tests."""
    (line,) = [x for x in autograder("scores", course=graded).text.splitlines() if "part" in x]
    assert "3.5 (+1.5 bonus)" in line
    text = autograder("scores", "--format", "csv", course=graded).text
    rows = {row["student"]: row for row in csv.DictReader(text.splitlines())}
    assert [rows["part"][name] for name in ("tests", "bonus", "total")] == ["2.0", "1.5", "3.5"]
    found = scores(graded)
    assert [found["part", "test_e"][name] for name in ("points", "bonus", "max_bonus")] == [
        0,
        1.5,
        2,
    ]
    assert "bonus" not in found["part", "test_a"]


def test_cards_and_feedback_tell_it(graded: Path) -> None:
    """A student reads what was earned; stock nbgrader can read the output, too."""
    path = Path(ASSIGNMENT) / "one.ipynb"
    test = find(nbformat.read(graded / "autograded" / "part" / path, as_version=4), "test_e")
    assert test.outputs[0].data["text/plain"] == "Bonus: 1.5 of 2 points"
    assert "Bonus: 1.5 of 2 points" in test.outputs[0].data["text/html"]
    assert determine_grade(test) == (0, 0)
    page = (graded / "feedback" / "part" / ASSIGNMENT / "one.html").read_text()
    assert "Bonus: 1.5 of 2 points" in page
    assert "<strong>3.5</strong> of 5 points" in page


def test_scores_of_other_tests_are_written_as_before(graded: Path) -> None:
    """No key for what they have not."""
    path = graded / "runs" / ASSIGNMENT / "part" / "one" / "scores.json"
    tests = {test["grade_id"]: test for test in json.loads(path.read_text())["tests"]}
    assert "bonus" not in tests["test_a"]
    assert tests["test_e"]["bonus"] == 1.5


def test_plain_nbgrader_gives_the_same(released: Path, tmp_path: Path) -> None:
    """`nbgrader autograde`, twice: what the kit wrote it may write again."""
    root = tmp_path / "plain"
    shutil.copytree(released, root)
    _autograde(root)
    assert _entries(root) == EXPECTED
    edit(root / "submitted" / "full" / ASSIGNMENT / "one.ipynb", "e", PART["e"])
    _type(root, "part", 0.25)
    _autograde(root)
    assert _entries(root)["full"] == EXPECTED["part"]
    assert _entries(root)["part"] == (0.0, 0.25, False)


def _autograde(root: Path) -> None:
    command = ["nbgrader", "autograde", ASSIGNMENT, "--force"]
    done = subprocess.run(command, cwd=root, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _type(course: Path, student: str, number: float | None) -> None:
    """Type extra credit in formgrader."""
    with gradebook(course) as book:
        book.find_grade("test_e", "one", ASSIGNMENT, student).extra_credit = number
        book.db.commit()


def _hand_in_again(course: Path, student: str, answers: Mapping[str, str]) -> None:
    hand_in(course, student, answers)
    autograder("grade", "--student", student, course=course)


def test_a_better_answer_gets_its_bonus(course: Path) -> None:
    """What the kit wrote it writes anew, up and down and away."""
    for answers, expected in ((FULL, "full"), (PART, "part"), (CRASH, "crash"), (FULL, "full")):
        _hand_in_again(course, "part", answers)
        assert _entries(course)["part"] == EXPECTED[expected]


def test_what_a_person_typed_stays(course: Path) -> None:
    """More, less or none, whatever the tests come to then."""
    for number, answers in ((3.0, FULL), (0.0, PART), (0.0, CRASH)):
        _type(course, "part", number)
        _hand_in_again(course, "part", answers)
        assert _entries(course)["part"][1] == number


def test_an_emptied_field_is_filled_again(course: Path) -> None:
    """Once there are new scores to record."""
    _type(course, "part", 3.0)
    _type(course, "part", None)
    _hand_in_again(course, "part", FULL)
    assert _entries(course)["part"] == EXPECTED["full"]


def test_runs_may_be_removed_in_between(course: Path) -> None:
    """What the kit wrote is known to the gradebook itself."""
    shutil.rmtree(course / "runs")
    _type(course, "full", 1.25)
    _hand_in_again(course, "part", FULL)
    _hand_in_again(course, "full", PART)
    assert _entries(course)["part"] == EXPECTED["full"]
    assert _entries(course)["full"][1] == 1.25


def test_a_bonus_that_is_the_authors_mistake_is_not_released(tmp_path: Path) -> None:
    """One line tells the cells and what to change."""
    made = notebook(
        find(one(), "setup"),
        *_bonus("points", 2),
        *_bonus("left", 0, ("card.expect(0.5, equal(f, 7))", "card.require(equal(f, 7))")),
        *_bonus("none", 0, (", bonus=True", "")),
    )
    said = autograder("release", course=build(tmp_path, one=made))
    assert said.code == 2
    for told in (
        "test_points: the unedited release is 'could not be graded'",
        "the card is a bonus, but its cell has 2 points; give the cell 0 points",
        "the card allots 1.5 of the bonus's 2 points",
        "the card is worth 2 points, the cell 0",
    ):
        assert told in said.lines[-1]


def test_a_solution_must_earn_the_whole_bonus(tmp_path: Path) -> None:
    """As it must earn the points."""
    made = notebook(find(one(), "setup"), *_bonus("e", 0, ("equal(f, 7)", "equal(f, 9)")))
    said = autograder("release", course=build(tmp_path, one=made))
    assert said.code == 2
    assert "one, test_e: the solution scores 1.5 of 2, partly correct" in said.lines[-1]
