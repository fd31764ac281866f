"""Markdown and HTML of notebooks as parts of a page: harmless, and formulas as MathML.

For nbconvert's templates and for pages of the kit's own. course_config.py names `markdown2html`
for formgrader.
"""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.report.harmless import clean_html
from autograder.report.mathematics import Display, latex_source, mathml

# Rendering and cleaning take time that grows with the square of what is nested or left open.
_MOST_MARKDOWN = 20_000
_MOST_SHOWN = 100_000
_MOST_OPEN = 1000
_MOST_KEPT = 10_000

# In cleaned HTML every "<" begins a tag, and values of attributes stand in quotes.
_TAG = re.compile(r"""<(?:[^"'>]|"[^"]*"|'[^']*')*>""")
_HEADING = re.compile(r"^(</?h)([1-6])\b")
_NO_ALT = re.compile(r"<img (?![^>]*\balt=)")
_OPENED = re.compile(r"<(?!br\b|col\b|hr\b|img\b|li\b|p\b|t[dhr]\b)[a-z]", re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def markdown(source: str, attachments: Mapping[str, Any] | None = None, deeper: int = 0) -> str:
    """Markdown as harmless HTML, its headings `deeper` levels further down.

    What is longer than 20,000 characters, or what the renderer stops at, is shown as it was typed.
    """
    source = visible(source)
    if attachments or len(source) > _MOST_KEPT:
        return _markdown(source, attachments or {}, deeper)
    return _remembered_markdown(source, deeper)


def harmless(source: str, deeper: int = 0) -> str:
    """The HTML of an output, cleaned; as text where cleaning it would take minutes."""
    source = visible(source)
    return _harmless(source, deeper) if len(source) > _MOST_KEPT else _remembered(source, deeper)


def plain(source: str) -> str:
    """Text as it was typed, as HTML; of a very long one the first 100,000 characters."""
    return f'<pre class="plain">{html.escape(shortened(source))}</pre>'


def shortened(source: str) -> str:
    """`source` without what follows its first 100,000 characters, and a line that says so."""
    text = visible(source)
    left = len(text) - _MOST_SHOWN
    return text if left <= 0 else f"{text[:_MOST_SHOWN]}\n[… {left:,} more characters …]"


def visible(source: str) -> str:
    """`source` with a � for each control character or half of a pair: no file can hold those."""
    return _CONTROLS.sub("\ufffd", source)


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """nbconvert's filter of this name: a cell's markdown, with the cell's attachments."""
    cell: Any = context.get("cell") or {}
    return markdown(source, cell.get("attachments"))


@lru_cache(maxsize=1000)
def _remembered_markdown(source: str, deeper: int) -> str:
    """The same questions stand in every hand-in."""
    return _markdown(source, {}, deeper)


@lru_cache(maxsize=1000)
def _remembered(source: str, deeper: int) -> str:
    """The same cards stand in many."""
    return _harmless(source, deeper)


def _markdown(source: str, attachments: Mapping[str, Any], deeper: int) -> str:
    if len(source) > _MOST_MARKDOWN:
        return plain(source)
    renderer = _Renderer(attachments)
    try:
        made = MarkdownWithMath(renderer=renderer).render(source)
    except Exception:  # mistune stops at some of what people type, in ways of its own
        return plain(source)
    return _harmless(made, deeper, renderer.insert) if _is_bounded(made) else plain(source)


def _harmless(source: str, deeper: int, insert: Callable[[str, bool], str] | None = None) -> str:
    """insert: what is put into text (False) and into tags (True) after cleaning."""
    if not _is_bounded(source):
        return plain(source)
    cleaned = clean_html(source)
    parts, end = [], 0
    for tag in _TAG.finditer(cleaned):
        parts += [(cleaned[end : tag.start()], False), (_retag(tag[0], deeper), True)]
        end = tag.end()
    parts.append((cleaned[end:], False))
    return "".join(insert(text, is_tag) if insert else text for text, is_tag in parts)


def _retag(tag: str, deeper: int) -> str:
    if tag.startswith(("<h", "</h")):
        return _HEADING.sub(lambda found: f"{found[1]}{min(int(found[2]) + deeper, 6)}", tag)
    return _NO_ALT.sub('<img alt="A picture without a description" ', tag)


def _is_bounded(source: str) -> bool:
    return len(_OPENED.findall(source)) - source.count("</") <= _MOST_OPEN


class _Renderer(IPythonRenderer):  # type: ignore[misc]
    """nbconvert's, with marks in place of formulas; `insert` puts MathML there after cleaning."""

    def __init__(self, attachments: Mapping[str, Any]) -> None:
        super().__init__(escape=False, attachments=dict(attachments), anchor_link_text="¶")
        self._formulas: list[tuple[str, Display]] = []
        # Nobody can write a mark, for it is drawn anew each time.
        self._name = secrets.token_hex(8)
        self._mark = re.compile(f"formula-{self._name}-([0-9]+)-")

    def insert(self, text: str, is_tag: bool) -> str:
        """`text` with its formulas; inside a tag, such as a picture's alt text, their source."""
        return self._mark.sub(lambda mark: self._formula(int(mark[1]), is_tag), text)

    def block_math(self, body: str) -> str:
        return self._keep(body, "block")

    def inline_math(self, body: str) -> str:
        return self._keep(body, "inline")

    def latex_environment(self, name: str, body: str) -> str:
        return self._keep(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A picture; a word in its place where its attachment is gone."""
        if (
            url.startswith("attachment:")
            and url.removeprefix("attachment:") not in self.attachments
        ):
            return f"[picture missing: {self.escape_html(text or url)}]"
        return str(super().image(text, url, title))

    def _keep(self, latex: str, display: Display) -> str:
        self._formulas.append((latex, display))
        return f"formula-{self._name}-{len(self._formulas) - 1}-"

    def _formula(self, number: int, is_tag: bool) -> str:
        latex, display = self._formulas[number]
        return html.escape(latex_source(latex, display)) if is_tag else mathml(latex, display)
