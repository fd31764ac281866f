"""Draws a Matplotlib figure, and leaves it as it was."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts.figures.axes import AxesData, axes_of, printable
from autograder.artifacts.figures.png import MAX_SIDE

LEAST_DPI = 72.0


@dataclass(frozen=True, eq=False)
class Drawn:
    """pixels: (height, width, 3) uint8 RGB; axes: its panels; title: the whole figure's."""

    pixels: NDArray[np.uint8]
    axes: tuple[AxesData, ...]
    title: str


def drawn(figure: Any) -> Drawn:
    """Draws a figure, closed or not, at its own dpi or as much of it as 1,600 pixels allow.

    Size, dpi and canvas of the figure stay as they are. Raises what its artists raise.
    """
    with _quiet(), _canvas(figure) as canvas:
        canvas.draw()
        rgba = np.asarray(canvas.buffer_rgba())  # (height, width, 4)
        axes = axes_of(figure, canvas.get_renderer(), rgba.shape[0])
        return Drawn(on_white(rgba), axes, printable(figure.get_suptitle()))


def on_white(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(height, width, 4) as it looks on a white page, (height, width, 3)."""
    colour, alpha = rgba[..., :3], rgba[..., 3:].astype(np.uint16)
    mixed = (colour * alpha + 255 * (255 - alpha) + 127) // 255
    return mixed.astype(np.uint8)


def dpi_for(figure: Any) -> float:
    """The figure's own, at least 72, but never more than its longer side can have."""
    longer = max(float(side) for side in figure.get_size_inches())
    return min(max(float(figure.dpi), LEAST_DPI), MAX_SIDE / longer)


@contextmanager
def _canvas(figure: Any) -> Iterator[Any]:
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    shown, dpi = figure.canvas, figure.dpi
    # Where plots are interactive, as in notebooks, a change of dpi alone would draw once more.
    with matplotlib.rc_context({"interactive": False}):
        try:
            canvas = FigureCanvasAgg(figure)
            figure.dpi = dpi_for(figure)
            yield canvas
        finally:
            figure.dpi = dpi
            figure.set_canvas(shown)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without complaints about fonts and layouts: the student has seen them, nbgrader must not."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            logger.setLevel(level)
