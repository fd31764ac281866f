"""What the commands share: the program, their common options, exit codes, one line for mistakes."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from autograder.errors import UserError
from autograder.quiet import skip_slow_imports
from autograder.terminal import err

NEEDS_PERSON, USAGE, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An auto-graded deep-learning course kit on nbgrader. "
    "Exit codes: 0 done, 1 something needs a person, 2 wrong usage, 130 interrupted.",
)

CourseOption = Annotated[
    Path, typer.Option("--course", metavar="DIR", help="The course directory; default: here.")
]
AssignmentArgument = Annotated[str, typer.Argument(help="The assignment, such as cnn.")]


@app.callback()
def _prepare() -> None:
    skip_slow_imports()
    # nbgrader calls alembic by name, also when this environment is not activated
    scripts = str(Path(sys.executable).parent)
    paths = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if scripts not in paths:
        os.environ["PATH"] = os.pathsep.join([scripts, *paths])


@contextmanager
def one_line_for_mistakes() -> Iterator[None]:
    """A user's mistake, or Ctrl-C, ends the command with one line, never with a traceback."""
    # nbgrader adds submissions in an order that SQLAlchemy finds odd, on every single one
    warnings.filterwarnings("ignore", module="nbgrader.api")
    try:
        yield
    except UserError as error:
        err.print(f"autograder: {error}", markup=False)
        raise typer.Exit(USAGE) from None
    except OSError as error:  # a full disk, a folder that cannot be written
        why = f"{error.filename or 'a file'}: {error.strerror}" if error.strerror else str(error)
        err.print(f"autograder: {why}", markup=False)
        raise typer.Exit(USAGE) from None
    except KeyboardInterrupt:
        err.print("autograder: interrupted; what is done is kept: the same command goes on")
        raise typer.Exit(INTERRUPTED) from None
