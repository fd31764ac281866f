"""The page as a browser shows it: on a phone, on a desk, on paper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser.chromium import CHROMIUM, Tab, chromium
from support import ASSIGNMENT, copy_graded

from autograder.course import Course
from autograder.report.class_report import write_class_report

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
TABLES = "[...document.querySelectorAll('details table')]"


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A class of one with a hand-in that nobody has graded, under a name of 100 letters."""
    root = copy_graded(tmp_path_factory.mktemp("report"))
    (root / "submitted" / ("w" * 100) / ASSIGNMENT).mkdir(parents=True)
    page = write_class_report(Course(root), ASSIGNMENT, names=True)
    with chromium() as running:
        yield running.tab(page.as_uri())


@pytest.mark.parametrize("width", [400, 1400])
def test_the_page_is_as_wide_as_the_window(tab: Tab, width: int) -> None:
    """What is wider scrolls by itself."""
    tab.show(width)
    root = "document.documentElement"
    assert tab.run(f"{root}.scrollWidth - {root}.clientWidth") == 0


def test_paper_shows_what_a_click_would(tab: Tab) -> None:
    """Tables behind the charts are printed, in the colours of paper whatever the screen's."""
    shown = f"{TABLES}.map(table => table.checkVisibility())"
    colour = "getComputedStyle(document.documentElement).getPropertyValue('--correct')"
    tab.show(720, "dark")
    assert not any(tab.run(shown))
    on_screen = tab.run(colour)
    tab.show(720, "dark", "print")
    assert all(tab.run(shown))
    assert tab.run(colour) != on_screen
