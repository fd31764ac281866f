"""Markdown and HTML of notebooks as parts of a page."""

from __future__ import annotations

import pytest

from autograder.report import texts
from autograder.report.texts import harmless, markdown, shortened


def test_formulas_become_mathml() -> None:
    """Within a line, on a line of their own, and as an environment."""
    html = markdown("A $x^2$ and\n\n$$y$$\n\n\\begin{equation}z\\end{equation}")
    assert html.count("<math ") == 3
    assert html.count('display="block"') == 2
    assert "$" not in html


def test_a_formula_in_an_attribute_stays_latex() -> None:
    """MathML there would end the attribute, and what follows would be the student's."""
    html = markdown('![$\\text{"><b>}$](data:image/png;base64,QQ==) <i title="$x$">i</i>')
    assert "<math" not in html.replace(markdown("$x$"), "")
    assert "<b>" not in html


def test_nobody_can_write_a_mark() -> None:
    """The marks that formulas are put in place of are other ones each time."""
    first, second = (texts._Renderer({}).inline_math("x") for _ in range(2))
    assert first != second


def test_headings_go_down() -> None:
    """Below a page's own, and never further than h6; their ids stay."""
    html = markdown("# One\n\n##### Five\n\n<h1>Raw</h1>", deeper=2)
    assert '<h3 id="One">' in html
    assert '<h6 id="Five">' in html
    assert "<h3>Raw</h3>" in html


def test_a_quote_in_an_attribute_hides_no_tag() -> None:
    """Bleach writes such a value in single quotes."""
    assert harmless("<h1 title='\"'>One</h1>", deeper=2) == "<h3 title='\"'>One</h3>"
    assert "alt=" in harmless("<img title='\"' src='data:image/png;base64,QQ=='>")


def test_a_missing_attachment_is_told() -> None:
    """The rest of the answer is shown; nbconvert alone would stop."""
    html = markdown("See ![my drawing](attachment:a.png) here.", {"b.png": {"image/png": "QQ=="}})
    assert "[picture missing: my drawing] here." in html


def test_attachments_are_shown() -> None:
    """As data, within the page."""
    html = markdown("![d](attachment:a.png)", {"a.png": {"image/png": "QQ=="}})
    assert '<img src="data:image/png;base64,QQ==" alt="d">' in html


@pytest.mark.parametrize("make", [harmless, markdown])
def test_pictures_without_words_get_some(make: object) -> None:
    """A reader who cannot see it learns at least that it is there."""
    html = make('<img src="data:image/png;base64,QQ==">')  # type: ignore[operator]
    assert 'alt="A picture without a description"' in html


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 4000,
        "x" * 1_000_000,
        "\\begin{a}" * 5000,
    ],
)
def test_what_takes_too_long_is_shown_as_typed(source: str) -> None:
    """Never more than 100,000 characters of it."""
    html = markdown(source)
    assert html.startswith('<pre class="plain">')
    assert len(html) < 600_000


def test_long_texts_end_with_what_is_missing() -> None:
    """How much more there was."""
    assert shortened("x" * 100_123).endswith("[… 123 more characters …]")
    assert shortened("x" * 100_000) == "x" * 100_000


def test_what_no_file_can_hold_is_marked() -> None:
    """NULs, control characters and halves of a pair; tabs, lines and emoji stay."""
    assert shortened("a\x00\x1b\ud800\n\t🐈") == "a\ufffd\ufffd\ufffd\n\t🐈"
    assert "\ufffd" in markdown("a\x00b")


@pytest.mark.parametrize("make", [harmless, markdown])
def test_scripts_do_not_pass(make: object) -> None:
    """Neither as tags nor as attributes."""
    html = make("<script>act()</script><p onclick='act()'>x</p>")  # type: ignore[operator]
    assert "<script" not in html
    assert "onclick" not in html
