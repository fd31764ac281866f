"""Items through job arrays: each done once, whatever becomes of the tasks."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.engines.slurm import engine
from autograder.errors import UserError
from tests.engines.slurm.fake import FakeSlurm
from tests.engines.slurm.scenes import Scene, items, nothing, values


@pytest.fixture
def slurm() -> FakeSlurm:
    return FakeSlurm()


def test_each_item_is_done_once(tmp_path: Path, slurm: FakeSlurm) -> None:
    """All values, from one array, and neither jobs nor files are left."""
    scene = Scene(tmp_path, slurm, chunk=4)
    results = scene.run(items(10), nothing, slurm.work_on_all)
    assert values(results) == [f"s{number}" for number in range(10)]
    assert len(slurm.requests) == 1 and slurm.requests[0]["array"] == "0-2"
    assert slurm.at_work() == [] and scene.batches() == []


def test_nothing_is_due(tmp_path: Path, slurm: FakeSlurm) -> None:
    """No items: Slurm is not even asked."""
    assert Scene(tmp_path, slurm).run([], nothing) == []
    assert slurm.calls == []


def test_items_come_as_their_lines_come(tmp_path: Path, slurm: FakeSlurm) -> None:
    """What a task has done is told while it works on the rest."""
    running = Scene(tmp_path, slurm).engine(lambda: slurm.work(slurm.rows[0], 1)).run(items(3))
    assert next(running).item.student == "s0"
    assert slurm.rows[0].state == "RUNNING"


def test_lanes_do_not_share_a_task(tmp_path: Path, slurm: FakeSlurm) -> None:
    """Items that use a GPU are in an array of their own, which alone asks for GPUs."""
    wanted = [*items(3, accelerated=True), *[item for item in items(6) if item.student > "s2"]]
    scene = Scene(tmp_path, slurm, partition="gpu", cpu_partition="cpu", gpus=2)
    assert len(values(scene.run(wanted, slurm.work_on_all))) == 6
    assert [(each["partition"], each.get("gres")) for each in slurm.requests] == [
        ("gpu", "gpu:2"),
        ("cpu", None),
    ]


def test_arrays_are_no_larger_than_slurm_takes(
    tmp_path: Path, slurm: FakeSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """25 tasks where 10 may be in an array: three, which share what may run at the same time."""
    monkeypatch.setattr(engine, "ARRAY_TASKS", 10)
    scene = Scene(tmp_path, slurm, chunk=1, parallel=6)
    assert len(scene.run(items(25), slurm.work_on_all)) == 25
    assert [each["array"] for each in slurm.requests] == ["0-8%3", "0-7%2", "0-7%2"]


def test_tasks_that_fit_nowhere_are_the_user_s_to_mend(tmp_path: Path, slurm: FakeSlurm) -> None:
    """Some clusters take such a job and end it at once: retrying would give up the whole class."""

    def refuse() -> None:
        slurm.rows[0].state, slurm.rows[0].reason = "FAILED", "BadConstraints"

    scene = Scene(tmp_path, slurm)
    with pytest.raises(UserError, match=r"BadConstraints.*c\.Slurm\.cpus"):
        scene.run(items(2), refuse)
    assert len(slurm.requests) == 1 and scene.batches() == []


def test_a_wrong_setting_does_not_give_up_the_whole_class(tmp_path: Path, slurm: FakeSlurm) -> None:
    """All tasks end before anything is done: one line with the last one's words, no more tries."""

    def end_all() -> None:
        for row in slurm.at_work():
            row.state = "FAILED"
        for log in tmp_path.rglob("logs"):
            (log / f"{slurm.rows[0].job}_2.log").write_text("autograder: no walls here\n\n")

    scene = Scene(tmp_path, slurm, chunk=1)
    with pytest.raises(UserError, match=r"3 tasks ended before .*, saying 'autograder: no walls"):
        scene.run(items(5), end_all, *[nothing] * 5)
    assert len(slurm.requests) == 1 and slurm.at_work() == []
    assert len(values(scene.run(items(5), slurm.work_on_all))) == 5  # once it is mended
    assert len(slurm.requests) == 2 and scene.batches() == []


def test_a_few_bad_notebooks_are_no_wrong_setting(tmp_path: Path, slurm: FakeSlurm) -> None:
    """Three tasks end at once while four are at work: those three are tried again."""

    def end_three() -> None:
        for row in slurm.at_work():
            row.state = "FAILED" if row.students[0] < "s3" else "RUNNING"

    scene = Scene(tmp_path, slurm, chunk=1)
    results = scene.run(items(7), end_three, *[nothing] * 5, slurm.work_on_all)
    assert len(values(results)) == 7


