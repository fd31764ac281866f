"""The one shell of a process: made in the warm process, used by each child forked from it."""

from __future__ import annotations

import functools

from autograder.notebook.shell import NotebookShell


@functools.cache
def notebook_shell() -> NotebookShell:
    """The process's shell; the first call makes it, which takes longer than a child should wait."""
    return NotebookShell()
