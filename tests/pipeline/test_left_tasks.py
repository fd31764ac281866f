"""Tasks that an earlier grading, which was killed, has left in the queue: whose are kept."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from support import ASSIGNMENT, autograder, copy_released, hand_in

from autograder.course import Course
from autograder.engines.slurm import Scheduler, SlurmEngine
from autograder.pipeline import ClusterEngine, Grading, cluster
from tests.engines.slurm.fake import FakeSlurm


class Killed(BaseException):
    """What SIGKILL leaves undone, an exception leaves undone."""


def _killed(_: float) -> None:
    raise Killed


@pytest.fixture
def slurm(monkeypatch: pytest.MonkeyPatch) -> FakeSlurm:
    """What a grading submits to; it is killed when it begins to wait."""
    slurm = FakeSlurm()
    monkeypatch.setattr(cluster, "Scheduler", partial(Scheduler, slurm))
    monkeypatch.setattr(cluster, "SlurmEngine", partial(SlurmEngine, sleep=_killed))
    return slurm


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """ada and bob have handed in; a task works on one notebook."""
    course = copy_released(tmp_path, 'c.Autograder.engine = "slurm"\nc.Slurm.chunk = 1')
    for student in ("ada", "bob"):
        hand_in(course, student)
    return course


def _grade(course: Path, *students: str) -> Iterator[str]:
    """The notebooks that came back before it was killed, if it was."""
    grading = Grading(Course(course), ASSIGNMENT, students)
    engine = ClusterEngine(grading, lambda line: None)
    with contextlib.suppress(Killed):
        for finished in engine.run(grading.items):
            yield f"{finished.item.student}, {finished.item.notebook}"


def _states(slurm: FakeSlurm) -> set[tuple[str, str]]:
    return {(student, row.state) for row in slurm.rows for student in row.students}


def test_a_grading_of_one_leaves_the_tasks_of_others(course: Path, slurm: FakeSlurm) -> None:
    """The class was submitted and that grading killed: of the one who is done since, tasks are
    taken out of the queue; the others' stay."""
    assert list(_grade(course)) == []
    done = autograder("grade", "--student", "ada", "--engine", "local", course=course)
    assert done.code == 0, done.text
    assert sorted(_grade(course, "ada")) == ["ada, one", "ada, two"]
    assert _states(slurm) == {("ada", "CANCELLED"), ("bob", "PENDING")}


def test_tasks_of_who_has_gone_are_taken_out(course: Path, slurm: FakeSlurm) -> None:
    """Nobody waits for them; and no run is made for who handed in nothing."""
    assert list(_grade(course, "bob")) == []
    shutil.rmtree(course / "submitted" / "bob")
    for notebook in (course / "submitted" / "ada" / ASSIGNMENT).glob("*.ipynb"):
        notebook.unlink()
    assert sorted(_grade(course)) == ["ada, one", "ada, two"]
    assert _states(slurm) == {("bob", "CANCELLED")}
    assert not (course / "runs" / ASSIGNMENT / "bob").exists()
    assert not (course / "runs" / ASSIGNMENT / cluster.LEDGER).exists()
