"""Over its time, memory or disk: a result with what was scored until then.

Floods of output and of answers, fork bombs and processes that stay are in tests/hostile.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode, read
from support import (
    ASSIGNMENT,
    Said,
    autograder,
    build,
    cell,
    find,
    gradebook,
    hand_in,
    notebook,
    scores,
    write,
)

from autograder.isolation import run

TIMED = {"timeout_s": 120}
CONFIG = """
c.Autograder.workers = 2
c.Autograder.cell_timeout_s = 2.5
c.Autograder.disk_mb = 8
c.Autograder.budgets = {
    "whole": {"notebook_timeout_s": 6, "cell_timeout_s": 60},
    "memory": {"memory_mb": 128},
}
"""
ENOUGH = """
c.Autograder.cell_timeout_s = 60
c.Autograder.budgets = {}
"""

# What the student does in the second answer of a notebook, before it is given.
WASTES = {
    "hangs": "import time\ntime.sleep(5)",
    "stays": """import time
end = time.monotonic() + 8
while time.monotonic() < end:
    try:
        time.sleep(8)
    except KeyboardInterrupt:
        pass""",
    "whole": "import time\ntime.sleep(8)",
    "memory": "kept = [bytearray(b'x' * (1 << 20)) for _ in range(300)]\ndel kept",
    "disk": "with open('large', 'wb') as file:\n    file.write(bytes(16 << 20))",
    "timed": "import time\ntime.sleep(4)",
}
STOPPED = ("stays", "whole", "memory")
REMARKS = {
    "hangs": "1 of its cells ran over time and were interrupted",
    "stays": "the notebook was stopped: cell 3 over 2.5 s, and did not stop",
    "whole": "the notebook was stopped: over 6 s in all",
    "memory": "the notebook was stopped: over 128 MB of memory",
}


def three(name: str) -> NotebookNode:
    """Three answers, one point each."""
    cells = []
    for number in (1, 2, 3):
        answer = f"{name}{number}"
        solution = f"### BEGIN SOLUTION\n{answer} = {number}\n### END SOLUTION"
        cells += [
            cell("code", answer, solution, solution=True),
            cell(
                "code", f"test_{answer}", f"assert {answer} == {number}", 1, grade=True, locked=True
            ),
        ]
    if name == "timed":
        cells[2].metadata["autograder"] = TIMED
    return notebook(*cells)


def answers(*, wasteful: bool) -> dict[str, str]:
    """All right; in the second answer of each notebook, something that takes much."""
    right = {f"{name}{n}": f"{name}{n} = {n}" for name in WASTES for n in (1, 2, 3)}
    for name, waste in WASTES.items():
        if wasteful:
            right[f"{name}2"] = f"{waste}\n{name}2 = 2"
    return right


@dataclass(frozen=True)
class Graded:
    """The course, what grading said the first time and the second time, and the scores then."""

    course: Path
    said: Said
    said_again: Said
    scores: dict[tuple[str, str], dict[str, Any]]

    def points(self, student: str, name: str) -> list[float]:
        return [self.scores[student, f"test_{name}{n}"]["points"] for n in (1, 2, 3)]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """A thrifty and a wasteful student, graded twice; the wait before a kill is short."""
    course = build(
        tmp_path_factory.mktemp("budgets"), CONFIG, **{name: three(name) for name in WASTES}
    )
    released = autograder("release", course=course)
    assert released.code == 0, released.text
    hand_in(course, "thrifty", answers(wasteful=False))
    folder = hand_in(course, "wasteful", answers(wasteful=True))
    forge_a_time(folder / "hangs.ipynb")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "GRACE_S", 0.5)
        said = autograder("grade", course=course)
        found = scores(course)
        return Graded(course, said, autograder("grade", course=course), found)


def forge_a_time(path: Path) -> None:
    """The student gives all cells a time that only the author can give."""
    made = read(path, as_version=4)
    for each in made.cells:
        each.metadata["autograder"] = TIMED
    write(made, path)


def test_who_is_within_all_budgets_loses_nothing(graded: Graded) -> None:
    """Of notebooks whose neighbours were stopped."""
    points = [graded.points("thrifty", name) for name in WASTES]
    assert points == [[1, 1, 1]] * len(WASTES)
    assert "thrifty" not in graded.said.text


@pytest.mark.parametrize("name", STOPPED)
def test_a_stopped_notebook_keeps_what_was_answered(name: str, graded: Graded) -> None:
    """The answers before count; those after wait for a person, with the reason."""
    assert graded.points("wasteful", name) == [1, 0, 0]
    reason = REMARKS[name].removeprefix("the notebook was stopped: ")
    for number in (2, 3):
        row = graded.scores["wasteful", f"test_{name}{number}"]
        assert row["outcome"] == "could not be graded"
        assert reason in row["message"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hangs", "cell 3 of the notebook ran over its time and was interrupted"),
        ("disk", "cell 3 of the notebook raised OSError: [Errno 2"),
    ],
)
def test_a_cell_that_gave_up_costs_its_own_answer(name: str, message: str, graded: Graded) -> None:
    """The cells after it run; the message says which cell, and what became of it."""
    assert graded.points("wasteful", name) == [1, 0, 1]
    assert message in graded.scores["wasteful", f"test_{name}2"]["message"]


def test_a_cell_has_the_time_that_the_author_gives_it(graded: Graded) -> None:
    """In the source's metadata. What a student writes there (see "hangs") gives nothing."""
    assert graded.points("wasteful", "timed") == [1, 1, 1]
    released = read(graded.course / "release" / ASSIGNMENT / "timed.ipynb", as_version=4)
    assert find(released, "timed2").metadata.autograder == TIMED


@pytest.mark.parametrize("name", WASTES)
def test_the_gradebook_waits_for_a_person(name: str, graded: Graded) -> None:
    """For each test that was not reached, and for no other."""
    with gradebook(graded.course) as book:
        submission = book.find_submission_notebook(name, ASSIGNMENT, "wasteful")
        waiting = {grade.name for grade in submission.grades if grade.needs_manual_grade}
    expected = {f"test_{name}{n}" for n in (2, 3)} if name in STOPPED else set()
    assert waiting == expected


def test_the_command_tells_what_needs_a_person(graded: Graded) -> None:
    """A line for each notebook that was over its budget; nothing of a cell that just raised."""
    assert graded.said.code == 1
    told = [line for line in graded.said.lines if line.startswith("wasteful")]
    assert sorted(told) == sorted(f"wasteful, {name}: {line}" for name, line in REMARKS.items())


def test_what_was_over_is_not_run_again(graded: Graded) -> None:
    """The same budget, the same end. It is told again: it still needs a person."""
    assert ": 0 run, 0 graded, 12 unchanged; 4 need a person" in graded.said_again.text
    assert graded.said_again.code == 1
    assert sorted(graded.said_again.lines) == sorted(graded.said.lines)


def test_with_another_budget_what_was_over_is_run_again(graded: Graded) -> None:
    """Notebooks that were stopped and those of which a cell was; then they are worth all."""
    with (graded.course / "course_config.py").open("a") as file:
        file.write(ENOUGH)
    said = autograder("grade", course=graded.course)
    assert (said.code, said.lines) == (0, ())
    assert ": 4 run, 4 graded, 8 unchanged; 0 need a person" in said.text
    now = scores(graded.course)
    for name in REMARKS:
        assert [now["wasteful", f"test_{name}{n}"]["points"] for n in (1, 2, 3)] == [1, 1, 1]
