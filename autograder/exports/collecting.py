"""`autograder collect`: hand-ins out of the archive that Canvas, Moodle or Gradescope gives."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.course import Course, shown
from autograder.errors import UserError
from autograder.exports.archives import READ_ERRORS, Archive, is_bad_name, open_archive
from autograder.exports.handins import TIME, Collected, sort_files
from autograder.exports.layouts import LAYOUTS
from autograder.exports.metadata import Submission, find_metadata, read_metadata
from autograder.exports.roster import read_roster
from autograder.files import replace_folder, write_below

Outcome = Literal["written", "unchanged", "kept", "left out"]


@dataclass(frozen=True)
class Collection:
    """What became of the hand-ins of an archive: the students by outcome.

    late: who is marked late without a time. remarks: a line for each thing a person should see.
    """

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    kept: tuple[str, ...]
    late: tuple[str, ...]
    remarks: tuple[str, ...]

    def line(self) -> str:
        """For the terminal."""
        counts = ((self.written, "written"), (self.unchanged, "unchanged"), (self.kept, "kept"))
        told = ", ".join(f"{len(names)} {what}" for names, what in counts if names)
        return f"hand-ins: {told or 'none'}"


def collect(
    course: Course,
    assignment: str,
    layout: str,
    archive: Path,
    roster: Path | None = None,
    replace: bool = False,
) -> Collection:
    """Put the hand-ins in `archive` into submitted/<student>/<assignment>/.

    layout: "canvas", "moodle" or "gradescope". roster: a CSV list that says who is who. A hand-in
    that is there already and differs is kept, unless `replace`. Raises UserError; then nothing
    was written.
    """
    if layout not in LAYOUTS:
        raise UserError(f"--from: expected one of {', '.join(LAYOUTS)}, received {layout!r}")
    notebooks = [path.stem for path in course.notebooks(assignment)]
    known = read_roster(course, roster)
    with open_archive(archive, course.settings.hand_in_mb) as opened:
        metadata = _metadata(opened, archive) if layout == "gradescope" else {}
        found = sort_files(layout, opened.sizes, notebooks, known, metadata)
        outcomes: dict[Outcome, list[str]] = defaultdict(list)
        remarks = [f"{shown(name)} {why}" for name, why in opened.remarks.items()]
        remarks += found.remarks
        for hand_in in found.hand_ins.values():
            outcome, why = _write(course, assignment, opened, hand_in, replace)
            outcomes[outcome].append(hand_in.student)
            remarks += [f"{hand_in.student}: {line}" for line in (*hand_in.remarks, why) if line]
    if known.is_empty and found.hand_ins:
        remarks.append(
            f"students are called as {layout} does: neither the gradebook (lms_user_id, email) nor "
            "a --roster says who is who"
        )
    late = tuple(h.student for h in found.hand_ins.values() if h.is_late and not h.time)
    if late:
        remarks.append(
            f"marked late, by how much the archive does not tell: {', '.join(late)}; write "
            f"{TIME} into their folders, or enter the penalty by hand"
        )
    return Collection(
        tuple(outcomes["written"]),
        tuple(outcomes["unchanged"]),
        tuple(outcomes["kept"]),
        late,
        tuple(remarks),
    )


def _metadata(opened: Archive, archive: Path) -> dict[str, Submission]:
    name = find_metadata(opened.sizes, str(archive))
    try:
        return read_metadata(opened.read(name), f"{archive}: {name}")
    except READ_ERRORS as error:
        raise UserError(f"{archive}: {name} cannot be read: {error}; download it again") from None


def _write(
    course: Course, assignment: str, opened: Archive, hand_in: Collected, replace: bool
) -> tuple[Outcome, str]:
    """Put one hand-in in its place; what became of it, and a line on why."""
    folder = course.path("submitted", hand_in.student, assignment)
    limit_mb = course.settings.hand_in_mb
    size = sum(opened.sizes[source] for source in hand_in.files.values())
    if size > limit_mb << 20:
        return "left out", f"{size / 2**20:.0f} MB, expected at most {limit_mb} MB; left out"
    try:
        contents = {path: opened.read(source) for path, source in hand_in.files.items()}
    except READ_ERRORS as error:
        return "left out", f"cannot be unpacked ({error}); left out"
    if hand_in.time:
        contents[TIME] = hand_in.time.encode()
    if folder.is_dir():
        if _existing(folder, with_time=bool(hand_in.time)) == contents:
            return "unchanged", ""
        if not replace:
            return "kept", f"{folder} differs from the archive; --replace takes the archive's"
    try:
        _put(folder, contents)
    except OSError as error:
        if not is_bad_name(error):
            raise
        return "left out", f"has file names that cannot be written ({error.strerror}); left out"
    return "written", ""


def _existing(folder: Path, with_time: bool) -> dict[str, bytes]:
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }
    if not with_time:
        files.pop(TIME, None)
    return files


def _put(folder: Path, contents: dict[str, bytes]) -> None:
    """The folder with these files, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=".collect.", dir=folder.parent))
    try:
        os.chmod(stage, 0o755)
        write_below(stage, contents)
        replace_folder(stage, folder)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
