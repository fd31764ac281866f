"""nbgrader looks for this file; all settings stand in course_config.py."""

load_subconfig("course_config.py")  # noqa: F821 - nbgrader defines it
