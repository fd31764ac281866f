"""Tallies over scores."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.grading import scores
from autograder.report.class_report.outcomes import Outcomes, read_measured


def scored(grade_id: str, outcome: str, *rows: dict[str, Any]) -> scores.TestScore:
    return scores.TestScore(grade_id, 0.0, 1.0, outcome, "because", rows)


def taken(*tests: scores.TestScore, students: int = 1) -> Outcomes:
    outcomes = Outcomes()
    for number in range(students):
        outcomes.take(f"s{number}", [("one", scores.NotebookScores("key", tests))])
    return outcomes


def test_a_student_counts_once_for_a_misconception() -> None:
    """In however many questions; each question counts its own."""
    row = {"mistake": "dilation-ignored", "advice": "Look."}
    found = taken(
        scored("a", "incorrect", row, row), scored("b", "incorrect", row), students=2
    ).mistakes["dilation-ignored"]
    assert found.students == 2
    assert found.where == {("one", "a"): 2, ("one", "b"): 2}
    assert found.names == ["s0", "s1"]


def test_outcomes_are_counted_by_question() -> None:
    """Of the same grade_id in another notebook nothing is known here."""
    found = taken(scored("a", "correct"), scored("b", "incorrect"), students=3)
    assert found.tests == {("one", "a"): {"correct": 3}, ("one", "b"): {"incorrect": 3}}


def test_what_could_not_be_graded_is_listed_up_to_a_bound() -> None:
    """And counted beyond it."""
    found = taken(scored("a", "could not be graded"), students=250)
    assert (found.failed, len(found.failures)) == (250, 200)
    assert (found.failures[3].student, found.failures[3].reason) == ("s3", "because")


def test_accuracies_go_by_threshold_or_question() -> None:
    """A check with a floor and a full of its own has no threshold's name."""
    named = {"measured": {"threshold": "one/c", "accuracy": 0.5, "images": 10, "classes": 2}}
    plain = {"measured": {**named["measured"], "threshold": ""}}
    found = taken(scored("c", "correct", named), scored("d", "correct", plain))
    assert found.measured.keys() == {"one/c", "one/d"}


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"threshold": "", "accuracy": float("nan"), "images": 1, "classes": 2},
        {"threshold": "", "accuracy": 1.5, "images": 1, "classes": 2},
        {"threshold": "", "accuracy": "high", "images": 1, "classes": 2},
    ],
)
def test_what_is_no_accuracy_is_passed_over(data: object) -> None:
    """A chart from 0 to 100 % has no place for it."""
    assert read_measured({"measured": data}) is None
