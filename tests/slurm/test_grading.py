"""A small class graded through a real cluster: the same as on one machine, whatever dies."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import ASSIGNMENT, RIGHT, autograder, copy_released, gradebook, hand_in

from .cluster import Cluster, Job
from .waiting import wait_for

pytestmark = pytest.mark.timeout(600)

CONFIG = """
c.Autograder.engine = "slurm"
c.Autograder.memory_mb = 300
c.Slurm.cpus = 2
c.Slurm.memory_gb = 2.0
c.Slurm.chunk = 4
c.Slurm.poll_s = 0.2
"""
HAND_INS = {
    "ada": RIGHT,
    "bob": {**RIGHT, "a": "a = [6, 8]"},
    "cem": {**RIGHT, "b": "b = 1 / 0"},
    "dan": {**RIGHT, "a": "a = ...\n# YOUR CODE HERE"},
    "eva": {**RIGHT, "a": "import os\nos.kill(os.getpid(), 9)"},
}
SLOW = {**RIGHT, "b": "import time\ntime.sleep(6)\nb = 4"}


class Class:
    """A released course, and `autograder grade` on it in a process of its own."""

    def __init__(self, cluster: Cluster, root: Path) -> None:
        self.cluster, self.root = cluster, root
        self._known = {job.job for job in cluster.jobs()}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT]
        self._process = subprocess.Popen(
            [*command, "--course", str(self.root), "--verbose"],
            env=dict(self.cluster.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self) -> str:
        """What it printed, once it ends by itself."""
        assert self._process
        return self._process.communicate(timeout=280)[0]

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate(timeout=30)

    def running(self) -> list[Job]:
        return [job for job in self.cluster.jobs() if job.state == "RUNNING"]

    def submitted(self) -> list[Job]:
        return [job for job in self.cluster.jobs() if job.job not in self._known]

    def runs(self) -> dict[str, bytes]:
        """Each finished run's run.json."""
        found = self.root.glob(f"runs/{ASSIGNMENT}/[!.]*/*/run.json")
        return {str(path): path.read_bytes() for path in found}


@pytest.fixture
def course(cluster: Cluster, tmp_path: Path) -> Iterator[Class]:
    course = Class(cluster, copy_released(tmp_path / "course", CONFIG))
    yield course
    course.kill()


def _scores(root: Path) -> dict[str, Any]:
    """The test scores by notebook, without the keys: these tell how long a run took."""
    found = sorted(root.glob(f"runs/{ASSIGNMENT}/[!.]*/*/scores.json"))
    return {
        f"{path.parts[-3]}/{path.parts[-2]}": json.loads(path.read_text())["tests"]
        for path in found
    }


def _entries(root: Path) -> list[tuple[str, str, float | None, bool]]:
    """What is in the gradebook."""
    with gradebook(root) as opened:
        return sorted(
            (submission.student.id, grade.name, grade.auto_score, grade.needs_manual_grade)
            for submission in opened.find_assignment(ASSIGNMENT).submissions
            for notebook in submission.notebooks
            for grade in notebook.grades
        )


def test_a_class_is_graded_as_on_one_machine(course: Class, tmp_path: Path) -> None:
    """Right and wrong, not attempted and killed by itself; and then there is nothing left to do."""
    here = copy_released(tmp_path / "here", "c.Autograder.memory_mb = 300")
    for student, answers in HAND_INS.items():
        for root in (course.root, here):
            hand_in(root, student, answers)
    course.start()
    said = course.end()
    assert "5 hand-ins, 10 notebooks: 10 run, 10 graded, 0 unchanged" in said
    autograder("grade", course=here)
    assert _scores(course.root) == _scores(here)
    assert _entries(course.root) == _entries(here)
    assert not (course.root / "runs" / ASSIGNMENT / ".slurm").exists()
    tasks = len(course.submitted())
    course.start()
    assert ": 0 run, 0 graded, 10 unchanged" in course.end()
    assert len(course.submitted()) == tasks


def test_all_are_graded_once_whatever_dies(course: Class) -> None:
    """What submits is killed, then a node with its tasks, then only the slurmd of another."""
    students = [f"student{number}" for number in range(6)]
    for student in students:
        hand_in(course.root, student, SLOW)
    course.start()
    node = wait_for(course.running, "tasks to run")[0].node
    course.kill()
    done = course.runs()
    course.cluster.kill_node(node)
    course.cluster.declare_down(node)
    course.start()
    others = wait_for(
        lambda: [job.node for job in course.running() if job.node != node], "tasks elsewhere"
    )
    course.cluster.kill_slurmd(others[0])
    course.cluster.declare_down(others[0])
    said = course.end()
    assert "6 hand-ins, 12 notebooks" in said
    assert "; 0 need a person" in said
    points = {(student, name): score for student, name, score, _ in _entries(course.root)}
    assert {points[student, "test_a"] for student in students} == {2.0}
    assert {points[student, "test_b"] for student in students} == {1.0}
    assert done.items() <= course.runs().items()


def test_a_changed_test_regrades_on_the_cluster_without_running(course: Class) -> None:
    """The stored answers are all that a task needs."""
    hand_in(course.root, "ada")
    course.start()
    assert ": 2 run, 2 graded" in course.end()
    before = course.runs()
    for scores in course.root.glob(f"runs/{ASSIGNMENT}/ada/*/scores.json"):
        scores.write_text(scores.read_text().replace("tests ", "tests 0"))
    course.start()
    assert ": 0 run, 2 graded, 0 unchanged" in course.end()
    assert course.runs() == before


def test_a_partition_that_there_is_none_of(course: Class) -> None:
    """Slurm's refusal is one line that names the setting."""
    with (course.root / "course_config.py").open("a") as file:
        file.write('c.Slurm.partition = "gpus"\n')
    hand_in(course.root, "ada")
    course.start()
    said = course.end()
    assert course._process is not None
    assert course._process.returncode == 2
    (line,) = said.strip().splitlines()
    assert "partition" in line
    assert "c.Slurm.partition" in line
