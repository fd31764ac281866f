"""Hand-ins made from a release notebook: answers filled in as a student would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

ANSWERS = Path(__file__).parent / "theory_answers.json"  # numbers that were really handed in

# Wrong in ways that teachers know: padding added, padding forgotten, dilation ignored, the border
# not subtracted and the input's depth kept, the floor forgotten, pooled across the channels.
KNOWN_MISTAKES = {
    "q1": [[18, 27, 27, 18], [30, 45, 45, 30], [36, 54, 54, 36], [26, 39, 39, 26]],
    "q2": [[45, 45], [54, 54]],
    "q3": [[18, 27, 27, 18], [30, 45, 45, 30], [36, 54, 54, 36], [26, 39, 39, 26]],
    "q7": [126, 126, 32],
    "q8": [63.5, 63.5, 16],
    "q11": [[2, 2], [4, 4]],
}

# Tries what works elsewhere: an object equal to everything, a look for tests and solutions, a
# patched comparison, a call to the outside.
HOSTILE = {
    "q1": """class Anything:
    def __eq__(self, other):
        return True
q1 = Anything()""",
    "q2": """from pathlib import Path
folders = [Path.cwd(), *Path.cwd().parents, *Path("/").glob("*/*/build/demo")]
names = ["source", "solutions", "submitted", "gradebook.db"]
q2 = [str(path) for folder in folders for name in names if (path := folder / name).exists()]
print("found:", q2)""",
    "q3": """import numpy as np
np.array_equal = np.allclose = lambda *_, **__: True
import autograder.checks
autograder.checks.equal = lambda *_, **__: autograder.checks.Finding("correct", "", "", fraction=1)
q3 = [[0]]""",
    "q7": """class Always(tuple):
    __eq__ = lambda self, other: True
q7 = Always((1, 2, 3))""",
    "q8": """import socket
try:
    socket.create_connection(("127.0.0.1", 8888), timeout=1)
except OSError as error:
    print("no network:", error)
q8 = ...""",
    "q11": """import os, signal
try:
    os.kill(os.getppid() or 1, signal.SIGKILL)
except OSError as error:
    print(error)
q11 = float("nan")""",
}


def real_answers() -> list[dict[str, Any]]:
    """Per student: "student", "answers" (by variable) and the outcomes to "expect"."""
    found: list[dict[str, Any]] = json.loads(ANSWERS.read_text())
    return found


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
