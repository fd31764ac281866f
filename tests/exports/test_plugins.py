"""`nbgrader export` with the kit's exporters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support import ASSIGNMENT, environment

from autograder.exports import FORMATS, export, plugins
from exports.made import graded_course


def _nbgrader(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", "export", *options],
        cwd=root,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_writes_what_the_kit_writes(tmp_path: Path) -> None:
    """The same bytes, by nbgrader's own command."""
    course = graded_course(tmp_path)
    expected = export(course, ASSIGNMENT, "moodle").path.read_bytes()
    exporter = "--exporter=autograder.exports.plugins.Moodle"
    said = _nbgrader(tmp_path, exporter, f'--assignment=["{ASSIGNMENT}"]', "--to=made.csv")
    assert said.returncode == 0, said.stderr
    assert (tmp_path / "made.csv").read_bytes() == expected
    said = _nbgrader(tmp_path, exporter, '--assignment=["ps", "sp"]', "--to=made.csv")
    assert said.returncode != 0
    assert "expected one assignment for one file" in said.stderr
    assert "Traceback" not in said.stderr


def test_each_format_has_an_exporter() -> None:
    """None is forgotten."""
    found = {getattr(value, "format", None) for value in vars(plugins).values()}
    assert found >= FORMATS.keys()
