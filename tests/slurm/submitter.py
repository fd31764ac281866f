"""A process that submits work without notebooks to a cluster, as a test commands and sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from autograder.engines.contract import Item

from .cluster import Cluster, Job
from .waiting import DEADLINE_S, wait_for, wait_for_lines
from .worker import ROOT, Desk


class Grading:
    """A process that has items worked on by the cluster; it can be killed and started again."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.desk = cluster, Desk(folder)
        self._known = {job.job for job in cluster.jobs()}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *items: Item, **settings: object) -> None:
        """Starts it; without items, again with those that it had.

        settings: of Slurm; grace_s: of the engine, long where Slurm requeues.
        """
        if items:
            self.desk.prepare(items)
        argv = [sys.executable, "-m", "tests.slurm.worker", "grade", str(self.desk.folder)]
        with (self.desk.folder / "errors").open("ab") as errors:
            self._process = subprocess.Popen(
                [*argv, json.dumps(settings)],
                env=self.cluster.environment,
                cwd=ROOT,
                stdout=errors,
                stderr=errors,
            )

    def ends_within(self, seconds: float) -> bool:
        """Whether it ends by itself so soon."""
        assert self._process
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self._process.returncode is not None

    def kill(self) -> None:
        """SIGKILL; nothing if it has ended."""
        if self._process:
            self._process.kill()
            self._process.wait(30)

    def end(self) -> dict[str, str]:
        """What became of each item, once it ends by itself."""
        assert self._process
        self._process.wait(DEADLINE_S)
        assert not (errors := (self.desk.folder / "errors").read_text()), errors
        return self.finished()

    def finished(self) -> dict[str, str]:
        """What has become of items so far; none comes back twice."""
        lines = [line.split(" ", 1) for line in lines_of(self.desk.finished)]
        finished = dict(lines)
        assert len(finished) == len(lines)
        return finished

    def began(self, count: int) -> list[list[str]]:
        """Notebook, node and GPU of each work begun, once there are `count`."""
        return [line.split(" ") for line in wait_for_lines(self.desk.begun, count)]

    def settle(self) -> list[str]:
        """The notebooks of all works begun, once it has submitted all and no task still waits.

        For held items, one in a chunk.
        """
        assert self._process
        pid = str(self._process.pid)
        wait_for(lambda: pid in lines_of(self.desk.slept), "it to have submitted")

        def at_work() -> bool:
            states = [task.state for task in self.tasks()]
            waits = {"PENDING", "CONFIGURING"} & set(states)
            return not waits and states.count("RUNNING") == len(lines_of(self.desk.begun))

        wait_for(at_work, "every task to be at work")
        return sorted(line.split(" ")[0] for line in lines_of(self.desk.begun))

    def open_gate(self, *items: Item) -> None:
        for item in items:
            self.desk.gate(item).touch()

    def tasks(self) -> list[Job]:
        """The tasks that were submitted, ended ones as well."""
        return [job for job in self.cluster.jobs() if job.job not in self._known]

    def the_task(self) -> Job:
        """The one task at work."""
        (task,) = [task for task in self.tasks() if task.state == "RUNNING"]
        return task


def lines_of(path: Path) -> list[str]:
    """The lines of `path`; none before there is such a file."""
    return path.read_text().splitlines() if path.exists() else []
