"""The course directory: its assignments, notebooks and hand-ins, where things lie, their hashes."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from traitlets.config import Config

from autograder.errors import UserError
from autograder.settings import Autograder, Slurm, load_config, settings, slurm_settings

if TYPE_CHECKING:
    from nbgrader.coursedir import CourseDirectory

REHEARSAL = ".release"  # beside students' runs, whose names begin with a letter or digit
_STUDENT_ID = re.compile(r"[^\W_][\w.@+=,~-]*")
_LONGEST_ID = 100


class CourseError(UserError):
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

    runs: where runs are kept, if not in the course's runs/. environment: variables that go before
    this process's own and those of the settings; a run with others is another run.
    Raises SettingsError when `root` is none or its settings are wrong.
    """

    def __init__(
        self, root: Path, runs: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self.root = root.resolve()
        self._runs = runs or self.root / "runs"
        self.environment = dict(environment or {})
        self.config: Config = load_config(self.root)
        self.settings: Autograder = settings(self.config)
        self.slurm: Slurm = slurm_settings(self.config)
        self.settings.environment = {**self.settings.environment, **self.environment}

    @cached_property
    def directory(self) -> CourseDirectory:
        """nbgrader's view of the course. Importing it takes a second or two."""
        from nbgrader.coursedir import CourseDirectory

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
        is_name = assignment == Path(assignment).name
        found = sorted(self.source(assignment).glob("*.ipynb")) if is_name else []
        if not found:
            others = sorted(p.name for p in self.source(".").glob("*") if p.is_dir())
            raise CourseError(
                f"{self.source(assignment)}: expected the source notebooks of assignment "
                f"{assignment!r}, found none; the assignments here are: "
                f"{', '.join(others) or 'none'}"
            )
        return found

    def beside(self, assignment: str) -> dict[str, bytes]:
        """The files beside the source notebooks, by relative path, as nbgrader copies them.

        Raises CourseError for one that cannot be taken along.
        """
        ignore = tuple(self.directory.ignore)
        files = read_files(self.source(assignment), self.settings.hand_in_mb, ignore)
        if files.remarks:
            raise CourseError(
                f"{self.source(assignment)}: expected plain files beside the notebooks; "
                f"{'; '.join(files.remarks)}"
            )
        return files.contents

    def kept(self, assignment: str) -> frozenset[str]:
        """The files that students may hand in their own version of, as nbgrader's setting says."""
        setting = self.config.get("Autograde", {}).get("exclude_overwriting", {})
        return frozenset(setting.get(assignment, ()))

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
            if not os.path.lexists(folder) and not (base / name).is_symlink():
                continue
            if reason := why_not_an_id(name) or _why_not_a_folder(base / name, folder):
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


def read_files(
    folder: Path, limit_mb: int, ignore: tuple[str, ...] = (), most: int = 10_000
) -> Files:
    """The plain files below `folder` (no links, no devices): up to `most`, `limit_mb` in all.

    Notebooks, nbgrader's timestamp and what nbgrader ignores are not among them.
    """
    contents: dict[str, bytes] = {}
    remarks: list[str] = []
    left = limit_mb << 20
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if _is_passed_over(name, ignore):
            continue
        if len(contents) == most:
            remarks.append(f"more than {most} files; the rest, from {shown(name)} on, is left out")
            break
        try:
            contents[name] = _read_beside(path, name, left, limit_mb)
            left -= len(contents[name])
        except OSError as error:
            remarks.append(f"{shown(name)} {_why_left_out(error)}")
    return Files(contents, tuple(remarks))


def _is_passed_over(name: str, ignore: tuple[str, ...]) -> bool:
    if name == "timestamp.txt" or name.endswith(".ipynb"):
        return True
    return any(Path(part).match(glob) for part in name.split("/") for glob in ignore)


def _read_beside(path: Path, name: str, left: int, limit_mb: int) -> bytes:
    """The bytes of one file of a hand-in. Raises OSError, without errno where that is our rule."""
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise OSError("is a symbolic link; left out")
    if stat.S_ISREG(status.st_mode) and status.st_size > left:
        raise OSError(
            f"has {status.st_size / 2**20:.0f} MB, more than a hand-in may hold ({limit_mb} MB); "
            "left out"
        )
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise OSError("is not a plain file; left out")
    if not _is_utf8(name):
        raise OSError("has a name that is not UTF-8; left out")
    return read_plain(path, left)


def _why_left_out(error: OSError) -> str:
    return f"cannot be read: {error.strerror}; left out" if error.strerror else str(error)


def read_plain(path: Path, limit: int = 1 << 40) -> bytes:
    """The bytes of a plain file of at most `limit` bytes.

    OSError for anything else: a link (even one put there a moment ago), a device, a larger file.
    """
    if path.is_symlink():
        raise OSError("it is a symbolic link; expected a plain file")
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("it is not a plain file")
        if status.st_size > limit:
            raise OSError(
                f"it has {status.st_size / 2**20:.0f} MB; expected at most {limit / 2**20:.0f} MB"
            )
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(handle)


def digest(*parts: bytes | str) -> str:
    """A SHA-256 over `parts`, with their boundaries."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


def why_not_an_id(name: str) -> str:
    """Why a name cannot be a student id; "" if it can."""
    if len(name) > _LONGEST_ID:
        return f"a student id of {len(name)} characters; expected at most {_LONGEST_ID}"
    if not _STUDENT_ID.fullmatch(name) or ".." in name:
        return (
            "not a student id; expected letters, digits and . _ @ + = , ~ - beginning with a "
            "letter or digit; rename the folder"
        )
    return ""


def shown(name: str) -> str:
    """A file's or student's name fit for one line of text, quoted if it has odd characters."""
    plain = name.isprintable() and len(name) <= _LONGEST_ID
    return name if plain else repr(name[:_LONGEST_ID])


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _why_not_a_folder(*folders: Path) -> str:
    """Why nothing can be read there; "" if something can."""
    if any(folder.is_symlink() for folder in folders):
        return "a symbolic link; expected a folder of its own"
    try:
        os.listdir(folders[-1])
    except NotADirectoryError:
        return "a file; expected a folder of its own"
    except OSError as error:
        return f"cannot be read: {error.strerror}; set its permissions"
    return ""


def _walk(folder: Path) -> Iterator[Path]:
    """All below `folder` that is no folder, and folders that are links or cannot be listed.

    In a stable order; links are not followed.
    """
    closed: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=lambda e: closed.append(Path(e.filename))):
        folders.sort()
        linked = [name for name in folders if (Path(place) / name).is_symlink()]
        yield from (Path(place) / name for name in sorted([*files, *linked]))
    yield from closed
