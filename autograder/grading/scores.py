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
    points, outcome = claim.get("points"), claim.get("outcome")
    grade_id, message = str(claim["grade_id"]), str(claim.get("message", ""))[:_LONGEST_MESSAGE]
    if outcome not in OUTCOMES or not _is_number(points):
        message = f"the test gave {points!r} points, which is no number; {message}"
        return TestScore(grade_id, 0.0, max_points, NOT_GRADED, message)
    if outcome == NOT_GRADED:
        points = 0.0
    return TestScore(
        grade_id=grade_id,
        points=min(max(float(points or 0.0), 0.0), max_points),
        max_points=max_points,
        outcome=outcome,
        message=message,
        rows=tuple(claim.get("rows", ())),
        html=str(claim.get("html", "")),
    )


def save(path: Path, scores: NotebookScores) -> None:
    text = json.dumps(dataclasses.asdict(scores), indent=1, ensure_ascii=False)
    write_atomic(path, text.encode())


def load(path: Path) -> NotebookScores | None:
    """The scores in `path`; None where there are none that can be read."""
    try:
        data = json.loads(path.read_bytes())
        tests = tuple(TestScore(**{**test, "rows": tuple(test["rows"])}) for test in data["tests"])
        return NotebookScores(data["key"], tests)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
