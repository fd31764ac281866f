"""A task of a cluster's queue: what it leaves behind, however it ends."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support import ASSIGNMENT, RIGHT, copy_released, environment, hand_in

from autograder.course import Course
from autograder.engines import Item, Slot
from autograder.engines.slots import Slots
from autograder.engines.slurm.chunks import Done, DoneReader, Try, write_chunk
from autograder.execution.nursery import Nursery
from autograder.isolation import NO_WALLS, WarmProcessDied
from autograder.pipeline import work_on_chunk

ADA, BOB = Item("ada", "two"), Item("bob", "two")


@pytest.fixture
def chunk(tmp_path: Path) -> Path:
    """ada's and bob's second notebook."""
    path = tmp_path / "chunk-0.json"
    write_chunk(path, [Try(ADA), Try(BOB)])
    return path


def test_a_task_that_is_ended_leaves_what_is_done(tmp_path: Path, chunk: Path) -> None:
    """By SIGTERM, as Slurm ends it: what is done is there and told, what was at work is not, and
    no process outlives it."""
    begun, gate = tmp_path / "begun", tmp_path / "gate"
    for pipe in (begun, gate):
        os.mkfifo(pipe)
    course = copy_released(tmp_path / "course")
    hand_in(course, "ada")
    held = f"open({str(begun)!r}, 'w').write('begun')\nopen({str(gate)!r}).read()\nb = 4"
    hand_in(course, "bob", RIGHT | {"b": held})
    options = ["--workers", "2", "--no-isolation", "--course", str(course), "--chunk", str(chunk)]
    command = [sys.executable, "-m", "autograder", "work", ASSIGNMENT, *options]
    with (
        subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True) as task,
        contextlib.ExitStack() as finally_,
    ):
        finally_.callback(task.kill)
        assert task.stderr
        assert task.stderr.readline() == "ada, two: done\n"
        assert begun.read_text() == "begun"
        handles = list(_below(task.pid))
        task.send_signal(signal.SIGTERM)
        assert task.wait(60) == -signal.SIGTERM
    assert handles
    for handle in handles:  # readable once its process has ended
        assert select.select([handle], [], [], 60)[0]
        os.close(handle)
    runs = course / "runs" / ASSIGNMENT
    assert (runs / "ada" / "two" / "scores.json").is_file()
    assert not (runs / "bob" / "two").exists()
    assert list(DoneReader(tmp_path).new()) == [Done(("ada", "two"))]


def _below(pid: int) -> Iterator[int]:
    """A handle of each process that a process has started, with all that these have."""
    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(ProcessLookupError):
            yield os.pidfd_open(child.pid)


def test_why_a_notebook_was_given_up_is_told(
    tmp_path: Path, chunk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever submitted it sees no score that holds, and would else know no reason."""

    def die(*_: object) -> None:
        raise WarmProcessDied("the warm process is gone")

    course = Course(copy_released(tmp_path / "course"))
    monkeypatch.setattr(Nursery, "run", die)
    for item in (ADA, BOB):
        hand_in(course.root, item.student)
    slots = Slots(plain=(Slot(),))
    with Nursery(course.settings, NO_WALLS, ()) as nursery:
        lines = list(work_on_chunk(course, ASSIGNMENT, chunk, nursery, slots))
    told = [done.problem for done in DoneReader(tmp_path).new()]
    assert len(told) == 2 and all("killed three times" in problem for problem in told)
    assert all("killed three times" in line for line in lines)
