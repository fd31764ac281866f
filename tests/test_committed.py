"""What is committed in release/ and solutions/ is what source/ gives."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest
from support import ROOT

from autograder.course import Course
from autograder.leaks import find_leaks
from autograder.release import find_stale

ASSIGNMENTS = sorted(path.name for path in (ROOT / "source").iterdir() if path.is_dir())
SOLUTIONS = sorted((ROOT / "solutions").glob("*/*.ipynb"))


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_nothing_is_stale(assignment: str) -> None:
    """`autograder release` would change no text of them."""
    assert find_stale(Course(ROOT), assignment) == []


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_release_gives_nothing_away(assignment: str) -> None:
    """The committed files themselves have no secret of their source."""
    course = Course(ROOT)
    folders = (course.path(step, ".", assignment) for step in ("source", "release"))
    assert find_leaks(*folders, course.config) == []


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_solutions_were_run(path: Path) -> None:
    """From top to bottom, without an error; each test has a card with full marks."""
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []
    for cell in code:
        if cell.metadata.nbgrader.get("grade"):
            shown = cell.outputs[-1].data
            assert "text/html" in shown, cell.metadata.nbgrader.grade_id
            assert _is_full(shown["text/plain"], cell.metadata.nbgrader.points), shown


def _is_full(text: str, points: float) -> bool:
    """Whether a card's text says full marks, or for a bonus, which has 0 points, all of it."""
    earned = re.fullmatch(r"Bonus: (\S+) of (\S+) points?", text)
    return earned[1] == earned[2] if earned else float(text) == points


@pytest.mark.parametrize("path", sorted((ROOT / "source").glob("*/*.ipynb")), ids=lambda p: p.stem)
def test_sources_have_no_outputs(path: Path) -> None:
    """They are edited by hand and compared line by line."""
    cells = json.loads(path.read_text())["cells"]
    assert not [cell["id"] for cell in cells if cell.get("outputs")]
    assert len({cell["id"] for cell in cells}) == len(cells)
