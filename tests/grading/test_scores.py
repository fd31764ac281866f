"""Scores as data: what the grading child claims is checked, whatever it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autograder.grading import scores
from autograder.grading.scores import NotebookScores, load, save

NOT_GRADED = "could not be graded"


def of(**claim: Any) -> scores.TestScore:
    return scores.test_score(
        2.0, {"grade_id": "test_q", "outcome": "correct", "points": 2.0, **claim}
    )


@pytest.mark.parametrize(
    ("points", "expected"), [(0, 0.0), (1, 1.0), (2.0, 2.0), (-1, 0.0), (1e300, 2.0), (True, 1.0)]
)
def test_points_are_held_within_bounds(points: float, expected: float) -> None:
    """A score is a float in [0, max_points]."""
    found = of(points=points)
    assert (found.points, type(found.points)) == (expected, float)


@pytest.mark.parametrize(
    "claim",
    [
        {"points": None},
        {"points": "2"},
        {"points": [2]},
        {"points": float("nan")},
        {"points": float("inf")},
        {"points": 10**400},
        {"outcome": "right"},
        {"outcome": None},
        {"outcome": ["correct"]},
        {"outcome": {}},
        {"rows": None},
        {"rows": 3},
        {"rows": {}},
    ],
)
def test_a_bad_claim_is_not_graded(claim: dict[str, Any]) -> None:
    """It gives no points and waits for a person; the message says what came."""
    found = of(**claim)
    assert (found.points, found.outcome, found.needs_person) == (0.0, NOT_GRADED, True)
    assert "which is no score" in found.message
    assert len(found.message) <= 600


def test_what_could_not_be_graded_gives_nothing() -> None:
    """Whatever points are claimed with it."""
    assert of(outcome=NOT_GRADED, points=2.0).points == 0.0


def test_messages_are_bounded() -> None:
    """A table has a line for them."""
    assert len(of(message="x" * 10_000).message) == 600


def test_scores_survive_the_disk(tmp_path: Path) -> None:
    """What is saved is what is loaded."""
    some = NotebookScores("key", (of(rows=[{"asked": "é"}], html="<p>", message="\u2713"),))
    save(tmp_path / "scores.json", some)
    assert load(tmp_path / "scores.json") == some


def test_half_a_character_is_no_reason_not_to_save(tmp_path: Path) -> None:
    """JSON can spell a lone surrogate, UTF-8 cannot."""
    save(tmp_path / "scores.json", NotebookScores("key", (of(message="a \ud800"),)))
    assert load(tmp_path / "scores.json") is not None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b'{"key": 1, "tests": [{}]}', b"\xff"]
)
def test_scores_that_cannot_be_read_are_none(tmp_path: Path, content: bytes) -> None:
    """So the notebook is graded again."""
    (tmp_path / "scores.json").write_bytes(content)
    assert load(tmp_path / "scores.json") is None


def test_missing_scores_are_none(tmp_path: Path) -> None:
    """Nothing was graded yet."""
    assert load(tmp_path / "scores.json") is None


@pytest.mark.parametrize(
    ("bonus", "expected"), [(0, 0.0), (1.5, 1.5), (-1, 0.0), (1e300, 2.0), (2, 2.0)]
)
def test_a_bonus_is_held_within_bounds(bonus: float, expected: float) -> None:
    """A float in [0, max_bonus], which is 0 where none is claimed."""
    found = of(bonus=bonus, max_bonus=2.0)
    assert (found.bonus, type(found.bonus), found.max_bonus) == (expected, float, 2.0)
    assert of(bonus=bonus).bonus == 0.0


@pytest.mark.parametrize("bonus", [None, "2", float("nan"), float("inf"), 10**400])
def test_a_bonus_that_is_no_number_is_not_graded(bonus: object) -> None:
    """Neither it nor the points; a person looks at it."""
    for found in (of(bonus=bonus, max_bonus=2.0), of(bonus=1.0, max_bonus=bonus)):
        assert (found.points, found.bonus, found.outcome) == (0.0, 0.0, NOT_GRADED)


def test_a_bonus_survives_the_disk(tmp_path: Path) -> None:
    """A test without one is written without a word of it."""
    some = NotebookScores("key", (of(bonus=1.5, max_bonus=2.0), of()))
    save(tmp_path / "scores.json", some)
    assert load(tmp_path / "scores.json") == some
    assert (tmp_path / "scores.json").read_text().count("bonus") == 2
