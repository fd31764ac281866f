"""formgrader on a course of this project: what a marker sees and presses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ASSIGNMENT, RIGHT, SCHEME_LINE, autograder, copy_released, gradebook, hand_in

from browser.formgrader import CHROMIUM, ask, browse, server

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


ACT = "document.documentElement.dataset.acted=1"
ACTING = {
    "a": f"""from IPython.display import HTML, Javascript, Latex, Markdown, display
a = [6, 7]
display(HTML("<script>{ACT}</script><img src=x onerror='{ACT}'>"))
display(Javascript("{ACT}"))
display(Latex("<img src=x onerror={ACT}>"))
display(Markdown("<img src=x onerror={ACT}>"))
display({{"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='{ACT}'/>"}}, raw=True)
display({{"image/png": '"><img src=x onerror={ACT}>'}}, raw=True)
size = {{"image/png": {{"width": "1 onerror={ACT}"}}}}
display({{"image/png": "x"}}, metadata=size, raw=True)
print("<script>{ACT}</script>")
raise ValueError("<script>{ACT}</script>")""",
    "b": f"b = '<img src=x onerror={ACT}>'",
    "why": f"""The window. <script>{ACT}</script> <img src=x onerror={ACT}> <svg onload={ACT}>
<details open ontoggle={ACT}>x</details> <iframe srcdoc="<script>parent.{ACT}</script>"></iframe>
<style onload={ACT}></style> $<img src=x onerror={ACT}>$""",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Released; three students handed in, nothing is graded yet."""
    root = copy_released(tmp_path_factory.mktemp("formgrader"))
    hand_in(root, "right")
    hand_in(root, "wrong", {**RIGHT, "a": "a = [6, 8]"})
    hand_in(root, "acting", ACTING)
    return root


@pytest.fixture(scope="module")
def address(course: Path) -> Iterator[str]:
    with server(course) as url:
        yield url


def test_the_assignment_is_listed(address: str) -> None:
    """With its hand-ins, once the page's scripts have asked for them."""
    page = browse(f"{address}/formgrader/manage_assignments")
    assert f">{ASSIGNMENT}<" in page
    (listed,) = ask(f"{address}/formgrader/api/assignments")
    assert (listed["name"], listed["num_submissions"], listed["max_score"]) == (ASSIGNMENT, 3, 6)


def test_the_button_grades(address: str, course: Path) -> None:
    """Pressed for one student, it runs and scores that hand-in as `autograder grade` does."""
    answer = ask(f"{address}/formgrader/api/submission/{ASSIGNMENT}/right/autograde", "POST")
    assert answer["success"], answer
    submission = ask(f"{address}/formgrader/api/submission/{ASSIGNMENT}/right")
    assert (submission["autograded"], submission["score"]) == (True, 3)
    assert submission["needs_manual_grade"]
    with gradebook(course) as book:
        assert "wrong" not in {student.id for student in book.students}


def test_the_button_follows_what_changes(address: str, course: Path) -> None:
    """The server lives on while a student hands in again."""
    for answers, score in (({**RIGHT, "b": "b = 5"}, 2), (RIGHT, 3)):
        hand_in(course, "wrong", answers)
        path = f"{address}/formgrader/api/submission/{ASSIGNMENT}/wrong"
        assert ask(f"{path}/autograde", "POST")["success"]
        assert ask(path)["score"] == score


def test_an_explanation_waits_with_its_mark_scheme(address: str, course: Path) -> None:
    """The page on which it is marked shows answer, cards and the scheme."""
    ask(f"{address}/formgrader/api/submission/{ASSIGNMENT}/right/autograde", "POST")
    with gradebook(course) as book:
        entry = book.find_submission_notebook("one", ASSIGNMENT, "right")
    page = browse(f"{address}/formgrader/submissions/{entry.id}/")
    assert SCHEME_LINE in page
    assert RIGHT["why"] in page
    assert "<strong>Question a</strong>" in page
    assert page.count("Full credit") == 2
    assert "Type any comments here" in page


def test_what_a_student_wrote_does_not_act(address: str, course: Path) -> None:
    """No script of an answer, an output or a card runs in a marker's or a student's browser."""
    autograder("grade", "--student", "acting", course=course)
    autograder("feedback", course=course)
    with gradebook(course) as book:
        entries = book.find_submission(ASSIGNMENT, "acting").notebooks
        pages = [f"{address}/formgrader/submissions/{entry.id}/" for entry in entries]
    pages += [path.as_uri() for path in (course / "feedback" / "acting").rglob("*.html")]
    assert len(pages) == 4
    for page in pages:
        html = browse(page)
        assert "<b>Asked:</b>" in html
        assert "data-acted" not in html, page
