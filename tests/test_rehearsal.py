"""The solutions are run once, as hand-ins are, and shown with what they printed and earned."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from support import ASSIGNMENT, autograder, build, edit, find, two, write

PRINTING = """begun = open("/proc/sys/kernel/random/uuid").read()  # another one each time
class Thing:
    pass
Thing()
b = 2 + 2
print(Thing())"""


def _two(solution: str = PRINTING) -> NotebookNode:
    made = two()
    find(made, "b").source = f"b = ...\n### BEGIN SOLUTION\n{solution}\n### END SOLUTION"
    return made


def _read(content: bytes) -> NotebookNode:
    return nbformat.reads(content, as_version=4)


def _solution(root: Path) -> bytes:
    return (root / "solutions" / ASSIGNMENT / "two.ipynb").read_bytes()


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Released, with a solution of which every run can be told from every other."""
    printing = PRINTING.replace("print(Thing())", "print(Thing(), begun)")
    root = build(tmp_path_factory.mktemp("traced"), two=_two(printing))
    said = autograder("release", course=root)
    assert said.code == 0, said.text
    assert said.lines[0] == "two: the solution begins"
    assert re.fullmatch(
        r"two: the solution ran and was graded, \d+ s; 1 of 1 points by tests", said.lines[1]
    )
    return root


def test_a_second_release_does_not_run_the_solutions_again(traced: Path) -> None:
    """Neither when nothing changed nor for another test; and says so."""
    before = _solution(traced)
    said = autograder("release", course=traced)
    assert "two: the solution is as it was before" in said.lines[1]
    assert _solution(traced) == before
    path = traced / "source" / ASSIGNMENT / "two.ipynb"
    edit(path, "test_b", find(two(), "test_b").source.replace("two twos", "2 + 2"))
    said = autograder("release", course=traced)
    assert "was graded, its run is the one before" in said.lines[1]
    cells = _read(_solution(traced))
    assert find(cells, "b").outputs == find(_read(before), "b").outputs


def test_a_changed_solution_runs_again(traced: Path) -> None:
    """With other outputs in solutions/."""
    before = find(_read(_solution(traced)), "b").outputs
    path = traced / "source" / ASSIGNMENT / "two.ipynb"
    edit(path, "b", find(nbformat.read(path, as_version=4), "b").source.replace("2 + 2", "1 + 3"))
    said = autograder("release", course=traced)
    assert "two: the solution ran and was graded" in said.lines[1]
    assert find(_read(_solution(traced)), "b").outputs != before


def test_the_same_source_gives_the_same_solutions(tmp_path: Path) -> None:
    """Byte by byte, run anew: no times, no paths, no addresses of objects."""
    root = build(tmp_path, two=_two())
    assert autograder("release", course=root).code == 0
    first = _solution(root)
    assert b"Thing object at 0x\xe2\x80\xa6>" in first
    shutil.rmtree(root / "runs")
    assert "ran and was graded" in autograder("release", course=root).text
    assert _solution(root) == first


def test_solutions_that_are_stopped_or_meant_to_raise(tmp_path: Path) -> None:
    """Ended by the limits: told which and why. A cell that shows an error may raise it."""
    config = "c.Autograder.notebook_timeout_s = 4.0"
    root = build(tmp_path, config, two=_two("import time\nb = 4\ntime.sleep(60)"))
    said = autograder("release", course=root)
    assert said.code == 2
    assert "two: the solution was stopped: " in said.lines[-1]
    made = _two("b = 4\nraise ValueError('look:\\nso')")
    write(made, root / "source" / ASSIGNMENT / "two.ipynb")
    said = autograder("release", course=root)
    assert "two, b: the solution raises ValueError: look: so" in said.lines[-1]
    find(made, "b").metadata["tags"] = ["raises-exception"]
    write(made, root / "source" / ASSIGNMENT / "two.ipynb")
    said = autograder("release", course=root)
    assert said.code == 0, said.text
