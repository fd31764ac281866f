"""A figure as data: its picture, and what its axes hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts.classes import is_a
from autograder.artifacts.errors import NotDataError
from autograder.artifacts.figures.axes import AxesData
from autograder.artifacts.figures.drawing import Drawn, drawn, on_white
from autograder.artifacts.figures.pixels import shrunk
from autograder.artifacts.figures.png import MAX_SIDE, PngError, from_png, to_png

__all__ = ["AxesData", "FigureData"]

HOW = "write fig = plt.figure(...) before you draw, and hand in fig"
NO_FIGURE = f"is of type {{name}}, not a figure; {HOW}"
PYPLOT = f"is a module; {HOW}"
ANOTHER_LIBRARY = (
    "is of type {name}; draw it with Matplotlib, or save it as a PNG file and hand in "
    "PIL.Image.open(...) of that file"
)
TWO_FIGURES = "is a list of axes that belong to several figures; hand in one figure"
NO_PICTURE = (
    "is an array of shape {shape} and dtype {dtype}; a picture is (height, width, 3 or 4), uint8; "
    "draw with Matplotlib and hand in its figure"
)
NOT_DRAWN = "could not be drawn ({error}); make it anew and draw it with plt.show()"

MAX_ARTISTS = 10_000
_DEPTH = 3  # of lists in lists, as plt.subplots() gives them


@dataclass(frozen=True, eq=False)
class FigureData:
    """A figure that somebody handed in. Immutable, so test cells may share it.

    png: its picture, as autograder.artifacts.figures.png writes it. width, height: in pixels.
    axes: the panels that say that they are there; None where the figure came as a picture alone.
    What they claim is believed only where the picture shows it. title: the whole figure's.
    """

    png: bytes
    width: int
    height: int
    axes: tuple[AxesData, ...] | None = None
    title: str = ""

    @classmethod
    def of(cls, figure: object) -> FigureData:
        """The data of a Matplotlib figure, axes, whatever is drawn in one, or of a picture.

        Takes a Figure, SubFigure or Axes, the list or array of axes and the pair that
        plt.subplots() gives, a seaborn grid; a Pillow image; a (height, width, 3 or 4) uint8 array.
        A figure is drawn, closed or not, and left as it was. Pictures have at most 1,600 pixels a
        side; larger ones are made smaller. Raises NotDataError.
        """
        try:
            return cls._of(figure)
        except NotDataError:
            raise
        except Exception as error:  # drawing runs whatever the figure's artists are
            raise NotDataError(NOT_DRAWN.format(error=type(error).__name__)) from error

    @classmethod
    def _of(cls, figure: object) -> FigureData:
        behind = figure_behind(figure)
        if behind is None:
            picture = shrunk(_picture(figure), MAX_SIDE)
            return cls(to_png(picture), picture.shape[1], picture.shape[0])
        shown: Drawn = drawn(behind)
        height, width, _ = shown.pixels.shape
        return cls(to_png(shown.pixels), width, height, shown.axes, shown.title)

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture, (height, width, 3), read-only. Raises NotDataError where there is none."""
        try:
            pixels = from_png(self.png)
        except PngError as error:
            raise NotDataError(f"holds no picture: {error}") from error
        pixels.flags.writeable = False
        return pixels


def is_figure(value: object) -> bool:
    """Whether a value is a figure, or part of one, or a Pillow image; judged by classes alone."""
    return is_a(value, "PIL.Image", "Image") or _is_grid(value) or _is_drawn(value)


def figure_behind(value: object) -> Any | None:
    """The Matplotlib figure that a value is or is part of; None where there is none.

    Raises NotDataError for parts of several figures.
    """
    if _is_pair(value):
        return value[0]  # type: ignore[index]
    if _is_grid(value):
        value = value.figure  # type: ignore[attr-defined]
    if not _is_drawn(value):
        return None
    figures = {id(each): each for each in map(_figure_of, _leaves(value))}
    if len(figures) > 1:
        raise NotDataError(TWO_FIGURES)
    return next(iter(figures.values()))


def _picture(value: object) -> NDArray[np.uint8]:
    if is_a(value, "PIL.Image", "Image"):
        return on_white(np.asarray(value.convert("RGBA")))  # type: ignore[attr-defined]
    if type(value) is np.ndarray:
        if value.dtype != np.uint8 or value.ndim != 3 or value.shape[2] not in (3, 4):
            shape, dtype = value.shape, value.dtype.name
            raise NotDataError(NO_PICTURE.format(shape=shape, dtype=dtype))
        return value if value.shape[2] == 3 else on_white(value)
    cls = type(value)
    name = cls.__name__[:60]
    if cls.__module__.split(".")[0] in ("plotly", "altair", "bokeh", "holoviews"):
        raise NotDataError(ANOTHER_LIBRARY.format(name=f"{cls.__module__.split('.')[0]}.{name}"))
    raise NotDataError(PYPLOT if name == "module" else NO_FIGURE.format(name=name))


def _figure_of(value: Any) -> Any:
    """The figure, not the subfigure, that an artist stands in."""
    figure = value.get_figure(root=True) if is_a(value, "matplotlib.artist", "Artist") else None
    if not is_a(figure, "matplotlib.figure", "Figure"):
        raise NotDataError(NO_FIGURE.format(name=type(value).__name__[:60]))
    return figure


def _is_drawn(value: object) -> bool:
    """A figure, an artist, artists in lists or arrays, or a figure with its axes.

    Figures in a list are several answers, so they are left to whoever reads lists.
    """
    if _is_pair(value):
        return True
    first = next(_leaves(value), None)
    is_listed = first is not value
    if is_listed and is_a(first, "matplotlib.figure", "Figure"):
        return False
    return is_a(first, "matplotlib.artist", "Artist")


def _is_pair(value: object) -> bool:
    """What plt.subplots() returns: a figure and its axes."""
    return (
        type(value) is tuple
        and len(value) == 2
        and is_a(value[0], "matplotlib.figure", "Figure")
        and not is_a(value[1], "matplotlib.figure", "Figure")
    )


def _is_grid(value: object) -> bool:
    """A seaborn grid, which has its Matplotlib figure in an attribute."""
    return is_a(value, "seaborn.axisgrid", "_BaseGrid")


def _leaves(value: object, depth: int = 0) -> Any:
    """What is in lists in lists, at most 10,000 of them; the value itself where it is no list."""
    if type(value) is np.ndarray and value.dtype == object:
        yield from islice(value.flat, MAX_ARTISTS)
    elif (type(value) is list or type(value) is tuple) and depth < _DEPTH:
        for item in islice(value, MAX_ARTISTS):
            yield from _leaves(item, depth + 1)
    else:
        yield value