@pytest.mark.parametrize(
    "state", ["FAILED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "CANCELLED", "COMPLETED"]
)
def test_what_a_task_left_is_submitted_again(tmp_path: Path, slurm: FakeSlurm, state: str) -> None:
    """Three of five were done when it ended: the two others, and only they, are tried again."""
    scene = Scene(tmp_path, slurm)
    steps = [slurm.end_all(state, 3), *[nothing] * 5, slurm.work_on_all]
    assert len(values(scene.run(items(5), *steps))) == 5
    assert {row.students for row in slurm.rows[1:]} == {("s3",), ("s4",)}
    assert any(f"ended, {state}" in line and "2 of 5" in line for line in scene.told)


def test_a_task_that_is_gone_is_submitted_again(tmp_path: Path, slurm: FakeSlurm) -> None:
    """Slurm forgot the job: its item is tried again."""
    scene = Scene(tmp_path, slurm)
    results = scene.run(items(1), slurm.rows.clear, *[nothing] * 5, slurm.work_on_all)
    assert values(results) == ["s0"] and len(slurm.requests) == 2
    assert "gone from the queue" in scene.told[0]


def test_one_of_a_task_that_died_is_tried_alone(tmp_path: Path, slurm: FakeSlurm) -> None:
    """The first that was not done, for it may be what the task died of; the others go together."""
    scene = Scene(tmp_path, slurm)
    scene.run(items(4), slurm.end_all("OUT_OF_MEMORY"), *[nothing] * 5, slurm.work_on_all)
    assert {row.students for row in slurm.rows[1:]} == {("s0",), ("s1", "s2", "s3")}


@pytest.mark.parametrize("bad", ["s0", "s1", "s2", "s3"])
def test_a_bad_item_takes_no_others_with_it(tmp_path: Path, slurm: FakeSlurm, bad: str) -> None:
    """Whatever its place in the chunk, what every task dies of is given up, and it alone."""

    def die_of_it() -> None:
        for row in slurm.at_work():
            before = row.students.index(bad) if bad in row.students else None
            slurm.work(row, before)
            row.state = "COMPLETED" if before is None else "OUT_OF_MEMORY"

    results = Scene(tmp_path, slurm).run(items(4), die_of_it)
    assert [each.item.student for each in results if each.problem] == [bad]
    assert len(values(results)) == 3


def test_what_every_task_dies_of_is_given_up(tmp_path: Path, slurm: FakeSlurm) -> None:
    """After three more tries, with the last reason, its node and where to read more."""
    scene = Scene(tmp_path, slurm, retries=3)
    (given_up,) = scene.run(items(1), slurm.end_all("OUT_OF_MEMORY"))
    assert given_up.value is None and len(slurm.requests) == 4
    assert given_up.problem.startswith(
        "its Slurm task ended 4 times before it was done; the last: OUT_OF_MEMORY on node1 (log: "
    )


def test_logs_stay_until_the_next_grading(tmp_path: Path, slurm: FakeSlurm) -> None:
    """A log that a message names is there when it is read; the next grading removes it, and tries
    the item afresh."""
    scene = Scene(tmp_path, slurm, retries=0)
    (given_up,) = scene.run(items(1), slurm.end_all("FAILED"))
    log = Path(given_up.problem.rpartition("(log: ")[2].removesuffix(")"))
    assert log.parent.is_dir() and "FAILED (exit code 1) on node1" in given_up.problem
    assert values(scene.run(items(1), slurm.work_on_all)) == ["s0"]
    assert scene.batches() == []


def test_tasks_that_do_a_part_each_end_the_whole(tmp_path: Path, slurm: FakeSlurm) -> None:
    """A time that is too short for a chunk costs tasks, but gives up nothing."""
    scene = Scene(tmp_path, slurm, chunk=20, retries=3)
    assert len(values(scene.run(items(20), slurm.end_all("TIMEOUT", 1)))) == 20


def test_a_requeued_task_is_not_submitted_again(tmp_path: Path, slurm: FakeSlurm) -> None:
    """NODE_FAIL looks finished for a moment; then Slurm itself starts the task again."""

    def die() -> None:
        slurm.rows[0].state = "NODE_FAIL"

    def requeue() -> None:
        slurm.rows[0].state = "PENDING"
        slurm.rows[0].restarts += 1

    scene = Scene(tmp_path, slurm)
    results = scene.run(items(2), die, nothing, requeue, *[nothing] * 9, slurm.work_on_all)
    assert len(values(results)) == 2 and len(slurm.requests) == 1


def test_a_held_task_is_taken_out_and_submitted_again(tmp_path: Path, slurm: FakeSlurm) -> None:
    """Slurm gave up starting it and would hold it for ever."""

    def hold() -> None:
        if len(slurm.rows) == 1:
            slurm.rows[0].reason = "launch_failed_requeued_held"

    scene = Scene(tmp_path, slurm)
    results = scene.run(items(1), hold, *[nothing] * 5, slurm.work_on_all)
    assert values(results) == ["s0"]
    assert [row.state for row in slurm.rows] == ["CANCELLED", "COMPLETED"]


def test_files_that_come_late_are_waited_for(tmp_path: Path, slurm: FakeSlurm) -> None:
    """The task has ended and told of all; its files are seen two looks later, as over NFS."""
    scene = Scene(tmp_path, slurm)
    shown = scene.visible

    def show() -> None:
        scene.visible = shown

    scene.visible = lambda item: False
    results = scene.run(items(2), slurm.work_on_all, nothing, show)
    assert len(values(results)) == 2 and len(slurm.requests) == 1


def test_work_counts_without_its_lines(tmp_path: Path, slurm: FakeSlurm) -> None:
    """A task that died between an item's files and its line has done the item."""

    def die() -> None:
        slurm.results.add(("s0", "nb"))
        slurm.rows[0].state = "NODE_FAIL"

    assert values(Scene(tmp_path, slurm).run(items(1), die, nothing)) == ["s0"]
    assert len(slurm.requests) == 1


def test_two_copies_tell_once(tmp_path: Path, slurm: FakeSlurm) -> None:
    """Only a node's slurmd died: the job runs on and is requeued, and both tell of both items."""

    def twice() -> None:
        (row,) = slurm.rows
        slurm.work(row, 1)
        row.restarts += 1
        slurm.work(row)

    assert values(Scene(tmp_path, slurm).run(items(2), twice)) == ["s0", "s1"]


def test_copies_left_over_are_cancelled(tmp_path: Path, slurm: FakeSlurm) -> None:
    """When all is done, what still waits or runs of it is taken out of the queue."""

    def vanish_and_return() -> None:
        lost, *new = slurm.rows
        lost.state = "RUNNING" if new else "NODE_FAIL"
        for row in new:
            slurm.work(row)
            row.state = "RUNNING"

    Scene(tmp_path, slurm).run(items(1), vanish_and_return)
    assert [row.state for row in slurm.rows] == ["CANCELLED", "CANCELLED"]


def test_a_worker_s_problem_is_tried_again_and_told(tmp_path: Path, slurm: FakeSlurm) -> None:
    """What a node could not do, another may; at the end, the worker's own words are told."""

    def give_up() -> None:
        for row in slurm.at_work():
            with row.done_lines() as lines:
                for item in items(1):
                    lines.add(item, "its GPU is gone")
            row.state = "COMPLETED"

    (given_up,) = Scene(tmp_path, slurm, retries=1).run(items(1), give_up)
    assert "ended 2 times before it was done; the last: its GPU is gone" in given_up.problem


def test_a_full_queue_is_waited_for(tmp_path: Path, slurm: FakeSlurm) -> None:
    """A user may have three tasks in the queue: the array is cut until Slurm takes it."""
    slurm.most = 3
    scene = Scene(tmp_path, slurm, chunk=1)

    def work_on_one() -> None:
        slurm.work(slurm.at_work()[0])

    assert len(values(scene.run(items(12), work_on_one))) == 12
    assert len(slurm.rows) == 12
    assert any("when there is room" in line for line in scene.told)


def test_a_queue_that_takes_nothing_is_told(tmp_path: Path, slurm: FakeSlurm) -> None:
    """Not one task may be submitted: one line, and nothing is left behind."""
    slurm.most = 0
    scene = Scene(tmp_path, slurm, chunk=1)
    with pytest.raises(UserError, match=r"job submit limit.*c\.Slurm\.chunk"):
        scene.run(items(5), nothing)
    assert scene.batches() == []


def test_a_controller_that_is_away_only_delays(tmp_path: Path, slurm: FakeSlurm) -> None:
    """For minutes no command is answered: told once, and once again when it is back."""

    def leave() -> None:
        slurm.away = 30

    scene = Scene(tmp_path, slurm)
    assert len(values(scene.run(items(2), leave, slurm.work_on_all))) == 2
    assert len(slurm.requests) == 1 and scene.now_s > 300
    assert [line.partition(":")[0] for line in scene.told] == [
        "Slurm's controller is waited for",
        "Slurm's controller answers again",
    ]


def test_an_odd_reason_to_wait_is_told_once(tmp_path: Path, slurm: FakeSlurm) -> None:
    """A partition that is down would else look like a long queue."""

    def stop() -> None:
        slurm.rows[0].reason = "PartitionDown"

    scene = Scene(tmp_path, slurm)
    scene.run(items(1), stop, nothing, nothing, slurm.work_on_all)
    assert scene.told == ["Slurm: tasks wait, it says: PartitionDown"]


def test_a_refusal_leaves_nothing(tmp_path: Path, slurm: FakeSlurm) -> None:
    """One line that names the setting; no files, so that the next grading begins afresh."""
    slurm.refusal = "sbatch: error: Batch job submission failed: Invalid account specified"
    scene = Scene(tmp_path, slurm)
    with pytest.raises(UserError, match=r"Invalid account specified; look at c\.Slurm\.account"):
        scene.run(items(1), nothing)
    assert scene.batches() == []


def test_a_full_disk_is_one_line(
    tmp_path: Path, slurm: FakeSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunk files that cannot be written are told, and nothing is submitted."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("autograder.engines.slurm.ledger.write_chunk", full)
    scene = Scene(tmp_path, slurm)
    with pytest.raises(UserError, match=r"could not be written: No space left on device; make"):
        scene.run(items(1), nothing)
    assert slurm.requests == [] and scene.batches() == []
