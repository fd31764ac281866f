"""Commands that grade: run hand-ins, score them, print the scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.base import (
    NEEDS_PERSON,
    AssignmentArgument,
    CourseOption,
    app,
    one_line_for_mistakes,
)
from autograder.course import Course
from autograder.data import CourseData, open_nursery
from autograder.engines import Item
from autograder.engines.slots import Slots, find_slots, refuse_full_without_gpu
from autograder.errors import UserError
from autograder.isolation import NO_WALLS, Walls, survey
from autograder.prefetch import prefetch
from autograder.terminal import Tally, done_line, err, out, progress_bar, say, score_table, tell

if TYPE_CHECKING:
    from autograder.pipeline import Grading, Result


class EngineName(StrEnum):
    """Where hand-ins are run."""

    LOCAL = "local"
    SLURM = "slurm"


class Format(StrEnum):
    """How `autograder scores` prints."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@app.command()
def grade(
    assignment: AssignmentArgument,
    student: Annotated[
        list[str] | None, typer.Option("--student", metavar="ID", help="Only this one; repeatable.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Hand-ins at work at the same time.")
    ] = None,
    engine: Annotated[
        EngineName | None, typer.Option(help="Where to run; default: as the course has set.")
    ] = None,
    no_isolation: Annotated[
        bool,
        typer.Option(
            "--no-isolation", help="Run student code without walls; every result says so."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be run or graded, and why.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="A line for each notebook that is done.")
    ] = False,
    course: CourseOption = Path(),
) -> None:
    """Run, score and record the hand-ins in submitted/; do only what is not done yet."""
    with one_line_for_mistakes():
        opened = _opened(course, workers, engine, no_isolation)
        students = tuple(student or ())
        if dry_run:
            _print_due(opened, assignment, students)
            return
        tally = Tally()
        is_here = opened.settings.engine == EngineName.LOCAL
        with _open_grading(opened, assignment, students) as (grading, running, slots):
            for refused in grading.refused:
                tally.complain(f"submitted/{refused.folder}: {refused.reason}")
            with progress_bar(grading.items, slots, is_here) as progress:
                for item, result in running:
                    tally.add(result)
                    left = progress.finished(item, result)
                    if verbose:
                        out.print(f"{done_line(result)}{left}", markup=False)
    if not grading.items and not grading.refused:
        expected = opened.path("submitted", "<student>", assignment)
        out.print(f"no hand-ins; expected folders such as {expected}")
        return
    out.print(tally.summary())
    if tally.complaints:
        raise typer.Exit(NEEDS_PERSON)


@app.command(hidden=True)
def work(
    assignment: AssignmentArgument,
    chunk: Annotated[Path, typer.Option(help="The items to work on.")],
    workers: Annotated[int | None, typer.Option(min=1)] = None,
    no_isolation: Annotated[bool, typer.Option("--no-isolation")] = False,
    course: CourseOption = Path(),
) -> None:
    """A task of the cluster's queue: run and grade a chunk of notebooks; record nothing."""
    with one_line_for_mistakes():
        opened = _opened(course, workers, EngineName.LOCAL, no_isolation)
        slots = _slots(opened)
        walls = _walls(opened)
        with open_nursery(opened, assignment, walls, tell, slots.common) as nursery:
            from autograder.pipeline import work_on_chunk

            for line in work_on_chunk(opened, assignment, chunk, nursery, slots):
                tell(line)


@app.command()
def scores(
    assignment: AssignmentArgument,
    format: Annotated[Format, typer.Option(help="table, csv or json.")] = Format.TABLE,
    course: CourseOption = Path(),
) -> None:
    """Print the scores: a row per student, or with json an object per student and test cell."""
    with one_line_for_mistakes():
        from autograder.report import scores as report

        opened = Course(course)
        opened.notebooks(assignment)
        if format is Format.JSON:
            typer.echo(report.as_json(report.test_rows(opened, assignment)))
        elif format is Format.CSV:
            typer.echo(report.as_csv(report.student_rows(opened, assignment)), nl=False)
        else:
            out.print(score_table(report.student_rows(opened, assignment)))


def _opened(
    root: Path, workers: int | None, engine: EngineName | None, no_isolation: bool
) -> Course:
    """The course, with its settings as the command line wants them."""
    course = Course(root)
    if workers is not None:
        course.settings.workers = workers
    if engine is not None:
        course.settings.engine = str(engine)
    if no_isolation:
        course.settings.isolation = False
    return course


@contextmanager
def _open_grading(
    course: Course, assignment: str, students: tuple[str, ...]
) -> Iterator[tuple[Grading, Iterator[tuple[Item, Result]], Slots]]:
    """The grading, its results as they come, and the slots that work on it."""
    if course.settings.engine == EngineName.SLURM:
        CourseData(course).ensure(assignment, tell)  # once and here, not by each task
        from autograder.pipeline import ClusterEngine, Grading

        grading = Grading(course, assignment, students)
        engine = ClusterEngine(grading, tell)
        with _telling_at_an_early_end(engine.left_in_queue):
            yield grading, grading.run(engine, tell), engine.slots
        return
    slots = _slots(course)
    refuse_full_without_gpu(CourseData(course).store.profile, slots)
    with open_nursery(course, assignment, _walls(course), say, slots.common) as nursery:
        prefetch(course, assignment, nursery)
        from autograder.pipeline import Grading, local_engine

        grading = Grading(course, assignment, students)
        here = local_engine(grading.assignment, grading.hand_ins, nursery, slots)
        yield grading, grading.run(here, tell), slots


@contextmanager
def _telling_at_an_early_end(what: Callable[[], str]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if line := what():
            tell(line)
        raise


def _slots(course: Course) -> Slots:
    """This machine's slots. So many workers, and no more, run students' code beside its GPUs."""
    slots = find_slots(course.settings)
    course.settings.workers = len(slots.plain)
    return slots


def _print_due(course: Course, assignment: str, students: tuple[str, ...]) -> None:
    from autograder.pipeline import Grading, what_is_due

    grading = Grading(course, assignment, students)
    count: Counter[str] = Counter()
    for each in what_is_due(grading, course.settings.isolation):
        count[each.action] += 1
        if each.action != "nothing":
            what = "run and grade" if each.action == "run" else "grade"
            line = f"{each.item.student}, {each.item.notebook}: {what}: {each.why}"
            out.print(line, markup=False)
    for refused in grading.refused:
        err.print(f"submitted/{refused.folder}: {refused.reason}", markup=False)
    out.print(
        f"{len(grading.hand_ins)} hand-ins, {len(grading.items)} notebooks: {count['run']} to run, "
        f"{count['grade']} to grade, {count['nothing']} unchanged"
    )


def _walls(course: Course) -> Walls:
    if not course.settings.isolation:
        return NO_WALLS
    walls = survey()
    if walls.refuses:
        raise UserError(
            f"this machine puts no walls around files and network ({walls.summary()}); "
            "grade elsewhere, or run student code unprotected with --no-isolation"
        )
    return walls
