"""Slurm's commands as they really answer: what the strict fake of tests/engines/slurm plays."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.engines.slurm import Scheduler
from autograder.engines.slurm.answers import Task
from autograder.errors import UserError

from .cluster import Cluster
from .waiting import wait_for

pytestmark = pytest.mark.usefixtures("on_cluster")


def submit(folder: Path, body: str, *options: str) -> str:
    """Submits an array of two tasks, named after `folder`; returns its id."""
    script = folder / "script.sh"
    requests = [f"--job-name={folder.name}", "--array=0-1", f"--output={folder}/%a.log", *options]
    lines = ["#!/bin/bash", *(f"#SBATCH {request}" for request in requests), body, ""]
    script.write_text("\n".join(lines))
    return Scheduler().submit(script, folder.name)


def test_tasks_are_found_by_their_jobs_name(tmp_path: Path) -> None:
    """As soon as sbatch is back, each task of the array is shown, with its index."""
    job = submit(tmp_path, "sleep 3600")
    tasks = Scheduler().tasks([tmp_path.name, "nobody"])
    assert {(task.name, task.job, task.index) for task in tasks} == {
        (tmp_path.name, job, 0),
        (tmp_path.name, job, 1),
    }
    assert not any(task.over for task in tasks)


def test_how_a_task_ended(tmp_path: Path) -> None:
    """The exit status and the node are told of a task that failed."""
    job = submit(tmp_path, "exit $((SLURM_ARRAY_TASK_ID * 3))")

    def ended() -> list[Task]:
        tasks = Scheduler().tasks([tmp_path.name])
        return tasks if all(task.over for task in tasks) else []

    assert {task.index: task.state for task in wait_for(ended, "the tasks to end")} == {
        0: "COMPLETED",
        1: "FAILED",
    }
    assert Scheduler().why(job, 1).startswith("FAILED (exit code 3) on node")


def test_cancelled_tasks_are_over(on_cluster: Cluster, tmp_path: Path) -> None:
    """One task is cancelled, the other is not."""
    job = submit(tmp_path, "sleep 3600")
    first = Task(tmp_path.name, job, 0, "PENDING")
    Scheduler().cancel([first])

    def left() -> bool:
        return [task.index for task in Scheduler().tasks([tmp_path.name]) if not task.over] == [1]

    wait_for(left, "the first task to be over")


@pytest.mark.parametrize(
    ("option", "setting"),
    [
        ("--partition=nope", "c.Slurm.partition"),
        ("--gres=gpu:9", "c.Slurm.gpus"),
        ("--mem=900G", "c.Slurm.memory_gb"),
        ("--time=soon", "c.Slurm.time"),
        ("--constraint=nope", "c.Slurm.options"),
    ],
)
def test_a_refusal_names_the_setting(tmp_path: Path, option: str, setting: str) -> None:
    """What Slurm says of a wrong setting leads to that setting, in one line."""
    with pytest.raises(UserError, match=rf"^Slurm refused a job: [^\n]*{setting}[^\n]*$"):
        submit(tmp_path, "true", option)
