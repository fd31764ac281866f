"""The panels of a figure, as far as its picture shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from autograder.artifacts import FigureData
from autograder.artifacts.figures.figure import AxesData
from autograder.artifacts.figures.pixels import alike, background, crop, ink, is_blank, pieces
from autograder.checks.wording import legible, numbered

FRAME = 3  # pixels: what lies so near to a panel's edge is its frame
LEAST_SIDE = 16  # pixels; nothing can be made out in less
ABOVE = 0.12  # of the picture's height: so far above a panel its title is looked for
MAX_TITLE = 30


@dataclass(frozen=True)
class Panel:
    """number: from 1, in the figure's order. axes: what it says of itself, if it says anything.

    title: what stands over it, its row or its half of the figure; None where a picture shows that
    something does. xlabel, ylabel: its own or those of the column and row that it stands in.
    """

    number: int
    box: tuple[int, int, int, int]
    axes: AxesData | None
    title: str | None = ""
    xlabel: str = ""
    ylabel: str = ""

    @property
    def is_picture(self) -> bool:
        """Whether it shows pictures and nothing that is measured along its axes."""
        return self.axes is None or (
            self.axes.images > 0 and not self.axes.lines and not self.axes.collections
        )

    @property
    def curves(self) -> int:
        """Lines of two points or more; one point alone makes none."""
        return sum(points > 1 for _, points in self.axes.lines) if self.axes else 0

    @property
    def name(self) -> str:
        title = legible(self.axes.title, MAX_TITLE) if self.axes else ""
        return f"{self.number} ({title})" if title else str(self.number)


@dataclass(frozen=True, eq=False)
class Panels:
    """Every panel of a figure in one of five lists. shown: those that something can be seen in.

    empty: axes that nothing was drawn into; written: axes with text alone; blank: of one colour
    though something was drawn; small: under 16 pixels a side.
    """

    data: FigureData
    shown: tuple[Panel, ...]
    empty: tuple[Panel, ...] = ()
    written: tuple[Panel, ...] = ()
    blank: tuple[Panel, ...] = ()
    small: tuple[Panel, ...] = ()

    @cached_property
    def groups(self) -> list[list[Panel]]:
        """The panels shown, those that show the same put together."""
        crops = [crop(self.data.pixels, panel.box, FRAME) for panel in self.shown]
        marks = [panel.axes.content if panel.axes else "" for panel in self.shown]
        return [[self.shown[place] for place in places] for places in alike(crops, marks)]


def panels_of(data: FigureData) -> Panels:
    """Sorts the panels of a figure; those of a picture without axes are found by its gutters.

    Raises NotDataError where the picture cannot be read.
    """
    pixels = data.pixels
    if data.axes is None:
        boxes = pieces(ink(pixels, background(pixels)))
        all_panels = [Panel(number, box, None) for number, box in enumerate(boxes, 1)]
    else:
        all_panels = [Panel(number, axes.box, axes) for number, axes in enumerate(data.axes, 1)]
    sorted_by: dict[str, list[Panel]] = {}
    for panel in all_panels:
        sorted_by.setdefault(_state(panel, data), []).append(panel)
    lists = {state: tuple(panels) for state, panels in sorted_by.items()}
    return Panels(data, _labelled(lists.pop("shown", ()), data), **lists)


def names(panels: Iterable[Panel]) -> str:
    """ "panel 3", "panels 2 (conv1), 5 and 6", "panels 1, 2, 3, 4, 5, 6 and 10 more" """
    return numbered("panel", (panel.name for panel in panels))


def _state(panel: Panel, data: FigureData) -> str:
    left, top, right, bottom = panel.box
    if panel.axes is not None and not panel.axes.is_filled:
        return "written" if panel.axes.texts else "empty"
    if min(right - left, bottom - top) < LEAST_SIDE:
        return "small"
    return "blank" if is_blank(crop(data.pixels, panel.box, FRAME)) else "shown"


def _labelled(panels: Sequence[Panel], data: FigureData) -> tuple[Panel, ...]:
    """The panels with the titles and labels that they share with others."""
    rows, columns = _lines_up(panels, 1), _lines_up(panels, 0)
    return tuple(
        replace(
            panel,
            title=_title(panel, rows[panel.number], columns[panel.number], panels, data),
            xlabel=_first(each.axes.xlabel for each in columns[panel.number] if each.axes),
            ylabel=_first(each.axes.ylabel for each in rows[panel.number] if each.axes),
        )
        for panel in panels
    )


def _title(
    panel: Panel,
    row: Sequence[Panel],
    column: Sequence[Panel],
    panels: Sequence[Panel],
    data: FigureData,
) -> str | None:
    """Of pictures, one title or y label may stand for a row, or the title on top for a column.

    Of curves, each needs its own.
    """
    if panel.axes is None:
        return None if _has_ink_above(panel, panels, data) else ""
    own = panel.axes.title or panel.axes.heading or (data.title if len(panels) == 1 else "")
    if own or not panel.is_picture:
        return own
    pictures = [each.axes for each in row if each.axes and each.is_picture]
    top = min(column, key=lambda each: each.box[1])
    heads = top.axes.title if top.axes and all(each.is_picture for each in column) else ""
    return _first(each.title or each.ylabel for each in pictures) or heads


def _has_ink_above(panel: Panel, panels: Sequence[Panel], data: FigureData) -> bool:
    left, top, right, _ = panel.box
    above = [
        other.box[3]
        for other in panels
        if other.box[3] <= top and other.box[0] < right and left < other.box[2]
    ]
    highest = max([*above, round(top - ABOVE * data.height), 0])
    band = data.pixels[highest:top, left:right]
    return bool(band.size) and not is_blank(band)


def _lines_up(panels: Sequence[Panel], axis: int) -> dict[int, list[Panel]]:
    """By each panel's number those in its row (axis 1) or column (0), itself among them."""
    found: dict[int, list[Panel]] = {}
    for panel in panels:
        low, high = panel.box[axis], panel.box[axis + 2]
        found[panel.number] = [
            other for other in panels if low <= (other.box[axis] + other.box[axis + 2]) / 2 < high
        ]
    return found


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")
