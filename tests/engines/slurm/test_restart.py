"""A grading that was killed goes on: nothing is submitted twice."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from autograder.engines.slurm.commands import Scheduler
from tests.engines.slurm.fake import FakeSlurm
from tests.engines.slurm.scenes import Scene, items, nothing, values


class Killed(BaseException):
    """What SIGKILL leaves undone, an exception leaves undone."""


@pytest.fixture
def slurm() -> FakeSlurm:
    return FakeSlurm()


def _kill() -> None:
    raise Killed


def _run_until_killed(scene: Scene, count: int) -> None:
    with contextlib.suppress(Killed):
        scene.run(items(count), _kill)


def test_waiting_jobs_are_found_again(tmp_path: Path, slurm: FakeSlurm) -> None:
    """The second grading waits for the first one's tasks."""
    _run_until_killed(Scene(tmp_path, slurm, chunk=2), 4)
    scene = Scene(tmp_path, slurm, chunk=2)
    assert len(values(scene.run(items(4), nothing, slurm.work_on_all))) == 4
    assert len(slurm.requests) == 1
    assert scene.told == ["Slurm: 2 tasks of an earlier grading go on"]


def test_what_was_done_meanwhile_is_collected(tmp_path: Path, slurm: FakeSlurm) -> None:
    """Tasks ended while nobody looked, and Slurm has forgotten them."""
    _run_until_killed(Scene(tmp_path, slurm), 3)
    slurm.work_on_all()
    slurm.rows.clear()
    assert len(values(Scene(tmp_path, slurm).run(items(3), nothing))) == 3
    assert len(slurm.requests) == 1


def test_only_what_is_new_is_submitted(tmp_path: Path, slurm: FakeSlurm) -> None:
    """Two more hand-ins came in between."""
    _run_until_killed(Scene(tmp_path, slurm), 2)
    Scene(tmp_path, slurm).run(items(4), slurm.work_on_all)
    assert [row.students for row in slurm.rows] == [("s0", "s1"), ("s2", "s3")]


def test_a_kill_after_sbatch_submits_nothing_twice(
    tmp_path: Path, slurm: FakeSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job's id was not written down: the job is found by its name."""
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr("autograder.engines.slurm.ledger.write_atomic", lambda *_: _kill())
        Scene(tmp_path, slurm).run(items(2), nothing)
    assert len(values(Scene(tmp_path, slurm).run(items(2), slurm.work_on_all))) == 2
    assert len(slurm.requests) == 1


def test_a_job_that_was_found_is_written_down(
    tmp_path: Path, slurm: FakeSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slurm forgets jobs that have ended: the second time it may have nothing to find."""
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr("autograder.engines.slurm.ledger.write_atomic", lambda *_: _kill())
        Scene(tmp_path, slurm).run(items(2), nothing)
    _run_until_killed(Scene(tmp_path, slurm), 2)
    (job,) = (tmp_path / ".slurm").glob("*/job")
    assert job.read_text() == "11\n"


def test_a_kill_before_sbatch_withdraws_the_batch(
    tmp_path: Path, slurm: FakeSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no job of that name: its folder goes, and the items are submitted."""
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(Scheduler, "submit", lambda *_: _kill())
        Scene(tmp_path, slurm).run(items(2), nothing)
    scene = Scene(tmp_path, slurm)
    (withdrawn,) = scene.batches()
    assert len(values(scene.run(items(2), slurm.work_on_all))) == 2
    assert len(slurm.requests) == 1 and withdrawn not in slurm.rows[0].name


def test_tries_are_counted_over_restarts(tmp_path: Path, slurm: FakeSlurm) -> None:
    """Killed in the midst of retrying: the item has no more tries than otherwise."""
    scene = Scene(tmp_path, slurm, retries=3)
    with contextlib.suppress(Killed):
        scene.run(items(1), slurm.end_all("FAILED"), *[nothing] * 5, _kill)
    assert len(slurm.requests) == 2
    (given_up,) = Scene(tmp_path, slurm, retries=3).run(items(1), slurm.end_all("FAILED"))
    assert "ended 4 times" in given_up.problem and len(slurm.requests) == 4


def test_the_newest_batch_has_an_item(tmp_path: Path, slurm: FakeSlurm) -> None:
    """A task died and its item was submitted again: after a restart the dead one is history."""
    with contextlib.suppress(Killed):
        Scene(tmp_path, slurm).run(items(1), slurm.end_all("FAILED"), *[nothing] * 5, _kill)
    results = Scene(tmp_path, slurm).run(items(1), *[nothing] * 9, slurm.work_on_all)
    assert values(results) == ["s0"] and len(slurm.requests) == 2


def test_a_half_written_batch_is_swept(tmp_path: Path, slurm: FakeSlurm) -> None:
    """A kill while chunk files were written leaves nothing that counts."""
    scene = Scene(tmp_path, slurm)
    (scene.folder / ".new-0001-aa" / "logs").mkdir(parents=True)
    assert values(scene.run(items(1), slurm.work_on_all)) == ["s0"]
    assert scene.batches() == []


def test_a_chunk_file_that_was_lost_is_written_anew(tmp_path: Path, slurm: FakeSlurm) -> None:
    """A power cut left it empty: its items are submitted in another batch."""
    _run_until_killed(Scene(tmp_path, slurm), 1)
    slurm.rows[0].chunk.write_bytes(b"")
    slurm.rows[0].state = "FAILED"
    assert values(Scene(tmp_path, slurm).run(items(1), slurm.work_on_all)) == ["s0"]


def test_closing_leaves_the_jobs(tmp_path: Path, slurm: FakeSlurm) -> None:
    """Whoever stops a grading finds it going on when he starts it again."""
    running = Scene(tmp_path, slurm).engine(lambda: slurm.work(slurm.rows[0], 1)).run(items(2))
    next(running)
    running.close()
    assert [row.state for row in slurm.rows] == ["RUNNING"]
    assert len(values(Scene(tmp_path, slurm).run(items(2), slurm.work_on_all))) == 2


def test_a_grading_of_some_leaves_the_others_jobs(tmp_path: Path, slurm: FakeSlurm) -> None:
    """One student is graded while tasks for others wait: those stay in the queue."""
    _run_until_killed(Scene(tmp_path, slurm, chunk=1), 3)

    def work_on_first() -> None:
        slurm.work(slurm.rows[0])

    scene = Scene(tmp_path, slurm, chunk=1)
    assert values(scene.run(items(1), work_on_first)) == ["s0"]
    assert [row.state for row in slurm.rows] == ["COMPLETED", "PENDING", "PENDING"]
    assert len(values(scene.run(items(3)[1:], slurm.work_on_all))) == 2
    assert len(slurm.requests) == 1 and scene.batches() == []


def test_what_the_user_took_out_of_the_queue_is_submitted_anew(
    tmp_path: Path, slurm: FakeSlurm
) -> None:
    """It was no notebook's fault: nothing is waited for, and nothing told of it."""
    _run_until_killed(Scene(tmp_path, slurm, chunk=1), 4)
    for row in slurm.rows:
        row.state = "CANCELLED"
    scene = Scene(tmp_path, slurm, chunk=1)
    assert len(values(scene.run(items(4), slurm.work_on_all))) == 4
    assert len(slurm.requests) == 2 and scene.told == [] and scene.batches() == []
