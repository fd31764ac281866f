"""How Canvas, Moodle and Gradescope name the files of a class in the archive they give.

    Canvas      muellerjohn_LATE_12345_67890_theory-1.ipynb    who, late, user, file, its name
    Moodle      John Müller_1234567_assignsubmission_file_/theory.ipynb
    Gradescope  assignment_1_export/submission_42/theory.ipynb, and submission_metadata.yml

The expressions are also what nbgrader's FileNameCollectorPlugin.named_regexp takes. The first place
in a path that fits counts: the rest is named by students, who could call a file as another's.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

CANVAS = (
    r"(?:.*?/)??(?:(?!LATE_)(?P<last_name>[^/]+?)_)?(?P<late>LATE_)?"
    r"(?P<student_id>\d+|anon_[0-9A-Za-z]+)_(?P<number>\d{1,18})_(?P<file_id>.+)"
)
MOODLE = (
    r"(?:.*?/)??(?P<last_name>[^/]+?)_(?P<student_id>\d+)_assignsubmission_file[_/]+(?P<file_id>.+)"
)
GRADESCOPE = r"(?:.*?/)??(?P<student_id>submission_\d+)/(?P<file_id>.+)"
LAYOUTS = {"canvas": CANVAS, "moodle": MOODLE, "gradescope": GRADESCOPE}
METADATA = "submission_metadata.yml"  # Gradescope's list of who handed in what

# What a browser adds to a file that it takes for text.
_NOTEBOOK = re.compile(r"(?P<name>.+)\.ipynb(?P<added>\.txt|\.json)?", re.DOTALL | re.IGNORECASE)
# What a system, a browser or a file manager adds to the name of a file that was there before.
_AGAIN = re.compile(
    r"(?P<name>.+)(?:-|\(|[ -]copy ?)(?P<number>\d{0,9})\)?", re.DOTALL | re.IGNORECASE
)


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


def notebook_name(path: str, notebooks: Collection[str]) -> tuple[str, int] | None:
    """The notebook that a file is, and which of several of that name: ("theory", 1).

    notebooks: those of the assignment. A name that is none of them stays as it is. None for a file
    that is no notebook.
    """
    file = _NOTEBOOK.fullmatch(PurePosixPath(path).name)
    if not file:
        return None
    by_lower = {name.lower(): name for name in notebooks}
    stem, number = file["name"], 0
    while stem.lower() not in by_lower:
        again = _AGAIN.fullmatch(stem)
        if not again:
            return None if file["added"] else (file["name"], 0)
        stem = again["name"].rstrip(" _-")
        number += int(again["number"] or 1)
    return by_lower[stem.lower()], number
