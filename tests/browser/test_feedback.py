"""Feedback pages as a browser shows them: on a phone, on a desk, in the dark, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ASSIGNMENT, RIGHT, autograder, copy_released, gradebook, hand_in

from browser.chromium import CHROMIUM, Tab, chromium

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

WIDE = f"""import pandas
a = [6, 7]
{"print('a long line of output') ; " * 12}
display(pandas.DataFrame([list(range(40))]))"""
ANSWERS = {
    "right": RIGHT,
    "wide": {
        **RIGHT,
        "a": WIDE,
        "why": "# Mine\n\n| a | b |\n|---|---|\n| 1 | " + "w" * 300 + " |",
    },
    "odd": {
        "a": "a = '\x00'",
        "why": "הפילטר \u202e ![x](attachment:gone.png) $$\\frac{$$ "
        "<script>document.title='!'</script>",
        "b": "print('word ' * 200_000)\nb = 4",
    },
    "empty": {"why": ""},
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Graded, an answer marked and one not; feedback written."""
    root = copy_released(tmp_path_factory.mktemp("feedback"))
    for student, answers in ANSWERS.items():
        hand_in(root, student, answers)
    assert autograder("grade", course=root).code == 0
    with gradebook(root) as book:
        grade = book.find_grade("why", "one", ASSIGNMENT, "right")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        comment = book.find_comment("why", "one", ASSIGNMENT, "right")
        comment.manual_comment = "Well seen: $$\\sum_{k=1}^{K} " + "w_k + " * 60 + "1$$"
        book.db.commit()
    assert autograder("feedback", course=root).code == 0
    return root


@pytest.fixture(scope="module")
def browser() -> Iterator[Tab]:
    with chromium() as running:
        yield running.tab()


def _open(browser: Tab, course: Path, student: str, notebook: str = "one") -> None:
    browser.open((course / "feedback" / student / ASSIGNMENT / f"{notebook}.html").as_uri())


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("student", ANSWERS)
def test_the_page_is_as_wide_as_the_window(
    student: str, width: int, browser: Tab, course: Path
) -> None:
    """What is wider (code, a table, a formula) scrolls by itself."""
    browser.show(width)
    for notebook in ("one", "two"):
        _open(browser, course, student, notebook)
        root = "document.documentElement"
        assert browser.run(f"{root}.scrollWidth - {root}.clientWidth") == 0


@pytest.mark.parametrize("student", ANSWERS)
def test_the_page_can_be_read_aloud(student: str, browser: Tab, course: Path) -> None:
    """Headings in order, words for pictures, links that lead somewhere; no script has run."""
    _open(browser, course, student)
    levels = browser.run("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])")
    assert levels[:3] == [1, 2, 2]
    assert 1 not in levels[1:]
    assert browser.run("[...document.images].every(image => image.alt)")
    links = "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash)"
    assert browser.run(f"{links}.filter(hash => !document.querySelector(hash))") == []
    assert browser.run("document.title") == f"one · feedback for {student}"
    assert browser.run("performance.getEntriesByType('resource').length") == 0


def test_the_page_follows_the_colour_scheme(browser: Tab, course: Path) -> None:
    """Dark letters on light, light letters on dark."""
    _open(browser, course, "right")
    seen = {}
    for scheme in ("light", "dark"):
        browser.show(1400, scheme)
        style = "getComputedStyle(document.body)"
        seen[scheme] = [browser.run(f"{style}.{each}") for each in ("color", "backgroundColor")]
    assert seen == {
        "light": ["rgb(31, 35, 40)", "rgb(255, 255, 255)"],
        "dark": ["rgb(230, 237, 243)", "rgb(13, 17, 23)"],
    }


def test_paper_shows_what_a_click_would(browser: Tab, course: Path) -> None:
    """Dark on white whatever the screen; no links up, no folded code."""
    _open(browser, course, "right")
    browser.show(800, "dark", "print")
    shown = "getComputedStyle(document.querySelector({!r})).display"
    assert browser.run(shown.format(".up")) == "none"
    assert browser.run(shown.format(".test > details")) == "none"
    assert browser.run("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    browser.show(1400)
    assert browser.run(shown.format(".up")) != "none"


def test_formulas_are_drawn(browser: Tab, course: Path) -> None:
    """MathML takes room on the page, without any script."""
    browser.show(1400)
    _open(browser, course, "right")
    box = "document.querySelector('.comment math munderover, .comment math msubsup')"
    assert browser.run(f"{box}.getBoundingClientRect().height") > 10
