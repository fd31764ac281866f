"""Texts and numbers for spreadsheets, such that a program that opens them computes nothing.

OWASP, "CSV Injection": a cell that begins with = + - or @ is a formula to a spreadsheet, quoted or
not. An apostrophe in front makes it text. Where ";" parts cells (a German Excel), quotes do not
hold a comma-separated cell together, so what follows a ";", a tab or a line's end counts as well.
"""

from __future__ import annotations

import math
import re

_FORMULA = re.compile(r'(^|[;\t\r\n])(?=[ \xa0"]*[=+\-@＝＋－＠])')
_KEY = re.compile(r"[\w.@+-]*")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_EXCEL_UNITS = 32_767  # UTF-16 units of one of Excel's cells
_DECIMALS = 4


def clean(text: str) -> str:
    """`text` without control characters, which XML, Excel and databases refuse."""
    return _CONTROL.sub("�", text)


def for_csv(text: str) -> str:
    """`text` for a cell of a CSV file: an apostrophe stands before what would be a formula."""
    return _FORMULA.sub(r"\1'", clean(text))


def for_key(text: str) -> str:
    """An id for a column by which a system finds its students, where an apostrophe would hide one.

    Of letters, digits and . _ @ + - alone nothing can be computed that does harm: it stays.
    """
    return text if _KEY.fullmatch(text) else for_csv(text)


def for_excel(text: str) -> str:
    """`text` as long as one of Excel's cells may be."""
    units = clean(text).encode("utf-16-le")
    if len(units) <= 2 * _EXCEL_UNITS:
        return clean(text)
    return units[: 2 * (_EXCEL_UNITS - 1)].decode("utf-16-le", errors="ignore") + "…"


def number(points: float) -> float | int:
    """`points` to four decimals, whole where it is whole; what adding leaves over is gone."""
    rounded = round(float(points), _DECIMALS)
    return int(rounded) if rounded.is_integer() else rounded


def finite(points: float | None) -> float | None:
    """`points`, or None for what is no number."""
    return points if points is not None and math.isfinite(points) else None
