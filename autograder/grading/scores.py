"""Scores as data: what grading one notebook comes to, written as scores.json."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.checks import Outcome
from autograder.files import write_atomic

OUTCOMES = frozenset(map(str, Outcome))
NOT_GRADED = str(Outcome.COULD_NOT_BE_GRADED)
NOT_ATTEMPTED = str(Outcome.NOT_ATTEMPTED)
_LONGEST_MESSAGE = 600


@dataclass(frozen=True)
class TestScore:
    """What one test cell came to.

    points: a finite float in [0, max_points]; 0.0 where it could not be graded.
    rows: the scorecard's rows as data; empty for a test without a scorecard.
    outcome: one of autograder.checks.Outcome, as text.
    html: what the test cell shows (the card), or "".
    bonus: extra credit, a finite float in [0, max_bonus]; max_bonus is 0.0 where there is none.
    """

    grade_id: str
    points: float
    max_points: float
    outcome: str
    message: str
    rows: tuple[dict[str, Any], ...] = ()
    html: str = ""
    bonus: float = 0.0
    max_bonus: float = 0.0

    @property
    def needs_person(self) -> bool:
        return self.outcome == NOT_GRADED


@dataclass(frozen=True)
class NotebookScores:
    """The test scores of one notebook; `key` says from what they were computed."""

    key: str
    tests: tuple[TestScore, ...]


def test_score(max_points: float, claim: dict[str, Any]) -> TestScore:
    """`claim`, as the grading child sends it, checked: points are finite and within bounds."""
    grade_id, outcome = str(claim["grade_id"]), str(claim.get("outcome"))
    message = str(claim.get("message", ""))[:_LONGEST_MESSAGE]
    points, rows = _number(claim.get("points")), claim.get("rows", [])
    bonus, most = _number(claim.get("bonus", 0.0)), _number(claim.get("max_bonus", 0.0))
    is_score = outcome in OUTCOMES and isinstance(rows, list)
    if points is None or bonus is None or most is None or not is_score:
        message = f"the grader sent {_short(claim)}, which is no score; {message}"
        return TestScore(grade_id, 0.0, max_points, NOT_GRADED, message[:_LONGEST_MESSAGE])
    return TestScore(
        grade_id=grade_id,
        points=_within(points, max_points, outcome),
        max_points=max_points,
        outcome=outcome,
        message=message,
        rows=tuple(rows),
        html=str(claim.get("html", "")),
        bonus=_within(bonus, most, outcome),
        max_bonus=most,
    )


def save(path: Path, scores: NotebookScores) -> None:
    data = {"key": scores.key, "tests": [_as_dict(test) for test in scores.tests]}
    text = json.dumps(data, indent=1, ensure_ascii=False)
    write_atomic(path, text.encode(errors="replace"))


def _as_dict(test: TestScore) -> dict[str, Any]:
    """`test` as JSON-able data; "bonus" and "max_bonus" only where it is one."""
    data = dataclasses.asdict(test)
    if not test.max_bonus:
        del data["bonus"], data["max_bonus"]
    return data


def load(path: Path) -> NotebookScores | None:
    """The scores in `path`; None where there are none that can be read."""
    try:
        data = json.loads(path.read_bytes())
        tests = tuple(TestScore(**{**test, "rows": tuple(test["rows"])}) for test in data["tests"])
        return NotebookScores(data["key"], tests)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _within(points: float, most: float, outcome: str) -> float:
    return 0.0 if outcome == NOT_GRADED else min(max(points, 0.0), most)


def _number(value: object) -> float | None:
    """A finite float, or None."""
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        number = math.inf
    return number if math.isfinite(number) else None


def _short(claim: dict[str, Any]) -> str:
    text = f"{claim.get('points')!r} points, {claim.get('outcome')!r}"
    return text if len(text) <= 80 else text[:79] + "…"
