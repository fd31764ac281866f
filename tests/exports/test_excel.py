"""Grades as a workbook."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook
from support import ASSIGNMENT, gradebook

from autograder.exports import export
from autograder.exports.excel import titles
from exports.made import EVIL, QUOTED, graded_course


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """The four students, read by openpyxl as Excel would."""
    root = tmp_path_factory.mktemp("excel")
    course = graded_course(root)
    with gradebook(root) as grades:
        grades.update_or_create_student("#N/A", first_name="1\x001", last_name="x" * 128)
    return load_workbook(export(course, ASSIGNMENT, "excel").path)


def test_sheets(book: Workbook) -> None:
    """Totals, then a sheet for each notebook; heads stay in sight."""
    assert book.sheetnames == ["Totals", "one", "two"]
    assert [sheet.freeze_panes for sheet in book] == ["D2", "D3", "D3"]
    assert [cell.value for cell in book["one"][1]] == [
        *("Student", "Last name", "First name", "test_a", "why", "Sum"),
    ]
    assert [cell.value for cell in book["one"][2]][3:] == [2, 3, 5]
    assert book["one"]["A1"].font.bold


def test_totals(book: Workbook) -> None:
    """Numbers are numbers, what is unknown is empty, times are times."""
    heads = [cell.value for cell in book["Totals"][1]]
    rows = {row[0]: dict(zip(heads, row, strict=True)) for row in book["Totals"].values}
    anna = rows["anna"]
    assert (anna["one"], anna["two"], anna["Total"]) == (4.5, 1, 5)
    assert (anna["Late penalty"], anna["Of"]) == (0.5, 6)
    assert anna["Handed in (UTC)"] == datetime(2026, 1, 31, 14)
    assert (rows["bob"]["one"], rows["bob"]["two"], rows["bob"]["Total"]) == (None, 0.2, None)
    assert (rows["carl"]["Points"], rows["carl"]["Handed in (UTC)"]) == (None, "no")


def test_texts_are_never_formulas_nor_errors(book: Workbook) -> None:
    """They come back as they were, and stay text when somebody edits the cell."""
    texts = {}
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n", "d")
                if isinstance(cell.value, str):
                    texts[cell.value] = cell
    for text in ("=cmd|' /C calc'!A1", EVIL, QUOTED, "@SUM(1+1)", "#N/A", "1�1"):
        assert texts[text].quotePrefix


def test_the_file_holds_no_formula(tmp_path: Path) -> None:
    """Not in its XML either."""
    path = export(graded_course(tmp_path), ASSIGNMENT, "excel").path
    with ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if "worksheets/" in name]
        assert len(sheets) == 3
        for name in sheets:
            data = archive.read(name)
            assert b"<f>" not in data
            assert b"<f " not in data


def test_titles() -> None:
    """Excel allows 31 letters, not all signs, and no two titles alike."""
    long = "a_notebook_with_quite_a_long_name"
    made = titles(["Totals", "a/b", "A:B", long, long.upper(), "", "History"])
    assert made == [
        *("Totals 2", "a_b", "A_B 2", long[:31], f"{long.upper()[:29]} 2", "_", "History 2"),
    ]
    assert max(map(len, made)) == 31
