"""The desk's pages and exports of a class whose answers and names would act if they could."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest
from support import ASSIGNMENT, RIGHT, autograder, copy_released, gradebook, hand_in

from browser.answers import ACT, ACTED, ACTING, ODD
from browser.chromium import CHROMIUM, Tab, chromium

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

NAMES = (f"<img src=x onerror={ACT}>", "=cmd|' /C calc'!A1", 'O"Neill, "Zoë"', "\u202eevil 🦊")
PAGES = (
    f"report/{ASSIGNMENT}/index.html",
    f"report/{ASSIGNMENT}/similarity.html",
    f"feedback/acting/{ASSIGNMENT}/one.html",
    f"feedback/acting/{ASSIGNMENT}/two.html",
    f"feedback/odd-0/{ASSIGNMENT}/one.html",
)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Graded, and all pages written; two hand-ins are equal."""
    root = copy_released(tmp_path_factory.mktemp("desk"))
    for student in ("acting", "copied"):
        hand_in(root, student, ACTING)
    for number, why in enumerate(ODD.values()):
        hand_in(root, f"odd-{number}", {**RIGHT, "why": why})
    autograder("grade", course=root)
    with gradebook(root) as book:
        for student, name in zip(book.students, NAMES, strict=False):
            student.first_name = student.last_name = student.email = name
        book.db.commit()
    for command in (["report", "--names"], ["similarity"], ["feedback"]):
        said = autograder(*command, course=root)
        assert said.code == 0, said.text
    return root


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with chromium() as browser:
        yield browser.tab()


@pytest.mark.parametrize("page", PAGES)
def test_no_page_acts_or_loads(page: str, tab: Tab, course: Path) -> None:
    """No script runs, no host is asked for anything; the page is as wide as the window."""
    tab.asked.clear()
    tab.show(400)
    tab.open((course / page).as_uri())
    tab.settle()
    assert tab.run(f"{ACTED} ?? null") is None
    assert [url for url in tab.asked if not url.startswith(("data:", "file:"))] == []
    root = "document.documentElement"
    assert tab.run(f"{root}.scrollWidth - {root}.clientWidth") == 0


def test_similarity_shows_the_equal_ones(tab: Tab, course: Path) -> None:
    """Whatever stands in them."""
    tab.open((course / PAGES[1]).as_uri())
    assert "acting" in tab.html() and "copied" in tab.html()


@pytest.mark.parametrize("system", ["csv", "canvas", "moodle"])
def test_no_cell_of_a_table_is_a_formula(system: str, tmp_path: Path, course: Path) -> None:
    """Every row has as many cells as the head, none of them begins as a spreadsheet's formula."""
    path = tmp_path / "grades.csv"
    said = autograder("export", "--to", system, "--output", str(path), course=course)
    assert said.code == 0, said.text
    head, *rows = csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
    assert rows
    for row in rows:
        assert len(row) == len(head)
        assert not [cell for cell in row if cell.lstrip().startswith(("=", "+", "@", "\t"))]


def test_no_cell_of_a_workbook_is_a_formula(tmp_path: Path, course: Path) -> None:
    """Names that look like one are text."""
    path = tmp_path / "grades.xlsx"
    assert autograder("export", "--to", "excel", "--output", str(path), course=course).code == 0
    book = openpyxl.load_workbook(path)
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert NAMES[1] in [cell.value for cell in cells]
    assert "f" not in {cell.data_type for cell in cells}
