"""Commands of the instructor's desk: marking, feedback, reports, export."""

from __future__ import annotations

from pathlib import Path

from autograder.cli.base import AssignmentArgument, CourseOption, app, one_line_for_mistakes
from autograder.course import Course
from autograder.terminal import out


@app.command()
def feedback(assignment: AssignmentArgument, course: CourseOption = Path()) -> None:
    """Write each student's feedback page, feedback/<student>/<assignment>/<notebook>.html."""
    with one_line_for_mistakes():
        from autograder.report.feedback import write_feedback

        pages = write_feedback(Course(course), assignment)
    out.print(f"{len(pages)} feedback pages" + (f", such as {pages[0]}" if pages else ""))
