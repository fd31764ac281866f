"""The author's notebook as the gradebook keeps it, and as students get it."""

import copy
import json
import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.nbgraderformat import ValidationError
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    IncludeHeaderFooter,
    InstantiateTests,
    LockCells,
)
from traitlets.config import Config

from autograder.notebook.reading import NotebookError, read_notebook

# nbgrader's GenerateAssignment.preprocessors up to SaveCells, and from there on.
_GRADED = (
    IncludeHeaderFooter,
    LockCells,
    ClearSolutions,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
)
_RELEASE = (ClearHiddenTests, ClearMarkScheme, ComputeChecksums, CheckCellMetadata)


@dataclass(frozen=True)
class Master:
    """What a submission is restored from.

    `graded` has its solutions cleared, hidden tests and mark schemes in place: nbgrader's gradebook
    holds the same cells. `release` is what students get. `cells` and `release_cells` are the
    marked cells of each (solution, test, task, locked) by `grade_id`, in their order.
    """

    notebook_id: str
    graded: NotebookNode
    release: NotebookNode
    cells: dict[str, NotebookNode]
    release_cells: dict[str, NotebookNode]


def bears_its_checksum(cell: Any) -> bool:
    """Whether a cell is as some release gave it out, by the checksum that nbgrader put into it.

    Whoever changes a cell can compute the checksum anew; nothing that earns points relies on it.
    """
    try:
        return bool(cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell))
    except (AttributeError, LookupError, TypeError, ValueError):  # such as half a surrogate pair
        return False


def load_master(path: Path, config: Config) -> Master:
    """The master of the source notebook in `path`, through nbgrader's preprocessors with `config`.

    Raises `NotebookError` for the author's mistakes: a `grade_id` that exists twice or is missing,
    a test cell without points, a solution in a cell that students cannot edit, a region without
    an end, a hidden region in a cell that students' code shares, `AUTOTEST` lines, a cell's own
    time that is none.
    """
    config = copy.deepcopy(config)  # nbgrader rewrites outdated options in place
    graded = read_notebook(path)
    _refuse_autotests(graded, config, path)
    _apply(_GRADED, graded, config, path)
    release = copy.deepcopy(graded)
    _apply(_RELEASE, release, config, path)
    cells, release_cells = _marked(graded), _marked(release)
    _refuse_odd_points(cells, path)
    _refuse_odd_times(graded, path)
    _refuse_secrets_in_shared_code(cells, release_cells, path)
    return Master(path.stem, graded, release, cells, release_cells)


def own_timeout_s(cell: NotebookNode) -> float | None:
    """The time that the author gives a cell (metadata `"autograder": {"timeout_s": 600}`).

    Of a restored notebook's cells: its locked cells and solutions have the author's metadata, a
    student's own cells have none.
    """
    found = cell.metadata.get("autograder", {}).get("timeout_s")
    return None if found is None else float(found)


def _marked(nb: NotebookNode) -> dict[str, NotebookNode]:
    """The cells that nbgrader's SaveCells saves."""
    kinds = (utils.is_grade, utils.is_solution, utils.is_locked, utils.is_task)
    return {
        cell.metadata.nbgrader["grade_id"]: cell
        for cell in nb.cells
        if any(is_kind(cell) for is_kind in kinds)
    }


def _apply(preprocessors: Iterable[Any], nb: NotebookNode, config: Config, path: Path) -> None:
    for preprocessor in preprocessors:
        pp = preprocessor(config=config, log=_silent())
        before = copy.deepcopy(nb)
        try:
            pp(nb, {})
        except (
            Exception
        ) as error:  # a bare RuntimeError, ValueError or KeyError, by author's mistake
            where = _culprit(pp, before)
            raise NotebookError(f"{path}{where}: {_reason(error)}; mend the source") from error


def _silent() -> logging.Logger:
    """A logger that says nothing: the error that is raised says it all."""
    log = logging.Logger("nbgrader")
    log.addHandler(logging.NullHandler())
    return log


def _culprit(pp: Any, nb: NotebookNode) -> str:
    """The first cell that `pp` refuses even when it stands alone; nbgrader's errors do not say."""
    if _refuses(pp, nb, []):  # the notebook's own metadata are at fault
        return ""
    for number, cell in enumerate(nb.cells, start=1):
        if _refuses(pp, nb, [cell]):
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            return f", cell {number}" + (f" ('{grade_id}')" if grade_id else "")
    return ""


def _refuses(pp: Any, nb: NotebookNode, cells: list[NotebookNode]) -> bool:
    try:
        pp(NotebookNode({**nb, "cells": copy.deepcopy(cells)}), {})
    except Exception:
        return True
    return False


def _reason(error: Exception) -> str:
    """What was wrong. CheckCellMetadata raises a general error in place of the one that says so."""
    if isinstance(error, ValidationError) and isinstance(error.__context__, ValidationError):
        error = error.__context__
    text = str(getattr(error, "message", error)).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")


def _refuse_autotests(nb: NotebookNode, config: Config, path: Path) -> None:
    """nbgrader writes tests for these lines by running the notebook; nothing runs here."""
    delimiter = InstantiateTests(config=config).autotest_delimiter
    for number, cell in enumerate(nb.cells, start=1):
        lines = cell.source.split("\n") if cell.cell_type == "code" else ()
        if any(delimiter in line and line.strip().startswith("#") for line in lines):
            raise NotebookError(
                f"{path}, cell {number}: {delimiter} lines are not supported; write the tests out"
            )


def _refuse_odd_points(cells: dict[str, NotebookNode], path: Path) -> None:
    for grade_id, cell in cells.items():
        points = cell.metadata.nbgrader.get("points", 0)
        if not math.isfinite(points):  # JSON as Python reads it may hold NaN
            raise NotebookError(
                f"{path}, cell '{grade_id}': expected points as a number, received {points}"
            )


def _refuse_odd_times(nb: NotebookNode, path: Path) -> None:
    """A cell's own budget that would be passed over, or could not be kept."""
    for number, cell in enumerate(nb.cells, start=1):
        if "autograder" in cell.metadata and (problem := _odd_budget(cell)):
            raise NotebookError(f"{path}, cell {number}, metadata 'autograder': {problem}")


def _odd_budget(cell: NotebookNode) -> str:
    budget = cell.metadata["autograder"]
    if not isinstance(budget, dict) or set(budget) != {"timeout_s"}:
        return f'expected {{"timeout_s": seconds}}, received {json.dumps(budget)}'
    seconds = budget["timeout_s"]
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not 0 < seconds < math.inf:
        return f"expected timeout_s as a number of seconds above 0, received {json.dumps(seconds)}"
    is_theirs = utils.is_solution(cell)
    is_ours = utils.is_locked(cell) and not utils.is_grade(cell)
    if cell.cell_type != "code" or not (is_theirs or is_ours):
        return "only a solution's or a locked cell's code has a time of its own; remove it here"
    return ""


def _refuse_secrets_in_shared_code(
    cells: dict[str, NotebookNode], release_cells: dict[str, NotebookNode], path: Path
) -> None:
    """Locked code runs among the student's, which would be able to read a hidden region in it."""
    for grade_id, cell in cells.items():
        shared = cell.cell_type == "code" and not utils.is_grade(cell)
        if shared and cell.source != release_cells[grade_id].source:
            raise NotebookError(
                f"{path}, cell '{grade_id}': a hidden test or mark scheme in a code cell that is"
                " no test would be shown to students' code; move it to a test or text cell"
            )
