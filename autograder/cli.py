"""The commands. Only arguments are parsed and lines printed here; pipeline and release do the work.

Exit codes: 0 done, 1 something needs a person, 2 wrong usage or a course that cannot be graded, 130
interrupted.

Commands import what they need themselves: nbgrader takes seconds, which `--help` need not wait for.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from autograder.course import Course
from autograder.data import CourseData, open_nursery
from autograder.engines import Item
from autograder.engines.slots import Slots, find_slots, refuse_full_without_gpu
from autograder.errors import UserError
from autograder.isolation import NO_WALLS, Walls, survey
from autograder.prefetch import prefetch
from autograder.terminal import (
    Tally,
    done_line,
    download_bar,
    err,
    out,
    progress_bar,
    say,
    score_table,
    tell,
)

if TYPE_CHECKING:
    from autograder.pipeline import Grading, Result

NEEDS_PERSON, USAGE, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An auto-graded deep-learning course kit on nbgrader. "
    "Exit codes: 0 done, 1 something needs a person, 2 wrong usage.",
)
data_app = typer.Typer(no_args_is_help=True, help="The data sets that notebooks and tests read.")
app.add_typer(data_app, name="data")
runs_app = typer.Typer(no_args_is_help=True, help="The room that runs take on the disk.")
app.add_typer(runs_app, name="runs")

CourseOption = Annotated[
    Path, typer.Option("--course", metavar="DIR", help="The course directory; default: here.")
]
AssignmentArgument = Annotated[str, typer.Argument(help="The assignment, such as cnn.")]


class EngineName(StrEnum):
    """Where hand-ins are run."""

    LOCAL = "local"
    SLURM = "slurm"


class Format(StrEnum):
    """How `autograder scores` prints."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class Profile(StrEnum):
    """The data sets: drawn stand-ins or the real images."""

    SMALL = "small"
    FULL = "full"


@app.callback()
def _prepare() -> None:
    # A grammar of internationalised addresses that jsonschema, and so nbgrader, imports if it is
    # there: more than a second for a format that no notebook has.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    # nbgrader calls alembic by name, also when this environment is not activated
    scripts = str(Path(sys.executable).parent)
    paths = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if scripts not in paths:
        os.environ["PATH"] = os.pathsep.join([scripts, *paths])


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
    with _one_line_for_mistakes():
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
    with _one_line_for_mistakes():
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
    with _one_line_for_mistakes():
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
    with _one_line_for_mistakes():
        from autograder.report import scores as report

        opened = Course(course)
        opened.notebooks(assignment)
        if format is Format.JSON:
            typer.echo(report.as_json(report.test_rows(opened, assignment)))
        elif format is Format.CSV:
            typer.echo(report.as_csv(report.student_rows(opened, assignment)), nl=False)
        else:
            out.print(score_table(report.student_rows(opened, assignment)))


@app.command()
def feedback(assignment: AssignmentArgument, course: CourseOption = Path()) -> None:
    """Write each student's feedback page, feedback/<student>/<assignment>/<notebook>.html."""
    with _one_line_for_mistakes():
        from autograder.report.feedback import write_feedback

        pages = write_feedback(Course(course), assignment)
    out.print(f"{len(pages)} feedback pages" + (f", such as {pages[0]}" if pages else ""))


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
    with _one_line_for_mistakes():
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


@data_app.command("prepare")
def data_prepare(
    assignment: Annotated[str | None, typer.Argument(help="Only what this one uses.")] = None,
    course: CourseOption = Path(),
) -> None:
    """Fetch or draw the data sets, and put the hidden images aside; do only what is not done."""
    with _one_line_for_mistakes():
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
    with _one_line_for_mistakes():
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
    with _one_line_for_mistakes():
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
    with _one_line_for_mistakes():
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
    with _one_line_for_mistakes():
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
    with _one_line_for_mistakes():
        from autograder.storage import prune

        pruned = prune(Course(course), assignment, tell, authors_too=authors_too, dry_run=dry_run)
    for line in pruned.lines():
        out.print(line, markup=False)


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


@contextmanager
def _one_line_for_mistakes() -> Iterator[None]:
    """A user's mistake, or Ctrl-C, ends the command with one line, never with a traceback."""
    # nbgrader adds submissions in an order that SQLAlchemy finds odd, on every single one
    warnings.filterwarnings("ignore", module="nbgrader.api")
    try:
        yield
    except UserError as error:
        err.print(f"autograder: {error}", markup=False)
        raise typer.Exit(USAGE) from None
    except OSError as error:  # a full disk, a folder that cannot be written
        err.print(f"autograder: {error.filename or 'a file'}: {error.strerror}", markup=False)
        raise typer.Exit(USAGE) from None
    except KeyboardInterrupt:
        err.print("autograder: interrupted; what is done is kept: the same command goes on")
        raise typer.Exit(INTERRUPTED) from None
