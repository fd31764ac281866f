"""How much room the runs of an assignment take."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course import Course
from autograder.storage.disk import Inode, below, inode, is_file, is_shared, megabytes, taken


@dataclass(frozen=True)
class HandInSize:
    """A hand-in's runs by themselves. bytes: on the disk, with what they share with others."""

    student: str
    files: int
    bytes: int


@dataclass(frozen=True)
class Size:
    """The runs of an assignment.

    files, bytes: on the disk, all that lies there, each file once. saved_bytes: what more it would
    be if hand-ins' runs had copies of what they share. largest: of the hand-ins, the largest first.
    """

    assignment: str
    hand_ins: int
    files: int
    bytes: int
    saved_bytes: int
    largest: tuple[HandInSize, ...]

    def lines(self) -> Iterator[str]:
        """In words: a line for the assignment, then one for each of the largest hand-ins."""
        yield (
            f"{self.assignment}: {self.hand_ins} hand-ins, {self.files:,} files, "
            f"{megabytes(self.bytes)}; sharing saves {megabytes(self.saved_bytes)}"
        )
        for each in self.largest:
            yield f"  {each.student}: {each.files:,} files, {megabytes(each.bytes)}"


def sizes(course: Course, assignment: str | None = None, largest: int = 5) -> list[Size]:
    """The room that runs take: of one assignment, or of all that have any.

    Raises CourseError where there is no such assignment, nor runs of one.
    """
    if assignment is not None:
        if not course.runs(assignment).is_dir():
            course.notebooks(assignment)
        return [_size(course.runs(assignment), assignment, largest)]
    runs = course.runs(".")
    folders = sorted(path for path in runs.glob("[!.]*") if path.is_dir())
    return [_size(folder, folder.name, largest) for folder in folders]


def _size(folder: Path, name: str, largest: int) -> Size:
    disk = _Disk()
    students = [path for path in folder.glob("[!.]*") if path.is_dir()]
    found = (_hand_in(path, disk) for path in students)  # one at a time, however many there are
    top = heapq.nlargest(largest, found, key=lambda each: (each.bytes, each.student))
    for path in folder.glob(".*"):  # the shared objects, the author's runs, ledgers
        for status in below(path):
            disk.count(status, is_copy=False)
    return Size(name, len(students), disk.files, disk.bytes, disk.saved_bytes, tuple(top))


def _hand_in(folder: Path, disk: _Disk) -> HandInSize:
    alone = _Disk()
    for status in below(folder):
        disk.count(status)
        alone.count(status)
    return HandInSize(folder.name, alone.files, alone.bytes)


@dataclass
class _Disk:
    """Counts what it is shown, each file once."""

    files: int = 0
    bytes: int = 0
    saved_bytes: int = 0
    _shared: set[Inode] = field(default_factory=set)

    def count(self, status: os.stat_result, *, is_copy: bool = True) -> None:
        """is_copy: whether it would be one if it were no link to a file that was counted before."""
        if is_shared(status):
            if inode(status) in self._shared:
                self.saved_bytes += taken(status) * is_copy
                return
            self._shared.add(inode(status))
        self.files += is_file(status)
        self.bytes += taken(status)
