"""A task that does nothing, to find out whether walls stand."""

from __future__ import annotations

from autograder.isolation.frames import Line


def task(line: Line) -> None:
    """Needs a module that nothing has imported yet: Python itself must be readable to a task."""
    import colorsys  # noqa: F401

    line.send("stands", b"")
