"""A course with runs in it, made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import ASSIGNMENT, build

from autograder.course import Course
from storage.runs import SHARED, write_run


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """ann and bob handed in one and two, and answered one with the same; bob's two is his own."""
    course = Course(build(tmp_path))
    for student in ("ann", "bob"):
        (course.root / "submitted" / student / ASSIGNMENT).mkdir(parents=True)
        write_run(course, student, "one", SHARED)
    write_run(course, "ann", "two")
    write_run(course, "bob", "two", b"own" * 500_000)
    return course
