"""LaTeX as MathML."""

from __future__ import annotations

import pytest

from autograder.report.mathematics import mathml


@pytest.mark.parametrize(
    ("latex", "piece"),
    [
        (r"\frac{a}{b}", "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>"),
        (r"C_\text{in}", "<mtext>in</mtext>"),
        (r"a < b", "<mo>&lt;</mo>"),
        (r"\lVert g\rVert", "<mo>‖</mo>"),
        (r"\begin{pmatrix}1 & 2\end{pmatrix}", "<mtable>"),
    ],
)
def test_formulas_are_set(latex: str, piece: str) -> None:
    """Symbols are characters, and what HTML would read as a tag is escaped."""
    assert piece in mathml(latex)


def test_a_formula_of_its_own_line_says_so() -> None:
    """display="block"; within a line "inline"."""
    assert mathml("x", "block").startswith('<math display="block">')
    assert mathml("x").startswith('<math display="inline">')


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{",
        r"\href{javascript:alert(1)}{x}",
        r"\style{position:fixed}{x}",
        r"\class{bar}{x}",
        r"\newcommand{\a}{xx}\a",
        r"\def\a{xx}\a",
        "x" * 1501,
        "{" * 1500,
        "",
    ],
)
def test_what_cannot_be_set_stays_latex(latex: str) -> None:
    """Unfinished, endless, or more than a formula: its source is shown, and nothing acts."""
    html = mathml(latex)
    assert html.startswith("<code>$")
    assert "<math" not in html


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<img src=x onerror=alert(1)>}",
        r"\mbox{&lt;script&gt;}",
        r"<script>alert(1)</script>",
        '\\color{red" onclick="alert(1)}{x}',
        r"\hspace{1em\" onclick=1}",
    ],
)
def test_a_formula_holds_no_html(latex: str) -> None:
    """Tags in it are text; attributes are of a list."""
    html = mathml(latex)
    for tag in ("<img", "<script", "onclick=1", 'onclick="'):
        assert tag not in html
