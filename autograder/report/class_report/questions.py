"""The questions of an assignment, from its source notebooks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from autograder.course import Course
from autograder.notebook.reading import read_notebook

# A check of something that can be looked at, by what it takes first.
VISUALS = {
    "activations": "activation maps",
    "filter_patterns": "filter patterns",
    "gradcam": "heatmap",
}
_POINTS = re.compile(r"\s*\(\d+(\.\d+)? points?[^)]*\)\s*$")
_LONGEST_TITLE = 80


@dataclass(frozen=True)
class Question:
    """A cell that earns points.

    is_by_hand: a person marks it. visuals: what kind of picture an answer is that the test looks
    at, by the answer's name.
    """

    notebook: str
    grade_id: str
    title: str
    points: float
    is_by_hand: bool
    visuals: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        return self.notebook, self.grade_id


@dataclass(frozen=True)
class Outline:
    """An assignment's notebooks and questions in their order."""

    notebooks: tuple[str, ...]
    questions: tuple[Question, ...]


def outline(course: Course, assignment: str) -> Outline:
    """What stands in source/. Raises CourseError or NotebookError, in one line."""
    names, questions = [], list[Question]()
    for path in course.notebooks(assignment):
        cells = read_notebook(path).cells
        names.append(path.stem)
        questions += _questions(path, cells)
    return Outline(tuple(names), tuple(questions))


def _questions(path: Path, cells: list[NotebookNode]) -> Iterator[Question]:
    heading = ""
    for cell in cells:
        marked = cell.metadata.get("nbgrader", {})
        is_code = cell.cell_type == "code"
        if cell.cell_type == "markdown":
            heading = _heading(cell.source) or heading
        if not (marked.get("grade") or marked.get("task")):
            continue
        tree = _parsed(cell.source) if is_code else ast.Module([], [])
        title = _card_title(tree) or heading or marked["grade_id"]
        yield Question(
            path.stem,
            marked["grade_id"],
            title[:_LONGEST_TITLE],
            float(marked.get("points", 0)),
            bool(marked.get("solution") or marked.get("task")),
            dict(_visuals(tree)),
        )


def _heading(source: str) -> str:
    """The last heading of a cell, without its points; "" where it has none."""
    lines = [line.lstrip("#").strip() for line in source.splitlines() if re.match("#+ ", line)]
    return _POINTS.sub("", lines[-1]) if lines else ""


def _card_title(tree: ast.Module) -> str:
    for call in _calls(tree, {"scorecard"}):
        if call.args and isinstance(call.args[0], ast.Constant):
            return str(call.args[0].value)
    return ""


def _visuals(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names of answers, with what kind of picture a check takes each for."""
    for call in _calls(tree, VISUALS.keys()):
        if call.args and isinstance(call.args[0], ast.Name):
            yield call.args[0].id, VISUALS[call.func.id]  # type: ignore[attr-defined]


def _calls(tree: ast.Module, names: object) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if is_call and node.func.id in names:  # type: ignore[attr-defined,operator]
            yield node  # type: ignore[misc]


def _parsed(source: str) -> ast.Module:
    """The cell's code; empty where it is not plain Python, such as a magic."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.Module([], [])
