"""How Canvas, Moodle and Gradescope name the files of a class in the archive they give.

    Canvas      muellerjohn_LATE_12345_67890_theory-1.ipynb    who, late, user, file, its name
    Moodle      John Müller_1234567_assignsubmission_file_/theory.ipynb
    Gradescope  assignment_1_export/submission_42/theory.ipynb, and submission_metadata.yml

The expressions are also what nbgrader's FileNameCollectorPlugin.named_regexp takes.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

CANVAS = (
    r"(?:.*?/)?(?:(?!LATE_)(?P<last_name>[^/]+?)_)?(?P<late>LATE_)?"
    r"(?P<student_id>\d+|anon_[0-9A-Za-z]+)_(?P<number>\d+)_(?P<file_id>.+)"
)
MOODLE = (
    r"(?:.*?/)?(?P<last_name>[^/]+)_(?P<student_id>\d+)_assignsubmission_file[_/]+(?P<file_id>.+)"
)
GRADESCOPE = r"(?:.*?/)?(?P<student_id>submission_\d+)/(?P<file_id>.+)"
LAYOUTS = {"canvas": CANVAS, "moodle": MOODLE, "gradescope": GRADESCOPE}
METADATA = "submission_metadata.yml"  # Gradescope's list of who handed in what

# What a system or a browser adds to the name of a file that was handed in before.
_AGAIN = re.compile(r"(?P<name>.+?)(?:-(?P<dash>\d+)| ?\((?P<bracket>\d+)\))")


@dataclass(frozen=True)
class Place:
    """A file of an archive: whose it is, and its path within the hand-in.

    lms_id: the system's own number of the student (Gradescope: of the hand-in). number: rises
    from one file to the next that was handed in; 0 where the system gives none.
    """

    source: str
    lms_id: str
    who: str
    path: str
    is_late: bool = False
    number: int = 0


def find_place(layout: str, name: str) -> Place | None:
    """Where the member `name` belongs; None where it is no hand-in's file."""
    found = re.fullmatch(LAYOUTS[layout], name, re.DOTALL)
    if not found or is_clutter(name):
        return None
    groups = found.groupdict()
    return Place(
        source=name,
        lms_id=groups["student_id"],
        who=groups.get("last_name") or "",
        path=groups["file_id"].strip("/"),
        is_late=bool(groups.get("late")),
        number=int(groups.get("number") or 0),
    )


def is_clutter(name: str) -> bool:
    """What systems and editors leave: __MACOSX, .DS_Store, .ipynb_checkpoints."""
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def notebook_name(path: str, notebooks: Collection[str]) -> tuple[str, int]:
    """The notebook that a file is, and which of several of that name: ("theory", 1).

    notebooks: those of the assignment. A name that is none of them stays as it is.
    """
    stem = PurePosixPath(path).stem
    by_lower = {name.lower(): name for name in notebooks}
    if stem.lower() in by_lower:
        return by_lower[stem.lower()], 0
    again = _AGAIN.fullmatch(stem)
    if again and again["name"].lower() in by_lower:
        return by_lower[again["name"].lower()], int(again["dash"] or again["bracket"])
    return stem, 0
