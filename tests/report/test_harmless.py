"""HTML and markdown of students, made harmless and still legible."""

from __future__ import annotations

from base64 import b64encode

import pytest
from jinja2 import Environment

from autograder.checks import Finding, Outcome, scorecard
from autograder.graphs import Layer, ModelGraph
from autograder.report.harmless import clean_html
from autograder.report.texts import markdown2html

KEPT = [
    "<p>Because <b>wide</b> and <em>deep</em>, <code>x</code><br></p>",
    '<table class="dataframe"><thead><tr><th scope="col">a</th></tr></thead></table>',
    '<a href="https://example.org">there</a>',
    '<img src="data:image/png;base64,aGVsbG8=" alt="a sketch">',
    '<table><tbody><tr><td style="text-align: right;">7</td></tr></tbody></table>',
    '<p style="color: rgb(1, 2, 3); width: calc(100% - 2px);">x</p>',
    '<img src="drawings/mine.png" alt="beside the notebook">',
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
    '<img src="https://example.org/x.png">': "example.org",
    '<img src=" //example.org/x.png">': "example.org",
    '<img src="/\\example.org/x.png">': "example.org",
    '<p style="color: red; background: url(//example.org)">x</p>': "example.org",
    r'<p style="background: \75rl(//example.org)">x</p>': "example.org",
    "<ul style=\"list-style: image-set('//example.org' 1x)\"><li>x</li></ul>": "example.org",
    "<!-- <script> -->": "<!--",
}


# SVGs that are more than a diagram.
ACTING = {
    "script": "<script>alert(1)</script>",
    "event": '<rect onload="alert(1)"/>',
    "link": '<a href="https://example.org"><rect/></a>',
    "old link": '<g xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="javascript:alert(1)"/>',
    "page": '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>',
    "image": '<image href="https://example.org/x.png"/>',
    "use": '<use href="#x"/>',
    "style": "<style>rect { fill: red }</style>",
    "animation": '<rect><animate attributeName="x" to="9"/></rect>',
    "address": '<path d="M0,0" fill="url(https://example.org/x)"/>',
    "html": '<p xmlns="http://www.w3.org/1999/xhtml">x</p>',
    "entity": '<!DOCTYPE svg [<!ENTITY x "xx">]><text>&x;</text>',
    "instruction": '<?xml-stylesheet href="https://example.org"?>',
    "malformed": "<g>",
    "too long": f"<text>{'x' * 300_000}</text>",
}


def _image(svg: str) -> str:
    data = b64encode(svg.encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{data}" alt="a drawing">'


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
    for part in (
        '<h2 id="Why">',
        "<code>a &lt; b</code>",
        "<mo>&lt;</mo>",
        "<blockquote>",
        "<td>1",
    ):
        assert part in html


def test_a_pasted_picture_is_shown() -> None:
    """A drawing may be the answer."""
    cell = {"attachments": {"sketch.png": {"image/png": "aGVsbG8="}}}
    html = _render("![sketch](attachment:sketch.png)", cell=cell)
    assert '<img src="data:image/png;base64,aGVsbG8=" alt="sketch">' in html


def test_a_diagram_stays() -> None:
    """What the kit draws of a model: as an image, nothing in it acts."""
    layers = [Layer("0", "0", "InputLayer", {}), Layer("1", "1", "Conv2D", {}, ("0",))]
    layers += [Layer("2", "2", "Add", {}, ("0", "1")), Layer("3", "<&", "Dense", {}, ())]
    html = _image(ModelGraph.build("x + conv(x)", layers, ["2"])._repr_svg_())
    assert clean_html(html) == html


@pytest.mark.parametrize("inside", ACTING.values(), ids=ACTING)
def test_an_svg_that_is_more_than_a_diagram_is_gone(inside: str) -> None:
    """It would act in a tab of its own."""
    html = _image(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>')
    assert "data:" not in clean_html(html)


@pytest.mark.parametrize("place", ["a href", "img longdesc", "div style"])
def test_a_diagram_stays_in_images_alone(place: str) -> None:
    """As an address elsewhere it is gone."""
    address = _image('<svg xmlns="http://www.w3.org/2000/svg"/>').split('"')[1]
    assert address in clean_html(f'<img src="{address}">')
    assert address not in clean_html(f'<{place}="{address}">x')


def test_a_scorecard_stays_as_it_is() -> None:
    """Cards are made by the kit, and go through the same filter."""
    card = scorecard("Question 1", points=2)
    picture = '<svg xmlns="http://www.w3.org/2000/svg"><rect x="1"/></svg>'
    card.expect(2, Finding(Outcome.INCORRECT, "a", "b", "c", details=("d", "e"), picture=picture))
    html = card._repr_html_()
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
