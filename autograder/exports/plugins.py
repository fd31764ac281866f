"""The same as exporters of nbgrader.

nbgrader export --exporter=autograder.exports.plugins.Canvas --assignment='["cnn"]' --to=cnn.csv
"""

from __future__ import annotations

from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin

from autograder.course import Course
from autograder.errors import UserError
from autograder.exports.exporting import export_from


class _Exporter(ExportPlugin):  # type: ignore[misc]
    """What the exporters share; `format` is one of FORMATS."""

    format = ""

    def export(self, gradebook: Gradebook) -> None:
        """Write a file for each assignment that was named, or for all."""
        try:
            self._export(gradebook)
        except UserError as error:
            self.parent.fail(str(error))

    def _export(self, gradebook: Gradebook) -> None:
        course = Course(Path(self.parent.coursedir.root))
        assignments = [str(name) for name in self.assignment]
        assignments = assignments or sorted(entry.name for entry in gradebook.assignments)
        if self.to and len(assignments) != 1:
            raise UserError(
                f"--to: expected one assignment for one file, received {', '.join(assignments)}; "
                "name it with --assignment='[\"…\"]'"
            )
        output = Path(self.to) if self.to else None
        only = tuple(str(student) for student in self.student)
        for assignment in assignments:
            done = export_from(gradebook.db, course, assignment, self.format, output, only=only)
            self.log.info("%s", done.line())


class Csv(_Exporter):
    """A row per student, a column per question."""

    format = "csv"


class Canvas(_Exporter):
    """Canvas' gradebook."""

    format = "canvas"


class Moodle(_Exporter):
    """Moodle's grade import."""

    format = "moodle"


class Gradescope(_Exporter):
    """An autograder's archive with a results.json for each student."""

    format = "gradescope"


class Excel(_Exporter):
    """A workbook."""

    format = "excel"
