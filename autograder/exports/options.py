"""What course_config.py may set for exports.

c.Exports.moodle_user = "email"
c.Exports.canvas_column = {"cnn": "Convolutional networks (4711)"}
"""

from __future__ import annotations

from traitlets import Dict, Enum, Unicode
from traitlets.config import Configurable

from autograder.course import Course
from autograder.settings import load_settings


class Exports(Configurable):  # type: ignore[misc]
    """How grades are written for other systems."""

    moodle_user = Enum(
        ("username", "email", "idnumber"),
        "username",
        help="By what Moodle is to find a student: the student id of the course, the e-mail, or "
        "the lms_user_id.",
    ).tag(config=True)
    canvas_column = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="The column's head in Canvas' gradebook, with its number, by assignment.",
    ).tag(config=True)
    gradescope_visibility = Enum(
        ("visible", "after_due_date", "after_published", "hidden"),
        "after_published",
        help="When students see their tests in Gradescope.",
    ).tag(config=True)


def load_options(course: Course) -> Exports:
    """The course's options. Raises SettingsError naming the one that is wrong."""
    return load_settings(Exports, course.config)
