"""What of an assignment's runs can go, and its removal.

What goes is renamed into a folder `.pruned.<random>` first, so that a kill leaves no half of a run;
the next prune removes what it left.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course
from autograder.errors import UserError
from autograder.execution.objects import Objects
from autograder.storage.disk import Inode, below, inode, is_file, is_shared, megabytes, taken

DAY_S = 86_400.0  # longer than any notebook runs: who has written nothing for a day is dead
_TRASH = ".pruned."
_OBJECTS = ".objects"
_LEDGERS = ".slurm"
_AUTHORS = (".release", ".calibration")  # runs of the solutions, hours to make again
_NO_HAND_IN = "no hand-in any more"
_NO_SOURCE = "no such notebook in source/ any more"
_KILLED = "left by a run that was killed"
_KILLED_PRUNE = "left by a prune that was killed"
_OLD_LEDGER = "a batch of Slurm tasks that has ended"
_ASKED = "asked for with --all; release or calibrate will run the solutions again"


@dataclass(frozen=True)
class Removal:
    """What can go. path: a file or folder, relative to the assignment's runs.

    bytes: what the disk gains by it and the removals before it: a shared file goes with its last
    link.
    """

    path: str
    why: str
    bytes: int

    def line(self) -> str:
        return f"{self.path}: {self.why}, {megabytes(self.bytes)}"


@dataclass(frozen=True)
class Pruned:
    """What was removed, or with is_dry would be. objects: shared files that no run holds then."""

    removals: tuple[Removal, ...]
    objects: int
    objects_bytes: int
    is_dry: bool

    @property
    def bytes(self) -> int:
        return self.objects_bytes + sum(removal.bytes for removal in self.removals)

    def lines(self) -> Iterator[str]:
        """In words, a line for each removal and the sum."""
        for removal in self.removals:
            yield removal.line()
        if self.objects:
            gone = f"{self.objects}, {megabytes(self.objects_bytes)}"
            yield f"shared files that no run holds any more: {gone}"
        done = "would be removed" if self.is_dry else "removed"
        count = len(self.removals) + self.objects
        yield f"{count} {done}, {megabytes(self.bytes)} in all"


def prune(
    course: Course,
    assignment: str,
    say: Callable[[str], None],
    *,
    authors_too: bool = False,
    dry_run: bool = False,
    now_s: Callable[[], float] = time.time,
) -> Pruned:
    """Remove what no grading will read again; with dry_run only tell. A grading is waited for.

    authors_too: also the runs of the solutions. say: told what is waited for. Raises CourseError
    where there is no such assignment, UserError where no hand-in of it is there.
    """
    from autograder.pipeline import only_one  # nbgrader comes with it

    course.notebooks(assignment)  # raises for an assignment that there is not
    folder = course.runs(assignment)
    if not folder.is_dir():
        return Pruned((), 0, 0, dry_run)
    with contextlib.ExitStack() as held:
        held.enter_context(only_one(folder, say))
        for place in folder.glob(".calibration/*/") if authors_too else ():
            held.enter_context(only_one(place, say))
        pruned = _look(course, assignment, authors_too, dry_run, now_s() - DAY_S)
        if not dry_run:
            _remove(folder, pruned.removals)
            Objects(folder / _OBJECTS).sweep()
    return pruned


def _look(
    course: Course, assignment: str, authors_too: bool, dry_run: bool, before_s: float
) -> Pruned:
    folder = course.runs(assignment)
    gain = _Gain()
    removals = tuple(
        Removal(path.relative_to(folder).as_posix(), why, gain.of(path))
        for path, why in sorted(_stale(course, assignment, authors_too, before_s))
    )
    orphans = [found for found in below(folder / _OBJECTS) if gain.is_last_link(found)]
    return Pruned(removals, len(orphans), sum(map(taken, orphans)), dry_run)


class _Gain:
    """What the disk gains by removals, one after the other."""

    def __init__(self) -> None:
        self._left: dict[Inode, int] = {}  # links that are left of what has lost some

    def of(self, path: Path) -> int:
        return sum(taken(found) for found in below(path) if self._goes(found))

    def is_last_link(self, found: os.stat_result) -> bool:
        """Whether this is all that is left of a file."""
        return is_file(found) and self._left.get(inode(found), found.st_nlink) == 1

    def _goes(self, found: os.stat_result) -> bool:
        if not is_shared(found):
            return True
        left = self._left.get(inode(found), found.st_nlink) - 1
        self._left[inode(found)] = left
        return left == 0


def _stale(
    course: Course, assignment: str, authors_too: bool, before_s: float
) -> Iterator[tuple[Path, str]]:
    """What can go, and why."""
    folder = course.runs(assignment)
    notebooks = {path.stem for path in course.notebooks(assignment)}
    students = _handed_in(course, assignment)
    for path in folder.iterdir():
        if path.name.startswith(_TRASH):
            yield path, _KILLED_PRUNE
        elif path.name in _AUTHORS and authors_too:
            yield path, _ASKED
        elif path.name == _LEDGERS:
            ended = (batch for batch in path.iterdir() if _has_ended(batch))
            yield from ((batch, _OLD_LEDGER) for batch in ended if _is_old(batch, before_s))
        elif path.is_dir() and not path.name.startswith("."):
            if path.name in students:
                yield from _stale_runs(path, notebooks, before_s)
            else:
                yield path, _NO_HAND_IN


def _stale_runs(student: Path, notebooks: set[str], before_s: float) -> Iterator[tuple[Path, str]]:
    for path in student.iterdir():
        if path.name in notebooks:
            kept = (each for each in path.glob(".*") if _is_old(each, before_s))
            yield from ((each, _KILLED) for each in kept)
        elif not path.name.startswith("."):
            yield path, _NO_SOURCE
        elif _is_old(path, before_s):
            yield path, _KILLED


def _handed_in(course: Course, assignment: str) -> set[str]:
    """Who has a folder in submitted/, even one that cannot be read now.

    Raises UserError where nobody has: more likely submitted/ is not there than nobody's any more.
    """
    hand_ins, refused = course.hand_ins(assignment)
    found = {hand_in.student for hand_in in hand_ins} | {each.folder for each in refused}
    students = [path for path in course.runs(assignment).glob("[!.]*") if path.is_dir()]
    if students and not found:
        raise UserError(
            f"{course.path('submitted', '<student>', assignment)}: expected the hand-ins that the "
            f"{len(students)} runs in {course.runs(assignment)} are of, found none; bring them "
            "back, or remove that folder yourself"
        )
    return found


def _has_ended(batch: Path) -> bool:
    """Whether no task of a Slurm batch counts any more; the tasks of others may be in a queue."""
    return batch.name.startswith(".") or (batch / "over").exists()


def _is_old(path: Path, before_s: float) -> bool:
    """Whether nothing in it was written since `before_s`."""
    return all(found.st_mtime < before_s for found in below(path))


def _remove(folder: Path, removals: Sequence[Removal]) -> None:
    if not removals:
        return
    trash = Path(tempfile.mkdtemp(dir=folder, prefix=_TRASH))
    for number, removal in enumerate(removals):
        path = folder / removal.path
        with contextlib.suppress(FileNotFoundError):  # it was in a folder that went before
            os.rename(path, trash / str(number))
        with contextlib.suppress(OSError):  # others are in there
            os.rmdir(path.parent)
    shutil.rmtree(trash)
