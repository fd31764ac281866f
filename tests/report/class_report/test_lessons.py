"""What stands behind a slug."""

from __future__ import annotations

from autograder.checks.numbers import lessons
from autograder.report.class_report.lessons import told


def test_a_known_slug_has_its_lesson() -> None:
    """With what happened and what students were told."""
    found = told("dilation-ignored", "other")
    assert found.title == "Dilation ignored"
    assert found.what_happened == lessons.DILATION_IGNORED.what_happened
    assert found.advice == lessons.DILATION_IGNORED.advice


def test_a_course_has_misconceptions_of_its_own() -> None:
    """Of these only the advice on the card is known."""
    found = told("my-own-mistake", "Try this.")
    assert (found.title, found.what_happened, found.advice) == ("My own mistake", "", "Try this.")


def test_no_lesson_has_a_gap() -> None:
    """What a question fills in is left open, not shown as a placeholder."""
    slugs = {each.slug for each in vars(lessons).values() if isinstance(each, lessons.Lesson)}
    assert slugs
    assert not [slug for slug in slugs if "{" in told(slug, "").what_happened]
