"""Hand-ins whose notebook or folder has been tampered with, not only its answers."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path

import nbformat
import support
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from hostile import quiz

Edit = Callable[[NotebookNode], None]


def give_points(made: NotebookNode) -> None:
    for name, points in quiz.POINTS.items():
        support.find(made, name).source = f"card = {points}\ncard"


def delete_tests(made: NotebookNode) -> None:
    made.cells = [c for c in made.cells if not c.metadata.nbgrader.grade]


def tests_first(made: NotebookNode) -> None:
    tests = [c for c in made.cells if c.metadata.nbgrader.grade]
    made.cells = tests + [c for c in made.cells if c not in tests]


def double_tests(made: NotebookNode) -> None:
    """The second of each is easy."""
    for cell in [c for c in made.cells if c.metadata.nbgrader.grade]:
        easy = copy.deepcopy(cell)
        easy.source, easy.id = str(cell.metadata.nbgrader.points), f"again-{cell.id}"
        made.cells.append(easy)


def more_points(made: NotebookNode) -> None:
    for cell in made.cells:
        cell.metadata.nbgrader.update(points=100, max_points=100)


def tests_as_solutions(made: NotebookNode) -> None:
    for name in quiz.POINTS:
        cell = support.find(made, name)
        cell.metadata.nbgrader.update(solution=True, locked=False, grade=False)
        cell.source = "4.0"


def solutions_as_tests(made: NotebookNode) -> None:
    for name in quiz.RIGHT:
        cell = support.find(made, name)
        cell.metadata.nbgrader.update(solution=False, locked=True, grade=True, points=4)
        cell.source = "4.0"


def other_setup(made: NotebookNode) -> None:
    support.find(made, "setup").source += "\nimage = [[11]]\nequal = form"


def no_test_is_code(made: NotebookNode) -> None:
    for name in quiz.POINTS:
        cell = support.find(made, name)
        cell.cell_type, cell.source = "markdown", "4.0"
        cell.pop("outputs", None)


def outputs_with_scores(made: NotebookNode) -> None:
    for name in quiz.POINTS:
        output = nbformat.v4.new_output("execute_result", {"text/plain": "4.0"}, execution_count=1)
        support.find(made, name).outputs = [output]


def another_test_of_its_own(made: NotebookNode) -> None:
    settings = {"grade_id": "test_q9", "grade": True, "points": 100, "schema_version": 3}
    settings |= {"locked": True, "solution": False, "task": False}
    made.cells.append(new_code_cell("100.0", id="mine", metadata={"nbgrader": settings}))


EDITS: dict[str, Edit] = {
    edit.__name__.replace("_", "-"): edit
    for edit in (
        give_points,
        delete_tests,
        tests_first,
        double_tests,
        more_points,
        tests_as_solutions,
        solutions_as_tests,
        other_setup,
        no_test_is_code,
        outputs_with_scores,
        another_test_of_its_own,
    )
}


def hand_in_edited(course: Path, student: str, edit: Edit) -> None:
    """Wrong answers in a notebook that `edit` has changed."""
    path = quiz.hand_in(course, student, quiz.WRONG) / "quiz.ipynb"
    made = nbformat.read(path, as_version=4)
    edit(made)
    path.write_text(nbformat.v4.writes(made))


def hand_in_links(course: Path, student: str) -> None:
    """Links beside the notebook, which reads all that it finds."""
    own = """import os
for place, folders, files in os.walk(".", followlinks=True):
    print(place, folders, files)
    for name in files:
        try:
            with open(os.path.join(place, name)) as file:
                print(file.read())
        except OSError as error:
            print(error)"""
    folder = quiz.hand_in(course, student, quiz.WRONG, own=own)
    (folder / "notes.txt").symlink_to(course / "submitted" / "aa-honest" / "ps" / "notes.txt")
    (folder / "book.db").symlink_to("../../../gradebook.db")
    (folder / "data").symlink_to(course / "source", target_is_directory=True)
    (folder / "loop").symlink_to(".")
    os.mkfifo(folder / "pipe")


def hand_in_a_link(course: Path, student: str) -> None:
    """The notebook is a link to another student's."""
    path = quiz.hand_in(course, student, quiz.WRONG) / "quiz.ipynb"
    path.unlink()
    path.symlink_to(course / "submitted" / "aa-honest" / "ps" / "quiz.ipynb")


def hand_in_modules(course: Path, student: str) -> None:
    """Files that would stand before Python's own modules, and one at the end of a long path."""
    folder = quiz.hand_in(course, student, quiz.RIGHT, own="import json, numpy, random")
    for name in ("json", "numpy", "random", "autograder", "sitecustomize", "IPython"):
        (folder / f"{name}.py").write_text("raise SystemExit")
    for name in ("request.json", "value.json"):
        (folder / name).write_text("{}")
    deep = folder / ("d" * 200) / ("e" * 200) / ("f" * 200)
    deep.mkdir(parents=True)
    (deep / "notes.txt").write_text("notes")
