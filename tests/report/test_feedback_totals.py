"""What a student has in the whole assignment."""

from __future__ import annotations

from autograder.report.feedback_totals import AssignmentTotal, NotebookTotal

ONE = NotebookTotal("part one", 5.0, 8.0, 2, 0.5, True)
TWO = NotebookTotal("two", 1.0, 4.0, 1, 0.0, False)


def test_notebooks_are_summed() -> None:
    """The late penalty comes off once."""
    both = AssignmentTotal((ONE, TWO))
    assert (both.total, both.max_points, both.waiting, both.late_penalty) == (5.5, 12.0, 3, 0.5)


def test_nobody_owes_points() -> None:
    """As in exports: the late penalty takes at most what there is."""
    assert AssignmentTotal((NotebookTotal("a", 1.0, 4.0, 0, 3.0, True),)).total == 0.0


def test_a_page_is_an_address() -> None:
    """Whatever the notebook is called."""
    assert ONE.page == "part%20one.html"
    assert NotebookTotal("javascript:a", 0.0, 0.0, 0, 0.0, True).page == "javascript%3Aa.html"
