"""The card that a test cell ends with: points, what was asked, what was found, what to try."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from autograder.checks.card_html import render
from autograder.checks.findings import Finding, Measurement, Outcome
from autograder.checks.wording import count, legible, opening, rounded, sentences

MAX_TEXT = 400
MAX_ADVICE = 600
MAX_DETAILS = 12
MAX_PICTURE = 200_000

NO_CHECKS = "no check of this question has run"


@dataclass(frozen=True)
class Row:
    """One check on a card; `points` of `max_points` were earned, 0 of 0 for a required form.

    `details`: each mismatch by itself. `picture`: an SVG that the kit has drawn, or "". `measured`:
    the accuracy that was counted, for those who set thresholds; no card shows it.
    """

    asked: str
    points: float
    max_points: float
    outcome: Outcome
    found: str
    advice: str = ""
    mistake: str | None = None
    details: tuple[str, ...] = ()
    picture: str = ""
    measured: Measurement | None = None

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON-able data, without its picture; "measured" where something was."""
        data = asdict(self) | {"outcome": str(self.outcome), "details": list(self.details)}
        del data["picture"]
        if self.measured is None:
            del data["measured"]
        return data


def scorecard(title: str, points: float, *, bonus: bool = False) -> "Scorecard":
    """An empty card for a question worth `points`.

    bonus: they come on top of the assignment's points; the test cell itself then has 0 points, and
    what is earned becomes nbgrader's extra credit.

    card = scorecard("Question 1", points=2)
    card.require(form(q1, shape=(2, 2)))
    card.expect(2, equal(q1, [[45, 45], [54, 54]]))
    card
    """
    return Scorecard(title, points, bonus=bonus)


