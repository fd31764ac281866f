"""The student's side, in a process of its own: a solution is run once, and parts of it again.

    python -m tests.mutants.worker SOURCE_NOTEBOOK COURSE

Each line on stdin is a request, {"place": folder, "cells": [sources], "tests": [grade_ids]}: the
cells are run on top of what the solution left, the answers for the tests are written into `place`
as a run, and the solution's names are put back. A line on stdout tells {"raised": "…"}; the first
one comes when the solution has been run.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder import snapshot
from autograder.course import Course
from autograder.execution.child import send_answers
from autograder.execution.execute import limits
from autograder.execution.objects import Objects
from autograder.execution.runs import Recorder
from autograder.isolation import NO_WALLS, Ending
from autograder.notebook.master import load_master
from autograder.notebook.plan import make_plan
from autograder.notebook.reading import read_notebook
from autograder.notebook.warm import notebook_shell

DONE = Ending("done", "", 0.0, 0.0, 0.0)


class Solved:
    """A solution notebook that has been run in this process's shell."""

    def __init__(self, path: Path, course: Course) -> None:
        self._settings = course.settings
        self._plan = make_plan(load_master(path, course.config).graded)
        self._shell = notebook_shell()
        self._shell.begin()
        own = {cell.metadata.nbgrader.grade_id: cell.source for cell in read_notebook(path).cells}
        for step in self._plan.steps:
            is_code = step.kind in ("student", "instructor")
            if is_code and (raised := self._run(own[step.grade_id])):
                sys.exit(f"{path.name}, {step.grade_id}: {raised}")

    def answer(self, place: Path, cells: list[str], tests: list[str]) -> str:
        """Run `cells`, write what `tests` read into `place`; what was raised, or ""."""
        with self._names_kept():
            raised = next(filter(None, map(self._run, cells)), "")
            self._write(place, tests)
        return raised

    def _run(self, source: str) -> str:
        error = self._shell.run(source).error
        return ": ".join(error) if error else ""

    def _write(self, place: Path, tests: list[str]) -> None:
        steps = [step for step in self._plan.execution() if step.get("grade_id") in tests]
        expected = {step["grade_id"]: frozenset(step["names"]) for step in steps}
        objects = Objects(place.parent / ".objects")
        sent: set[str] = set()
        with Recorder(place, expected, len(self._plan.steps), objects) as recorder:
            budget = snapshot.Budget(max_bytes=self._settings.answer_mb << 20)
            for step in steps:
                send_answers(_Line(recorder), step, self._shell.namespace, budget, sent)
            recorder.finish("", NO_WALLS.summary(), limits(self._settings), DONE)

    @contextmanager
    def _names_kept(self) -> Iterator[None]:
        """What is assigned inside is forgotten; functions see the names that are there now."""
        namespace = self._shell.namespace
        before = dict(namespace)
        try:
            yield
        finally:
            namespace.clear()
            namespace.update(before)


class _Line:
    """Hands what would cross a socket to the recorder."""

    def __init__(self, recorder: Recorder) -> None:
        self.send = recorder.receive

    def begin_step(self, name: str) -> None: ...

    def end_step(self, name: str) -> None: ...


def main(path: str, course: str) -> None:
    # The notebook has no input, and what it prints must not come between the replies.
    requests, replies = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def reply(**told: Any) -> None:
        print(json.dumps(told), file=replies)

    solved = Solved(Path(path), Course(Path(course)))
    reply(raised="")
    for line in requests:
        request = json.loads(line)
        place = Path(request["place"])
        reply(raised=solved.answer(place, request["cells"], request["tests"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
