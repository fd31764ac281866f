"""The students' feedback pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from nbgrader.converters import GenerateFeedback
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

from autograder.converters import convert
from autograder.course import Course
from autograder.report.feedback import FeedbackShare, write_feedback

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
        grade = book.find_grade("why", "one", ASSIGNMENT, "right")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
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
    assert "2.5 / 3" in page
    assert "<strong>4.5</strong> of 5 points" in page
    assert "by hand" in page
    assert "by tests" in page
    assert "not yet marked" not in page


def test_pages_say_what_waits_for_a_person(course: Path) -> None:
    """A total that may still grow says so."""
    page = _page(course, "odd")
    assert "1 answer has still to be looked at" in page
    assert "– / 3" in page


def test_pages_are_named_by_their_headings_and_cards(course: Path) -> None:
    """The table leads to each question."""
    page = _page(course, "right")
    assert '<a href="#cell-test_a">Question a</a>' in page
    assert 'id="cell-test_a"' in page


def test_pages_load_nothing(course: Path) -> None:
    """No script, no address but of this page and the one beside it; and the browser is told so."""
    for page in (_page(course, student) for student in ("right", "odd", "broken")):
        assert "<script" not in page
        assert not re.search(r"(?:src|href)=[\"'](?!#|data:|two\.html)", page)
        assert "default-src 'none'" in page


def test_nbgraders_own_command_makes_the_same_page(course: Path) -> None:
    """`nbgrader generate_feedback` and formgrader's button use the same template."""
    mine = _page(course, "right")
    convert(GenerateFeedback, Course(course), ASSIGNMENT)
    assert _page(course, "right") == mine


def test_processes_share_a_class(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each makes the pages of every so-manieth student; none is left out."""
    before = {path: path.read_text() for path in (course / "feedback").rglob("*.html")}
    for path in before:
        path.unlink()
    monkeypatch.setattr("autograder.report.feedback._WORTH_A_PROCESS", 2)
    monkeypatch.setattr("autograder.report.feedback._processes", lambda course: 3)
    assert set(write_feedback(Course(course), ASSIGNMENT)) == before.keys()
    assert {path: path.read_text() for path in before} == before


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


def test_each_page_tells_the_whole_assignments_points(course: Path) -> None:
    """Each notebook's, with links to the other pages, and one total, as the gradebook has it."""
    with gradebook(course) as book:
        total = book.find_submission(ASSIGNMENT, "right").score
    for notebook, other in (("one", "two"), ("two", "one")):
        page = _page(course, "right", notebook)
        assert f"<strong>{total:g}</strong> of 6 points" in page
        assert f'<strong aria-current="page">{notebook}</strong>' in page
        assert f'<a href="{other}.html">{other}</a>' in page


def test_a_notebook_that_is_missing_is_told(course: Path) -> None:
    """Its points count, and no link leads nowhere; the earlier attempt's page is gone."""
    page = course / "autograded" / "right" / ASSIGNMENT / "two.ipynb"
    kept = page.read_bytes()
    page.unlink()
    write_feedback(Course(course), ASSIGNMENT)
    page.write_bytes(kept)
    assert "not handed in" in _page(course, "right")
    assert "two.html" not in _page(course, "right")
    assert not (course / "feedback" / "right" / ASSIGNMENT / "two.html").exists()


def test_a_run_that_stops_leaves_the_earlier_pages(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a student's; the next run takes what it left out of the way."""
    write_feedback(Course(course), ASSIGNMENT)
    place = course / "feedback" / "odd" / ASSIGNMENT
    before = {path.name: path.read_text() for path in place.iterdir()}
    assert before.keys() == {"one.html", "two.html"}

    class Killed(BaseException):
        pass

    def write(self: FeedbackShare, output: str, resources: dict[str, Any]) -> None:
        GenerateFeedback.write_single_notebook(self, output[:100], resources)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(FeedbackShare, "write_single_notebook", write)
        with pytest.raises(Killed):
            write_feedback(Course(course), ASSIGNMENT)
    for student in ("odd", "right", "broken"):
        assert "</html>" in _page(course, student)
    assert {path.name: path.read_text() for path in place.iterdir()} == before
    assert len(write_feedback(Course(course), ASSIGNMENT)) == 6
    assert [path.name for path in (course / "feedback" / "broken").iterdir()] == [ASSIGNMENT]


def test_files_of_a_student_are_no_pages(course: Path) -> None:
    """Only what `nbgrader release_feedback` asks for is copied; no HTML that they brought along."""
    beside = course / "autograded" / "odd" / ASSIGNMENT
    (beside / "mine.html").write_text("<script>alert(1)</script>")
    (beside / "timestamp.txt").write_text("2026-01-31 12:00:00 UTC")
    pages = write_feedback(Course(course), ASSIGNMENT)
    assert "mine.html" not in {page.name for page in pages}
    found = {path.name for path in (course / "feedback" / "odd" / ASSIGNMENT).iterdir()}
    assert found == {"one.html", "two.html", "timestamp.txt"}
