"""HTML that is as tidy as the kit's cards, cleaned in a tenth of the time that others take.

Most of a class's HTML is made by the kit, by pandas and by the markdown renderer: every tag is
closed and stands where a browser leaves it. Then no tree need be built: it is enough that bleach
passes each tag, and it need see the same tag but once. All else is bleach's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_PIECE = re.compile(
    r"(?P<text>[^<>&\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]++)"
    r"|(?P<entity>&(?:amp|lt|gt|quot|\#(?:x27|39|(?:1[6-9]|[2-9][0-9])[0-9]|[1-9][0-9]{3}));)"
    r"|</(?P<end>[a-z][a-z0-9]*)>"
    r'|<(?P<start>[a-z][a-z0-9]*)(?:[ ][a-z-]++="[^"<>&\r\x00]*+")*+>'
)
_WHOLE = re.compile(r"""<([a-z][a-z0-9]*)(?: [a-z]+=(?:"[^"<>]*"|'[^'<>]*'))*>""")
_INLINE = frozenset(("a", "b", "code", "em", "i", "small", "span", "strong", "sub", "sup"))
_HOLDS_INLINE = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "p", "pre"))
_VOID = frozenset(("br", "hr", "img"))
_BLOCKS = _HOLDS_INLINE | {"blockquote", "details", "div", "hr", "ol", "table", "ul"}
# Where the others may stand, and what must stand around them for bleach to keep them.
_PARENTS = {
    "li": ("ul", "ol"),
    "summary": ("details",),
    **dict.fromkeys(("thead", "tbody", "tfoot"), ("table",)),
    "tr": ("thead", "tbody", "tfoot"),
    **dict.fromkeys(("td", "th"), ("tr",)),
}
_TABLE = frozenset(("table", "thead", "tbody", "tfoot", "tr"))
_AROUND = {
    **dict.fromkeys(("thead", "tbody", "tfoot"), "<table>"),
    "tr": "<table><tbody>",
    **dict.fromkeys(("td", "th"), "<table><tbody><tr>"),
}
_DEEPEST = 30
_MOST_KEPT = 500

Clean = Callable[[str], str]


def tidy(source: str, clean: Clean) -> str | None:
    """What `clean` would make of `source`; None where that cannot be told without asking it."""
    made: list[str] = []
    stack: list[str] = []
    end = 0
    while end < len(source):
        piece = _PIECE.match(source, end)
        written = _written(piece, stack, clean) if piece else ""
        if not piece or not written:
            return None
        made.append(written)
        end = piece.end()
    return None if stack else "".join(made)


def _written(piece: re.Match[str], stack: list[str], clean: Clean) -> str:
    """A text or a tag, cleaned, with the open elements in `stack`; "" where it is not tidy."""
    if name := piece["start"]:
        tag = _tag(piece[0], name, clean) if _fits(name, stack) else ""
        if tag and name not in _VOID:
            stack.append(name)
        # A browser takes away a line break there.
        return "" if name == "pre" and piece.string.startswith("\n", piece.end()) else tag
    if name := piece["end"]:
        return piece[0] if stack and stack.pop() == name else ""
    if stack and stack[-1] in _TABLE and piece[0].strip(" \t\n"):
        return ""
    return piece[0]


def _fits(name: str, stack: list[str]) -> bool:
    """Whether a browser leaves the element where it was written, and closes no other for it."""
    parent = stack[-1] if stack else ""
    if len(stack) >= _DEEPEST:
        return False
    if name in _PARENTS:
        return parent in _PARENTS[name]
    if parent in _TABLE:
        return False
    if name == "a":
        return "a" not in stack
    if name in _BLOCKS:
        return not any(each in _HOLDS_INLINE or each in _INLINE for each in stack)
    return name in _INLINE or name in _VOID


def _tag(tag: str, name: str, clean: Clean) -> str:
    """The start tag as `clean` writes it; "" where it makes anything else of it."""
    return _remembered(tag, name, clean) if len(tag) <= _MOST_KEPT else _cleaned(tag, name, clean)


@lru_cache(maxsize=2000)
def _remembered(tag: str, name: str, clean: Clean) -> str:
    return _cleaned(tag, name, clean)


def _cleaned(tag: str, name: str, clean: Clean) -> str:
    around = _AROUND.get(name, "")
    found = clean(around + tag)
    whole = _WHOLE.match(found, len(around)) if found.startswith(around) else None
    return whole[0] if whole and whole[1] == name else ""
