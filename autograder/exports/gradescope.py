"""Grades for Gradescope: a results.json for each student, in an archive that hands them out.

The archive is an autograder as Gradescope takes one (setup.sh, run_autograder). It runs nobody's
code: it looks up who handed in, by e-mail, and puts that student's results.json in place. The form
is https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from autograder.exports.gradesheet import Gradesheet
from autograder.exports.marks import Question, StudentMarks
from autograder.exports.safe import clean, number

_SETUP = "#!/usr/bin/env bash\napt-get install -y python3\n"
_RUN = '''#!/usr/bin/env python3
"""Puts the grades of who handed this in where Gradescope looks for them."""
import json
import os
import pathlib
import shutil
import sys

root = pathlib.Path(os.environ.get("AUTOGRADER_ROOT", "/autograder"))
users = json.loads((root / "submission_metadata.json").read_text())["users"]
index = json.loads((root / "source" / "index.json").read_text())
found = [index[user["email"].lower()] for user in users if user["email"].lower() in index]
if not found:
    sys.exit("not graded yet: export again when it is, and upload the new archive")
(root / "results").mkdir(exist_ok=True)
shutil.copy(root / "source" / found[0], root / "results" / "results.json")
'''


def write_gradescope(sheet: Gradesheet, path: Path) -> None:
    """The archive; a student whose total is not known yet, or who has no e-mail, is not in it."""
    index = {}
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        _add(archive, "setup.sh", _SETUP, 0o755)
        _add(archive, "run_autograder", _RUN, 0o755)
        for student in sheet.students():
            total = sheet.total(student)
            if total is not None and (address := address_of(student)):
                name = f"results/{_folder(student.student)}/results.json"
                index[address] = name
                _add(archive, name, json.dumps(results(sheet, student, total), indent=1))
        _add(archive, "index.json", json.dumps(index, indent=1))


def results(sheet: Gradesheet, student: StudentMarks, total: float | int) -> dict[str, Any]:
    """One student's results.json; "score" is what counts, the late penalty taken off."""
    late = f"Handed in late: {number(student.late_penalty)} points less."
    return {
        "score": total,
        "output": late if student.late_penalty else "",
        "output_format": "text",
        "visibility": sheet.options.gradescope_visibility,
        "stdout_visibility": "hidden",
        "tests": [
            _test(sheet, student, question, sheet.messages(student.student, question.notebook))
            for question in sheet.questions
        ],
    }


def address_of(student: StudentMarks) -> str:
    """By what Gradescope knows the student: the e-mail; "" where the gradebook has none."""
    address = student.email or (student.student if "@" in student.student else "")
    return address.strip().lower()


def _test(
    sheet: Gradesheet, student: StudentMarks, question: Question, messages: dict[str, str] | Any
) -> dict[str, Any]:
    mark = student.marks.get(question.cell)
    told = [messages.get(question.grade_id, "")] if question.is_test else []
    told.append(mark.comment if mark else "")
    return {
        "name": f"{question.notebook}: {question.grade_id}",
        "score": sheet.points(student, question) or 0,
        "max_score": number(question.max_points),
        "output": clean("\n".join(filter(None, told))),
        "output_format": "text",  # anything else would make what a student wrote HTML
        "visibility": sheet.options.gradescope_visibility,
    }


def _folder(student: str) -> str:
    """A folder's name for a student id, whatever stands in it."""
    name = quote(student, safe="@ ")
    return f"%2E{name[1:]}" if name.startswith(".") else name


def _add(archive: ZipFile, name: str, text: str, mode: int = 0o644) -> None:
    member = ZipInfo(name)
    member.compress_type = ZIP_DEFLATED
    member.external_attr = mode << 16
    archive.writestr(member, text)
