"""A model as a small diagram for a notebook, legible on light and dark backgrounds.

All text stands in boxes with a fill of their own; lines are of a grey that both grounds carry.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from autograder.graphs.boxes import Box, boxes_of, clean
from autograder.graphs.graph import ModelGraph
from autograder.graphs.layout import Layout, Point, arrange
from autograder.graphs.motifs import (
    InceptionBlock,
    ResidualBlock,
    inception_blocks,
    residual_blocks,
)

MARGIN = 16.0
TITLE, LINE = 13.0, 11.0
LINE_HEIGHT = 15.0
LETTER = 0.58  # of the font's size, on average
INK, SOFT_INK, GREY = "#1f2328", "#4a525c", "#808890"
FRAMES = {"residual block": "#d9630f", "inception block": "#7c4dff"}
FONT = "font-family='system-ui,-apple-system,Segoe UI,sans-serif'"


def html(graph: ModelGraph) -> str:
    """The diagram as an HTML element; a wide one scrolls. Every text in it is escaped."""
    return (
        '<div class="tex2jax_ignore mathjax_ignore" style="overflow-x:auto;max-width:100%">'
        f"{svg(graph)}</div>"
    )


def svg(graph: ModelGraph) -> str:
    """The diagram as an SVG element."""
    boxes, edges = boxes_of(graph)
    sizes = [_size(box) for box in boxes]
    layout = arrange(sizes, edges)
    frames = _frames(graph, boxes, sizes, layout, edges)
    legend = _legend(graph, boxes, sorted({name for name, _ in frames}))
    left = min([0.0, *(rect[0] for _, rect in frames)]) - MARGIN
    right = max([layout.width, *(rect[2] for _, rect in frames)]) + MARGIN
    top = 28.0 + MARGIN
    width = max(right - left, _width(legend) + 2 * MARGIN)
    height = top + layout.height + MARGIN
    shift = (width - (right - left)) / 2 - left
    body = "".join(_edge(points) for points in layout.edges)
    body += "".join(
        _box(box, size, centre)
        for box, size, centre in zip(boxes, sizes, layout.centres, strict=True)
    )
    body += "".join(_frame(name, rect) for name, rect in frames)
    label = escape(f"The model {clean(graph.name)}: {len(graph.layers)} layers")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{label}" {FONT}>'
        '<defs><marker id="autograder-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0,0.5 L8,4 L0,7.5 z" fill="{GREY}"/></marker>'
        f"</defs>{_pills(legend)}"
        f'<g transform="translate({shift:.1f},{top:.1f})">{body}</g></svg>'
    )


def _size(box: Box) -> Point:
    longest = max(
        len(box.title) * TITLE, *(len(line) * LINE for line in box.lines or [""]), 8 * TITLE
    )
    return longest * LETTER + 20, 24 + LINE_HEIGHT * len(box.lines)


def _box(box: Box, size: Point, centre: Point) -> str:
    width, height = size
    x, y = centre
    dashes = ' stroke-dasharray="3 3" opacity="0.65"' if box.faded else ""
    text = f'<text x="{x:.1f}" text-anchor="middle" fill="{{}}" font-size="{{}}" y="{{:.1f}}">'
    baseline = y - height / 2 + 17
    names = escape(", ".join(clean(each) for each in box.ids[:4]))
    drawn = (
        f"<g><title>{names}</title>"
        f'<rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="6" fill="{box.colour}" stroke="{GREY}"{dashes}/>'
        f"{text.format(INK, TITLE, baseline)}{escape(box.title)}</text>"
    )
    for number, line in enumerate(box.lines, 1):
        drawn += f"{text.format(SOFT_INK, LINE, baseline + number * LINE_HEIGHT)}"
        drawn += f"{escape(line)}</text>"
    return drawn + "</g>"


def _edge(points: Sequence[Point]) -> str:
    """A line from box to box: upright where it passes rows, curved between them."""
    (x, y), *rest = points
    path = f"M{x:.1f},{y:.1f}"
    for number, (to_x, to_y) in enumerate(rest):
        if number % 2:
            path += f" L{to_x:.1f},{to_y:.1f}"
        else:
            middle = (y + to_y) / 2
            path += f" C{x:.1f},{middle:.1f} {to_x:.1f},{middle:.1f} {to_x:.1f},{to_y:.1f}"
        x, y = to_x, to_y
    return (
        f'<path d="{path}" fill="none" stroke="{GREY}" stroke-width="1.4" '
        'marker-end="url(#autograder-arrow)"/>'
    )


Rect = tuple[float, float, float, float]


def _frames(
    graph: ModelGraph,
    boxes: Sequence[Box],
    sizes: Sequence[Point],
    layout: Layout,
    edges: Sequence[tuple[int, int]],
) -> list[tuple[str, Rect]]:
    """The outline of every block whose layers have boxes, the larger ones further out."""
    place = {layer_id: number for number, box in enumerate(boxes) for layer_id in box.ids}
    rest = len(boxes) - 1 if boxes and boxes[-1].title.startswith("…") else -1
    blocks: list[InceptionBlock | ResidualBlock]
    blocks = [*inception_blocks(graph), *residual_blocks(graph)]
    frames: list[tuple[str, Rect]] = []
    members = []
    for block in blocks:
        name = "inception block" if isinstance(block, InceptionBlock) else "residual block"
        inside = {place[each] for each in block.members} - {place[block.source]}
        if inside and rest not in inside:
            members.append((name, inside, place[block.merge]))
    into: dict[int, list[tuple[int, list[Point]]]] = {}
    for (start, end), points in zip(edges, layout.edges, strict=True):
        into.setdefault(end, []).append((start, points[1:-1]))
    for name, inside, merge in sorted(members, key=lambda each: len(each[1])):
        # The lane of a shortcut belongs to its block.
        lanes = [x for _, points in into.get(merge, []) for x, _ in points]
        pad = 7.0 + 4 * min(sum(other < inside for _, other, _ in members), 2)
        frames.append(
            (
                name,
                (
                    min([*lanes, *(layout.centres[p][0] - sizes[p][0] / 2 for p in inside)]) - pad,
                    min(layout.centres[p][1] - sizes[p][1] / 2 for p in inside) - pad,
                    max([*lanes, *(layout.centres[p][0] + sizes[p][0] / 2 for p in inside)]) + pad,
                    max(layout.centres[p][1] + sizes[p][1] / 2 for p in inside) + pad,
                ),
            )
        )
    return frames


def _frame(name: str, rect: Rect) -> str:
    left, top, right, bottom = rect
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{bottom - top:.1f}" rx="10" fill="none" stroke="{FRAMES[name]}" '
        f'stroke-width="2" stroke-dasharray="7 5"><title>{name}</title></rect>'
    )


def _legend(
    graph: ModelGraph, boxes: Sequence[Box], names: Sequence[str]
) -> list[tuple[str, str | None]]:
    """Texts above the diagram, with the colour of the frame that each explains."""
    count = graph.parameters
    weights = "" if count is None else f", {count:,} parameters"
    texts: list[tuple[str, str | None]] = [
        (f"{clean(graph.name)}: {len(graph.layers)} layers{weights}", None)
    ]
    if any(box.faded for box in boxes):
        texts.append(("faded: not on a way to the output", None))
    return texts + [(name, FRAMES[name]) for name in names]


def _width(legend: Sequence[tuple[str, str | None]]) -> float:
    return sum(_pill_width(text) + 8 for text, _ in legend)


def _pill_width(text: str) -> float:
    return len(text) * LINE * LETTER + 22


def _pills(legend: Sequence[tuple[str, str | None]]) -> str:
    drawn, x = "", MARGIN
    for text, colour in legend:
        width = _pill_width(text)
        dashes = ' stroke-width="2" stroke-dasharray="7 5"' if colour else ""
        drawn += (
            f'<rect x="{x:.1f}" y="9" width="{width:.1f}" height="22" rx="8" fill="#ffffff" '
            f'stroke="{colour or GREY}"{dashes}/>'
            f'<text x="{x + width / 2:.1f}" y="24" text-anchor="middle" font-size="{LINE}" '
            f'fill="{INK}">{escape(text)}</text>'
        )
        x += width + 8
    return drawn
