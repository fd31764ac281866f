"""A grading by Slurm, as far as this side settles it: what tasks ask for, and what is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from support import ASSIGNMENT, autograder, build, copy_graded, copy_released, hand_in, two

from autograder.course import Course
from autograder.engines import Finished, Item
from autograder.engines.slurm import Scheduler
from autograder.pipeline import ClusterEngine, Grading, Result, cluster
from tests.engines.slurm.fake import FakeSlurm


class Interrupted(FakeSlurm):
    """A queue at whose sight, once something is in it, somebody presses Ctrl-C."""

    def __call__(self, argv: Sequence[str]) -> CompletedProcess[str]:
        if self.rows:
            raise KeyboardInterrupt
        return super().__call__(argv)


@pytest.fixture
def slurm(monkeypatch: pytest.MonkeyPatch) -> Interrupted:
    made = Interrupted()
    monkeypatch.setattr(cluster, "Scheduler", lambda tell: Scheduler(made, tell=tell))
    return made


def test_an_interrupt_tells_what_becomes_of_the_jobs(tmp_path: Path, slurm: Interrupted) -> None:
    """They stay in the queue; how to go on and how to end them stands in one line."""
    course = copy_released(tmp_path, "c.Slurm.poll_s = 0.05")
    hand_in(course, "s")
    said = autograder("grade", "--engine", "slurm", course=course)
    assert said.code == 130
    assert len(slurm.requests) == 1
    (jobs, interrupted) = said.lines
    assert "the same command" in jobs and "`scancel 11`" in jobs
    assert "interrupted" in interrupted


@pytest.mark.parametrize(("gpus", "at_a_time"), [(1, 1), (2, 2), (0, 4)])
def test_memory_for_all_that_a_task_has_at_work(
    gpus: int, at_a_time: int, tmp_path: Path, slurm: Interrupted
) -> None:
    """Without GPUs, what would use one has the processors' slots, like all others."""
    config = f"c.Slurm.cpus = 4\nc.Slurm.gpus = {gpus}\nc.Slurm.poll_s = 0.05"
    root = copy_released(tmp_path, f"c.Autograder.memory_mb = 300\n{config}")
    for student in "stuvw":
        hand_in(root, student)
    engine = ClusterEngine(Grading(Course(root), ASSIGNMENT), print)
    with pytest.raises(KeyboardInterrupt):
        list(engine.run(Item(student, "two", 1.0, accelerated=True) for student in "stuvw"))
    (request,) = slurm.requests
    assert request["mem"] == f"{3072 + at_a_time * 300}M"


def test_data_that_is_not_prepared_is_told_before_anything_is_submitted(
    tmp_path: Path, slurm: Interrupted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, in a line; not by each task in its log."""
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("AUTOGRADER_PROFILE", raising=False)
    made = two()
    made.cells[0].source = f"from autograder.datasets import cats_dogs\n{made.cells[0].source}"
    root = build(tmp_path, 'c.Autograder.profile = "full"', two=made)
    said = autograder("grade", "--engine", "slurm", course=root)
    assert said.code == 2
    assert "autograder data prepare" in said.lines[0]
    assert slurm.calls == []


def test_what_ran_and_is_given_up_keeps_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its grading is tried again the next time; nobody's code is."""

    class GivesUp:
        def __init__(self, *_: object, **__: object) -> None: ...

        def run(self, items: list[Item]) -> list[Finished[Result]]:
            return [Finished(item, problem="its task ended") for item in items]

    monkeypatch.setattr(cluster, "SlurmEngine", GivesUp)
    course = copy_graded(tmp_path)
    runs = course / "runs" / ASSIGNMENT / "s"
    (runs / "one" / "scores.json").unlink()
    (runs / "two" / "run.json").unlink()
    before = (runs / "one" / "run.json").read_bytes()
    said = autograder("grade", "--engine", "slurm", course=course)
    assert said.code == 1
    assert sorted(said.lines) == [f"s, {name}: its task ended" for name in ("one", "two")]
    assert (runs / "one" / "run.json").read_bytes() == before
    assert ": 1 run, 2 graded, 0 unchanged; 0 need" in autograder("grade", course=course).text
