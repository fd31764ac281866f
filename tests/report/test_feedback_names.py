"""What questions are called on a feedback page."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_output
from support import cell, notebook

from autograder.checks.card_html import render
from autograder.report.feedback_names import question_names


def _question(text: str) -> dict[str, str]:
    asked = cell("markdown", "q", text, locked=True)
    answer = cell("markdown", "why", "# Mine", 2, grade=True, solution=True)
    return question_names(
        notebook(cell("markdown", "top", "## (d) Evaluate", locked=True), asked, answer)
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("### Question 4 · *Templates* (2 points)\n\nWhy?", "Question 4 · Templates"),
        ("**Conclusion** (1 point). Why?", "(d) Evaluate · Conclusion"),
        ("Why?", "(d) Evaluate"),
        ("## Sizes (in `pixels`)", "Sizes (in pixels)"),
    ],
)
def test_answers_are_called_by_their_question(text: str, name: str) -> None:
    """Its heading without the points, or its chapter; no heading of the student's."""
    assert _question(text) == {"why": name}


def test_tests_are_called_by_their_card() -> None:
    """As text: the page escapes it. Without a card, by the heading; without any, by the id."""
    test = cell("code", "test_a", "card", 2, grade=True, locked=True)
    assert question_names(notebook(test)) == {"test_a": "test_a"}
    html = render("Question <a>", None, "", [])
    test.outputs = [new_output("execute_result", {"text/html": html})]
    assert question_names(notebook(test)) == {"test_a": "Question <a>"}
