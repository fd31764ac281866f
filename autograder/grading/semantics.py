"""What a test cell's outcome means in points.

| the cell ends with            | points                                      |
|-------------------------------|---------------------------------------------|
| a scorecard                   | the card's score                            |
| a number                      | that many, held within [0, max_points]      |
| False                         | none                                        |
| anything else, or nothing     | all                                         |
| an exception                  | none; in a cell with a scorecard the test   |
|                               | is at fault, and nothing was graded         |

A number is a finite int or float of Python or NumPy; nan and inf are no score. Where every name
that the cell reads from the student is unanswered, the question was not attempted, whatever a cell
without a scorecard says.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any

from autograder.checks import Finding, NotAnAnswer, Outcome, Scorecard, is_unanswered, scorecard
from autograder.notebook.names import reads
from autograder.notebook.shell import CellRecord

_NO_NUMBER = "the test cell ends with {value!r}, which is no score"
_UNALLOTTED = "the card allots {allotted:g} of the cell's {points:g} points"
_OTHER_POINTS = "the card is worth {card:g} points, the cell {points:g}"


def judge(
    cell: Mapping[str, Any], record: CellRecord, given: Mapping[str, object]
) -> dict[str, Any]:
    """The claim of one test cell: grade_id, points, outcome, message, rows and html.

    cell: one of Plan.grading()'s test cells. record: what running it gave. given: the names that
    it reads from the student.
    """
    points = float(cell["points"])
    unanswered = bool(given) and all(is_unanswered(value) for value in given.values())
    if isinstance(record.result, Scorecard) and record.exception is None:
        return _of_card(cell, record.result, points)
    if unanswered:
        finding = _finding(Outcome.NOT_ATTEMPTED, "nothing was answered yet")
    elif record.exception is not None:
        finding = _of_exception(record.exception, "scorecard" in reads(cell["source"]))
    else:
        finding = _of_value(record.result, points)
    return _of_finding(cell, finding, points)


def _of_card(cell: Mapping[str, Any], card: Scorecard, points: float) -> dict[str, Any]:
    if not math.isclose(card.points, points):
        problem = _OTHER_POINTS.format(card=card.points, points=points)
        return _of_finding(cell, _finding(Outcome.COULD_NOT_BE_GRADED, problem), points)
    if not math.isclose(card.allotted, points):
        problem = _UNALLOTTED.format(allotted=card.allotted, points=points)
        return _of_finding(cell, _finding(Outcome.COULD_NOT_BE_GRADED, problem), points)
    return _claim(cell, card)


def _of_finding(cell: Mapping[str, Any], finding: Finding, points: float) -> dict[str, Any]:
    """A test without a scorecard gets one with a single row, so that feedback looks alike."""
    card = scorecard(cell["grade_id"], points)
    card.expect(points, finding)
    return _claim(cell, card)


def _claim(cell: Mapping[str, Any], card: Scorecard) -> dict[str, Any]:
    data = card.as_dict()
    return {
        "grade_id": cell["grade_id"],
        "points": data["score"],
        "outcome": data["outcome"],
        "message": data["message"],
        "rows": data["rows"],
        "html": card._repr_html_(),
    }


def _of_exception(error: BaseException, has_scorecard: bool) -> Finding:
    if isinstance(error, NotAnAnswer):
        return _finding(error.outcome, str(error))
    text = f"{type(error).__name__}: {error}".removesuffix(": ")
    if isinstance(error, AssertionError):
        return _finding(Outcome.INCORRECT, str(error) or "a test did not hold")
    if has_scorecard:
        return _finding(Outcome.COULD_NOT_BE_GRADED, f"the test itself failed: {text}")
    return _finding(Outcome.INCORRECT, text)


def _of_value(value: object, points: float) -> Finding:
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        outcome = Outcome.CORRECT if value else Outcome.INCORRECT
        return _finding(outcome, "all tests held" if value else "the test did not hold")
    if not isinstance(value, numbers.Real):
        return _finding(Outcome.CORRECT, "all tests held")
    if not math.isfinite(value):
        return _finding(Outcome.COULD_NOT_BE_GRADED, _NO_NUMBER.format(value=value))
    share = min(max(float(value) / points, 0.0), 1.0) if points else 1.0
    return Finding(
        Outcome.PARTLY_CORRECT,
        "the tests",
        f"{float(value):g} of {points:g} points",
        fraction=share,
    )


def _finding(outcome: Outcome, found: str) -> Finding:
    return Finding(outcome, "the tests", found)
