"""The commands. Only arguments are parsed and lines printed here; the rooms below do the work.

Exit codes: 0 done, 1 something needs a person, 2 wrong usage or a course that cannot be graded, 130
interrupted.

Commands import what they need themselves: nbgrader takes seconds, which `--help` need not wait for.
"""

# in the order of `autograder --help`
from autograder.cli import authoring, grading, desk, storage, students  # noqa: I001
from autograder.cli.base import app

__all__ = ["app", "authoring", "desk", "grading", "storage", "students"]
