"""nbgrader's converters, called from Python: quiet, and with one line where they fail."""

from __future__ import annotations

import copy
import logging
from pathlib import Path
from typing import Any

from nbgrader.converters import BaseConverter, GenerateAssignment, GenerateSolution
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course import Course
from autograder.errors import UserError

_UNRUN = Config()
_UNRUN.Execute.enabled = False  # solutions run behind walls, as hand-ins do


class ConversionError(UserError):
    """A converter of nbgrader failed; the message is one line of what it said."""


def convert(
    converter: type[BaseConverter],
    course: Course,
    assignment: str,
    directories: dict[str, str] | None = None,
    settings: Config | None = None,
) -> None:
    """Run one of nbgrader's converters over `assignment`, overwriting what was there.

    directories: traits of nbgrader's CourseDirectory to use in place of the course's own.
    settings: more configuration. Raises ConversionError.
    """
    config = copy.deepcopy(course.config)
    config.merge(settings or Config())
    config.CourseDirectory.update(directories or {})
    heard = _Listener()
    log = logging.Logger("nbgrader")
    log.addHandler(heard)
    coursedir = CourseDirectory(config=config, root=str(course.root), assignment_id=assignment)
    made = converter(coursedir=coursedir, config=config, force=True, log=log)
    try:
        made.start()
    except Exception as error:  # converters raise whatever their preprocessors do
        said = heard.first or f"{type(error).__name__}: {error}"
        raise ConversionError(f"{converter.__name__} of {assignment!r}: {said}") from error


def make_notebooks(course: Course, assignment: str, stage: Path) -> None:
    """Make the release and the solutions from source/, in `stage`; nothing is run.

    They lie in stage/release/<assignment> and stage/solution/<assignment>, with the files that lie
    beside the source notebooks. Raises ConversionError.
    """
    directories = {
        "release_directory": str(stage / "release"),
        "solution_directory": str(stage / "solution"),
        "db_url": f"sqlite:///{stage}/gradebook.db",
    }
    stage.mkdir(parents=True, exist_ok=True)
    for converter in (GenerateAssignment, GenerateSolution):
        convert(converter, course, assignment, directories, _UNRUN)


class _Listener(logging.Handler):
    """Keeps the first line that tells what went wrong."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.first = ""

    def emit(self, record: logging.LogRecord) -> None:
        lines = record.getMessage().strip().splitlines()
        telling: Any = lines[-1] if lines and lines[0].startswith("Traceback") else lines[:1]
        if not self.first and "There was an error processing" not in record.getMessage():
            self.first = telling if isinstance(telling, str) else "".join(telling)
