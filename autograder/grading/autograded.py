"""autograded/<student>/<assignment>: the notebooks that formgrader and feedback show.

A student's restored notebook with the outputs of its run; in place of a test's output, its card.
"""

from __future__ import annotations

import copy
import html
from collections.abc import Iterable, Mapping
from typing import Any

from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_markdown_cell

from autograder.grading.scores import TestScore

# HTML, so that names in a note cannot be markdown or mathematics.
_NOTE = '<p class="tex2jax_ignore mathjax_ignore"><strong>Note from the autograder.</strong> {}</p>'


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
        text = _NOTE.format(html.escape(" ".join(note.split())))
        result.cells.insert(0, new_markdown_cell(text, id=_note_id(result)))
    return result


def _show_score(cell: NotebookNode, score: TestScore) -> None:
    """Give a test cell the output that nbgrader reads as partial credit and people as a card."""
    data = {"text/plain": _plain_text(score), "text/html": score.html or _plain_card(score)}
    result: dict[str, Any] = {
        "output_type": "execute_result",
        "execution_count": None,
        "metadata": {},
    }
    cell.outputs = [from_dict({**result, "data": data})]
    cell.execution_count = None


def _show_outputs(cell: NotebookNode, record: Mapping[str, Any]) -> None:
    """Give a cell the outputs of its run."""
    cell.outputs = [_without_metadata(from_dict(output)) for output in record["outputs"]]
    cell.execution_count = record["execution_count"]


def _without_metadata(output: NotebookNode) -> NotebookNode:
    """All but the sizes of pictures goes: nbconvert puts it into pages without quotes."""
    if "metadata" in output:
        output.metadata = {
            kind: {name: size for name, size in sizes.items() if type(size) in (int, float)}
            for kind, sizes in output.metadata.items()
            if kind in output.data and isinstance(sizes, dict)
        }
    return output


def _plain_text(score: TestScore) -> str:
    """A number, or for a bonus text: nbgrader stops at a number above the cell's 0 points."""
    if score.max_bonus:
        return f"Bonus: {score.bonus:g} of {score.max_bonus:g} points"
    return repr(score.points)


def _plain_card(score: TestScore) -> str:
    earned = f"{score.points:g} of {score.max_points:g} points"
    return (
        f"<p><strong>{html.escape(score.outcome)}</strong>, "
        f"{_plain_text(score) if score.max_bonus else earned}: {html.escape(score.message)}</p>"
    )


def _note_id(notebook: NotebookNode) -> str:
    return f"autograder-note-{len(notebook.cells)}"
