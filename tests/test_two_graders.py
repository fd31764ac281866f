"""Two people give the same command at the same moment: the work is done once, both are told so."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from support import ASSIGNMENT, RIGHT, build, copy_released, environment, gradebook, hand_in

CLASS = {"a": RIGHT, "b": {**RIGHT, "b": "b = 5"}, "c": {}}


def _at_once(*commands: tuple[str, ...]) -> list[str]:
    """What the commands print on stdout; all of them must end with 0."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "autograder", *command],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    said = [process.communicate(timeout=280) for process in started]
    assert [process.returncode for process in started] == [0] * len(commands), said
    return [out for out, _ in said]


def test_two_gradings_share_the_work(tmp_path: Path) -> None:
    """Each notebook is run once and is in the gradebook once."""
    course = copy_released(tmp_path)
    for student, answers in CLASS.items():
        hand_in(course, student, answers)
    grade = ("grade", ASSIGNMENT, "--course", str(course))
    said = _at_once(grade, grade)
    counts = [re.search(r"6 notebooks: (\d) run, (\d) graded", text) for text in said]
    assert all(counts), said
    assert sum(int(count[1]) for count in counts if count) == 6, said
    assert sum(int(count[2]) for count in counts if count) == 6, said
    with gradebook(course) as book:
        scores = {each.student.id: each.score for each in book.assignment_submissions(ASSIGNMENT)}
    assert scores == {"a": 3.0, "b": 2.0, "c": 0.0}


def test_two_releases_into_a_new_gradebook(tmp_path: Path) -> None:
    """Of two assignments: both are in it, and neither takes the other's stage away."""
    course = build(tmp_path)
    shutil.copytree(course / "source" / ASSIGNMENT, course / "source" / "other")
    place = ("--course", str(course))
    said = _at_once(("release", ASSIGNMENT, *place), ("release", "other", *place))
    assert all("6 points" in text for text in said), said
    with gradebook(course) as book:
        assert {each.name: each.max_score for each in book.assignments} == {
            ASSIGNMENT: 6,
            "other": 6,
        }
    assert not list(course.glob(".release-*"))


def test_two_releases_of_one_assignment(tmp_path: Path) -> None:
    """One after the other."""
    course = build(tmp_path)
    release = ("release", ASSIGNMENT, "--course", str(course))
    assert all("6 points" in text for text in _at_once(release, release))
    assert sorted(path.name for path in (course / "release" / ASSIGNMENT).iterdir()) == [
        "one.ipynb",
        "two.ipynb",
    ]
