"""What students wrote, as HTML that cannot act: for the pages that markers and students open.

A script in an answer or an output would run in the marker's browser, with the marker's right to
enter scores in formgrader. course_config.py names this filter for nbconvert's templates.
"""

from __future__ import annotations

import re
from functools import lru_cache

import bleach  # type: ignore[import-untyped]
from bleach.css_sanitizer import CSSSanitizer  # type: ignore[import-untyped]

from autograder.report.diagrams import is_diagram
from autograder.report.tidy import tidy

# What markdown, pandas' tables and scorecards are made of; nothing that loads, moves or acts.
_TAGS = """
a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure
h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup
table tbody td tfoot th thead tr tt u ul var
"""
_PROPERTIES = """
background background-color border border-bottom border-collapse border-left border-radius
border-right border-spacing border-top box-sizing color display font font-family font-size
font-style font-weight height line-height list-style margin margin-bottom margin-left margin-right
margin-top max-width min-width overflow-wrap overflow-x padding padding-bottom padding-left
padding-right padding-top table-layout text-align text-decoration vertical-align white-space width
"""
_EVERYWHERE = frozenset(("class", "style", "title", "align", "lang", "dir"))
_ATTRIBUTES = {
    "a": frozenset(("href",)),
    "img": frozenset(("src", "alt", "width", "height")),
    "td": frozenset(("colspan", "rowspan")),
    "th": frozenset(("colspan", "rowspan", "scope")),
    "ol": frozenset(("start",)),
    "details": frozenset(("open",)),
} | {f"h{level}": frozenset(("id",)) for level in range(1, 7)}
_FUNCTIONS = frozenset(("rgb", "rgba", "hsl", "hsla", "calc"))  # url() and its like would load
_FUNCTION = re.compile(r"([^\s:;,(]*)\(")
_CSS = CSSSanitizer(allowed_css_properties=_PROPERTIES.split())
_MOST_KEPT = 500


class _Styles(CSSSanitizer):  # type: ignore[misc]
    """bleach's, which remembers: cards have a few styles, hundreds of times."""

    def sanitize_css(self, style: str) -> str:
        return _remembered(style) if len(style) <= _MOST_KEPT else _style(style)


def _style(style: str) -> str:
    found = str(_CSS.sanitize_css(style))
    functions = {name.lower() for name in _FUNCTION.findall(found)}
    return found if functions <= _FUNCTIONS and "\\" not in found else ""


_remembered = lru_cache(maxsize=1000)(_style)
_PICTURES = tuple(f"data:image/{kind};base64," for kind in ("png", "jpeg", "gif", "webp"))
_BESIDE = re.compile(r"[^:\\/\x00-\x20][^:\\\x00-\x1f]*")  # a file beside the page, no host


def clean_html(html: str | bytes) -> str:
    """`html` with the tags, attributes and styles of texts and tables alone; the rest is text."""
    text = html.decode(errors="replace") if isinstance(html, bytes) else str(html)
    tidied = tidy(text, _bleached)
    return _bleached(text) if tidied is None else tidied


def _bleached(html: str) -> str:
    return str(
        bleach.clean(
            html,
            tags=_TAGS.split(),
            attributes=_is_allowed,
            protocols=("http", "https", "mailto", "data"),
            css_sanitizer=_Styles(),
        )
    )


def _is_allowed(tag: str, name: str, value: str) -> bool:
    if tag == "img" and name == "src":
        return bool(_BESIDE.fullmatch(value)) or value.startswith(_PICTURES) or is_diagram(value)
    if value.strip().lower().startswith("data:"):
        return False
    return name in _EVERYWHERE or name in _ATTRIBUTES.get(tag, ())
