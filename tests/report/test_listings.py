"""Python code as HTML."""

from __future__ import annotations

import html
import re

import pytest

from autograder.report.listings import listing


@pytest.mark.parametrize(
    ("source", "kind", "text"),
    [
        ("x = 1  # one's", "c1", "# one's"),
        ("print('a # b')", "s", "'a # b'"),
        ('f"a\\"b" + c', "s", 'f"a\\"b"'),
        ('"""a\n"b" # c""" + d', "s", '"""a\n"b" # c"""'),
        ("'''open", "s", "'''open"),
        ("'open\nx", "s", "'open"),
        ("'''a\\", "s", "'''a\\"),
        ('"""a\\', "s", '"""a\\'),
        ("for_ in x", "k", "in"),
        ("return None", "k", "return"),
        ("a1 = 0xFF", "mi", "0xFF"),
        ("1.5e-3j", "mi", "1.5e-3j"),
    ],
)
def test_words_are_told_apart(source: str, kind: str, text: str) -> None:
    """A keyword, string, number or comment is one only where Python sees one."""
    found = re.findall(r'<span class="(\w+)">(.*?)</span>', listing(source), re.DOTALL)
    assert (kind, text) == next((k, html.unescape(t)) for k, t in found if k == kind)


@pytest.mark.parametrize(
    "source",
    ["<b>&amp;</b> '<i>' # <u>", '"""' * 30_001 + "\\", "'\\" * 50_000, "[" * 9000, "é ٣ ₂"],
)
def test_the_code_is_all_there(source: str) -> None:
    """Escaped, in its order; whatever it is, in a time that grows with its length."""
    made = listing(source)
    assert html.unescape(re.sub(r"</?span[^>]*>", "", made)) == source
    assert re.sub(r'</?span(?: class="\w+")?>', "", made).count("<") == 0
