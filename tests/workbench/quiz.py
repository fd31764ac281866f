"""Students' notebooks with a test of each kind."""

from __future__ import annotations

from pathlib import Path

from nbformat import NotebookNode
from support import cell, notebook, write

SETUP = "from autograder.checks import equal, form, scorecard"


def card(title: str, points: float, *lines: str, bonus: bool = False) -> str:
    """A test cell's source; lines: what follows `card.`."""
    opened = f"card = scorecard({title!r}, points={points}{', bonus=True' if bonus else ''})"
    return "\n".join([opened, *(f"card.{line}" for line in lines), "card"])


def asked(grade_id: str, source: str, points: float = 2) -> NotebookNode:
    return cell("code", grade_id, source, points, grade=True, locked=True)


def answer(grade_id: str, source: str) -> NotebookNode:
    return cell("code", grade_id, source, solution=True)


def explanation(grade_id: str, source: str) -> NotebookNode:
    return cell("markdown", grade_id, source, 3, grade=True, solution=True)


def hand_out(path: Path, *cells: NotebookNode) -> Path:
    """Write a notebook with these cells behind one that imports the checks."""
    write(notebook(cell("code", "setup", SETUP, locked=True), *cells), path)
    return path
