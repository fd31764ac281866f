"""Matplotlib figures and Pillow images: they cross as a picture, and what the axes say of it.

A figure is drawn on the student's side, which runs whatever its artists are; what comes of that is
a picture and some words, and the reader believes neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from autograder.artifacts import FigureData, NotDataError
from autograder.artifacts.figures.axes import (
    MAX_AXES,
    MAX_COUNT,
    MAX_NAMED,
    AxesData,
    Box,
    fits,
    printable,
)
from autograder.artifacts.figures.figure import is_figure
from autograder.artifacts.figures.png import PngError, size_of
from autograder.snapshot.budget import Meter
from autograder.snapshot.kind import Document, Kind
from autograder.snapshot.outcome import RefusedError
from autograder.snapshot.reader import Reader
from autograder.snapshot.scribe import Scribe

ITEMS = 4  # that a panel counts for: 42 strings, brackets and commas at 16 each


def _write_figure(value: object, scribe: Scribe) -> Document:
    try:
        data = FigureData.of(value)
    except NotDataError as error:
        raise RefusedError(str(error)) from error
    scribe.meter.spend_shape((data.height, data.width))
    _spend_items(data.axes or (), scribe.meter)
    axes = None if data.axes is None else [asdict(each) for each in data.axes]
    return {"png": scribe.blob(data.png, ".png"), "axes": axes, "title": data.title}


def _read_figure(document: Document, reader: Reader) -> FigureData:
    name, axes, title = reader.fields(document, png=str, axes=object, title=str)
    png = reader.blob(name, ".png")
    try:
        width, height = size_of(png)
        panels = None if axes is None else _read_panels(axes, (width, height), reader)
        figure = FigureData(png, width, height, panels, _read_text(title, reader))
        reader.meter.spend_shape(figure.pixels.shape[:2])  # kept with the figure from now on
    except (PngError, NotDataError) as error:
        reader.fail(f"{name}: {error}")
    return figure


def _read_panels(value: object, size: tuple[int, int], reader: Reader) -> tuple[AxesData, ...]:
    panels = tuple(_read_axes(each, reader) for each in _read_list(value, MAX_AXES, reader))
    if not fits([panel.box for panel in panels], *size):
        reader.fail(f"axes that do not fit into {size[0]} × {size[1]} pixels")
    _spend_items(panels, reader.meter)
    return panels


def _spend_items(panels: tuple[AxesData, ...], meter: Meter) -> None:
    """Counts what stands in the document itself as if each part had been written by itself."""
    for panel in panels:
        for _ in range(ITEMS + len(panel.lines) + len(panel.texts) + len(panel.legend)):
            meter.spend_item()


def _read_axes(value: Any, reader: Reader) -> AxesData:
    if type(value) is not dict or value.keys() != READ.keys():
        reader.fail(f"axes: expected an object with the fields {', '.join(READ)}")
    return AxesData(**{name: READ[name](value[name], reader) for name in READ})


def _read_box(value: object, reader: Reader) -> Box:
    sides = [_read_count(side, reader) for side in _read_list(value, 4, reader)]
    if len(sides) != 4:
        reader.fail("box: expected four numbers")
    return sides[0], sides[1], sides[2], sides[3]


def _read_line(value: object, reader: Reader) -> tuple[str, int]:
    line = _read_list(value, 2, reader)
    if len(line) != 2:
        reader.fail("line: expected a label and a number of points")
    return _read_text(line[0], reader), _read_count(line[1], reader)


def _read_lines(value: object, reader: Reader) -> tuple[tuple[str, int], ...]:
    return tuple(_read_line(each, reader) for each in _read_list(value, MAX_NAMED, reader))


def _read_texts(value: object, reader: Reader) -> tuple[str, ...]:
    return tuple(_read_text(each, reader) for each in _read_list(value, MAX_NAMED, reader))


def _read_list(value: object, most: int, reader: Reader) -> list[Any]:
    if type(value) is not list or len(value) > most:
        reader.fail(f"expected a list of at most {most}")
    return value


def _read_text(value: object, reader: Reader) -> str:
    if type(value) is not str or value != printable(value):
        reader.fail("expected a short text on one line")
    return value


def _read_count(value: object, reader: Reader) -> int:
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        reader.fail(f"expected a whole number from 0 to {MAX_COUNT:,}")
    return value


def _read_digest(value: object, reader: Reader) -> str:
    if type(value) is not str or not re.fullmatch("[0-9a-f]{64}|", value):
        reader.fail("content: expected a SHA-256 in hexadecimal digits")
    return value


READ: dict[str, Callable[[object, Reader], Any]] = {
    "box": _read_box,
    "title": _read_text,
    "heading": _read_text,
    "xlabel": _read_text,
    "ylabel": _read_text,
    "lines": _read_lines,
    "images": _read_count,
    "patches": _read_count,
    "collections": _read_count,
    "texts": _read_texts,
    "legend": _read_texts,
    "content": _read_digest,
}
FIGURE = Kind("figure", is_figure, _write_figure, _read_figure)
