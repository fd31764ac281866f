"""The questions as the source has them."""

from __future__ import annotations

from pathlib import Path

from nbformat.v4 import new_markdown_cell
from support import ASSIGNMENT, build, cell, notebook

from autograder.course import Course
from autograder.report.class_report.questions import outline

LOOKED_AT = """card = scorecard("(e) Activations", points=1)
card.expect(0.5, activations(maps, cnn, image))
card.expect(0.5, gradcam(heat, cnn, image, class_index=0))
card"""


def made(tmp_path: Path, *cells: object) -> Course:
    return Course(build(tmp_path, one=notebook(*cells)))  # type: ignore[arg-type]


def test_titles_are_the_cards_or_the_headings(tmp_path: Path) -> None:
    """A test is called as its card is, an answer to be marked as the heading above it."""
    course = made(
        tmp_path,
        new_markdown_cell("# All\n## Why pool? (2 points)\nText."),
        cell("markdown", "why", "", 2, grade=True, solution=True),
        cell("code", "test_e", LOOKED_AT, 1, grade=True, locked=True),
    )
    found = outline(course, ASSIGNMENT)
    assert [question.title for question in found.questions] == ["Why pool?", "(e) Activations"]
    assert [question.is_by_hand for question in found.questions] == [True, False]


def test_what_is_looked_at_is_known_by_its_check(tmp_path: Path) -> None:
    """The first argument of a check of visualisations is a picture of that kind."""
    course = made(tmp_path, cell("code", "test_e", LOOKED_AT, 1, grade=True, locked=True))
    (question,) = outline(course, ASSIGNMENT).questions
    assert question.visuals == {"maps": "activation maps", "heat": "heatmap"}


def test_a_test_that_is_no_plain_python_has_its_grade_id_for_a_title(tmp_path: Path) -> None:
    """A magic stops nothing."""
    course = made(tmp_path, cell("code", "test_x", "%time 1", 1, grade=True, locked=True))
    (question,) = outline(course, ASSIGNMENT).questions
    assert question.title == "test_x"
