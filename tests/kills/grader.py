"""A process that can be asked to grade courses (driver.py), and what a grading leaves behind."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import ASSIGNMENT, ROOT, environment, gradebook

ENDS_WITHIN_S = 300.0  # a grading; far more than it takes


@dataclass(frozen=True)
class Outcome:
    """How a grading ended. code: None if it was killed. writes: those below the course."""

    code: int | None
    text: str
    writes: int


class Grading:
    """A grading that is at work in a process of its own."""

    def __init__(self, grader: Grader, pid: int, log: Path) -> None:
        self.pid = pid
        self._grader = grader
        self._log = log
        self._handle = os.pidfd_open(pid)

    def fileno(self) -> int:
        """Readable once it has ended."""
        return self._handle

    def ends_within(self, seconds: float) -> bool:
        return bool(select.select([self], [], [], seconds)[0])

    def outcome(self) -> Outcome:
        """Once it has ended, or as soon as it has."""
        assert self.ends_within(ENDS_WITHIN_S), "the grading does not end"
        code = self._grader.ask({"wait": self.pid})["code"]
        os.close(self._handle)
        if code < 0:
            return Outcome(None, "", 0)
        return Outcome(**json.loads(self._log.read_text()))


class Grader:
    """The driver, from outside."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def grade(self, course: Path, kill_at: int | None = None) -> Grading:
        """Begin to grade; a child that is to kill itself at a write does so before it."""
        log = course.with_name(f"{course.name}.log")
        started = self.ask({"course": str(course), "log": str(log), "kill_at": kill_at})
        return Grading(self, started["pid"], log)

    def ask(self, request: dict[str, Any]) -> dict[str, int]:
        assert self._process.stdin and self._process.stdout
        print(json.dumps(request), file=self._process.stdin, flush=True)
        answer: dict[str, int] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def grader() -> Iterator[Grader]:
    # numpy's own threads would not survive the forks
    settings = {"PYTHONPATH": str(ROOT / "tests"), "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "kills.driver"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment() | settings,
        text=True,
    ) as process:
        yield Grader(process)


def left_behind(course: Path) -> dict[str, object]:
    """All that a grading comes to: scores.json and the like by their bytes, and the gradebook."""
    found: dict[str, object] = {}
    for path in sorted(course.rglob("*")):
        name = path.relative_to(course)
        is_result = name.parts[0] in ("runs", "autograded") and path.is_file()
        is_timed = path.name == "cells.jsonl"
        if is_result and not is_timed and not any(part.startswith(".") for part in name.parts):
            found[str(name)] = path.read_bytes()
    return found | _entries(course)


def _entries(course: Path) -> dict[str, object]:
    with gradebook(course) as opened:
        return {
            f"{submission.student.id}, {notebook.name}": (
                [
                    (g.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade)
                    for g in sorted(notebook.grades, key=lambda grade: grade.name)
                ],
                [
                    (c.name, c.auto_comment, c.manual_comment)
                    for c in sorted(notebook.comments, key=lambda comment: comment.name)
                ],
            )
            for submission in opened.assignment_submissions(ASSIGNMENT)
            for notebook in submission.notebooks
        }


def done(course: Path, expected: dict[str, object]) -> dict[str, tuple[int, int]]:
    """Which of the `expected` runs that took executing are whole, in their place or beside it.

    By the name of the run, the inode and the time of its run.json: executing it again would make
    another.
    """
    found: dict[str, tuple[int, int]] = {}
    for path in sorted(course.glob(f"runs/{ASSIGNMENT}/*/*/run.json")):
        student, folder = path.parts[-3:-1]
        notebook = folder.split(".")[1] if folder.startswith(".") else folder
        name = f"runs/{ASSIGNMENT}/{student}/{notebook}/run.json"
        data = path.read_bytes()
        is_rubbish = folder.endswith(".rubbish")
        if data == expected.get(name) and b'"ending": null' not in data and not is_rubbish:
            status = path.stat()
            found[name] = (status.st_ino, status.st_mtime_ns)
    return found
