"""The author's files beside the notebooks: there for students' code and tests, as in nbgrader."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import Course, HandIn
from autograder.pipeline import Assignment
from tests.support import ASSIGNMENT, autograder, build, cell, hand_in, notebook, scores

READ = "seen = ...\n### BEGIN SOLUTION\nseen = open('data/numbers.txt').read()\n### END SOLUTION"
TEST = """card = scorecard("Files", points=2)
### BEGIN HIDDEN TESTS
from pathlib import Path
card.expect(2, equal(len(seen), int(Path("data/numbers.txt").read_text())))
### END HIDDEN TESTS
card"""
PEEPING = "import os\nseen = '1' if os.path.exists('thresholds.json') else '12'"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course whose notebook reads a file that its author put beside it."""
    setup = "from autograder.checks import equal, scorecard"
    made = notebook(
        cell("code", "setup", setup, locked=True),
        cell("code", "read", READ, solution=True),
        cell("code", "test", TEST, 2, grade=True, locked=True),
    )
    root = build(tmp_path / "course", one=made)
    put(root / "source" / ASSIGNMENT / "data/numbers.txt", "2 ")
    put(root / "source" / ASSIGNMENT / "thresholds.json", '{"small": {}}')
    return root


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def contents(root: Path, folder: Path) -> dict[str, bytes]:
    """The files that a student's code would find."""
    assignment = Assignment(Course(root), ASSIGNMENT)
    return assignment.files(HandIn("s", ASSIGNMENT, folder)).contents


def test_files_are_there_for_code_and_tests(root: Path) -> None:
    """A student's own version counts for neither; a change runs the code again."""
    released = autograder("release", course=root)
    assert released.code == 0, released.text
    folder = hand_in(root, "s", {"read": READ})
    put(folder / "data/numbers.txt", "99")
    hand_in(root, "peeping", {"read": PEEPING})
    autograder("grade", course=root)
    assert scores(root)["s", "test"]["points"] == 2
    assert scores(root)["peeping", "test"]["points"] == 2  # there are no thresholds to be seen
    put(root / "source" / ASSIGNMENT / "data/numbers.txt", "3  ")
    assert "2 run, 2 graded" in autograder("grade", course=root).text
    assert scores(root)["s", "test"]["points"] == 2


def test_a_students_other_files_stay(root: Path, tmp_path: Path) -> None:
    """But those which only tests read, and those where the author's need room."""
    folder = tmp_path / "hand-in"
    put(folder / "helper.py", "a = 1")
    put(folder / "thresholds.json", "{}")
    put(folder / "data", "a file where the author has a folder")
    assert contents(root, folder) == {"helper.py": b"a = 1", "data/numbers.txt": b"2 "}
    put(root / "source" / ASSIGNMENT / "helper.py", "a = 2")
    assert contents(root, folder)["helper.py"] == b"a = 2"


def test_a_file_that_students_may_change(root: Path, tmp_path: Path) -> None:
    """nbgrader's Autograde.exclude_overwriting names them; who hands in none has the author's."""
    setting = f"c.Autograde.exclude_overwriting = {{'{ASSIGNMENT}': ['data/numbers.txt']}}"
    with (root / "course_config.py").open("a") as file:
        file.write(f"\n{setting}\n")
    folder = tmp_path / "hand-in"
    folder.mkdir()
    assert contents(root, folder) == {"data/numbers.txt": b"2 "}
    put(folder / "data/numbers.txt", "mine")
    assert contents(root, folder) == {"data/numbers.txt": b"mine"}
