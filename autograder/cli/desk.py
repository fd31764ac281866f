"""Commands of the instructor's desk: collect, mark, give feedback, look at the class, export."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import (
    NEEDS_PERSON,
    AssignmentArgument,
    CourseOption,
    app,
    one_line_for_mistakes,
)
from autograder.course import Course
from autograder.terminal import err, out, tell


class Layout(StrEnum):
    """Whose archive of hand-ins it is."""

    CANVAS = "canvas"
    MOODLE = "moodle"
    GRADESCOPE = "gradescope"


class Target(StrEnum):
    """What the grades are written for."""

    CSV = "csv"
    CANVAS = "canvas"
    MOODLE = "moodle"
    GRADESCOPE = "gradescope"
    EXCEL = "excel"


class Missing(StrEnum):
    """What an answer that nobody has scored yet counts."""

    EMPTY = "empty"
    ZERO = "zero"


@app.command()
def collect(
    assignment: AssignmentArgument,
    archive: Annotated[Path, typer.Argument(metavar="FILE.zip", help="As it was downloaded.")],
    layout: Annotated[Layout, typer.Option("--from", help="Where it was downloaded.")],
    roster: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Who is who, if the gradebook cannot tell.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also over hand-ins that are there and differ.")
    ] = False,
    course: CourseOption = Path(),
) -> None:
    """Put the hand-ins of a downloaded archive into submitted/."""
    with one_line_for_mistakes():
        from autograder import exports

        found = exports.collect(
            Course(course), assignment, str(layout), archive, roster, replace=replace
        )
    for remark in found.remarks:
        err.print(remark, markup=False)
    out.print(found.line(), markup=False)
    if found.remarks:
        raise typer.Exit(NEEDS_PERSON)


@app.command()
def mark(
    assignment: AssignmentArgument,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 0,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who marks; default: the user.")] = "",
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the page's address.")
    ] = False,
    course: CourseOption = Path(),
) -> None:
    """Open a page on this machine to mark explanations by rubric, alike ones together."""
    with one_line_for_mistakes():
        from autograder.marking.server import serve

        serve(Course(course), assignment, port=port, by=by, open_browser=not no_browser, say=tell)


@app.command()
def feedback(assignment: AssignmentArgument, course: CourseOption = Path()) -> None:
    """Write each student's feedback page, feedback/<student>/<assignment>/<notebook>.html."""
    with one_line_for_mistakes():
        from autograder.report.feedback import write_feedback

        pages = write_feedback(Course(course), assignment)
    out.print(f"{len(pages)} feedback pages" + (f", such as {pages[0]}" if pages else ""))


@app.command()
def report(
    assignment: AssignmentArgument,
    names: Annotated[bool, typer.Option("--names", help="Say who is behind the counts.")] = False,
    course: CourseOption = Path(),
) -> None:
    """Write the class report, report/<assignment>/index.html."""
    with one_line_for_mistakes():
        from autograder.report.class_report import write_class_report

        path = write_class_report(Course(course), assignment, names=names)
    out.print(str(path), markup=False)


@app.command()
def similarity(
    assignment: AssignmentArgument,
    pairs: Annotated[int, typer.Option(min=1, help="The most pairs on the page.")] = 50,
    course: CourseOption = Path(),
) -> None:
    """Write the page of hand-ins that are much alike, report/<assignment>/similarity.html."""
    with one_line_for_mistakes():
        from autograder.similarity import write_similarity

        path = write_similarity(Course(course), assignment, most=pairs)
    out.print(str(path), markup=False)


@app.command()
def export(
    assignment: AssignmentArgument,
    to: Annotated[Target, typer.Option(help="What reads the file.")],
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: in exports/.")
    ] = None,
    missing: Annotated[
        Missing, typer.Option(help="What counts for an answer that nobody has scored yet.")
    ] = Missing.EMPTY,
    course: CourseOption = Path(),
) -> None:
    """Write the grades for another system."""
    with one_line_for_mistakes():
        from autograder import exports

        done = exports.export(Course(course), assignment, str(to), output, missing.value)
    out.print(done.line(), markup=False)
