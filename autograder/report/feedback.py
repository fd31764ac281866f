"""The students' feedback pages, made by nbgrader from autograded/."""

from __future__ import annotations

from pathlib import Path

from nbgrader.converters import GenerateFeedback

from autograder.converters import convert
from autograder.course import Course, CourseError
from autograder.grading.database import open_gradebook


def write_feedback(course: Course, assignment: str) -> list[Path]:
    """Write feedback/<student>/<assignment>/<notebook>.html for all that is graded.

    Returns the pages. Raises CourseError where nothing is graded yet, GradebookError where the
    gradebook cannot be read.
    """
    course.notebooks(assignment)
    with open_gradebook(course):
        pass  # a gradebook that cannot be read is told here, in one line
    if not list(course.path("autograded", "*", assignment).parent.parent.glob(f"*/{assignment}")):
        raise CourseError(
            f"{course.path('autograded', '<student>', assignment)}: nothing is graded yet; "
            f"run `autograder grade {assignment}` first"
        )
    convert(GenerateFeedback, course, assignment)
    folder = course.path("feedback", "*", assignment)
    return sorted(Path(folder.anchor).glob(str(folder.relative_to(folder.anchor) / "*.html")))