class Scorecard:
    """Collects findings and what they are worth; the last expression of a test cell."""

    def __init__(self, title: str, points: float, *, bonus: bool = False) -> None:
        self.title = legible(title, MAX_TEXT)
        self.points = _amount(points, "scorecard's points")
        self.bonus = bonus
        self._rows: list[Row] = []

    def require(self, check: Finding) -> None:
        """Adds a check that earns no points: whether the answer has the expected form."""
        self._add(0.0, check)

    def expect(self, points: float, check: Finding) -> None:
        """Adds a check that earns `points`, or their share where the check gives a fraction.

        ValueError when the card's checks come to more than its points.
        """
        amount = _amount(points, "expect's points")
        if self.allotted + amount > self.points + 1e-9:
            raise ValueError(
                f"{self.title}: its checks come to {count(self.allotted + amount, 'point')}, "
                f"but the card has {self.points:g}; raise points= or lower what expect() gives"
            )
        self._add(amount, check)

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self._rows)

    @property
    def allotted(self) -> float:
        """The points that the checks so far decide: all but those of absent hidden tests."""
        return round(math.fsum(row.max_points for row in self._rows), 9)

    @property
    def score(self) -> float:
        """The points earned: finite, in [0, points]."""
        earned = round(math.fsum(row.points for row in self._rows), 9)
        return float(min(max(earned, 0.0), self.points))

    @property
    def outcome(self) -> Outcome:
        """The question's outcome: decided by the rows that have points, or else by all of them."""
        outcomes = {row.outcome for row in self._rows if row.max_points} or {
            row.outcome for row in self._rows
        }
        if not outcomes or any(row.outcome is Outcome.COULD_NOT_BE_GRADED for row in self._rows):
            return Outcome.COULD_NOT_BE_GRADED
        if len(outcomes) == 1 and outcomes <= {Outcome.CORRECT, Outcome.NOT_ATTEMPTED}:
            return outcomes.pop()
        return Outcome.PARTLY_CORRECT if self.score > 0 else Outcome.INCORRECT

    @property
    def message(self) -> str:
        """One line for tables: "correct", or what the most telling failed check found."""
        if self.outcome is Outcome.CORRECT:
            return str(Outcome.CORRECT)
        failed = [row for row in self._rows if row.outcome is not Outcome.CORRECT]
        if not failed:
            return NO_CHECKS
        row = min(failed, key=self._telling)
        return sentences(row.found, *map(opening, row.details[:1]), row.advice)

    def as_dict(self) -> dict[str, Any]:
        """The card as JSON-able data."""
        return {
            "title": self.title,
            "points": self.points,
            "allotted": self.allotted,
            "score": self.score,
            "outcome": str(self.outcome),
            "message": self.message,
            "rows": [row.as_dict() for row in self._rows],
        }

    def __repr__(self) -> str:
        """A number once every point is decided, which nbgrader takes as partial credit.

        Before that, text, which nbgrader takes as passed; 0.0 where a visible check failed. A bonus
        is always text: its cell has no points, and nbgrader stops at a number above them.
        """
        if self.bonus:
            return self._verdict
        if self._is_decided:
            return repr(self.score)
        if self._has_failed:
            return "0.0"
        return self._verdict

    def _repr_html_(self) -> str:
        # A visible form that is right does not make the answer right: no badge claims that yet.
        is_telling = self._is_decided or self._has_failed
        return render(self.title, self.outcome if is_telling else None, self._verdict, self.rows)

    @property
    def _is_decided(self) -> bool:
        return self.allotted >= self.points - 1e-9

    @property
    def _has_failed(self) -> bool:
        return any(row.outcome is not Outcome.CORRECT for row in self._rows)

    @property
    def _verdict(self) -> str:
        return f"Bonus: {self._sum}" if self.bonus else self._sum

    @property
    def _sum(self) -> str:
        if self._is_decided:
            return f"{rounded(self.score)} of {count(self.points, 'point')}"
        rest = self.points - self.allotted
        hidden = f"{count(rest, 'point')} {'is' if rest == 1 else 'are'} decided by hidden tests"
        if self.allotted:
            return f"{rounded(self.score)} of {count(self.allotted, 'point')} so far; {hidden}"
        if self.outcome is Outcome.CORRECT:
            return f"form correct; {hidden}"
        return hidden

    def _telling(self, row: Row) -> tuple[bool, bool]:
        """Sorts first what a person must look at, then a diagnosed mistake, then card order."""
        return row.outcome is not Outcome.COULD_NOT_BE_GRADED, row.mistake is None

    def _add(self, points: float, check: Finding) -> None:
        if not isinstance(check, Finding):
            raise TypeError(
                f"{self.title}: expected what a check such as form() or equal() returns, "
                f"received {type(check).__name__}"
            )
        outcome, share = _settle(check)
        self._rows.append(
            Row(
                legible(check.asked, MAX_TEXT),
                points * share,
                points,
                outcome,
                legible(check.found, MAX_TEXT),
                legible(check.advice, MAX_ADVICE),
                check.mistake,
                _details(check.details),
                check.picture if len(check.picture) <= MAX_PICTURE else "",
                check.measured,
            )
        )


def _details(details: tuple[str, ...]) -> tuple[str, ...]:
    shown = tuple(legible(each, MAX_TEXT) for each in details[:MAX_DETAILS])
    rest = len(details) - len(shown)
    return (*shown, f"and {rest} more") if rest else shown


def _settle(check: Finding) -> tuple[Outcome, float]:
    """The outcome and the share of the points, in [0, 1], so that the two never disagree."""
    if check.outcome in (Outcome.NOT_ATTEMPTED, Outcome.COULD_NOT_BE_GRADED):
        return Outcome(check.outcome), 0.0
    if check.fraction is None:
        return Outcome(check.outcome), 1.0 if check.outcome == Outcome.CORRECT else 0.0
    if not math.isfinite(check.fraction):
        return Outcome.COULD_NOT_BE_GRADED, 0.0
    share = min(max(float(check.fraction), 0.0), 1.0)
    if share in (0.0, 1.0):
        return (Outcome.CORRECT if share else Outcome.INCORRECT), share
    return Outcome.PARTLY_CORRECT, share


def _amount(points: float, what: str) -> float:
    if isinstance(points, bool) or not math.isfinite(points) or points < 0:
        raise ValueError(f"{what}: expected a finite number of at least 0, received {points!r}")
    return float(points)
