"""Outlines in a figure's own coordinates, and the pen that puts them onto a canvas.

A figure is drawn about (0, 0), one unit being half a head's width, y pointing down. The pen knows
where the figure stands, how large, how far it is turned and whether it is mirrored, so that nothing
else needs to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Points = NDArray[np.float64]  # (corners, 2): x, y
Colour = tuple[int, int, int]

_CIRCLE = np.stack([f(np.linspace(0, 2 * np.pi, 28, endpoint=False)) for f in (np.cos, np.sin)], 1)
_T = np.linspace(0, 1, 5, endpoint=False)[:, None]
# Catmull–Rom: four neighbouring corners to five points between the middle two
_BETWEEN = (
    np.concatenate(
        [
            -_T + 2 * _T**2 - _T**3,
            2 - 5 * _T**2 + 3 * _T**3,
            _T + 4 * _T**2 - 3 * _T**3,
            _T**3 - _T**2,
        ],
        axis=1,
    )
    / 2
)


def points(*corners: tuple[float, float]) -> Points:
    return np.array(corners, dtype=np.float64)


def ellipse(x: float, y: float, width: float, height: float, turn: float = 0.0) -> Points:
    """An outline; width and height are half axes, turn is in radians."""
    ring = _CIRCLE * (width, height)
    if turn:
        cos, sin = math.cos(turn), math.sin(turn)
        ring = ring @ np.array([[cos, sin], [-sin, cos]])
    return np.add(ring, (x, y))


def smooth(corners: Points) -> Points:
    """The closed curve through these corners: (n, 2) to (5 n, 2)."""
    around = np.stack([np.roll(corners, shift, axis=0) for shift in (1, 0, -1, -2)], axis=1)
    return (_BETWEEN @ around).reshape(-1, 2)


def mirrored(right_half: Points) -> Points:
    """A symmetric outline from its right half, which runs from the top to the bottom."""
    return np.concatenate([right_half, right_half[::-1] * (-1, 1)])


@dataclass(frozen=True)
class Pen:
    """From a figure's coordinates to pixels. matrix: (2, 2), offset: (2,), unit: pixels."""

    image: Image.Image
    draw: ImageDraw.ImageDraw
    matrix: NDArray[np.float64]
    offset: NDArray[np.float64]
    unit: float

    def onto(self, image: Image.Image) -> Pen:
        """The same pen on another canvas."""
        return Pen(image, ImageDraw.Draw(image), self.matrix, self.offset, self.unit)

    def pixels(self, outline: Points) -> list[float]:
        placed: list[float] = (outline @ self.matrix + self.offset).ravel().tolist()
        return placed

    def fill(self, outline: Points, colour: Colour) -> None:
        self.draw.polygon(self.pixels(outline), fill=colour)

    def line(self, outline: Points, colour: Colour, width: float) -> None:
        self.draw.line(
            self.pixels(outline), fill=colour, width=max(1, round(width * self.unit)), joint="curve"
        )

    def print(self, outline: Points, texture: Image.Image) -> None:
        """Fill an outline from a picture of the canvas' size."""
        stencil = Image.new("L", self.image.size)
        ImageDraw.Draw(stencil).polygon(self.pixels(outline), fill=255)
        self.image.paste(texture, (0, 0), stencil)


def pen(
    image: Image.Image, centre: tuple[float, float], unit: float, turn: float, mirror: bool
) -> Pen:
    """A pen for a figure at centre (pixels), unit pixels to its unit, turned by radians."""
    cos, sin = math.cos(turn), math.sin(turn)
    sign = -1.0 if mirror else 1.0
    matrix = unit * np.array([[sign * cos, sign * sin], [-sin, cos]])
    return Pen(image, ImageDraw.Draw(image), matrix, np.array(centre), unit)
