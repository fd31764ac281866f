"""What a test cell's outcome means in points.

| the cell ends with            | points                                      |
|-------------------------------|---------------------------------------------|
| a scorecard                   | the card's score                            |
| a number                      | that many, held within [0, max_points]      |
| True, or nothing              | all                                         |
| False                         | none                                        |
| an exception                  | none                                        |
| anything else, nan or inf     | nothing was graded: it is no score          |

A number is a finite int or float of Python or NumPy. An array is none: it may be what a comparison
with a student's array came to, and says neither yes nor no.

A card with bonus=True stands in a cell of 0 points; its score becomes extra credit.

In a cell that has a scorecard, anything but the card at its end means that the test is at fault,
and nothing was graded. In a cell that has none, a question whose every name is unanswered was not
attempted; and where a name holds what could not cross, no points are given unseen, since what
stands for it here may pass for an answer.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.checks import (
    Finding,
    Missing,
    NotAnAnswer,
    NotUsable,
    Outcome,
    Scorecard,
    explain,
    is_unanswered,
    scorecard,
)
from autograder.notebook.shell import CellRecord

_NO_SCORE = (
    "the test cell ends with {what}, which is no score; end it with a scorecard, a number, True or "
    "False, or nothing"
)
_NO_CARD = "the test cell has a scorecard, but does not end with it"
_UNALLOTTED = "the card allots {allotted:g} of the {whose} {points:g} points"
_OTHER_POINTS = "the card is worth {card:g} points, the cell {points:g}"
_NO_BONUS_CELL = (
    "the card is a bonus, but its cell has {points:g} points; give the cell 0 points, or take "
    "bonus=True away"
)


def judge(
    cell: Mapping[str, Any], record: CellRecord, given: Mapping[str, object]
) -> dict[str, Any]:
    """The claim of one test cell: grade_id, points, outcome, message, rows and html.

    Where the cell is a bonus also "bonus", the points earned, and "max_bonus".

    cell: one of Plan.grading()'s test cells. record: what running it gave. given: the names that
    it reads from the student.
    """
    points = float(cell["points"])
    if isinstance(record.result, Scorecard) and record.exception is None:
        return _of_card(cell, record.result, points)
    if given and all(is_unanswered(value) for value in given.values()):
        finding = _finding(Outcome.NOT_ATTEMPTED, "nothing was answered yet")
    elif record.exception is not None:
        finding = _of_exception(record, given, has_scorecard(cell))
    elif has_scorecard(cell):
        finding = _finding(Outcome.COULD_NOT_BE_GRADED, _NO_CARD)
    else:
        finding = _unless_unseen(_of_value(record.result, points), given)
    return _of_finding(cell, finding, points)


def has_scorecard(cell: Mapping[str, Any]) -> bool:
    """Whether a test cell makes a scorecard, whose checks know of answers that are none."""
    return re.search(r"\bscorecard\b", cell["source"]) is not None


def _of_card(cell: Mapping[str, Any], card: Scorecard, points: float) -> dict[str, Any]:
    if problem := _fault(card, points):
        return _of_finding(cell, _finding(Outcome.COULD_NOT_BE_GRADED, problem), points)
    return _claim(cell, card)


def _fault(card: Scorecard, points: float) -> str:
    """What of a card does not fit a cell of `points`; "" where all does."""
    if card.bonus and points:
        return _NO_BONUS_CELL.format(points=points)
    if not card.bonus and not math.isclose(card.points, points):
        return _OTHER_POINTS.format(card=card.points, points=points)
    if not math.isclose(card.allotted, card.points):
        whose = "bonus's" if card.bonus else "cell's"
        return _UNALLOTTED.format(allotted=card.allotted, whose=whose, points=card.points)
    return ""


def _of_finding(cell: Mapping[str, Any], finding: Finding, points: float) -> dict[str, Any]:
    """A test without a scorecard gets one with a single row, so that feedback looks alike."""
    card = scorecard(cell["grade_id"], points)
    card.expect(points, finding)
    return _claim(cell, card)


def _claim(cell: Mapping[str, Any], card: Scorecard) -> dict[str, Any]:
    data = card.as_dict()
    earned = {"bonus": card.score, "max_bonus": card.points} if card.bonus else {}
    return {
        "grade_id": cell["grade_id"],
        "points": 0.0 if card.bonus else data["score"],
        "outcome": data["outcome"],
        "message": data["message"],
        "rows": data["rows"],
        "html": card._repr_html_(),
        **earned,
    }


def _of_exception(record: CellRecord, given: Mapping[str, object], has_scorecard: bool) -> Finding:
    error, (name, text) = record.exception, record.error or ("", "")
    absent = given.get(error.name or "") if isinstance(error, NameError) else None
    if isinstance(error, NotAnAnswer):
        return _finding(error.outcome, text)
    if isinstance(absent, Missing):
        return _finding(Outcome.NOT_ATTEMPTED, explain(absent))
    if isinstance(absent, NotUsable):
        return _finding(Outcome.INCORRECT, explain(absent))
    if isinstance(error, AssertionError):
        return _finding(Outcome.INCORRECT, text or "a test did not hold")
    raised = f"{name}: {text}".removesuffix(": ")
    if has_scorecard:
        return _finding(Outcome.COULD_NOT_BE_GRADED, f"the test itself failed: {raised}")
    return _finding(Outcome.INCORRECT, raised)


def _of_value(value: object, points: float) -> Finding:
    if value is None or isinstance(value, bool | np.bool_):
        holds = value is None or bool(value)
        outcome = Outcome.CORRECT if holds else Outcome.INCORRECT
        return _finding(outcome, "all tests held" if holds else "the test did not hold")
    number = _number(value)
    if number is None:
        return _finding(Outcome.COULD_NOT_BE_GRADED, _NO_SCORE.format(what=_short(value)))
    share = min(max(number / points, 0.0), 1.0) if points else 1.0
    return Finding(
        Outcome.PARTLY_CORRECT,
        "the tests",
        f"{share * points:g} of {points:g} points",
        fraction=share,
    )


def _unless_unseen(finding: Finding, given: Mapping[str, object]) -> Finding:
    """`finding`, unless it gives points although a name stands for what could not cross."""
    unseen = [value for value in given.values() if isinstance(value, NotUsable)]
    if not unseen or finding.outcome is Outcome.INCORRECT or finding.fraction == 0:
        return finding
    return _finding(Outcome.COULD_NOT_BE_GRADED, explain(unseen[0]))


def _number(value: object) -> float | None:
    """A real number as a float; None for what is none, or is not finite."""
    try:
        number = float(value) if isinstance(value, numbers.Real) else math.nan
    except OverflowError:
        number = math.inf
    return number if math.isfinite(number) else None


def _short(value: object) -> str:
    """A number as it is written, for anything else its type."""
    if isinstance(value, float | complex):
        return repr(value)
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _finding(outcome: Outcome, found: str) -> Finding:
    return Finding(outcome, "the tests", found)
