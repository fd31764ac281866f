"""A scorecard as HTML: one small table, legible on a phone and in dark themes."""

import re
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import Protocol

from autograder.checks.findings import Outcome
from autograder.checks.wording import rounded

# Symbol, and the colour behind its white text (contrast at least 4.5 : 1).
BADGES = {
    Outcome.CORRECT: ("✓", "#1a7f37"),
    Outcome.PARTLY_CORRECT: ("◐", "#8a5a00"),
    Outcome.INCORRECT: ("✗", "#b3261e"),
    Outcome.NOT_ATTEMPTED: ("○", "#57606a"),
    Outcome.COULD_NOT_BE_GRADED: ("?", "#6f42c1"),
}

# Notebook front ends style every table; these undo what would spoil the card.
CELL = "text-align:left;vertical-align:top;white-space:normal;border:0;padding:8px 10px 8px 0"
LINE = "border-top:1px solid rgba(128,128,128,.4)"
TABLE = "border-collapse:collapse;width:100%;margin:6px 0 0;table-layout:auto;font-size:inherit"
CARD = (
    "max-width:46em;margin:4px 0;font:14px/1.45 system-ui,sans-serif;"
    "overflow-wrap:anywhere;box-sizing:border-box"
)
BADGE = (
    "display:inline-block;padding:0 8px;border-radius:10px;color:#fff;background:{colour};"
    "font-size:12px;line-height:20px"
)
LIST = "margin:2px 0 4px;padding-left:1.3em;list-style:disc"
# A picture is as wide as it was drawn, so that its text can be read; a phone scrolls it. Without
# a width of its own the window takes its cell's and does not widen it.
WINDOW = "overflow-x:auto;width:0;min-width:100%;margin:4px 0 0"
SUMMARY = "display:list-item"  # else some pages' styles take its triangle away
# Shrinks to the card's width, but not so far that its letters cannot be read; then it scrolls.
PICTURE = "max-width:100%;min-width:{least}px;height:auto;margin:0;padding:0"
LEAST_SCALE = 0.65


class CardRow(Protocol):
    """What a row of the table is made from."""

    @property
    def asked(self) -> str: ...
    @property
    def points(self) -> float: ...
    @property
    def max_points(self) -> float: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def found(self) -> str: ...
    @property
    def advice(self) -> str: ...
    @property
    def details(self) -> tuple[str, ...]: ...
    @property
    def picture(self) -> str: ...


def render(title: str, outcome: Outcome | None, verdict: str, rows: Sequence[CardRow]) -> str:
    """The card as one HTML element; every text in it is escaped. `outcome` None shows no badge."""
    body = "".join(_row(row, rows[:number]) for number, row in enumerate(rows))
    # The classes keep MathJax off: a student's text in dollar signs is not to be typeset.
    return (
        f'<div class="tex2jax_ignore mathjax_ignore" style="{CARD}">'
        f"<strong>{escape(title)}</strong> {_badge(outcome) if outcome else ''} "
        f'<span style="margin-left:4px">{escape(verdict)}</span>'
        f'<table style="{TABLE}">{_head() if rows else ""}<tbody>{body}</tbody></table></div>'
    )


def _head() -> str:
    head = f'<th scope="col" style="{CELL};font-weight:600;padding-bottom:2px">'
    return f"<thead><tr>{head}Result</th>{head}Asked, found, what to try</th></tr></thead>"


def _row(row: CardRow, earlier: Sequence[CardRow]) -> str:
    points = f"{rounded(row.points)} / {rounded(row.max_points)}" if row.max_points else "required"
    is_new = row.advice and not (earlier and earlier[-1].advice == row.advice)
    advice = f"<div><b>Try:</b> {escape(row.advice)}</div>" if is_new else ""
    is_seen = any(each.picture == row.picture for each in earlier)
    picture = _picture(row.picture) if row.picture and not is_seen else ""
    return (
        f'<tr style="background:none"><td style="{CELL};{LINE};white-space:nowrap">'
        f"{_badge(row.outcome)}<div>{points}</div></td>"
        f'<td style="{CELL};{LINE};width:100%"><div><b>Asked:</b> {escape(row.asked)}</div>'
        f"<div><b>Found:</b> {escape(row.found)}</div>{_list(row.details)}{advice}{picture}</td>"
        "</tr>"
    )


def _list(details: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(each)}</li>" for each in details)
    return f'<ul style="{LIST}">{items}</ul>' if items else ""


def _picture(svg: str) -> str:
    """An SVG as an image, in which nothing acts, whoever shows the page; folded away."""
    data = b64encode(svg.encode(errors="replace")).decode()
    width = re.search(r'^<svg[^>]* width="([0-9]{1,5})', svg)
    style = PICTURE.format(least=int(LEAST_SCALE * int(width[1])) if width else 0)
    return (
        f'<details style="margin:4px 0 0"><summary style="{SUMMARY}">Diagram</summary>'
        f'<div style="{WINDOW}">'
        f'<img style="{style}" alt="What was found, as a picture" '
        f'src="data:image/svg+xml;base64,{data}"></div></details>'
    )


def _badge(outcome: Outcome) -> str:
    symbol, colour = BADGES[outcome]
    style = BADGE.format(colour=colour)
    return f'<span style="{style}"><span aria-hidden="true">{symbol}</span> {outcome}</span>'
