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
    """

    grade_id: str
    points: float
    max_points: float
    outcome: str
    message: str
    rows: tuple[dict[str, Any], ...] = ()
    html: str = ""

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
    if outcome not in OUTCOMES or points is None or not isinstance(rows, list):
        message = f"the grader sent {_short(claim)}, which is no score; {message}"
        return TestScore(grade_id, 0.0, max_points, NOT_GRADED, message[:_LONGEST_MESSAGE])
    return TestScore(
        grade_id=grade_id,
        points=0.0 if outcome == NOT_GRADED else min(max(points, 0.0), max_points),
        max_points=max_points,
        outcome=outcome,
        message=message,
        rows=tuple(rows),
        html=str(claim.get("html", "")),
    )


def save(path: Path, scores: NotebookScores) -> None:
    text = json.dumps(dataclasses.asdict(scores), indent=1, ensure_ascii=False)
    write_atomic(path, text.encode(errors="replace"))


def load(path: Path) -> NotebookScores | None:
    """The scores in `path`; None where there are none that can be read."""
    try:
        data = json.loads(path.read_bytes())
        tests = tuple(TestScore(**{**test, "rows": tuple(test["rows"])}) for test in data["tests"])
        return NotebookScores(data["key"], tests)
    except (OSError, ValueError, KeyError, TypeError):
        return None


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
