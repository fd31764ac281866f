"""What a student wrote in a notebook: the cells that are neither locked nor as they were released.

In any order, and cells that were added as well: a copy need not stand where the original does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nbformat import NotebookNode
from nbgrader import utils

from autograder.course import Course
from autograder.notebook.master import load_master
from autograder.notebook.reading import read_notebook
from autograder.similarity.fingerprints import Hashes, Kind, all_hashes

_MOST_CELLS = 500  # of one notebook


@dataclass(frozen=True)
class Cell:
    """A student's cell. name: its grade_id, or where it was added; index: its place, from 0."""

    name: str
    index: int
    kind: Kind
    text: str


@dataclass(frozen=True)
class Release:
    """What everybody was given. locked: grade_ids; sources: cells' texts; hashes: of their runs."""

    notebook: str
    locked: frozenset[str]
    sources: frozenset[str]
    hashes: dict[Kind, Hashes]


def releases(course: Course, assignment: str) -> list[Release]:
    """The assignment's notebooks as students got them. Raises CourseError or NotebookError."""
    return [
        release_of(path.stem, load_master(path, course.config).release)
        for path in course.notebooks(assignment)
    ]


def release_of(notebook: str, released: NotebookNode) -> Release:
    sources = frozenset(cell.source.strip() for cell in released.cells)
    locked = (cell for cell in released.cells if not utils.is_solution(cell))
    return Release(
        notebook,
        frozenset(filter(None, map(_grade_id, locked))),
        sources,
        {"code": _hashes(sources, "code"), "text": _hashes(sources, "text")},
    )


def own_cells(path: Path, release: Release) -> list[Cell]:
    """The student's cells of a notebook that was handed in.

    Raises NotebookError for one that cannot be read, OSError where there is none.
    """
    return list(_own(read_notebook(path).cells[:_MOST_CELLS], release))


def _own(cells: list[NotebookNode], release: Release) -> Iterator[Cell]:
    for index, cell in enumerate(cells):
        grade_id, text = _grade_id(cell), cell.source.strip()
        if text and grade_id not in release.locked and text not in release.sources:
            kind: Kind = "code" if cell.cell_type == "code" else "text"
            yield Cell(grade_id or f"cell {index + 1} (added)", index, kind, cell.source)


def _grade_id(cell: Any) -> str:
    found = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    return found if isinstance(found, str) else ""


def _hashes(sources: frozenset[str], kind: Kind) -> Hashes:
    """Of all cells, whatever their kind: students paste a question's code and a task's text."""
    found = [all_hashes(source, kind) for source in sources]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.uint64)
