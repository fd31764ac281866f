"""HTML and markdown of students, made harmless and still legible."""

from __future__ import annotations

import pytest
from jinja2 import Environment

from autograder.checks import scorecard
from autograder.report.harmless import clean_html, markdown2html

KEPT = [
    "<p>Because <b>wide</b> and <em>deep</em>, <code>x</code><br></p>",
    '<table class="dataframe"><thead><tr><th scope="col">a</th></tr></thead></table>',
    '<a href="https://example.org">there</a>',
    '<img src="data:image/png;base64,aGVsbG8=" alt="a sketch">',
    '<table><tbody><tr><td style="text-align: right;">7</td></tr></tbody></table>',
]

# What is written, and what must not be left of it.
GONE = {
    "<script>alert(1)</script>": "<script",
    "<ScRiPt>alert(1)</sCrIpT>": "<script",
    "<img src=x onerror=alert(1)>": "onerror",
    '<p onclick="alert(1)">x</p>': "onclick",
    "<svg onload=alert(1)>": "<svg",
    "<svg><style><img src=x onerror=alert(1)></style></svg>": "onerror",
    "<math><mtext><script>alert(1)</script></mtext></math>": "<script",
    "<iframe src=//example.org></iframe>": "<iframe",
    "<form action=/formgrader/api/grade/1><input name=x></form>": "<form",
    "<style>body { display: none }</style>": "<style",
    "<link rel=stylesheet href=//example.org>": "<link",
    "<meta http-equiv=refresh content='0;url=//example.org'>": "<meta",
    "<base href=//example.org>": "<base",
    "<object data=x></object><embed src=x>": "<object",
    '<a href="javascript:alert(1)">x</a>': "javascript:",
    '<a href="JaVa&#115;cript:alert(1)">x</a>': "cript:",
    '<a href="data:text/html,x">x</a>': "data:",
    '<img src="data:image/svg+xml;base64,PHN2Zz4=">': "data:",
    '<div style="position: fixed; top: 0">over everything</div>': "position",
    '<div id="statusmessage">x</div>': "statusmessage",
    "<!-- <script> -->": "<!--",
}


def _render(markdown: str, **context: object) -> str:
    environment = Environment()
    environment.filters["markdown2html"] = markdown2html
    return environment.from_string("{{ source | markdown2html }}").render(
        source=markdown, **context
    )


@pytest.mark.parametrize("html", KEPT)
def test_texts_and_tables_stay(html: str) -> None:
    """As pandas and markdown make them."""
    assert clean_html(html) == html


@pytest.mark.parametrize("html", GONE)
def test_what_acts_is_gone(html: str) -> None:
    """As a tag or an attribute; as text it may stand there, escaped."""
    assert GONE[html] not in clean_html(html).lower().replace("&lt;", "")
    assert GONE[html] not in _render(html).lower().replace("&lt;", "")


@pytest.mark.parametrize(
    "markdown",
    [
        "[x](javascript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x]\n\n[x]: javascript:alert(1)",
    ],
)
def test_links_that_act_are_gone(markdown: str) -> None:
    """Written as markdown, which nbconvert lets pass."""
    assert "script:" not in _render(markdown)


def test_markdown_is_rendered() -> None:
    """Headings, lists, code and mathematics as in Jupyter."""
    html = _render("## Why\n\n- `a < b`\n- $a < b$\n\n> quoted\n\n| a |\n|---|\n| 1 |")
    for part in ('<h2 id="Why">', "<code>a &lt; b</code>", "$a &lt; b$", "<blockquote>", "<td>1"):
        assert part in html


def test_a_pasted_picture_is_shown() -> None:
    """A drawing may be the answer."""
    cell = {"attachments": {"sketch.png": {"image/png": "aGVsbG8="}}}
    html = _render("![sketch](attachment:sketch.png)", cell=cell)
    assert '<img src="data:image/png;base64,aGVsbG8=" alt="sketch">' in html


def test_a_scorecard_stays_as_it_is() -> None:
    """Cards are made by the kit, and go through the same filter."""
    html = scorecard("Question 1", points=2)._repr_html_()
    cleaned = clean_html(html)
    assert cleaned.count("<") == html.count("<")
    assert _properties(cleaned) == _properties(html)


def _properties(html: str) -> set[str]:
    styles = html.split('style="')[1:]
    return {rule.split(":")[0].strip() for s in styles for rule in s.split('"')[0].split(";")} - {
        ""
    }


def test_bytes_are_text() -> None:
    """nbconvert gives a picture's source as bytes."""
    assert clean_html(b"<p>\xc3\xb8</p>") == "<p>ø</p>"
