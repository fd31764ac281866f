"""The students' feedback pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import (
    ASSIGNMENT,
    HIDDEN_LINE,
    RIGHT,
    SCHEME_LINE,
    SOLUTION_LINE,
    autograder,
    copy_released,
    gradebook,
    hand_in,
)

from autograder.course import Course
from autograder.report.feedback import write_feedback

ODD = {
    **RIGHT,
    "a": "a = '<script>alert(1)</script>'",
    "b": "b = 5\nprint('<script>alert(2)</script>')",
    "why": "Because.<script>alert(3)</script>",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Graded, one explanation marked; feedback written."""
    root = copy_released(tmp_path_factory.mktemp("feedback"))
    hand_in(root, "right")
    hand_in(root, "odd", ODD)
    (hand_in(root, "broken") / "one.ipynb").write_text("broken")
    autograder("grade", course=root)
    with gradebook(root) as book:
        book.find_grade("why", "one", ASSIGNMENT, "right").manual_score = 2.5
        comment = book.find_comment("why", "one", ASSIGNMENT, "right")
        comment.manual_comment = "The window is well seen."
        book.db.commit()
    said = autograder("feedback", course=root)
    assert said.code == 0, said.text
    assert said.text.startswith("6 feedback pages, such as ")
    return root


def _page(course: Path, student: str, notebook: str = "one") -> str:
    return (course / "feedback" / student / ASSIGNMENT / f"{notebook}.html").read_text()


@pytest.mark.parametrize("student", ["right", "odd", "broken"])
def test_pages_keep_the_secrets(student: str, course: Path) -> None:
    """No hidden test, no mark scheme, no solution; not even their delimiters."""
    for notebook in ("one", "two"):
        page = _page(course, student, notebook)
        for secret in (HIDDEN_LINE, "equal(a", SCHEME_LINE, SOLUTION_LINE, "model answer", "== 4"):
            assert secret not in page
        for delimiter in ("HIDDEN", "MARK SCHEME", "SOLUTION"):
            assert delimiter not in page


def test_pages_show_cards(course: Path) -> None:
    """What was asked, what was found, what to try."""
    page = _page(course, "odd")
    assert "<strong>Question a</strong>" in page
    for heading in ("<b>Asked:</b>", "<b>Found:</b>", "<b>Try:</b>"):
        assert heading in page
    assert "incorrect" in page
    assert "<strong>Question a</strong>" in _page(course, "right")


def test_pages_show_scores_and_comments(course: Path) -> None:
    """What a person marked stands there with what they wrote."""
    page = _page(course, "right")
    assert "The window is well seen." in page
    assert "2.5" in page
    assert "4.5 / 5.0" in page


def test_pages_say_what_was_wrong_with_a_hand_in(course: Path) -> None:
    """The line that the grading printed."""
    page = _page(course, "broken")
    assert "Note from the autograder." in page
    assert "one.ipynb cannot be read" in page


def test_pages_do_not_run_what_a_student_wrote_into_answers(course: Path) -> None:
    """Values and output are text."""
    for notebook in ("one", "two"):
        page = _page(course, "odd", notebook)
        for number in (1, 2):
            assert f"<script>alert({number})</script>" not in page


def test_feedback_is_written_again(course: Path) -> None:
    """With what was marked meanwhile."""
    with gradebook(course) as book:
        book.find_comment("why", "one", ASSIGNMENT, "odd").manual_comment = "Seen now."
        book.db.commit()
    pages = write_feedback(Course(course), ASSIGNMENT)
    assert len(pages) == 6
    assert "Seen now." in _page(course, "odd")
