"""What Slurm's commands say: tasks of the queue, and why something did not go."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

ENDED = frozenset(
    (
        *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "LAUNCH_FAILED"),
        *("NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT"),
    )
)
HELD = frozenset(("REQUEUE_HOLD", "SPECIAL_EXIT"))
FIELDS = "%j|%F|%K|%T|%N|%r"  # of squeue: name, id of the array, index, state, nodes, reason

_AWAY = re.compile(
    "unable to contact slurm|socket timed out|timed out|connection refused|connect failure|"
    "connection failure|zero bytes were transmitted|in standby|munge|authentication|"
    "temporarily unable|temporarily unavailable|not responding|unable to connect",
    re.IGNORECASE,
)
_FULL = re.compile("violates accounting/qos policy|maxsubmit|submit limit", re.IGNORECASE)
_SETTINGS = (  # what a refusal speaks of, and where to look; the first that fits
    ("submit limit|maxsubmit", "c.Slurm.chunk (larger chunks make fewer tasks) and c.Slurm.time"),
    ("account", "c.Slurm.account and c.Slurm.partition"),
    ("partition", "c.Slurm.partition and c.Slurm.cpu_partition"),
    ("time limit|--time", "c.Slurm.time"),
    ("gres|generic resource|gpu", "c.Slurm.gpus and c.Slurm.partition"),
    ("memory", "c.Slurm.memory_gb"),
    ("processors|cpu", "c.Slurm.cpus"),
    ("node configuration", "c.Slurm.cpus, c.Slurm.gpus and c.Slurm.memory_gb"),
    ("array", "c.Slurm.chunk (larger chunks make fewer tasks)"),
    ("qos|option|constraint|feature", "c.Slurm.options"),
)


@dataclass(frozen=True)
class Task:
    """A task of a job array as the queue shows it. name: its job's; node: "" before it has one."""

    name: str
    job: str
    index: int
    state: str
    node: str = ""
    reason: str = ""

    @property
    def held(self) -> bool:
        """Whether Slurm will not start it again until somebody releases it."""
        return self.state in HELD or "requeued held" in self.reason.replace("_", " ").lower()

    @property
    def over(self) -> bool:
        """Whether it is neither at work nor ever going to be, unless Slurm requeues it."""
        return self.state in ENDED or self.held


def parse_task(line: str) -> Task | None:
    """A line of squeue; None for what is no array's task."""
    fields = line.strip().split("|", 5)
    if len(fields) != 6 or not fields[2].isdecimal():
        return None
    name, job, index, state, node, reason = fields
    return Task(name, job, int(index), state, node, reason)


def is_away(text: str) -> bool:
    """Whether Slurm's controller could not be asked, and may be later."""
    return bool(_AWAY.search(text))


def is_full(text: str) -> bool:
    """Whether a job was refused because there are others of the same user."""
    return bool(_FULL.search(text))


def said(done: subprocess.CompletedProcess[str]) -> str:
    """What went wrong, in one line."""
    lines = [re.sub(r"^\w+: (error|fatal): ", "", line) for line in done.stderr.splitlines()]
    return "; ".join(filter(None, map(str.strip, lines))) or f"exit status {done.returncode}"


def setting_for(refusal: str) -> str:
    """The setting of course_config.py to look at after a refusal."""
    for words, setting in _SETTINGS:
        if re.search(words, refusal, re.IGNORECASE):
            return setting
    return "the settings of c.Slurm"


def ending(state: str, exit_code: str = "", node: str = "", reason: str = "") -> str:
    """How a task ended, such as "FAILED (exit code 1) on node2".

    state: may have more words, as in "CANCELLED by 1000". exit_code: "status:signal".
    """
    status, _, signal = exit_code.partition(":")
    remarks = [
        f"exit code {status}" if status.strip("0") else "",
        f"signal {signal}" if signal.strip("0") else "",
        reason if reason not in ("", "None", "NonZeroExitCode") else "",
    ]
    remark = ", ".join(filter(None, remarks))
    place = "" if node in ("", "(null)", "None assigned") else f" on {node}"
    return f"{(state.split() or ['ended'])[0]}{f' ({remark})' if remark else ''}{place}"
