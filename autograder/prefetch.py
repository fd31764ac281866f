"""Starts importing the frameworks while this process is still importing nbgrader.

Both take seconds, on two processors at the same time. What is started is a guess from file names,
times and texts; a wrong one costs some seconds of a processor and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from autograder.course import Course
from autograder.execution.nursery import Nursery

_LOOKED_AT = 20


def prefetch(course: Course, assignment: str, nursery: Nursery) -> None:
    """Let `nursery` warm up for the hand-ins that look as if they had work to be done."""
    with suppress(OSError):  # what cannot be read is told when it is graded
        due = list(islice(_look_due(course, assignment), _LOOKED_AT))
        if due:
            nursery.prefetch([_text(path) for path in due])


def _look_due(course: Course, assignment: str) -> Iterator[Path]:
    """Notebooks that were handed in, or whose source was changed, after they were last scored."""
    sources = list(course.root.glob(f"source/{assignment}/*"))
    changed = max((path.stat().st_mtime for path in sources), default=0.0)
    for path in course.root.glob(f"submitted/*/{assignment}/*.ipynb"):
        scores = course.runs(assignment) / path.parts[-3] / path.stem / "scores.json"
        if path.is_symlink() or not path.is_file():
            continue
        newest = max(changed, path.stat().st_mtime)
        if not scores.is_file() or scores.stat().st_mtime < newest:
            yield path


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(1 << 20).decode(errors="replace")
