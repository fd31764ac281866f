"""What the gradebook says of a class."""

from __future__ import annotations

from pathlib import Path

from support import ASSIGNMENT, copy_graded, gradebook

from autograder.course import Course
from autograder.report.class_report.marks import CellMarks, read_marks


def test_points_are_the_gradebooks(tmp_path: Path) -> None:
    """A score that a person has overruled counts as they gave it."""
    root = copy_graded(tmp_path)
    with gradebook(root) as book:
        book.find_grade("test_a", "one", ASSIGNMENT, "s").manual_score = 0.5
        book.db.commit()
    marks = read_marks(Course(root), ASSIGNMENT)
    assert marks.students == ("s",)
    assert marks.max_points == 6
    assert marks.cells["one", "test_a"].shares.mean == 0.25
    assert marks.cells["one", "why"].waiting == 1
    assert marks.provisional == 1


def test_no_total_is_below_zero(tmp_path: Path) -> None:
    """A late penalty takes no more than there is, as in what is exported."""
    root = copy_graded(tmp_path)
    with gradebook(root) as book:
        book.find_submission(ASSIGNMENT, "s").notebooks[0].late_submission_penalty = 50
        book.db.commit()
    marks = read_marks(Course(root), ASSIGNMENT)
    assert (marks.totals.least, marks.late) == (0, 1)


def test_answers_are_full_part_none_blank_or_waiting() -> None:
    """An empty answer has no points without that anybody gave it none."""
    marks = CellMarks(2.0)
    for score, waiting, blank in (
        (2.0, False, False),
        (1.0, False, False),
        (0.0, False, False),
        (0.0, False, True),
        (0.0, True, True),
    ):
        marks.add(score, is_waiting=waiting, is_blank=blank)
    assert (marks.full, marks.part, marks.none, marks.blank, marks.waiting) == (1, 1, 1, 1, 1)
    assert marks.given == len(marks.shares) == 4
