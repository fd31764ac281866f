"""What submits is killed and started again: nothing is submitted twice, and all is done."""

from __future__ import annotations

import random

import pytest

from autograder.engines.contract import Item

from .submitter import Grading, lines_of
from .waiting import wait_for

QUICK, HELD, HELD_2 = Item("ada", "quick"), Item("ada", "held"), Item("ada", "held-2")


@pytest.mark.parametrize("knew", [True, False], ids=["after", "before"])
def test_what_submits_is_killed(grading: Grading, knew: bool) -> None:
    """Started again, it waits for the tasks that are in the queue, whether it was killed after
    sbatch had told their id or before; nothing is submitted twice."""
    grading.start(HELD, QUICK, chunk=1)
    grading.began(2)
    wait_for(lambda: "quick" in grading.finished(), "the first item")
    grading.kill()
    (job,) = grading.desk.folder.glob(".slurm/*/job")
    if not knew:
        job.unlink()
    grading.desk.finished.unlink()
    grading.start(chunk=1)
    wait_for(lambda: "go on" in "".join(lines_of(grading.desk.told)), "the tasks to be found")
    assert wait_for(grading.finished, "the first item").keys() == {"quick"}
    grading.open_gate(HELD)
    assert grading.end().keys() == {"held", "quick"}
    assert len(grading.began(2)) == len(grading.tasks()) == 2


HELD_ONES = [Item("ada", f"held-{number}") for number in range(4)]


@pytest.mark.parametrize("delay_s", [0.0, 0.02, 0.05, 0.1])
def test_what_submits_is_killed_while_sbatch_is_asked(grading: Grading, delay_s: float) -> None:
    """An sbatch that outlives its parent may submit, or not: each item is begun once."""
    grading.start(*HELD_ONES, chunk=1)
    script = ".slurm/[0-9]*/script.sh"
    wait_for(lambda: [*grading.desk.folder.glob(script)], "a batch", every_s=0.002)
    grading.ends_within(delay_s)
    grading.kill()
    grading.start(chunk=1)
    assert grading.settle() == [item.notebook for item in HELD_ONES]
    grading.open_gate(*HELD_ONES)
    assert grading.end().keys() == {item.notebook for item in HELD_ONES}


def test_what_submits_is_killed_again_and_again(grading: Grading) -> None:
    """At whatever moments it is killed: every item is begun once, and all are done at the end."""
    grading.start(*HELD_ONES, chunk=1)
    moments = random.Random(6)
    for _ in range(10):  # it submits within about a second of its start
        assert not grading.ends_within(moments.uniform(0.2, 1.2))
        grading.kill()
        grading.start(chunk=1)
    assert grading.settle() == [item.notebook for item in HELD_ONES]
    grading.open_gate(*HELD_ONES)
    assert grading.end().keys() == {item.notebook for item in HELD_ONES}


def test_what_the_user_took_out_of_the_queue(grading: Grading) -> None:
    """Jobs go on when what submitted them is killed, until scancel ends them; a new grading
    submits them anew."""
    grading.start(HELD, HELD_2, chunk=1)
    grading.began(2)
    grading.kill()
    assert [task.state for task in grading.tasks()] == ["RUNNING"] * 2
    grading.cluster.command("scancel", grading.tasks()[0].job.partition("_")[0])
    wait_for(lambda: {task.state for task in grading.tasks()} == {"CANCELLED"}, "all to be over")
    grading.open_gate(HELD, HELD_2)
    grading.start(chunk=1)
    assert grading.end().keys() == {"held", "held-2"}
    assert len(grading.began(4)) == 4
