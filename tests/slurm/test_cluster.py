"""The cluster behaves as a real one does, in what the engine must be ready for."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import cluster as ours
from .cluster import NODES, Cluster, missing
from .configuration import GPUS_PER_NODE
from .waiting import wait_for, wait_for_lines

SAY_WHERE = "echo $SLURMD_NODENAME >> where"
STAY = f"{SAY_WHERE}; exec sleep 3600"


def running(cluster: Cluster, job: str) -> str:
    """The node where `job` runs now; "" where it does not."""
    return next((j.node for j in cluster.jobs(ended=False) if j.job == job and j.node), "")


def test_a_program_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """These tests are skipped then; where all are there, a cluster has to start."""
    monkeypatch.setattr(ours, "PATH", str(tmp_path))
    assert missing().startswith("no munged, slurmctld, slurmd, ")


def test_a_system_that_makes_no_nodes_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what it says itself."""
    monkeypatch.setattr(ours, "PROGRAMS", ())
    (tmp_path / "unshare").write_text("#!/bin/sh\necho Operation not permitted >&2\nexit 1\n")
    (tmp_path / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert missing() == "no pid namespaces for its nodes: Operation not permitted"


def test_nodes_are_idle_at_first(cluster: Cluster) -> None:
    """Three nodes wait for work."""
    assert cluster.nodes() == dict.fromkeys(NODES, "idle")


def test_tasks_at_the_same_time_have_a_gpu_of_their_own(cluster: Cluster, tmp_path: Path) -> None:
    """An array with as many tasks as there are GPUs runs at once; no two see the same GPU."""
    count = len(NODES) * GPUS_PER_NODE
    # Nobody ends before all have begun, so they hold their GPUs at the same time.
    meet = f"until [ $(wc -l < seen) -ge {count} ]; do sleep 0.1; done"
    script = f"echo $SLURMD_NODENAME $CUDA_VISIBLE_DEVICES >> seen; {meet}"
    cluster.submit(script, f"--array=0-{count - 1}", "--gres=gpu:1", folder=tmp_path)
    seen = wait_for_lines(tmp_path / "seen", count)
    assert sorted(seen) == [f"{node} {gpu}" for node in NODES for gpu in range(GPUS_PER_NODE)]


def test_a_job_of_a_dead_node_runs_elsewhere(cluster: Cluster, tmp_path: Path) -> None:
    """A node without power is noticed; its job is requeued, on a node that lives."""
    job = cluster.submit(STAY, "--requeue", folder=tmp_path)
    (first,) = wait_for_lines(tmp_path / "where", 1)
    cluster.kill_node(first)
    second = wait_for_lines(tmp_path / "where", 2)[1]
    assert second != first
    assert wait_for(lambda: running(cluster, job), "the job to run again") == second
    assert [j.restarts for j in cluster.jobs() if j.job == job] == [1]


def test_a_job_whose_slurmd_died_runs_twice(cluster: Cluster, tmp_path: Path) -> None:
    """Without its slurmd a job is requeued and runs on: two copies at the same time."""
    beat = "while true; do touch beat.$SLURMD_NODENAME; sleep 0.1; done"
    cluster.submit(f"{SAY_WHERE}; {beat}", "--requeue", folder=tmp_path)
    (first,) = wait_for_lines(tmp_path / "where", 1)
    cluster.kill_slurmd(first)
    cluster.declare_down(first)
    second = wait_for_lines(tmp_path / "where", 2)[1]
    assert second != first
    for node in (first, second):
        (tmp_path / f"beat.{node}").unlink(missing_ok=True)
        wait_for((tmp_path / f"beat.{node}").exists, f"a beat of the copy on {node}")


def test_a_job_survives_the_controller(cluster: Cluster, tmp_path: Path) -> None:
    """slurmctld goes and comes again: what ran runs on, what waited still waits."""
    ran = cluster.submit(STAY, folder=tmp_path)
    waits = cluster.submit("true", "--hold", folder=tmp_path)
    wait_for_lines(tmp_path / "where", 1)
    cluster.restart_controller()
    states = {job.job: (job.state, job.restarts) for job in cluster.jobs()}
    assert states[ran] == ("RUNNING", 0)
    assert states[waits] == ("PENDING", 0)


def test_nothing_outlives_a_cluster(running_cluster: Cluster, tmp_path: Path) -> None:
    """Its jobs and its folder are gone when a cluster is closed."""
    with type(running_cluster).start() as other:
        script = "while true; do touch beat; sleep 0.1; done"
        other.submit(script, folder=tmp_path)
        beat = tmp_path / "beat"
        wait_for(beat.exists, "the job to run")
        folder = Path(other.environment["SLURM_CONF"]).parent
    assert not folder.exists()
    beat.unlink(missing_ok=True)
    with pytest.raises(TimeoutError):
        wait_for(beat.exists, "a job that should be dead", 1)
