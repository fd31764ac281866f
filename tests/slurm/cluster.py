"""A real Slurm cluster on this machine: a controller and three nodes with two false GPUs each.

A node is a pid namespace with a slurmd in it, so killing the namespace kills the node with all of
its jobs, as a power cut would. Nothing outlives the process that started the cluster.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from . import configuration
from .waiting import wait_for

NODES = ("node1", "node2", "node3")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "setpriv", "unshare")
# What a Slurm job has in its environment must not be taken for one of this cluster's.
FOREIGN = ("SLURM_", "SBATCH_", "SQUEUE_", "SCANCEL_")
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
# A daemon dies when the process that started it does, even by SIGKILL.
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")


def missing() -> str:
    """Why there can be no cluster here; "" where one has to start."""
    if absent := [name for name in PROGRAMS if not shutil.which(name, path=PATH)]:
        packages = "apt-get install --no-install-recommends slurm-wlm munge util-linux"
        return f"no {', '.join(absent)}: {packages}"
    tried = subprocess.run([*_node_walls(), "true"], capture_output=True, text=True, timeout=60)
    return f"no pid namespaces for its nodes: {tried.stderr.strip()}" if tried.returncode else ""


def _node_walls() -> list[str]:
    user = [] if os.getuid() == 0 else ["--map-current-user"]
    return ["unshare", *user, "--pid", "--fork", "--kill-child", "--mount-proc"]


@dataclass(frozen=True)
class Job:
    """A job, or a task of an array, as squeue tells it. restarts: how often it was requeued."""

    job: str  # "12", or "12_3" of an array
    name: str
    state: str
    node: str
    restarts: int


class Cluster:
    """A running cluster; a context manager. `environment` is for processes that use it."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o711)  # munged wants its socket within everybody's reach
        self._folder = folder
        self._conf = configuration.write(folder, NODES)
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
        self.environment: Mapping[str, str] = kept | {"SLURM_CONF": str(self._conf), "PATH": PATH}

    @classmethod
    def start(cls) -> Self:
        """A cluster whose nodes all are idle. Raises TimeoutError with the ends of its logs."""
        # Paths of sockets hold 108 characters: pytest's folders may be too deep.
        cluster = cls(Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp")))
        try:
            cluster._start_munge()
            cluster._start_controller()
            for node in NODES:
                cluster.start_node(node)
            cluster.wait_idle()
        except TimeoutError as error:
            logs = cluster.logs()
            cluster.close()
            raise TimeoutError(f"{error}\n{logs}") from error
        except BaseException:
            cluster.close()
            raise
        return cluster

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kills everything; nothing is left behind."""
        for daemon in reversed(self._daemons.values()):
            daemon.kill()
            daemon.wait(timeout=30)
        shutil.rmtree(self._folder, ignore_errors=True)

    def command(self, *argv: str) -> str:
        """What one of Slurm's commands prints. Raises CalledProcessError."""
        done = subprocess.run(
            argv, env=self.environment, check=True, capture_output=True, text=True, timeout=60
        )
        return done.stdout

    def submit(self, script: str, *options: str, folder: Path) -> str:
        """Submits a batch script whose output goes into `folder`; returns the job's id."""
        path = folder / f"{secrets.token_hex(4)}.sh"
        path.write_text(f"#!/bin/bash\n{script}\n")
        argv = ["sbatch", "--parsable", f"--chdir={folder}", f"--output={folder}/%x-%A_%a.log"]
        return self.command(*argv, *options, str(path)).strip()

    def jobs(self, *, ended: bool = True) -> list[Job]:
        """All jobs that the controller remembers, tasks of arrays one by one."""
        states = ["--states=all"] if ended else []
        form = "--Format=JobArrayID:|,Name:|,State:|,NodeList:|,RestartCnt:"
        lines = self.command("squeue", "--array", "--noheader", *states, form).splitlines()
        return [
            Job(job, name, state, node, int(restarts or 0))
            for job, name, state, node, restarts in (line.strip().split("|") for line in lines)
        ]

    def nodes(self) -> dict[str, str]:
        """Each node's state, such as "idle", "down*" or "mixed"."""
        lines = self.command("sinfo", "--Node", "--noheader", "--format=%N %T").splitlines()
        return dict(line.split() for line in lines)

    def wait_idle(self) -> None:
        """Returns when every node is idle."""

        def idle() -> bool:
            states = self.nodes()
            return set(states.values()) == {"idle"} and len(states) == len(NODES)

        wait_for(idle, "the nodes to be idle")

    def kill_node(self, name: str) -> None:
        """As if `name` had lost its power: on return its slurmd and all of its jobs are dead."""
        unshare = self._daemons.pop(name)
        # It ends after process 1 of the namespace, which ends after all others in it.
        for init in psutil.Process(unshare.pid).children():
            init.kill()
        unshare.wait(timeout=30)

    def kill_slurmd(self, name: str) -> None:
        """Only the slurmd of `name` dies: its jobs run on, unseen, until the node dies."""
        slurmd = self._slurmd(name)
        if slurmd is None:
            raise ValueError(f"{name} has no slurmd that could be killed")
        slurmd.kill()
        wait_for(lambda: self._slurmd(name) is None, f"the slurmd of {name} to die")

    def declare_down(self, name: str) -> None:
        """Slurm is told that `name` is dead, and need not wait until it believes it."""
        self.command("scontrol", "update", f"nodename={name}", "state=down", "reason=test")

    def start_node(self, name: str) -> None:
        """Starts `name` as after a power cut: nothing of what ran on it runs on."""
        if name in self._daemons:
            self.kill_node(name)
        slurmd = f"slurmd -D -f {self._conf} -N {name}"
        # The shell, process 1 of the namespace, reaps orphans and outlives slurmd.
        init = ["sh", "-c", f"{slurmd} & sleep infinity & wait"]
        self._start(name, [*_node_walls(), *init])
        wait_for(lambda: self._slurmd(name), f"the slurmd of {name} to start")

    def expire(self, job: str) -> None:
        """Ends the running `job`'s time now: limits have whole minutes. slurmctld looks for such
        jobs every 30 s."""
        self.command("scontrol", "update", f"jobid={job}", "EndTime=now")

    def stop_controller(self) -> None:
        """Ends slurmctld as an administrator would; it writes its state down first."""
        self._daemons["slurmctld"].terminate()
        self._daemons.pop("slurmctld").wait(timeout=30)

    def restart_controller(self) -> None:
        """slurmctld goes and comes again; it knows its jobs from the state that it wrote."""
        if "slurmctld" in self._daemons:
            self.stop_controller()
        self._start_controller()

    def restore(self) -> None:
        """No job, all nodes idle, the controller there: as at the start."""
        if "slurmctld" not in self._daemons:
            self._start_controller()
        self.command("scancel", "--full", f"--user={configuration.user()}")
        for name in NODES:
            if self._slurmd(name) is None:
                self.start_node(name)
        wait_for(lambda: not self.jobs(ended=False), "the queue to be empty")
        self.wait_idle()

    def logs(self, lines: int = 15) -> str:
        """The ends of the daemons' logs, for a person."""
        logs = sorted((self._folder / "log").glob("*.log"))
        return "\n".join(
            f"{log.name}: {line}" for log in logs for line in log.read_text().splitlines()[-lines:]
        )

    def _slurmd(self, name: str) -> psutil.Process | None:
        """The slurmd of node `name`, seen from outside its namespace; None when it is dead."""
        mine = {"-f", str(self._conf), "-N", name}
        for process in psutil.process_iter(["name", "status", "cmdline"]):
            seen = process.info
            alive = seen["name"] == "slurmd" and seen["status"] != psutil.STATUS_ZOMBIE
            if alive and mine <= set(seen["cmdline"] or ()):
                return process
        return None

    def _start_munge(self) -> None:
        folder = self._folder / "munge"
        key = folder / "key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))
        places = {"key-file": key, "socket": folder / "sock", "pid-file": folder / "pid"}
        places |= {"log-file": folder / "log", "seed-file": folder / "seed"}
        self._start("munged", ["munged", "-F", *(f"--{k}={v}" for k, v in places.items())])
        wait_for((folder / "sock").exists, "munged's socket")

    def _start_controller(self) -> None:
        self._start("slurmctld", ["slurmctld", "-D", "-f", str(self._conf)])

        def answers() -> bool:
            try:
                return bool(self.command("scontrol", "ping"))
            except subprocess.CalledProcessError:
                return False

        wait_for(answers, "slurmctld to answer")

    def _start(self, name: str, argv: Sequence[str]) -> None:
        with (self._folder / "log" / f"{name}.log").open("ab") as log:
            self._daemons[name] = subprocess.Popen(
                [*DIES_WITH_US, *argv],
                env=self.environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for pytest
            )
