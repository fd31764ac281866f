"""The course directory: its assignments, notebooks and hand-ins, where things lie, their hashes."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.settings import Autograder, load_config, settings

_STUDENT_ID = re.compile(r"[^\W_][\w.@+=,~-]*")
_LONGEST_ID = 100


class CourseError(ValueError):
    """What the course lacks or has wrong; the message is one line: where, expected, found, do."""


@dataclass(frozen=True)
class HandIn:
    """One student's folder of an assignment: submitted/<student>/<assignment>."""

    student: str
    assignment: str
    folder: Path


@dataclass(frozen=True)
class Refusal:
    """A folder below submitted/ that cannot be a student's, and why, in one line."""

    folder: str
    reason: str


class Course:
    """A course directory as nbgrader lays it out, with the settings that stand in it.

    runs: where runs are kept, if not in the course's runs/.
    Raises SettingsError when `root` is none or its settings are wrong.
    """

    def __init__(self, root: Path, runs: Path | None = None) -> None:
        self.root = root.resolve()
        self._runs = runs or self.root / "runs"
        self.config: Config = load_config(self.root)
        self.settings: Autograder = settings(self.config)

    @cached_property
    def directory(self) -> CourseDirectory:
        return CourseDirectory(config=self.config, root=str(self.root))

    @property
    def db_url(self) -> str:
        return str(self.directory.db_url)

    def path(self, step: str, student: str, assignment: str) -> Path:
        """nbgrader's folder for a step ("source", "release", "submitted", …)."""
        name = getattr(self.directory, f"{step}_directory")
        return Path(self.directory.format_path(name, student, assignment))

    def source(self, assignment: str) -> Path:
        return self.path("source", ".", assignment)

    def notebooks(self, assignment: str) -> list[Path]:
        """The assignment's source notebooks. Raises CourseError where there are none."""
        found = sorted(self.source(assignment).glob("*.ipynb"))
        if not found:
            others = sorted(p.name for p in self.source(".").glob("*") if p.is_dir())
            raise CourseError(
                f"{self.source(assignment)}: expected the source notebooks of assignment "
                f"{assignment!r}, found none; the assignments here are: "
                f"{', '.join(others) or 'none'}"
            )
        return found

    def runs(self, assignment: str) -> Path:
        return self._runs / assignment

    def run(self, hand_in: HandIn, notebook: str) -> Path:
        return self.runs(hand_in.assignment) / hand_in.student / notebook

    def hand_ins(
        self, assignment: str, students: tuple[str, ...] = ()
    ) -> tuple[list[HandIn], list[Refusal]]:
        """All hand-ins of an assignment, or those of `students`; and the folders that are none.

        Raises CourseError when a student in `students` has handed in nothing.
        """
        pattern = self.path("submitted", "*", assignment)
        at = pattern.parts.index("*")
        base, below = Path(*pattern.parts[:at]), Path(*pattern.parts[at + 1 :])
        found, refused = [], []
        for name in sorted(os.listdir(base)) if base.is_dir() else []:
            folder = base / name / below
            if not folder.is_dir():
                continue
            if reason := _why_not_an_id(name) or _why_not_a_folder(base / name, folder):
                refused.append(Refusal(repr(name)[1:-1], reason))
            else:
                found.append(HandIn(name, assignment, folder))
        if students:
            missing = sorted(set(students) - {hand_in.student for hand_in in found})
            if missing:
                raise CourseError(
                    f"{base}: no hand-in of {assignment!r} by {', '.join(map(repr, missing))}; "
                    f"expected a folder {base / '<student>' / below}"
                )
            return [hand_in for hand_in in found if hand_in.student in students], []
        return found, refused


@dataclass(frozen=True)
class Files:
    """A hand-in's files beside its notebooks, by relative path, and what was left out."""

    contents: dict[str, bytes]
    remarks: tuple[str, ...]


def read_files(folder: Path, limit_mb: int, ignore: tuple[str, ...] = ()) -> Files:
    """The plain files below `folder` (no links, no devices), up to `limit_mb` in all.

    Notebooks, nbgrader's timestamp and what nbgrader ignores are not among them.
    """
    contents: dict[str, bytes] = {}
    remarks: list[str] = []
    left = limit_mb << 20
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if any(Path(part).match(glob) for part in name.split("/") for glob in ignore):
            continue
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a symbolic link" if stat.S_ISLNK(status.st_mode) else "not a plain file"
            remarks.append(f"{shown(name)} is {kind}; left out")
        elif path.suffix == ".ipynb" or name == "timestamp.txt":
            continue
        elif status.st_size > left:
            size = status.st_size / 2**20
            remarks.append(
                f"{shown(name)} has {size:.0f} MB, more than a hand-in may hold "
                f"({limit_mb} MB); left out"
            )
        else:
            contents[name] = read_plain(path)
            left -= len(contents[name])
    return Files(contents, tuple(remarks))


def read_plain(path: Path, limit: int = 1 << 40) -> bytes:
    """The bytes of a plain file of at most `limit` bytes.

    OSError for anything else: a link (even one put there a moment ago), a device, a larger file.
    """
    if path.is_symlink():
        raise OSError("it is a symbolic link; expected a plain file")
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("it is not a plain file")
        if status.st_size > limit:
            raise OSError(
                f"it has {status.st_size / 2**20:.0f} MB; expected at most {limit / 2**20:.0f} MB"
            )
        return file.read()


def digest(*parts: bytes | str) -> str:
    """A SHA-256 over `parts`, with their boundaries."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


def shown(name: str) -> str:
    """A file's or student's name fit for one line of text, quoted if it has odd characters."""
    plain = name.isprintable() and len(name) <= _LONGEST_ID
    return name if plain else repr(name[:_LONGEST_ID])


def _why_not_an_id(name: str) -> str:
    """Why a folder's name cannot be a student id; "" if it can."""
    if len(name) > _LONGEST_ID:
        return f"a student id of {len(name)} characters; expected at most {_LONGEST_ID}"
    if not _STUDENT_ID.fullmatch(name) or ".." in name:
        return (
            "not a student id; expected letters, digits and . _ @ + = , ~ - beginning with a "
            "letter or digit; rename the folder"
        )
    return ""


def _why_not_a_folder(*folders: Path) -> str:
    if any(folder.is_symlink() for folder in folders):
        return "a symbolic link; expected a folder of its own"
    return ""


def _walk(folder: Path) -> Iterator[Path]:
    """Everything below `folder` that is not a folder, in a stable order; links are not followed."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        linked = [name for name in folders if (Path(place) / name).is_symlink()]
        yield from (Path(place) / name for name in sorted([*files, *linked]))
