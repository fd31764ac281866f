"""autograded/<student>/<assignment>: the notebooks that formgrader and feedback show.

A student's restored notebook with the outputs of its run; in place of a test's output, its card.
"""

from __future__ import annotations

import copy
import html
from collections.abc import Iterable, Mapping
from typing import Any

from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_markdown_cell, new_output

from autograder.grading.scores import TestScore

_NOTE = "**Note from the autograder.** "


def autograded(
    notebook: NotebookNode,
    cells: Mapping[int, Mapping[str, Any]],
    tests: Iterable[TestScore],
    notes: Iterable[str] = (),
) -> NotebookNode:
    """`notebook`, as it was planned, with the outputs of its run, its cards, and `notes` on top.

    cells: the records of the cells that ended, by index.
    """
    result = copy.deepcopy(notebook)
    scores = {test.grade_id: test for test in tests}
    for index, cell in enumerate(result.cells):
        if cell.cell_type != "code":
            continue
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in scores:
            _show_score(cell, scores[grade_id])
        elif index in cells:
            _show_outputs(cell, cells[index])
    for note in reversed(list(notes)):
        result.cells.insert(0, new_markdown_cell(_NOTE + html.escape(note), id=_note_id(result)))
    return result


def _show_score(cell: NotebookNode, score: TestScore) -> None:
    """Give a test cell the output that nbgrader reads as partial credit and people as a card."""
    data = {"text/plain": repr(score.points), "text/html": score.html or _plain_card(score)}
    cell.outputs = [new_output("execute_result", data=data, execution_count=None)]
    cell.execution_count = None


def _show_outputs(cell: NotebookNode, record: Mapping[str, Any]) -> None:
    """Give a cell the outputs of its run."""
    cell.outputs = [from_dict(output) for output in record["outputs"]]
    cell.execution_count = record["execution_count"]


def _plain_card(score: TestScore) -> str:
    return (
        f"<p><strong>{html.escape(score.outcome)}</strong>, {score.points:g} of "
        f"{score.max_points:g} points: {html.escape(score.message)}</p>"
    )


def _note_id(notebook: NotebookNode) -> str:
    return f"autograder-note-{len(notebook.cells)}"
