"""formgrader on a course of this project: what a marker sees and presses."""

from __future__ import annotations

import csv
import io
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ASSIGNMENT, RIGHT, SCHEME_LINE, autograder, copy_released, gradebook, hand_in

from autograder.course import Course
from autograder.exports.exporting import export
from browser.answers import ACTING, ODD
from browser.chromium import CHROMIUM, Tab, chromium
from browser.formgrader import ask, server

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


_ANSWER = ".nbgrader_cell:has(#why)"
_LOADED = (
    "document.readyState === 'complete' && window.formgrader && "
    "formgrader.grades?.loaded && formgrader.comments?.loaded"
)
# What the server has answered stands in formgrader's own model.
_GRADE = "formgrader.grades.findWhere({name: 'why'})"
_SAVED = f"$.active === 0 && {_GRADE}.get('needs_manual_grade') === false"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Released; three students handed in, nothing is graded yet."""
    root = copy_released(tmp_path_factory.mktemp("formgrader"))
    hand_in(root, "right")
    hand_in(root, "wrong", {**RIGHT, "a": "a = [6, 8]"})
    hand_in(root, "acting", ACTING)
    return root


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with chromium() as browser:
        yield browser.tab()


@pytest.fixture(scope="module")
def address(course: Path) -> Iterator[str]:
    with server(course) as url:
        yield url


def test_the_assignment_is_listed(tab: Tab, address: str) -> None:
    """With its hand-ins, once the page's scripts have asked for them."""
    tab.open(f"{address}/formgrader/manage_assignments")
    tab.wait(f"document.body.innerText.includes('{ASSIGNMENT}')")
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


def test_an_explanation_waits_with_its_mark_scheme(tab: Tab, address: str, course: Path) -> None:
    """The page on which it is marked shows answer, cards and the scheme."""
    ask(f"{address}/formgrader/api/submission/{ASSIGNMENT}/right/autograde", "POST")
    with gradebook(course) as book:
        entry = book.find_submission_notebook("one", ASSIGNMENT, "right")
    tab.open(f"{address}/formgrader/submissions/{entry.id}/")
    tab.wait(_LOADED)
    page = tab.html()
    assert SCHEME_LINE in page
    assert RIGHT["why"] in page
    assert "<strong>Question a</strong>" in page
    assert page.count("Full credit") == 2
    assert "Type any comments here" in page


def test_the_page_loads_nothing_from_elsewhere(tab: Tab, address: str, course: Path) -> None:
    """No MathJax from another host; formgrader's script, which waits for it, listens to keys."""
    ask(f"{address}/formgrader/api/submission/{ASSIGNMENT}/right/autograde", "POST")
    with gradebook(course) as book:
        entry = book.find_submission_notebook("one", ASSIGNMENT, "right")
    tab.asked.clear()
    tab.errors.clear()
    tab.open(f"{address}/formgrader/submissions/{entry.id}/")
    tab.wait(_LOADED)
    tab.wait("document.activeElement.matches('.tabbable')")
    assert tab.asked and all(each.startswith(address) for each in tab.asked)
    assert tab.errors == []


def test_what_a_student_wrote_does_not_act(tab: Tab, address: str, course: Path) -> None:
    """No script of an answer, an output or a card runs in a marker's or a student's browser.

    Nor does a picture tell another host who looks at it when.
    """
    autograder("grade", "--student", "acting", course=course)
    autograder("feedback", course=course)
    with gradebook(course) as book:
        entries = book.find_submission(ASSIGNMENT, "acting").notebooks
        pages = [f"{address}/formgrader/submissions/{entry.id}/" for entry in entries]
    pages += [path.as_uri() for path in (course / "feedback" / "acting").rglob("*.html")]
    assert len(pages) == 4
    tab.asked.clear()
    for page in pages:
        tab.open(page)
        html = tab.html()
        assert "<b>Asked:</b>" in html
        assert "data-acted" not in html, page
    assert [url for url in tab.asked if not url.startswith((address, "data:", "file:"))] == []


def test_a_marker_gives_points_and_goes_on(tab: Tab, address: str, course: Path) -> None:
    """Points by button and by number, a comment: they reach feedback and export."""
    for student in ("right", "wrong"):
        path = f"{address}/formgrader/api/submission/{ASSIGNMENT}/{student}"
        assert ask(f"{path}/autograde", "POST")["success"]
    with gradebook(course) as book:
        notebooks = book.notebook_submissions("one", ASSIGNMENT)
        entries = {notebook.id: notebook.student.id for notebook in notebooks}
    first, second = sorted(entries)[:2]  # the order in which formgrader shows them
    tab.open(f"{address}/formgrader/submissions/{first}/")
    tab.wait(_LOADED)
    tab.click("#why-comment")
    tab.write("Well seen: the *window*. $k^2$ <b onclick=act()>é 🐈</b>")
    tab.click(f"{_ANSWER} .full-credit")
    tab.wait(_SAVED)
    tab.click(".next a")
    tab.wait(f"location.href.includes('{second}')")
    tab.wait(_LOADED)
    tab.click("#why")
    tab.write("1.5")
    tab.leave()
    tab.wait(_SAVED)
    autograder("feedback", course=course)
    pages = [
        (course / "feedback" / entries[entry] / ASSIGNMENT / "one.html").read_text()
        for entry in (first, second)
    ]
    assert "Well seen: the <em>window</em>. <math" in pages[0]
    assert "é 🐈" in pages[0]
    assert "onclick" not in pages[0]
    assert "3 / 3" in pages[0]
    assert "1.5 / 3" in pages[1]
    assert not any("not yet marked" in page for page in pages)
    marked = _exported(course)
    assert [marked[entries[entry]] for entry in (first, second)] == [3, 1.5]


def _exported(course: Path) -> dict[str, float]:
    """The points given by hand, by student, as they are exported."""
    file = export(Course(course), ASSIGNMENT, "csv").path
    rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    return {row["student"]: float(row["one: why"] or 0) for row in rows}


@pytest.mark.parametrize("answer", [str(name) for name in ODD])
def test_odd_answers_can_be_marked(answer: str, address: str, course: Path) -> None:
    """Whatever stands in an answer, its page is shown, with the buttons below it."""
    hand_in(course, "odd", {**RIGHT, "why": ODD[answer]})
    path = f"{address}/formgrader/api/submission/{ASSIGNMENT}/odd"
    assert ask(f"{path}/autograde", "POST")["success"]
    with gradebook(course) as book:
        entry = book.find_submission_notebook("one", ASSIGNMENT, "odd")
    with urllib.request.urlopen(f"{address}/formgrader/submissions/{entry.id}/") as page:
        html = page.read().decode()
    assert "Full credit" in html.rsplit('id="why"', 1)[0][-2000:]
    assert len(html) < 3_000_000
