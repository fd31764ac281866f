"""What `autograder doctor` looks at beside the walls."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autograder.course import Course
from autograder.settings import SettingsError

_PACKAGES = ("nbgrader", "ipykernel", "numpy", "matplotlib", "tensorflow", "keras")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    is_well: bool
    found: str


def examine(root: Path) -> list[Finding]:
    """What a grading needs: packages, alembic on PATH, a course that can be read."""
    return [*_software(), *_course(root)]


def _software() -> Iterator[Finding]:
    yield Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0])
    for package in _PACKAGES:
        try:
            yield Finding(package, True, version(package))
        except PackageNotFoundError:
            yield Finding(package, package in ("tensorflow", "keras"), "not installed")
    alembic = shutil.which("alembic")
    yield Finding("alembic (nbgrader calls it)", alembic is not None, alembic or "not on PATH")


def _course(root: Path) -> Iterator[Finding]:
    try:
        course = Course(root)
    except SettingsError as error:
        yield Finding("course", False, str(error))
        return
    assignments = sorted(path.parent.name for path in course.source(".").glob("*/*.ipynb"))
    found = ", ".join(dict.fromkeys(assignments)) or "no assignments in source/"
    yield Finding("course", bool(assignments), f"{course.root}: {found}")
    yield Finding("hand-ins at a time", True, str(course.settings.slots))
    yield Finding("isolation", course.settings.isolation, str(course.settings.isolation))
