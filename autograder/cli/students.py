"""Commands for students. `autograder check` works without this module too: see __main__.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import app, one_line_for_mistakes
from autograder.workbench.command import say
from autograder.workbench.selfcheck import CELL_TIMEOUT_S
from autograder.workbench.selfcheck import check as check_notebook


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="Your notebook; it is only read.")],
    timeout: Annotated[int, typer.Option(min=1, help="Seconds for one cell.")] = CELL_TIMEOUT_S,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Passed checks, tracebacks.")
    ] = False,
) -> None:
    """For students: run a notebook's visible tests here and print their cards."""
    with one_line_for_mistakes():
        code = check_notebook(notebook, say, timeout_s=timeout, verbose=verbose)
    raise typer.Exit(code)
