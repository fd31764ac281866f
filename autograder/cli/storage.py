"""Commands on what lies on the disk: data sets and runs."""

from __future__ import annotations

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
from autograder.data import CourseData
from autograder.terminal import download_bar, err, out, tell

data_app = typer.Typer(no_args_is_help=True, help="The data sets that notebooks and tests read.")
runs_app = typer.Typer(no_args_is_help=True, help="The room that runs take on the disk.")
app.add_typer(data_app, name="data")
app.add_typer(runs_app, name="runs")


@data_app.command("prepare")
def data_prepare(
    assignment: Annotated[str | None, typer.Argument(help="Only what this one uses.")] = None,
    course: CourseOption = Path(),
) -> None:
    """Fetch or draw the data sets, and put the hidden images aside; do only what is not done."""
    with one_line_for_mistakes():
        data = CourseData(Course(course))
        for recipe in data.recipes(assignment):
            if not data.is_prepared(recipe):
                with download_bar(recipe.remote.file_name) as progress:
                    data.prepare(recipe, progress)
            out.print(f"{recipe.name}: {data.describe(recipe)}", markup=False)


@data_app.command("verify")
def data_verify(
    assignment: Annotated[str | None, typer.Argument(help="Only what this one uses.")] = None,
    course: CourseOption = Path(),
) -> None:
    """Compare every prepared file with the digest it had when it was made."""
    with one_line_for_mistakes():
        data = CourseData(Course(course))
        recipes = data.recipes(assignment)
        wrong = [line for recipe in recipes for line in data.verify(recipe)]
    for line in wrong:
        err.print(line, markup=False)
    out.print(f"{len(recipes)} data sets, {len(wrong)} wrong")
    if wrong:
        raise typer.Exit(NEEDS_PERSON)


@data_app.command("where")
def data_where(course: CourseOption = Path()) -> None:
    """Tell the profile and the folders: what students read, what is hidden, what is prepared."""
    with one_line_for_mistakes():
        data = CourseData(Course(course))
        lines = [f"{name}: {value}" for name, value in data.places().items()]
    for line in lines:
        out.print(line, markup=False)


@data_app.command("pack")
def data_pack(
    assignment: AssignmentArgument,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The archive; default: in the data folder.")
    ] = None,
    course: CourseOption = Path(),
) -> None:
    """Write the students' archive: what an assignment uses, without the hidden images."""
    with one_line_for_mistakes():
        data = CourseData(Course(course))
        target, size = data.pack(assignment, output)
    out.print(
        f"{target}: {size / 2**20:.1f} MB; unpack it anywhere and set AUTOGRADER_DATA to the folder"
    )


@runs_app.command("size")
def runs_size(
    assignment: Annotated[str | None, typer.Argument(help="Only this one's.")] = None,
    course: CourseOption = Path(),
) -> None:
    """Tell what runs take on the disk, what sharing saves, and the largest hand-ins."""
    with one_line_for_mistakes():
        from autograder.storage import sizes

        lines = [line for size in sizes(Course(course), assignment) for line in size.lines()]
    for line in lines or ["no runs"]:
        out.print(line, markup=False)


@runs_app.command("prune")
def runs_prune(
    assignment: AssignmentArgument,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be removed.")
    ] = False,
    authors_too: Annotated[
        bool, typer.Option("--all", help="Also the runs of release and calibrate.")
    ] = False,
    course: CourseOption = Path(),
) -> None:
    """Remove runs without a hand-in or a notebook in source/, and what killed gradings left."""
    with one_line_for_mistakes():
        from autograder.storage import prune

        pruned = prune(Course(course), assignment, tell, authors_too=authors_too, dry_run=dry_run)
    for line in pruned.lines():
        out.print(line, markup=False)
