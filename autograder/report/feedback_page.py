"""A student's feedback page: nbconvert's exporter with a template and filters of the kit's own.

course_config.py names it for GenerateFeedback, so that `autograder feedback`, `nbgrader
generate_feedback` and formgrader's button make the same page. It loads nothing from anywhere.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import ansi2html
from nbformat import NotebookNode
from traitlets.config import Config

from autograder.checks.wording import rounded
from autograder.report.listings import listing
from autograder.report.mathematics import mathml
from autograder.report.texts import harmless, markdown, shortened, visible

_DEEPER = 2  # the page's title and "Your notebook" stand above the notebook's own headings
_PICTURES = ("png", "jpeg", "gif", "webp", "svg+xml")


class FeedbackExporter(HTMLExporter):  # type: ignore[misc]
    """nbconvert's HTML exporter, without what it loads from a CDN."""

    @property
    def default_config(self) -> Config:
        """nbgrader sets HTMLExporter's template; this class's own goes before it."""
        config = Config()
        config.FeedbackExporter.template_name = "feedback_template"
        config.FeedbackExporter.extra_template_basedirs = [str(Path(__file__).parent)]
        config.FeedbackExporter.filters = {
            "code": _code,
            "console": _console,
            "pieces": _pieces,
            "prose": _prose,
            "points": rounded,
        }
        config.merge(super().default_config)
        return config

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **_: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page of `nb`, which is changed by the preprocessors.

        nbconvert's own copies the notebook and checks it against its schema after each of them,
        and reads the whole page once more, megabytes of pictures included.
        """
        known = self._init_resources(resources)
        for preprocessor in self._preprocessors:
            nb, known = preprocessor(nb, known)
        return visible(self.template.render(nb=nb, resources=known)), known


def _prose(cell: Mapping[str, Any] | str) -> Markup:
    """Markdown: of a cell, with its attachments, or of a comment."""
    if isinstance(cell, str):
        return Markup(markdown(cell, deeper=_DEEPER))
    return Markup(markdown(cell["source"], cell.get("attachments"), _DEEPER))


def _code(source: str) -> Markup:
    return Markup(listing(shortened(source)))


def _console(text: str) -> Markup:
    """What a cell printed, in the colours that it asked for."""
    return Markup(ansi2html(shortened(text)))


def _pieces(outputs: list[Mapping[str, Any]]) -> list[tuple[str, Markup]]:
    """What a cell's outputs show: ("text", "html" or "picture", HTML) each."""
    return [_piece(output) for output in outputs]


def _piece(output: Mapping[str, Any]) -> tuple[str, Markup]:
    if output["output_type"] == "stream":
        return "text", _console(output["text"])
    if output["output_type"] == "error":
        return "text", _console("\n".join(output["traceback"]))
    data = output["data"]
    for kind, show in _KINDS.items():
        if kind in data:
            return "html", Markup(show(data[kind]))
    for kind in _PICTURES:
        if picture := _picture(kind, data.get(f"image/{kind}", ""), output.get("metadata", {})):
            return "picture", Markup(picture)
    return "text", _console(str(data.get("text/plain", "")))


def _picture(kind: str, data: str, metadata: Mapping[str, Any]) -> str:
    """An <img>; "" where `data` is no picture's."""
    if kind == "svg+xml":
        data = b64encode(data.encode(errors="replace")).decode()
    data = "".join(data.split())
    if not _is_base64(data):
        return ""
    told = metadata.get(f"image/{kind}")
    width = told.get("width") if isinstance(told, Mapping) else None
    size = f' width="{width:.0f}"' if isinstance(width, int | float) and 0 < width < 10_000 else ""
    return f'<img alt="Picture made by this cell"{size} src="data:image/{kind};base64,{data}">'


def _is_base64(data: str) -> bool:
    """A regular expression would take as long as the rest of a picture's page."""
    return data.isascii() and data.rstrip("=").replace("+", "").replace("/", "").isalnum()


def _latex(source: str) -> str:
    return mathml(source.strip().strip("$"), "block")


_KINDS = {
    "text/html": lambda source: harmless(source, _DEEPER),
    "text/markdown": lambda source: markdown(source, deeper=_DEEPER),
    "text/latex": _latex,
}
