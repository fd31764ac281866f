"""The gradebook's database: opened, made, waited for, and what it refuses in one line.

SQLite by default; another by `c.CourseDirectory.db_url`, such as "postgresql+psycopg://…".
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, Gradebook, InvalidEntry
from sqlalchemy import URL, Engine, MetaData, Table, create_engine, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, Index

from autograder.course import Course
from autograder.errors import UserError

# For another program's transaction. SQLite's own 5 s would end a night's grading for a backup.
_WAIT_S = 300
_LONGEST = 300
# nbgrader looks rows up by these and has no index on them: each look-up reads a whole class.
INDEXES = {
    "autograder_grade_notebook": ("grade", "notebook_id"),
    "autograder_comment_notebook": ("comment", "notebook_id"),
    "autograder_submitted_notebook_assignment": ("submitted_notebook", "assignment_id"),
    "autograder_submitted_assignment_student": ("submitted_assignment", "student_id"),
    "autograder_base_cell_notebook": ("base_cell", "notebook_id"),
}


class GradebookError(UserError):
    """The gradebook cannot take the scores; the message is one line: why and what to do."""


@contextlib.contextmanager
def open_gradebook(course: Course) -> Iterator[Gradebook]:
    """The course's gradebook; it is not made where there is none yet.

    Raises GradebookError when there is none, and for whatever the database refuses meanwhile.
    """
    name, file = gradebook_name(course), _file(course)
    if file is not None and not file.is_file():
        raise GradebookError(
            f"{name}: expected the gradebook, found none; `autograder release` makes it"
        )
    with _one_line(name), _connected(course) as gradebook:
        yield gradebook


def require_released(db: Any, course: Course, assignment: str) -> None:
    """Raise GradebookError unless the gradebook, by its session `db`, knows the assignment."""
    if db.scalar(select(Assignment.id).where(Assignment.name == assignment)) is None:
        raise GradebookError(
            f"{gradebook_name(course)}: assignment {assignment!r} is not in the gradebook; run "
            f"`autograder release {assignment}` first"
        )


def make_gradebook(course: Course) -> None:
    """Make the gradebook where there is none, and give it the indexes that a class needs.

    nbgrader fails when two processes make one at once, so one waits for the other here. Raises
    GradebookError.
    """
    with _one_line(gradebook_name(course)), _alone(course), _connected(course) as gradebook:
        _make_indexes(gradebook.engine)


def check_gradebook(course: Course) -> None:
    """Raise GradebookError if the gradebook cannot be used; that there is none yet is no fault."""
    file = _file(course)
    if file is None:
        with _one_line(gradebook_name(course)), _engine(course) as engine:
            engine.connect().close()
    elif file.is_file():
        with open_gradebook(course):
            pass


def gradebook_name(course: Course) -> str:
    """The path of the gradebook, or its address without anything that may be a password."""
    url = _url(course)
    is_file = url.drivername.startswith("sqlite") and url.database
    if is_file:
        return str(url.database)
    return url.set(query={}).render_as_string(hide_password=True)


def patient_url(course: Course) -> str:
    """The database's address, with patience for other writers where the course sets none."""
    url = _url(course)
    if url.drivername.startswith("sqlite") and "timeout" not in url.query:
        url = url.update_query_dict({"timeout": str(_WAIT_S)})
    return url.render_as_string(hide_password=False)


def _url(course: Course) -> URL:
    try:
        return make_url(course.db_url)
    except (SQLAlchemyError, ValueError):  # what they say quotes the address
        raise GradebookError(
            "course_config.py: c.CourseDirectory.db_url: expected an address such as "
            "'postgresql+psycopg://user:password@host/database', received something else; mend it"
        ) from None


def _file(course: Course) -> Path | None:
    """The file that the gradebook is; None where it is on a server."""
    url = _url(course)
    is_file = url.drivername.startswith("sqlite") and url.database not in (None, "", ":memory:")
    return Path(str(url.database)) if is_file else None


@contextlib.contextmanager
def _connected(course: Course) -> Iterator[Gradebook]:
    with _engine(course) as engine:  # the driver, the server and the password are in order
        engine.connect().close()
    try:
        gradebook = Gradebook(patient_url(course), course.directory.course_id)
    except (SQLAlchemyError, InvalidEntry):  # another program, such as formgrader, is making it
        gradebook = Gradebook(patient_url(course), course.directory.course_id)
    with gradebook:
        yield gradebook


@contextlib.contextmanager
def _engine(course: Course) -> Iterator[Engine]:
    url = patient_url(course)
    try:
        engine = create_engine(url)
    except ImportError as error:
        raise GradebookError(
            f"{gradebook_name(course)}: its driver cannot be imported: {_head(error)}; "
            "for PostgreSQL: pip install 'autograder[postgres]'"
        ) from None
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.contextmanager
def _one_line(name: str) -> Iterator[None]:
    """Whatever the database refuses, as a GradebookError."""
    try:
        yield
    except (SQLAlchemyError, InvalidEntry) as error:
        raise GradebookError(f"{name}: the gradebook cannot be used: {_reason(error)}") from error


@contextlib.contextmanager
def _alone(course: Course) -> Iterator[None]:
    folder = course.runs(".")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".gradebook.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_indexes(engine: Engine) -> None:
    """Those that are missing; a gradebook that has them is not written to."""
    kept = inspect(engine)
    for name, (table, column) in INDEXES.items():
        if name not in {index["name"] for index in kept.get_indexes(table)}:
            index = Index(name, Table(table, MetaData(), autoload_with=engine).c[column])
            with engine.begin() as connection:
                connection.execute(CreateIndex(index, if_not_exists=True))


def _reason(error: SQLAlchemyError | InvalidEntry) -> str:
    """What the database said, without SQLAlchemy's lines on the statement."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig else _head(error)
    text = " ".join(str(said).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _head(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
