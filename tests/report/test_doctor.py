"""What `autograder doctor` finds beside the walls."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import build

from autograder.report.doctor import examine


def _by_name(root: Path) -> dict[str, tuple[bool, str]]:
    return {finding.what: (finding.is_well, finding.found) for finding in examine(root)}


def test_a_course_that_can_be_graded(tmp_path: Path) -> None:
    """Its assignments, its settings, the packages."""
    found = _by_name(build(tmp_path, "c.Autograder.workers = 3"))
    assert found["course"] == (True, f"{tmp_path}: ps")
    assert found["hand-ins at a time"] == (True, "3")
    assert found["nbgrader"][0]
    assert found["Python"][0]


def test_a_course_without_assignments(tmp_path: Path) -> None:
    """There is nothing to grade."""
    root = build(tmp_path)
    (root / "source").rename(root / "sources")
    assert _by_name(root)["course"] == (False, f"{root}: no assignments in source/")


def test_a_course_that_cannot_be_read(tmp_path: Path) -> None:
    """The line that every command would end with."""
    is_well, found = _by_name(build(tmp_path, "c.Autograder.workers = -3"))["course"]
    assert not is_well
    assert "workers" in found


def test_isolation_that_is_switched_off(tmp_path: Path) -> None:
    """Is a choice, and is told."""
    found = _by_name(build(tmp_path, "c.Autograder.isolation = False"))
    assert found["isolation"] == (False, "False")


def test_alembic_that_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """nbgrader needs it by name for a new gradebook."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _by_name(build(tmp_path))["alembic (nbgrader calls it)"] == (False, "not on PATH")
