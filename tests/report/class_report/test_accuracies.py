"""What accuracies are held against."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import ASSIGNMENT, build

from autograder.course import Course
from autograder.grading import scores
from autograder.report.class_report.accuracies import Compared, ThresholdsError, compared
from autograder.report.class_report.outcomes import Measured


def held(course: Course, *names: str) -> list[Compared]:
    measured = {name: Measured(classes=4, images=100) for name in names}
    return compared(course, ASSIGNMENT, measured, [("two", "test_b"), ("one", "test_a")])


def test_the_reference_is_the_calibrated_mean_or_the_released_solution(tmp_path: Path) -> None:
    """Of thresholds that a person chose no mean is known."""
    course = Course(build(tmp_path))
    entries = {"one/a": {"floor": 0.5, "full": 0.7, "mean": 0.8, "sd": 0.02, "seeds": 3}}
    entries["one/b"] = {"floor": 0.5, "full": 0.7}
    file = course.source(ASSIGNMENT) / "thresholds.json"
    file.write_text(json.dumps({"small": entries, "full": {}}))
    row = {"measured": {"threshold": "one/b", "accuracy": 0.75, "images": 100, "classes": 4}}
    test = scores.TestScore("test_a", 1.0, 1.0, "correct", "", (row,))
    place = course.runs(ASSIGNMENT) / ".release" / ASSIGNMENT / "solution" / "one"
    place.mkdir(parents=True)
    scores.save(place / "scores.json", scores.NotebookScores("key", (test,)))
    first, second, third = held(course, "one/a", "one/b", "one/c")
    assert (first.floor, first.full, first.reference, first.sd) == (0.5, 0.7, 0.8, 0.02)
    assert (second.floor, second.reference, second.sd) == (0.5, 0.75, 0.0)
    assert (third.floor, third.reference, third.guessing) == (None, None, 0.25)


def test_models_come_in_the_order_of_the_notebooks(tmp_path: Path) -> None:
    """Those of no notebook last."""
    found = held(Course(build(tmp_path)), "other/z", "one/b", "one/a", "two/c")
    assert [one.name for one in found] == ["two/c", "one/a", "one/b", "other/z"]


def test_thresholds_of_a_wrong_form_are_one_line(tmp_path: Path) -> None:
    """They are the author's to mend."""
    course = Course(build(tmp_path))
    (course.source(ASSIGNMENT) / "thresholds.json").write_text('{"small": {"one/a": {}}}')
    with pytest.raises(ThresholdsError, match='expected a "floor"'):
        held(course, "one/a")
