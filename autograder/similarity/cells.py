"""What a student wrote in a notebook: the cells that are not as they were released.

In any order, and cells that were added as well: a copy need not stand where the original does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from nbformat import NotebookNode

from autograder.course import Course
from autograder.notebook.master import load_master
from autograder.notebook.reading import NotebookError, read_notebook
from autograder.similarity.fingerprints import Hashes, Kind, all_hashes

_MOST_CELLS = 5_000  # of one notebook
KINDS: tuple[Kind, ...] = ("code", "text")


@dataclass(frozen=True)
class Cell:
    """A student's cell. name: its grade_id, or where it was added; index: its place, from 0."""

    name: str
    index: int
    kind: Kind
    text: str


@dataclass(frozen=True)
class Release:
    """What everybody was given. sources: cells' texts; hashes: of their runs."""

    notebook: str
    sources: frozenset[str]
    hashes: dict[Kind, Hashes]


def releases(course: Course, assignment: str) -> list[Release]:
    """The assignment's notebooks as students got them. Raises CourseError or NotebookError.

    The hashes of each are of all of them: what one gave out may be pasted into another.
    """
    found = [
        release_of(path.stem, load_master(path, course.config).release)
        for path in course.notebooks(assignment)
    ]
    every: dict[Kind, Hashes] = {
        kind: np.unique(np.concatenate([each.hashes[kind] for each in found])) for kind in KINDS
    }
    return [replace(each, hashes=every) for each in found]


def release_of(notebook: str, released: NotebookNode) -> Release:
    sources = frozenset(cell.source.strip() for cell in released.cells)
    return Release(notebook, sources, {kind: _hashes(sources, kind) for kind in KINDS})


def own_cells(path: Path, release: Release) -> list[Cell]:
    """The student's cells of a notebook that was handed in.

    Raises NotebookError for one that cannot be read or has too many, OSError where there is none.
    """
    cells = read_notebook(path).cells
    if len(cells) > _MOST_CELLS:
        raise NotebookError(
            f"{path}: has {len(cells):,} cells, expected at most {_MOST_CELLS:,}; compare it by eye"
        )
    return list(_own(cells, release))


def _own(cells: list[NotebookNode], release: Release) -> Iterator[Cell]:
    for index, cell in enumerate(cells):
        grade_id, text = _grade_id(cell), cell.source.strip()
        if text and text not in release.sources:
            kind: Kind = "code" if cell.cell_type == "code" else "text"
            yield Cell(grade_id or f"cell {index + 1} (added)", index, kind, cell.source)


def _grade_id(cell: Any) -> str:
    found = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    return found if isinstance(found, str) else ""


def _hashes(sources: frozenset[str], kind: Kind) -> Hashes:
    """Of all cells, whatever their kind: students paste a question's code and a task's text."""
    found = [all_hashes(source, kind) for source in sources]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.uint64)
