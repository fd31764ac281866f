"""Commands of who writes an assignment: release it, set its thresholds, look at the machine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from autograder.cli.base import (
    NEEDS_PERSON,
    AssignmentArgument,
    CourseOption,
    app,
    one_line_for_mistakes,
)
from autograder.course import Course
from autograder.data import CourseData
from autograder.isolation import survey
from autograder.terminal import err, out, tell


class Profile(StrEnum):
    """The data sets: drawn stand-ins or the real images."""

    SMALL = "small"
    FULL = "full"


@app.command()
def release(
    assignment: AssignmentArgument,
    course: CourseOption = Path(),
    keep_solutions: Annotated[
        bool,
        typer.Option(
            "--keep-solutions", help="Do not run solutions/ again, if its code is up to date."
        ),
    ] = False,
) -> None:
    """Make release/ and solutions/ from source/; refuse where something would leak or not score."""
    with one_line_for_mistakes():
        from autograder.release import release_assignment

        released = release_assignment(
            Course(course), assignment, say=tell, keep_solutions=keep_solutions
        )
    bonus = f", and a bonus of {released.bonus:g}" if released.bonus else ""
    out.print(
        f"released {assignment}: {', '.join(released.notebooks)}; "
        f"{released.max_points:g} points, {released.test_points:g} of them scored by tests{bonus}"
    )


@app.command()
def calibrate(
    assignment: AssignmentArgument,
    seeds: Annotated[int, typer.Option(min=1, help="How often the solutions are run.")] = 5,
    profile: Annotated[
        Profile | None, typer.Option(help="The data sets; default: as the course has set.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Put what is proposed into thresholds.json and tables.")
    ] = False,
    tables: Annotated[
        bool, typer.Option("--tables", help="Only refresh the published tables; run nothing.")
    ] = False,
    course: CourseOption = Path(),
) -> None:
    """Run the solutions with several seeds, and propose the accuracies that earn points."""
    with one_line_for_mistakes():
        from autograder import calibration

        opened = Course(course)
        opened.notebooks(assignment)
        problems: list[str] = []
        if not tables:
            calibration.refuse_too_few(seeds, write)
            chosen = str(profile or CourseData(opened).store.profile)
            now = calibration.thresholds_of(opened, assignment).get(chosen, {})
            runs = calibration.run_seeds(course, assignment, seeds, chosen, tell)
            proposals = calibration.propose(runs)
            for line in calibration.tell(runs, proposals, now):
                out.print(line, markup=False)
            problems += [line for run in runs for line in run.lost]
            if write:
                path = calibration.write_thresholds(opened, assignment, chosen, runs, proposals)
                out.print(f"written: {path}", markup=False)
        if tables or write:
            for path in calibration.refresh_tables(opened, assignment):
                out.print(f"table refreshed: {path}", markup=False)
            for line in (wrong := calibration.find_wrong_tables(opened, assignment)):
                err.print(line, markup=False)
            problems += wrong
    if problems:
        raise typer.Exit(NEEDS_PERSON)


@app.command()
def doctor(course: CourseOption = Path()) -> None:
    """Tell which walls stand on this machine, and whether the course can be graded here."""
    from autograder.report.doctor import examine

    walls = survey()
    table = Table("wall", "stands", "by", title="Walls around student code")
    for wall in walls.each():
        table.add_row(wall.name, "yes" if wall.stands else "no", wall.by)
    out.print(table)
    findings = examine(course)
    for finding in findings:
        out.print(f"{'ok ' if finding.is_well else 'NO '} {finding.what}: {finding.found}")
    if walls.refuses:
        err.print(
            "student code will not be run: no walls around files and network (--no-isolation)"
        )
    if walls.refuses or not all(finding.is_well for finding in findings):
        raise typer.Exit(NEEDS_PERSON)
