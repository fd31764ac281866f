"""What a schedule is made of: which notebooks want a GPU, and how long they take."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import ASSIGNMENT, build, one, two

from autograder.course import Course
from autograder.execution import frameworks
from autograder.pipeline import Assignment, uses_framework


def test_a_framework_may_be_installed_only_where_notebooks_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who submits from a login node need not have it to ask for a GPU."""
    monkeypatch.setattr(frameworks, "is_installed", lambda _: False)
    training = two()
    training.cells[0].source = f"import jax\n{training.cells[0].source}"
    course = Course(build(tmp_path, one=one(), two=training))
    assignment = Assignment(course, ASSIGNMENT)
    assert [uses_framework(assignment, name) for name in ("one", "two")] == [False, True]
