"""LaTeX as MathML, which browsers show by themselves: no script, no font from elsewhere.

What a student writes is converted, too. So the result is written out here, of the elements and
attributes that set formulas and nothing else; whatever else there is stays LaTeX.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal
from xml.etree.ElementTree import Element

from latex2mathml.converter import Converter

Display = Literal["inline", "block"]

_LONGEST = 1500
# A few lines of macros can grow without end; the others are for pages, not for formulas.
_REFUSED = (r"\newcommand", r"\renewcommand", r"\def", r"\href", r"\class", r"\style")
_ELEMENTS = """
math menclose mfrac mi mn mo mover mpadded mphantom mroot mrow mspace msqrt mstyle msub msubsup
msup mtable mtd mtext mtr munder munderover
"""
_ATTRIBUTES = """
accent columnalign columnlines columnspacing depth display displaystyle fence form height
linethickness lspace mathvariant maxsize minsize movablelimits notation rowlines rowspacing
rspace scriptlevel separator stretchy symmetric voffset width
"""


@lru_cache(maxsize=4096)
def mathml(latex: str, display: Display = "inline") -> str:
    """`latex`, without its dollar signs, as a <math> element; as <code> where that cannot be."""
    source = latex.strip()
    if len(source) <= _LONGEST and not any(command in source for command in _REFUSED):
        try:
            return "".join(_written(Converter(display=display).convert_to_element(source)))
        except Exception:  # the converter raises whatever an unfinished formula leads it to
            pass
    return f"<code>{html.escape(latex_source(latex, display))}</code>"


def latex_source(latex: str, display: Display = "inline") -> str:
    """`latex` between its dollar signs again."""
    sign = "$$" if display == "block" else "$"
    return f"{sign}{latex}{sign}"


def _written(element: Element) -> Iterator[str]:
    """Start tag, content and end tag. Raises ValueError for an element that is not on the list."""
    if element.tag not in _ELEMENTS.split():
        raise ValueError(f"<{element.tag}> is no element of a formula")
    attributes = {n: v for n, v in element.attrib.items() if n in _ATTRIBUTES.split()}
    values = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())
    yield f"<{element.tag}{values}>{_text(element.text)}"
    for child in element:
        yield from _written(child)
        yield _text(child.tail)
    yield f"</{element.tag}>"


def _text(text: str | None) -> str:
    """The converter writes symbols as character references."""
    return html.escape(html.unescape(text or ""))
