"""The cards that test cells have shown in this session, as data and as text.

The shell keeps what each cell ended with; nothing else is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.artifacts.classes import is_a

SCORECARD = ("autograder.checks.scorecard", "Scorecard")
SIGNS = {
    "correct": "✓",
    "partly correct": "~",
    "incorrect": "✗",
    "not attempted": "○",
    "could not be graded": "?",
}
MAX_LINE = 600  # characters; what a card holds is shorter


@dataclass(frozen=True)
class Check:
    """One row of a card: what was asked and found, what to try."""

    asked: str
    outcome: str
    found: str
    advice: str
    details: tuple[str, ...]

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Check:
        asked, outcome, found, advice = (
            plain(told[name]) for name in ("asked", "outcome", "found", "advice")
        )
        return cls(asked, outcome, found, advice, tuple(map(plain, told["details"])))

    def lines(self) -> Iterator[str]:
        yield f"asked: {self.asked}"
        yield f"found: {self.found}"
        yield from (f"  - {each}" for each in self.details)
        if self.advice:
            yield f"try: {self.advice}"


@dataclass(frozen=True)
class Card:
    """A question's card. allotted: the points that its visible checks decide, of all its points."""

    title: str
    points: float
    allotted: float
    score: float
    outcome: str
    message: str
    is_bonus: bool
    checks: tuple[Check, ...]

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Card:
        """The card in what `as_data` gave."""
        return cls(
            title=plain(told["title"]),
            points=float(told["points"]),
            allotted=float(told["allotted"]),
            score=float(told["score"]),
            outcome=plain(told["outcome"]),
            message=plain(told["message"]),
            is_bonus=bool(told["bonus"]),
            checks=tuple(map(Check.read, told["rows"])),
        )

    @property
    def passes(self) -> bool:
        """Whether every visible check is correct."""
        return bool(self.checks) and all(check.outcome == "correct" for check in self.checks)

    @property
    def hidden(self) -> float:
        """The points that hidden tests decide after hand-in."""
        return max(0.0, round(self.points - self.allotted, 9))

    @property
    def sign(self) -> str:
        """✓ only where every check passes: a form that is wrong may stand beside full points."""
        if self.passes:
            return SIGNS["correct"]
        return SIGNS["partly correct" if self.outcome == "correct" else self.outcome]

    @property
    def verdict(self) -> str:
        """The points so far, and those that hidden tests decide."""
        told = "form correct" if self.passes else self.outcome
        if self.allotted:
            told = f"{self.score:.4g} of {number(self.allotted, 'point')}"
        if self.hidden:
            told += f", {number(self.hidden, 'point')} by hidden tests"
        return f"bonus: {told}" if self.is_bonus else told

    def lines(self, *, verbose: bool = False) -> Iterator[str]:
        """Its text: a line if all is right, else also what was asked, what was found, what to try.

        verbose: the checks that passed, too.
        """
        yield f"{self.sign} {self.title}: {self.verdict}"
        for check in self.checks:
            if verbose or check.outcome != "correct":
                yield from (f"    {line}" for line in check.lines())


def as_data(value: object) -> dict[str, Any] | None:
    """A scorecard as JSON-able data; None for anything else."""
    if not is_a(value, *SCORECARD):
        return None
    card: Any = value
    return {**card.as_dict(), "bonus": card.bonus}


def session_cards(shell: Any) -> dict[int, dict[str, Any]]:
    """By execution count: the last card of each question that has been tested in this session.

    shell: IPython's. A test cell that ends in an error takes back the card it has shown before.
    """
    ended = shell.history_manager.output_hist
    sources = shell.history_manager.input_hist_raw
    last = {source: count for count, source in enumerate(sources) if source.strip()}
    cards = {count: data for count in last.values() if (data := as_data(ended.get(count)))}
    newest = {data["title"]: count for count, data in sorted(cards.items())}
    return {count: data for count, data in cards.items() if newest[data["title"]] == count}


class CardOf:
    """The card that the cell of one execution count ended with, for a front end to ask for."""

    def __init__(self, count: int) -> None:
        from IPython.core.getipython import get_ipython

        self._data = as_data(get_ipython().history_manager.output_hist.get(count))

    def _repr_json_(self) -> dict[str, Any]:
        return self._data or {}


def plain(text: object) -> str:
    """Text that a terminal may be shown: one line, printable, no longer than MAX_LINE."""
    line = " ".join(str(text)[: 4 * MAX_LINE].split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return line if len(line) <= MAX_LINE else f"{line[: MAX_LINE - 1]}…"


def number(amount: float, noun: str) -> str:
    """An amount and its noun: "1 point", "2.5 points"."""
    return f"{amount:.4g} {noun}{'' if amount == 1 else 's'}"
