"""Whether an SVG is a diagram and nothing else: shapes and texts that load and do nothing.

A browser runs no script in an SVG that an <img> shows, but it would in one that a marker opens in
a tab of its own.
"""

from __future__ import annotations

from base64 import b64decode
from xml.etree import ElementTree

START = "data:image/svg+xml;base64,"
_MAX_LENGTH = 300_000
_TAGS = frozenset(("svg", "defs", "marker", "g", "rect", "path", "text", "title"))
_ATTRIBUTES = """
aria-label d fill font-family font-size height id marker-end markerHeight markerWidth opacity
orient refX refY role rx stroke stroke-dasharray stroke-width text-anchor transform viewBox
width x y
"""
_NAMESPACE = "{http://www.w3.org/2000/svg}"
_ARROW = "url(#autograder-arrow)"


def is_diagram(address: str) -> bool:
    """Whether a data: address holds a well-formed SVG of the tags that the kit draws with."""
    if not address.startswith(START) or len(address) > _MAX_LENGTH:
        return False
    try:
        data = b64decode(address.removeprefix(START), validate=True)
        # Without declarations there are no entities and no stylesheets.
        if b"<!" in data or b"<?" in data:
            return False
        root = ElementTree.fromstring(data)
    except (ValueError, ElementTree.ParseError):
        return False
    return all(_is_plain(element) for element in root.iter())


def _is_plain(element: ElementTree.Element) -> bool:
    tag = element.tag
    return (
        isinstance(tag, str)
        and tag.startswith(_NAMESPACE)
        and tag.removeprefix(_NAMESPACE) in _TAGS
        and element.attrib.keys() <= set(_ATTRIBUTES.split())
        and not any(
            "url(" in value.lower() and value != _ARROW for value in element.attrib.values()
        )
    )
