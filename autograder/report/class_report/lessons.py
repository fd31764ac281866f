"""What stands behind the slug of a diagnosed misconception."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from autograder.checks.numbers import lessons
from autograder.checks.wording import legible

_LONGEST = 80  # characters of a slug


@dataclass(frozen=True)
class Told:
    """title: the slug in words. what_happened: "" where only the advice is known."""

    title: str
    what_happened: str
    advice: str


def told(slug: str, advice: str) -> Told:
    """The lesson of that slug; for a course's own misconceptions the advice that was given."""
    title = legible(slug, _LONGEST).replace("-", " ").capitalize()
    lesson = _lessons().get(slug)
    if lesson is None:
        return Told(title, "", advice)
    return Told(title, lesson.what_happened.format(which="…").replace("….", "…"), lesson.advice)


@cache
def _lessons() -> dict[str, lessons.Lesson]:
    found = [value for value in vars(lessons).values() if isinstance(value, lessons.Lesson)]
    return {lesson.slug: lesson for lesson in reversed(found)}  # of two the first
