"""Grades as an Excel workbook: a sheet of totals, a sheet for each notebook with its questions.

Written row by row: what is kept in memory is the packed file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
from openpyxl.styles import Alignment, Font, PatternFill  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

from autograder.exports.gradesheet import Gradesheet
from autograder.exports.marks import Question, StudentMarks
from autograder.exports.safe import for_excel, number

Value = str | float | int | datetime | None
_TOTALS = "Totals"
_WHO = ("Student", "Last name", "First name")
_SUMS = ("Points", "Late penalty", "Total", "Of", "Ungraded", "Waiting", "Handed in (UTC)")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
_LONGEST_TITLE = 31
_BOLD = Font(bold=True)
_GREY = PatternFill("solid", fgColor="E7E6E6")
_WRAPPED = Alignment(wrap_text=True, vertical="top")


def write_excel(sheet: Gradesheet, path: Path) -> None:
    """Totals first; an unknown total or mark is an empty cell."""
    book = Workbook(write_only=True)
    totals = _new(book, _TOTALS, (*_WHO, "E-mail", *sheet.notebooks, *_SUMS))
    pages = [
        (questions, _new(book, title, _heads(questions)))
        for title, questions in zip(titles(sheet.notebooks), sheet.notebooks.values(), strict=True)
    ]
    try:
        for questions, page in pages:
            most = [number(question.max_points) for question in questions]
            _append(page, ("Points possible", None, None, *most, number(sum(most))), _BOLD)
        for student in sheet.students():
            _append(totals, _totals(sheet, student))
            for questions, page in pages:
                points = (sheet.points(student, question) for question in questions)
                _append(page, (*_who(student), *points, sheet.sum(student, questions)))
    except BaseException:
        for page in book:  # each writes to a file of its own until it is closed
            page.close()
        raise
    made = BytesIO()  # on a full disk zipfile would fail a second time, unasked
    book.save(made)
    path.write_bytes(made.getbuffer())


def titles(names: Iterable[str]) -> list[str]:
    """Titles of sheets as Excel allows them: short, without some signs, no two alike."""
    taken, made = {_TOTALS.lower(), "history"}, []  # "history" is Excel's own
    for name in names:
        plain = _FORBIDDEN.sub("_", for_excel(name)) or "_"
        title, count = plain[:_LONGEST_TITLE], 1
        while title.lower() in taken:
            count += 1
            title = f"{plain[: _LONGEST_TITLE - len(str(count)) - 1]} {count}"
        taken.add(title.lower())
        made.append(title)
    return made


def _heads(questions: tuple[Question, ...]) -> tuple[str, ...]:
    return (*_WHO, *(question.grade_id for question in questions), "Sum")


def _who(student: StudentMarks) -> tuple[str, str, str]:
    return student.student, student.last_name, student.first_name


def _totals(sheet: Gradesheet, student: StudentMarks) -> tuple[Value, ...]:
    came = student.handed_in
    return (
        *_who(student),
        student.email,
        *(sheet.sum(student, questions) for questions in sheet.notebooks.values()),
        number(student.points(sheet.questions)) if came else None,
        number(student.late_penalty) if came else None,
        sheet.total(student),
        number(sheet.max_points),
        student.ungraded,
        student.waiting,
        student.time or ("yes" if came else "no"),
    )


def _new(book: Any, title: str, heads: tuple[str, ...]) -> Any:
    """A sheet whose heads stay in sight, on paper as well."""
    page = book.create_sheet(title)
    page.freeze_panes = "D2" if title == _TOTALS else "D3"
    page.print_title_rows = "1:1"
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    for column, head in enumerate(heads, start=1):
        width = 18 if column <= len(_WHO) else max(10, min(len(head) + 2, 24))
        page.column_dimensions[get_column_letter(column)].width = width
    _append(page, heads, _BOLD, _GREY, _WRAPPED)
    return page


def _append(
    page: Any,
    values: Iterable[Value],
    font: Font | None = None,
    fill: PatternFill | None = None,
    alignment: Alignment | None = None,
) -> None:
    cells = []
    for value in values:
        cell = _cell(page, value)
        if font:
            cell.font = font
        if fill:
            cell.fill = fill
        if alignment:
            cell.alignment = alignment
        cells.append(cell)
    page.append(cells)


def _cell(page: Any, value: Value) -> Any:
    if isinstance(value, str) and value:
        cell = WriteOnlyCell(page, for_excel(value))
        cell.data_type = "s"  # openpyxl takes "=…" for a formula and "#N/A" for an error
        cell.quotePrefix = True  # stays text when somebody edits it
        return cell
    cell = WriteOnlyCell(page, None if value == "" else value)
    if isinstance(value, datetime):
        cell.number_format = "yyyy-mm-dd hh:mm"
    elif isinstance(value, float):
        cell.number_format = "0.00##"
    return cell
