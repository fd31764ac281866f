"""Texts in spreadsheets compute nothing; numbers are numbers."""

from __future__ import annotations

import csv
import io

import pytest

from autograder.exports.safe import clean, finite, for_csv, for_excel, for_key, number


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", " =1", '"=1"', "x;=1", "x\n-1"],
)
def test_formulas_become_text(text: str) -> None:
    """OWASP's list, also behind what a spreadsheet may take for the beginning of a cell."""
    for line in for_csv(text).replace(";", "\n").replace("\t", "\n").splitlines():
        assert not line.strip(' "').startswith(("=", "+", "-", "@", "＝"))
    assert for_csv(text).replace("'", "") == text


@pytest.mark.parametrize(
    "text", ["", "Müller, Anna", "a=b", "anna@x.example", "3-4", "O'Neil; Ann"]
)
def test_other_texts_stay(text: str) -> None:
    """An apostrophe is for formulas alone."""
    assert for_csv(text) == text


def test_a_quoted_cell_in_a_program_that_parts_at_semicolons() -> None:
    """It takes the quotes for text, so the cell in the middle must be harmless by itself."""
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerow(["anna", "x;=cmd|' /C calc'!A1;y"])
    row = file.getvalue()
    assert ";=" in row  # quoting alone does not help
    assert ";=" not in for_csv(row)


def test_ids_that_must_match() -> None:
    """Stay where nothing can be computed of them that does harm; no other text does."""
    for harmless in ("-jörg", "@x", "+49123", "a.b@x.example", ""):
        assert for_key(harmless) == harmless
    for text in ("=1", "-1|x", "@SUM(A1)", "+cmd!A1", "-a b", "-1\n"):
        assert for_key(text) == f"'{text}"


def test_control_characters_go() -> None:
    """Not line breaks and tabs, nor what right-to-left text needs."""
    assert clean("a\x00b\x1bc\ud800") == "a�b�c�"
    assert clean("a\tb\nשלום\u200f🎓") == "a\tb\nשלום\u200f🎓"


def test_texts_fit_excel() -> None:
    """32,767 UTF-16 units; a picture of a face has two and is never halved."""
    for text in ("x" * 40_000, "🎓" * 20_000, "x" + "🎓" * 20_000):
        fitted = for_excel(text)
        assert len(fitted.encode("utf-16-le")) <= 2 * 32_767
        assert fitted.endswith("…")
    assert for_excel("x" * 32_767) == "x" * 32_767


def test_numbers() -> None:
    """Whole ones are whole, and adding 0.1 and 0.2 leaves nothing over."""
    assert number(0.1 + 0.2) == 0.3
    assert repr(number(3.0)) == "3"
    assert repr(number(-0.00001)) == "0"
    assert finite(float("inf")) is None
    assert finite(None) is None
    assert finite(0.0) == 0.0
