"""Tidy HTML, cleaned tag by tag: never anything else than what bleach makes of the whole."""

from __future__ import annotations

import random

import pytest

from autograder.checks import Finding, Outcome, scorecard
from autograder.report.harmless import _bleached
from autograder.report.tidy import tidy

TAGS = (
    *("a", "b", "code", "em", "i", "small", "span", "strong", "sub", "sup"),
    *("h1", "h2", "p", "pre", "br", "hr", "img", "blockquote", "details", "div"),
    *("ol", "table", "ul", "li", "summary", "thead", "tbody", "tr", "td", "th", "script", "style"),
    *("svg", "math", "button", "caption", "dl", "dd", "textarea", "title"),
)
ATTRIBUTES = (
    *("", "", "", ' class="x"', ' href="https://example.org"', ' href="javascript:alert(1)"'),
    *(' onclick="x"', ' style="color:red;position:fixed"', " style=\"font-family:a,'b c'\""),
    *(' src="x"', ' src="data:image/png;base64,QQ=="', ' src="data:text/html,x"', ' id="a"'),
    *(' title="&lt;"', ' class="a" class="b"', ' aria-hidden="true"', ' colspan="2"', " hidden"),
)
TEXTS = (
    *(
        "x",
        " ",
        "\n",
        "a & b",
        "&amp;",
        "&lt;b&gt;",
        "&#x27;",
        "&#182;",
        "&#60;",
        "&#150;",
        "&nbsp;",
    ),
    *(
        '"',
        "'",
        "\xa0",
        "\u2028",
        "\u202e",
        "\x0c",
        "\r\n",
        "\x00",
        "\ud800",
        "😀",
        "<",
        ">",
        "</p>",
    ),
)
MESSY = [
    "<div>",
    "</div>",
    "<b><div>x</div></b>",
    "<p><table></table></p>",
    "<a><b><a>x</a></b></a>",
    "<td>x</td>",
    "<ul>x</ul><li>y</li>",
    "<table><tr><td>x</td></tr></table>",
    "<table><tbody>x</tbody></table>",
    "<table>\xa0</table>",
    "<pre>\nx</pre>",
    "<script>x</script>",
    "<p title='x'>y</p>",
    "<!-- x -->",
    "<i>" * 100 + "</i>" * 100,
]


@pytest.mark.parametrize("seed", range(8))
def test_it_is_what_bleach_makes_of_it(seed: int) -> None:
    """Whatever the tags, their attributes, their order and what stands between them."""
    chance = random.Random(seed)
    judged = [html for _ in range(400) if tidy(html := _tree(chance, 5), _bleached) is not None]
    assert len(judged) > 100
    for html in judged:
        assert tidy(html, _bleached) == _bleached(html)


@pytest.mark.parametrize("html", MESSY)
def test_what_a_browser_would_move_is_left_to_bleach(html: str) -> None:
    """Tags that are not closed, or close others, or stand where they do not belong."""
    assert tidy(html, _bleached) is None


def test_cards_are_tidy() -> None:
    """Their pictures, details and advice included: most of what feedback cleans."""
    card = scorecard("Question 1's", points=2)
    picture = '<svg xmlns="http://www.w3.org/2000/svg"><rect x="1"/></svg>'
    card.expect(
        2, Finding(Outcome.INCORRECT, "a & b", "<c>", "d", details=("e", "f"), picture=picture)
    )
    html = card._repr_html_()
    assert tidy(html, _bleached) == _bleached(html)


def _tree(chance: random.Random, depth: int) -> str:
    """Some HTML; mostly well nested."""
    pieces = []
    for _ in range(chance.randint(0, 3)):
        if not depth or chance.random() < 0.3:
            pieces.append(chance.choice(TEXTS[: chance.choice((6, len(TEXTS)))]))
        elif chance.random() < 0.2:
            cell = f"<td{chance.choice(ATTRIBUTES)}>{_tree(chance, depth - 1)}</td>"
            pieces.append(f"<table><tbody><tr>{cell}</tr></tbody></table>")
        else:
            pieces.append(_element(chance, depth))
    return "".join(pieces)


def _element(chance: random.Random, depth: int) -> str:
    name = chance.choice(TAGS[: chance.choice((10, 20, len(TAGS)))])
    start = f"<{name}{chance.choice(ATTRIBUTES)}>"
    if name in ("br", "hr", "img") or chance.random() < 0.03:
        return start
    end = name if chance.random() < 0.97 else chance.choice(TAGS)
    return f"{start}{_tree(chance, depth - 1)}</{end}>"
