"""A small course of two notebooks, made in a moment, and the commands run on it."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograder.cli import app

ROOT = Path(__file__).parent.parent
ASSIGNMENT = "ps"
HIDDEN_LINE = "card.expect(2, equal(a, [6, 7]))"
SOLUTION_LINE = "a = [number for number in (6, 7)]"
SCHEME_LINE = "2 points for the width of the window."
STUB = "a = ...\n# YOUR CODE HERE"
RIGHT = {"a": "a = [6, 7]", "why": "Because the window is wide.", "b": "b = 4"}

TEST_A = f"""card = scorecard("Question a", points=2)
card.require(form(a, shape=(2,)))
### BEGIN HIDDEN TESTS
{HIDDEN_LINE}
### END HIDDEN TESTS
card"""
QUESTION = f"""Why is it so?
=== BEGIN MARK SCHEME ===
{SCHEME_LINE}
=== END MARK SCHEME ==="""


def cell(
    kind: str, grade_id: str, source: str, points: float | None = None, **flags: bool
) -> NotebookNode:
    """A cell that nbgrader knows by `grade_id`; flags: grade, solution, locked."""
    wanted = {"grade": False, "solution": False, "locked": False, "task": False} | flags
    settings = {"grade_id": grade_id, "schema_version": 3, **wanted}
    if points is not None:
        settings["points"] = points
    make = new_code_cell if kind == "code" else new_markdown_cell
    return make(source, id=grade_id, metadata={"nbgrader": settings})


def notebook(*cells: NotebookNode) -> NotebookNode:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=list(cells), metadata={"kernelspec": kernel})


def one(hidden: str = HIDDEN_LINE) -> NotebookNode:
    """A test with a scorecard, and an explanation that a person marks."""
    answer = f"a = ...\n### BEGIN SOLUTION\n{SOLUTION_LINE}\n### END SOLUTION"
    setup = "from autograder.checks import equal, form, scorecard"
    return notebook(
        cell("code", "setup", setup, locked=True),
        cell("code", "a", answer, solution=True),
        cell("code", "test_a", TEST_A.replace(HIDDEN_LINE, hidden), 2, grade=True, locked=True),
        cell("markdown", "why_question", QUESTION, locked=True),
        cell("markdown", "why", "It is the model answer.", 3, grade=True, solution=True),
    )


def two() -> NotebookNode:
    """A test by plain asserts."""
    hidden = "### BEGIN HIDDEN TESTS\nassert b == 4, 'b is two twos'\n### END HIDDEN TESTS"
    answer = "b = ...\n### BEGIN SOLUTION\nb = 2 + 2\n### END SOLUTION"
    return notebook(
        cell("code", "b", answer, solution=True),
        cell("code", "test_b", f"b + 0\n{hidden}", 1, grade=True, locked=True),
    )


def build(root: Path, config: str = "", **notebooks: NotebookNode) -> Path:
    """A course directory with `notebooks` (default: one and two) in source/; `config` added."""
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    text = (ROOT / "course_config.py").read_text()
    (root / "course_config.py").write_text(f"{text}\n{config}\n")
    for name, made in (notebooks or {"one": one(), "two": two()}).items():
        write(made, root / "source" / ASSIGNMENT / f"{name}.ipynb")
    return root


def copy_released(root: Path, config: str = "") -> Path:
    """The course that `build` makes, released already."""
    shutil.copytree(_released(), root, dirs_exist_ok=True)
    if config:
        with (root / "course_config.py").open("a") as file:
            file.write(f"{config}\n")
    return root


def _folder() -> Path:
    """A folder for as long as the tests run."""
    folder = Path(tempfile.mkdtemp(prefix="course-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def _released() -> Path:
    """Released once in a test run; copied by whoever needs it."""
    root = build(_folder())
    released = autograder("release", course=root)
    assert released.code == 0, released.text
    return root


def copy_graded(root: Path) -> Path:
    """The released course, in which the student s handed in RIGHT and was graded."""
    shutil.copytree(_graded(), root, dirs_exist_ok=True)
    return root


@functools.cache
def _graded() -> Path:
    """Graded once in a test run; copied by whoever needs it."""
    root = copy_released(_folder())
    hand_in(root, "s")
    graded = autograder("grade", course=root)
    assert graded.code == 0, graded.text
    return root


@dataclass(frozen=True)
class Said:
    """What a command ended with and printed. lines: what it printed on stderr."""

    code: int
    text: str
    lines: tuple[str, ...]


def autograder(command: str, *options: str, course: Path, assignment: str = ASSIGNMENT) -> Said:
    """Run `autograder COMMAND ASSIGNMENT OPTIONS --course COURSE` in this process."""
    named = [assignment] if assignment else []
    result = CliRunner().invoke(app, [command, *named, *options, "--course", str(course)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.output, tuple(result.stderr.splitlines()))


def hand_in(course: Path, student: str, answers: Mapping[str, str] = RIGHT) -> Path:
    """Fill `answers` (by grade_id) into the release and put it into submitted/; its folder."""
    folder = course / "submitted" / student / ASSIGNMENT
    for path in (course / "release" / ASSIGNMENT).glob("*.ipynb"):
        made = nbformat.read(path, as_version=4)
        for filled in made.cells:
            grade_id = filled.metadata.nbgrader.grade_id
            filled.source = answers.get(grade_id, filled.source)
        write(made, folder / path.name)
    return folder


def edit(path: Path, grade_id: str, source: str) -> None:
    """Write another source into a cell of a notebook."""
    made = nbformat.read(path, as_version=4)
    find(made, grade_id).source = source
    write(made, path)


def find(made: NotebookNode, grade_id: str) -> NotebookNode:
    """The cell of a notebook with this grade_id."""
    return next(c for c in made.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def write(made: NotebookNode, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)


def scores(course: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows of `autograder scores --format json` by student and grade_id."""
    said = autograder("scores", "--format", "json", course=course)
    return {(row["student"], row["grade_id"]): row for row in json.loads(said.text)}


@contextmanager
def gradebook(course: Path) -> Iterator[Gradebook]:
    with Gradebook(f"sqlite:///{course}/gradebook.db", "deep-learning") as opened:
        yield opened


def environment() -> dict[str, str]:
    """For a command in a process of its own: this Python's scripts come first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, "PATH": path}
