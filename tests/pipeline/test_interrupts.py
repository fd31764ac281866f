"""Ctrl-C in the middle of a grading: it ends at once, says how to go on, and loses nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import ASSIGNMENT, RIGHT, autograder, copy_graded, copy_released, environment, hand_in

from autograder.grading.gradebook import Record
from autograder.isolation import WarmProcessDied
from autograder.pipeline import assignment as module

# A shell has background jobs ignore Ctrl-C, and whoever they start.
_LISTENING = """import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from autograder.__main__ import main
main()
"""


def test_while_a_notebook_runs(tmp_path: Path) -> None:
    """It is not waited for, does not begin again, and is not blamed."""
    course = copy_released(tmp_path)
    hand_in(course, "s", {**RIGHT, "b": "import time\ntime.sleep(500)\nb = 4"})
    command = [sys.executable, "-c", _LISTENING, "grade", ASSIGNMENT, "--course", str(course)]
    runs = course / "runs" / ASSIGNMENT / "s"
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True) as grading:
        while not (list(runs.glob(".two.*.writing")) and list(runs.glob("one/recorded"))):
            assert grading.poll() is None, "the grading ended too early"
            time.sleep(0.02)  # polled, since nothing tells
        grading.send_signal(signal.SIGINT)
        _, said = grading.communicate(timeout=120)
    assert grading.returncode == 130
    assert said.splitlines() == [
        "autograder: interrupted; what is done is kept: the same command goes on"
    ]
    assert not (runs / "two").exists()
    hand_in(course, "s")
    assert "1 run, 1 graded, 1 unchanged" in autograder("grade", course=course).text


def test_while_a_result_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same line; what had run is not run again."""
    course = copy_released(tmp_path)
    hand_in(course, "s")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Record, "save", interrupt)
    said = autograder("grade", course=course)
    monkeypatch.undo()
    assert (said.code, len(said.lines)) == (130, 1)
    assert "2 run" not in autograder("grade", course=course).text


def test_a_grader_that_is_killed_costs_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for a person and is tried again the next time, from the stored answers."""
    course = copy_graded(tmp_path)
    place = course / "runs" / ASSIGNMENT / "s" / "one"
    (place / "scores.json").unlink()
    before = (place / "run.json").read_bytes()

    def die(*_: object, **__: object) -> None:
        raise WarmProcessDied("the warm process died")

    monkeypatch.setattr(module, "grade", die)
    said = autograder("grade", course=course)
    monkeypatch.undo()
    assert said.code == 1
    assert [line for line in said.lines if line.startswith("s, one: the warm process")]
    assert (place / "run.json").read_bytes() == before
    assert ": 0 run, 1 graded, 1 unchanged; 0 need" in autograder("grade", course=course).text
