"""The theory notebook's hand-ins: two real students, and beside them one of each kind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from demo.hand_ins import assignments, fill, hand_in, solutions

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


def make_hand_ins(course: Path) -> None:
    """Put all of them into the course's submitted/."""
    released = nbformat.read(course / "release" / "cnn" / "theory.ipynb", as_version=4)
    solved = nbformat.read(course / "solutions" / "cnn" / "theory.ipynb", as_version=4)
    submitted = course / "submitted"
    for entry in real_answers():
        hand_in(fill(released, assignments(entry["answers"])), submitted, entry["student"])
    hand_in(fill(released, solutions(solved)), submitted, "perfect")
    hand_in(released, submitted, "unedited")
    hand_in(fill(released, assignments(KNOWN_MISTAKES)), submitted, "known-mistakes")
    hand_in(fill(released, HOSTILE), submitted, "hostile")


def compare(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Print what was told of mistakes; a line for each real answer that did not score as it should.

    rows: as `autograder scores --format json` prints them.
    """
    outcomes = {(row["student"], row["grade_id"]): row["outcome"] for row in rows}
    for row in rows:
        if row["student"] in ("known-mistakes", "hostile") and row["notebook"] == "theory":
            print(f"{row['student']:15} {row['grade_id']:9} {row['outcome']}: {row['message']}")
    for entry in real_answers():
        for name, expected in entry["expect"].items():
            got = outcomes[entry["student"], f"test_{name}"]
            if got != expected:
                yield f"{entry['student']}, {name}: expected {expected}, got {got}"
