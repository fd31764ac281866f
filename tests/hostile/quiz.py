"""A small assignment with secrets in it, and what its students hand in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nbformat
import support
from nbformat import NotebookNode

HIDDEN = "S3CR3T-hidden-5f2c"  # in a hidden test, and so in source/ and the gradebook
SOLVED = "S3CR3T-solved-9ad1"  # in a solution, and so in source/ and solutions/
OTHERS = "S3CR3T-others-77e0"  # in another student's hand-in and run
BOOKED = "S3CR3T-booked-c41b"  # in the gradebook
SECRETS = (HIDDEN, SOLVED, OTHERS, BOOKED)

POINTS = {"test_q1": 4.0, "test_q2": 2.0, "test_q3": 2.0, "test_q4": 1.0}
RIGHT = {"q1": "q1 = 10", "q2": "q2 = [1, 2, 3]", "q3": "q3 = 7", "q4": "q4 = 'a text'"}
WRONG = {"q1": "q1 = 11", "q2": "q2 = [3, 2, 1]", "q3": "q3 = 70", "q4": "q4 = None"}

# Short, so that what hangs or floods is soon over.
CONFIG = """
c.Autograder.workers = 2
c.Autograder.notebook_timeout_s = 20
c.Autograder.cell_timeout_s = 2
c.Autograder.grading_timeout_s = 20
c.Autograder.memory_mb = 256
c.Autograder.disk_mb = 16
c.Autograder.processes = 64
c.Autograder.answers_mb = 8
c.Autograder.answer_mb = 4
c.Autograder.cell_output_mb = 1
"""

_SETUP = """from autograder.checks import equal, form, scorecard
image = [[1, 2], [3, 4]]
expected = 10"""

_TESTS = {
    "test_q1": f"""card = scorecard("Question 1", points=4)
card.require(form(q1, shape=()))
### BEGIN HIDDEN TESTS
card.expect(4, equal(q1, sum(map(sum, image))))  # {HIDDEN}
### END HIDDEN TESTS
card""",
    "test_q2": """### BEGIN HIDDEN TESTS
assert list(q2) == [1, 2, 3], "the numbers are not in order"
### END HIDDEN TESTS""",
    "test_q3": """### BEGIN HIDDEN TESTS
2 - abs(q3 - 7)
### END HIDDEN TESTS""",
    "test_q4": "assert q4 is not None",
}


def quiz() -> NotebookNode:
    """A scorecard, asserts, a number and an assert that is all too easily satisfied."""
    cells = [support.cell("code", "setup", _SETUP, locked=True)]
    for grade_id, test in _TESTS.items():
        name = grade_id.removeprefix("test_")
        answer = f"### BEGIN SOLUTION\n{RIGHT[name]}  # {SOLVED}\n### END SOLUTION"
        cells += [
            support.cell("code", name, answer, solution=True),
            support.cell("code", grade_id, test, POINTS[grade_id], grade=True, locked=True),
        ]
    return support.notebook(*cells)


def make_course(root: Path) -> Path:
    """The course, released, with a secret in its gradebook."""
    course = support.build(root, CONFIG, quiz=quiz())
    said = support.autograder("release", course=course)
    assert said.code == 0, said.text
    with support.gradebook(course) as gradebook:
        gradebook.update_or_create_student("nobody", last_name=BOOKED)
    return course


def hand_in(
    course: Path, student: str, answers: Mapping[str, str], own: str = "", last: str = ""
) -> Path:
    """Hand in the release with these answers.

    own, last: code of the student's own, in a cell before all others and one after them.
    """
    folder = support.hand_in(course, student, answers)
    path = folder / "quiz.ipynb"
    notebook = nbformat.read(path, as_version=4)
    if own:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(own, id="own"))
    if last:
        notebook.cells.append(nbformat.v4.new_code_cell(last, id="last"))
    support.write(notebook, path)
    return folder
