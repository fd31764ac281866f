"""Charts as inline SVG, their places in percent of the width, which is that of the page.

So letters and patterns keep their size on a phone, on a wide screen and on paper. Colours and
patterns are the page's (style.css, template.html).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from autograder.report.class_report.accuracies import Compared
from autograder.report.class_report.spread import Spread

BAR_HEIGHT = 24
_LEAST_NUMBERED = 0.09  # of the bar's length: a narrower part has no room for its number
_TOP, _FOOT = 18, 22  # pixels for numbers above bars and for the axis below


@dataclass(frozen=True)
class Part:
    """A part of a bar: how many, of what; `style` names its pattern."""

    label: str
    style: str
    count: int


def stacked(title: str, parts: Sequence[Part]) -> Markup:
    """One bar as long as the page is wide, its parts in their order."""
    total = sum(part.count for part in parts)
    described = ", ".join(f"{part.count} {part.label}" for part in parts if part.count)
    body, x = "", 0.0
    for part in parts:
        share = part.count / total if total else 0.0
        if not share:
            continue
        body += (
            f'<rect class="part" x="{100 * x:.2f}%" width="{100 * share:.2f}%" y="1" '
            f'height="{BAR_HEIGHT - 2}" fill="url(#p-{part.style})"/>'
        )
        if share >= _LEAST_NUMBERED:
            body += _text(x + share / 2, BAR_HEIGHT / 2 + 4.5, str(part.count), "halo")
        x += share
    return _svg(title, described or "nothing yet", BAR_HEIGHT, body)


def histogram(
    title: str, edges: Sequence[str], counts: Sequence[int], marked: Sequence[tuple[str, float]]
) -> Markup:
    """Bars side by side with their numbers; edges: one more than bars, the axis' labels.

    marked: lines across it, each with its name and its place in [0, 1] of the axis.
    """
    height = 200
    top = _TOP + (14 if marked else 0)  # the marks' names stand above the numbers
    room = height - top - _FOOT
    body = _bars(counts, top, room, gap=0.4)
    for number, count in enumerate(counts):
        if count:
            y = top + room - room * count / max(counts) - 4
            body += _text((number + 0.5) / len(counts), y, str(count))
    body += _axis(edges, top + room)
    for name, place in marked:
        body += _line(place, 15, top + room, "line solid") + _text(place, 11, name, "halo")
    told = (
        f"{count} from {low} to {high}"
        for count, low, high in zip(counts, edges, edges[1:], strict=False)
        if count
    )
    return _svg(title, "; ".join(told), height, body)


def accuracies(found: Compared, counts: Sequence[int]) -> Markup:
    """A model's accuracies from 0 to 100 %, over the lines that they are held against."""
    height = 104
    room = height - _TOP - _FOOT
    body = _bars(counts, _TOP, room, gap=0.0)
    body += _axis([f"{10 * step} %" if step % 2 == 0 else "" for step in range(11)], _TOP + room)
    body += _line(found.guessing, _TOP, _TOP + room, "line dotted")
    for place, style in ((found.floor, "dashed"), (found.full, "solid")):
        body += "" if place is None else _line(place, _TOP - 4, _TOP + room, f"line {style}")
    if found.reference is not None:
        body += _diamond(found.reference, _TOP - 8)
    spread = found.accuracies
    described = (
        f"{len(spread)} models, from {100 * spread.least:.1f} % to {100 * spread.most:.1f} %, "
        f"median {100 * spread.median:.1f} %"
    )
    return _svg(found.name, described, height, body)


def spans(title: str, spread: Spread, longest: float, unit: str) -> Markup:
    """Least to most as a line, the middle half as a bar, the median as a mark; from 0."""
    scale = longest or 1.0
    least, low, middle, high, most = (spread.quantile(q) / scale for q in (0, 0.25, 0.5, 0.75, 1))
    half = BAR_HEIGHT / 2
    body = (
        f'<line class="line solid" x1="{100 * least:.2f}%" x2="{100 * most:.2f}%" '
        f'y1="{half}" y2="{half}"/>'
        f'<rect class="part" x="{100 * low:.2f}%" width="{100 * max(high - low, 0.002):.2f}%" '
        f'y="5" height="{BAR_HEIGHT - 10}" fill="url(#p-plain)"/>'
        + _line(least, 8, BAR_HEIGHT - 8, "line solid")
        + _line(most, 8, BAR_HEIGHT - 8, "line solid")
        + _line(middle, 1, BAR_HEIGHT - 1, "line thick")
    )
    described = (
        f"from {spread.least:.0f} {unit} to {spread.most:.0f} {unit}, median "
        f"{spread.median:.0f} {unit}"
    )
    return _svg(title, described, BAR_HEIGHT, body)


def _bars(counts: Sequence[int], top: float, room: float, gap: float) -> str:
    """Upright bars, as many beside each other as there are counts; gap: percent on each side."""
    drawn, width = "", 100 / len(counts)
    for number, count in enumerate(counts):
        if count:
            tall = room * count / max(counts)
            drawn += (
                f'<rect class="part" x="{number * width + gap:.2f}%" '
                f'width="{width - 2 * gap:.2f}%" y="{top + room - tall:.1f}" '
                f'height="{tall:.1f}" fill="url(#p-plain)"/>'
            )
    return drawn


def _svg(title: str, described: str, height: float, body: str) -> Markup:
    label = escape(f"{title}: {described}")
    return Markup(
        f'<svg role="img" aria-label="{label}" width="100%" height="{height:.0f}">'
        f"<title>{label}</title>{body}</svg>"
    )


def _axis(labels: Sequence[str], y: float) -> str:
    """A line with labels below it, evenly; the outer ones stay inside."""
    drawn = f'<line class="line axis" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
    last = len(labels) - 1
    for number, label in enumerate(labels):
        anchor = "start" if not number else "end" if number == last else "middle"
        drawn += _text(number / last, y + 15, label, f"soft {anchor}") if label else ""
    return drawn


def _text(place: float, y: float, text: str, style: str = "") -> str:
    return f'<text class="{style}" x="{100 * place:.2f}%" y="{y:.1f}">{escape(text)}</text>'


def _line(place: float, top: float, end: float, style: str) -> str:
    x = f"{100 * place:.2f}%"
    return f'<line class="{style}" x1="{x}" x2="{x}" y1="{top:.1f}" y2="{end:.1f}"/>'


def _diamond(place: float, y: float) -> str:
    return (
        f'<svg x="{100 * place:.2f}%" y="{y:.1f}" overflow="visible">'
        '<path class="diamond" d="M0,0 L6,6 L0,12 L-6,6 z"/></svg>'
    )
