"""The engine on a real cluster, and what goes wrong on one: each item is done once, whatever."""

from __future__ import annotations

from autograder.engines.contract import Item

from .submitter import Grading, lines_of
from .waiting import wait_for, wait_for_lines

QUICK, HELD, HELD_2 = Item("ada", "quick"), Item("ada", "held"), Item("ada", "held-2")


def test_items_are_done_on_the_cluster(grading: Grading) -> None:
    """Each item comes back once with what its files hold; only what uses a GPU is given one."""
    items = [Item(f"student{n}", f"quick-{n}", accelerated=n % 2 == 0) for n in range(8)]
    grading.start(*items, chunk=2)
    assert grading.end().keys() == {item.notebook for item in items}
    gpus = {notebook: gpu for notebook, _, gpu in grading.began(8)}
    assert {gpus[item.notebook] for item in items if item.accelerated} <= {"0", "1"}
    assert {gpus[item.notebook] for item in items if not item.accelerated} == {"none"}
    assert len(grading.tasks()) == 4
    assert not (grading.desk.folder / ".slurm").exists()


def test_a_node_dies(grading: Grading) -> None:
    """What was at work there is begun again elsewhere; what was done is not."""
    grading.start(QUICK, HELD, grace_s=60)
    first = grading.began(2)[1][1]
    grading.cluster.kill_node(first)
    grading.cluster.declare_down(first)
    second = grading.began(3)[2][1]
    grading.open_gate(HELD)
    assert grading.end() == {"quick": first, "held": second}
    assert [notebook for notebook, *_ in grading.began(3)] == ["quick", "held", "held"]
    assert len(grading.tasks()) == 1  # Slurm requeued it; the engine had nothing to submit


def test_two_copies_of_a_task_at_work(grading: Grading) -> None:
    """Only slurmd dies, so a task runs twice: the first write counts, and comes back once."""
    grading.start(HELD, HELD_2, grace_s=60)
    grading.began(1)
    first = grading.the_task().node
    grading.cluster.kill_slurmd(first)
    grading.cluster.declare_down(first)
    both = {node for _, node, _ in grading.began(2)}
    grading.open_gate(HELD)
    written = [line.split(" ") for line in wait_for_lines(grading.desk.written, 2)]
    assert {node for _, node, _ in written} == both and len(both) == 2
    assert sorted(word for *_, word in written) == ["first", "late"]
    grading.open_gate(HELD_2)
    ended = grading.end()
    assert ended["held"] == next(node for _, node, word in written if word == "first")
    assert ended.keys() == {"held", "held-2"}


def test_a_task_runs_out_of_time(grading: Grading) -> None:
    """Slurm ends the task; what it had not done is submitted again, and what it had is not."""
    grading.start(QUICK, HELD)
    grading.began(2)
    grading.cluster.expire(grading.the_task().job)
    assert [notebook for notebook, *_ in grading.began(3)] == ["quick", "held", "held"]
    grading.open_gate(HELD)
    assert grading.end().keys() == {"quick", "held"}
    assert [task.state for task in grading.tasks()].count("TIMEOUT") == 1
    assert len(grading.tasks()) == 2
    assert "TIMEOUT" in grading.desk.told.read_text()


def test_a_task_crashes(grading: Grading) -> None:
    """It is tried again, since --requeue does not; a notebook that always fails is given up, with
    what Slurm said, and takes no other with it."""
    once, always = Item("ada", "fails-once"), Item("ada", "fails")
    grading.start(once, always, QUICK, retries=2)
    ended = grading.end()
    assert ended.keys() == {"fails-once", "fails", "quick"}
    assert ended["quick"].startswith("node") and ended["fails-once"].startswith("node")
    assert "its Slurm task ended 3 times before it was done" in ended["fails"]
    assert "FAILED (exit code 3) on node" in ended["fails"]
    # "fails" had not begun when the first task died
    notebooks = [notebook for notebook, *_ in grading.began(5)]
    assert sorted(notebooks) == ["fails", "fails", "fails-once", "fails-once", "quick"]


def test_the_controller_is_away_for_a_while(grading: Grading) -> None:
    """Nothing can be asked of Slurm, tasks end meanwhile: the grading waits and collects."""
    grading.start(HELD)
    grading.began(1)
    grading.cluster.stop_controller()
    wait_for(lambda: "is waited for" in "".join(lines_of(grading.desk.told)), "a word of it")
    grading.open_gate(HELD)
    wait_for_lines(grading.desk.written, 1)
    assert not grading.finished()
    grading.cluster.restart_controller()
    assert grading.end().keys() == {"held"}
    assert len(grading.began(1)) == len(grading.tasks()) == 1
