"""Hand-ins made from a release notebook: answers filled in as a student would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode


def fill(notebook: NotebookNode, sources: Mapping[str, str]) -> NotebookNode:
    """`notebook` with the cells of these grade_ids replaced."""
    filled = nbformat.from_dict(json.loads(json.dumps(notebook)))
    for cell in filled.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in sources:
            cell.source = sources[grade_id]
    return filled


def assignments(answers: Mapping[str, Any]) -> dict[str, str]:
    """Answers by variable as the code that a student would write."""
    return {name: f"{name} = {value!r}" for name, value in answers.items()}


def solutions(notebook: NotebookNode) -> dict[str, str]:
    """The answer cells of a solutions notebook by grade_id."""
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def hand_in(notebook: NotebookNode, submitted: Path, student: str, name: str = "theory") -> Path:
    """Put `notebook` where nbgrader collects it."""
    path = submitted / student / "cnn" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path
