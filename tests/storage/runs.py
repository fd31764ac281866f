"""Runs made by hand, sharing as real ones do."""

from __future__ import annotations

import os
from pathlib import Path

from support import ASSIGNMENT

from autograder.course import Course, HandIn
from autograder.execution.objects import Objects
from autograder.snapshot import blob_name

SHARED = b"data" * 5000


def write_run(course: Course, student: str, notebook: str, *pieces: bytes) -> Path:
    """A run with `pieces` for answers; its folder."""
    place = course.run(HandIn(student, ASSIGNMENT, Path()), notebook)
    place.mkdir(parents=True)
    (place / "run.json").write_text("{}")
    for piece in pieces:
        name = blob_name(piece, ".npy")
        Objects(course.runs(ASSIGNMENT) / ".objects").put(name, piece, place / name)
    return place


def taken(*paths: Path) -> int:
    """Bytes on the disk of these alone."""
    return sum(path.lstat().st_blocks * 512 for path in paths)


def age(folder: Path, seconds: float) -> None:
    """Have all of `folder` look as if it was last written `seconds` ago."""
    for path in [*folder.rglob("*"), folder]:
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))
