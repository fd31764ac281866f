"""What graded cells are called on a feedback page: as their cards and headings say."""

from __future__ import annotations

import html
import re

from nbformat import NotebookNode
from nbgrader import utils

_CARD_TITLE = re.compile(r"<strong>(.*?)</strong>", re.DOTALL)
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_LEAD = re.compile(r"\A\s*\*\*(.+?)\*\*")
_POINTS = re.compile(r"\s*\([^()]*\bpoints?\b[^()]*\)\s*$")
_MARKS = re.compile(r"[*`$\\]")
_LONGEST = 120


def question_names(nb: NotebookNode) -> dict[str, str]:
    """The names of all graded cells by grade_id, in the notebook's order.

    A test is called what its card is called; an answer what the heading of its question says, or
    its chapter and the question's first words in bold:

        ### Question 4 · Templates (2 points)     → Question 4 · Templates
        ## (d) Evaluate … **Conclusion** (1 point)  → (d) Evaluate · Conclusion
    """
    names: dict[str, str] = {}
    chapter = question = ""
    for cell in nb.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if utils.is_grade(cell) or utils.is_task(cell):
            names[grade_id] = _card_title(cell) or question or chapter or grade_id
        elif cell.cell_type == "markdown" and utils.is_locked(cell):
            headings = _HEADING.findall(cell.source)
            chapters = [text for level, text in headings if len(level) <= 2]
            chapter = _plain(chapters[-1]) if chapters else chapter
            lead = _LEAD.search(cell.source)
            question = _plain(headings[-1][1]) if headings else ""
            if lead and not headings:
                question = " · ".join(filter(None, (chapter, _plain(lead[1]))))
    return names


def _card_title(cell: NotebookNode) -> str:
    """The title of the scorecard in a test's output, if there is one."""
    if cell.cell_type != "code" or utils.is_solution(cell):
        return ""
    shown = "".join(output.get("data", {}).get("text/html", "") for output in cell.outputs)
    title = _CARD_TITLE.search(shown) if "tex2jax_ignore" in shown else None
    return html.unescape(title[1])[:_LONGEST] if title else ""


def _plain(text: str) -> str:
    """A heading without its points and without markdown's marks."""
    return _MARKS.sub("", _POINTS.sub("", text)).strip()[:_LONGEST]
