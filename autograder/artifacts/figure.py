"""A figure as data: its picture, and what its axes hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AxesData:
    """One panel. box: (left, top, right, bottom) of the plotted area in pixels of the picture.

    lines: (label, number of points) of each; images, patches, texts: how many of them it draws.
    """

    box: tuple[int, int, int, int]
    title: str = ""
    xlabel: str = ""
    ylabel: str = ""
    lines: tuple[tuple[str, int], ...] = ()
    images: int = 0
    patches: int = 0
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class FigureData:
    """A figure that somebody handed in.

    png: its picture. width, height: in pixels. axes: the panels that say that they are there; None
    where the figure came as a picture alone. What they claim is believed only where the picture
    shows it.
    """

    png: bytes
    width: int
    height: int
    axes: tuple[AxesData, ...] | None = None

    @classmethod
    def of(cls, figure: object) -> FigureData:
        """The data of a Matplotlib figure, Axes, a Pillow image. Raises NotDataError."""
        raise NotImplementedError
