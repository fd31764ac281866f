"""What the axes of a Matplotlib figure say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograder.artifacts.figures.contents import digest_of, joined

MAX_AXES = 1_000
MAX_NAMED = 50  # lines, texts or entries of a legend, of one panel
MAX_TEXT = 200  # characters
MAX_COUNT = 1_000_000_000
MAX_COVER = 8  # times the picture's area that all boxes together have, so that looking is bounded

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class AxesData:
    """One panel. box: (left, top, right, bottom) of the plotted area in pixels of the picture.

    title: its own; heading: that of the subfigure which it stands in. lines: (label, number of
    points) of each curve, drawn or dotted; a label that begins with "_" is Matplotlib's own.
    images: pictures and meshes; patches: bars and other areas; collections: whatever else is
    drawn many at a time, such as contours. texts: written into it; legend: the legend's entries.
    content: the digest of what is drawn, the same in two panels that show the same data.
    """

    box: Box
    title: str = ""
    heading: str = ""
    xlabel: str = ""
    ylabel: str = ""
    lines: tuple[tuple[str, int], ...] = ()
    images: int = 0
    patches: int = 0
    collections: int = 0
    texts: tuple[str, ...] = ()
    legend: tuple[str, ...] = ()
    content: str = ""

    @property
    def is_filled(self) -> bool:
        """Whether anything but text is drawn in it."""
        return bool(self.lines or self.images or self.patches or self.collections)


def axes_of(figure: Any, renderer: Any, height: int) -> tuple[AxesData, ...]:
    """The panels of a figure that has just been drawn, in the order in which they were made.

    Left out are colour bars and what is invisible or lies outside the picture. Axes that share one
    place, as twinx() makes them, are one panel.
    """
    width = int(figure.bbox.width)
    found: dict[Box, AxesData] = {}
    for axes in figure.axes[:MAX_AXES]:
        box = _box(axes.bbox.extents, width, height)
        if box is None or not axes.get_visible() or axes.get_label() == "<colorbar>":
            continue
        if box not in found and not fits([*found, box], width, height):
            break
        panel = _panel(axes, box, figure, renderer)
        found[box] = _merged(found[box], panel) if box in found else panel
    return tuple(found.values())


def fits(boxes: Sequence[Box], width: int, height: int) -> bool:
    """Whether boxes lie in a picture, are not empty, and do not cover it again and again."""
    inside = all(
        0 <= left < right <= width and 0 <= top < bottom <= height
        for left, top, right, bottom in boxes
    )
    area = sum((right - left) * (bottom - top) for left, top, right, bottom in boxes)
    return inside and area <= MAX_COVER * width * height


def printable(text: object) -> str:
    """Text on one line of at most 200 characters; "" for what is none."""
    if not isinstance(text, str):
        return ""
    line = " ".join(text[: 4 * MAX_TEXT].split())
    return "".join(c if c.isprintable() else "?" for c in line)[:MAX_TEXT].strip()


def _panel(axes: Any, box: Box, figure: Any, renderer: Any) -> AxesData:
    home = axes.get_figure(root=False)
    titles = (axes.title, axes._left_title, axes._right_title)
    legend = axes.get_legend() or next(iter([*home.legends, *figure.legends]), None)
    meshes = [c for c in axes.collections if type(c).__name__ in ("QuadMesh", "PolyQuadMesh")]
    dots = [c for c in axes.collections if type(c).__name__ == "PathCollection"]
    return AxesData(
        box,
        next(filter(None, (_seen(title, renderer) for title in titles)), ""),
        printable(home.get_suptitle()) if home is not figure else "",
        _seen(axes.xaxis.label, renderer) or _of_figure(home, figure, "get_supxlabel"),
        _seen(axes.yaxis.label, renderer) or _of_figure(home, figure, "get_supylabel"),
        _curves(axes, dots),
        len(axes.images) + len(meshes),
        len(axes.patches),
        len(axes.collections) - len(meshes) - len(dots),
        _words(text.get_text() for text in axes.texts),
        _words(text.get_text() for text in legend.get_texts()) if legend else (),
        digest_of(axes),
    )


def _curves(axes: Any, dots: Iterable[Any]) -> tuple[tuple[str, int], ...]:
    """Lines through data; those of axhline() and axvline() span the panel whatever the data."""
    lines = [
        (printable(str(line.get_label())), len(line.get_xdata(orig=False)))
        for line in axes.lines
        if all(line.get_transform().contains_branch_seperately(axes.transData))
    ]
    dotted = [(printable(str(each.get_label())), len(each.get_offsets())) for each in dots]
    return tuple((lines + dotted)[:MAX_NAMED])


def _seen(text: Any, renderer: Any) -> str:
    """What a text says where the picture shows it: not in what lies outside or is see-through."""
    said = printable(text.get_text())
    if not said or not text.get_visible() or text.get_alpha() == 0:
        return ""
    box, page = text.get_window_extent(renderer), text.get_figure(root=True).bbox
    is_outside = box.x1 <= page.x0 or box.x0 >= page.x1 or box.y1 <= page.y0 or box.y0 >= page.y1
    return "" if is_outside else said


def _of_figure(home: Any, figure: Any, getter: str) -> str:
    return printable(getattr(home, getter)()) or printable(getattr(figure, getter)())


def _words(texts: Iterable[object]) -> tuple[str, ...]:
    return tuple(filter(None, map(printable, texts)))[:MAX_NAMED]


def _box(extents: Iterable[float], width: int, height: int) -> Box | None:
    """Matplotlib counts from the bottom; None for what lies outside the picture."""
    left, bottom, right, top = (round(float(side)) for side in extents)
    box = (max(left, 0), max(height - top, 0), min(right, width), min(height - bottom, height))
    return box if box[0] < box[2] and box[1] < box[3] else None


def _merged(first: AxesData, second: AxesData) -> AxesData:
    return replace(
        first,
        title=first.title or second.title,
        xlabel=first.xlabel or second.xlabel,
        ylabel=first.ylabel or second.ylabel,
        lines=(first.lines + second.lines)[:MAX_NAMED],
        images=first.images + second.images,
        patches=first.patches + second.patches,
        collections=first.collections + second.collections,
        texts=(first.texts + second.texts)[:MAX_NAMED],
        legend=(first.legend + second.legend)[:MAX_NAMED],
        content=joined(first.content, second.content),
    )
