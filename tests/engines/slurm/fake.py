"""A Slurm that does as it is told, and raises on what it does not know.

Tests say what becomes of its tasks; nothing runs by itself.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess

from autograder.engines.slurm.chunks import DoneLines, chunk_name, read_chunk

OPTIONS = (  # what may stand in a script
    "job-name|array|nodes|ntasks|cpus-per-task|open-mode|output|chdir|partition|account|time|mem|"
    "gres|signal|qos"
)
AWAY = "slurm_load_jobs error: Unable to contact slurm controller (connect failure)"
BUSY = (
    "sbatch: error: Batch job submission failed: "
    "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"
)


@dataclass
class Row:
    """A task in the queue."""

    name: str
    job: int
    index: int
    folder: Path
    students: tuple[str, ...]  # whose items its chunk held when it was submitted
    state: str = "PENDING"
    node: str = ""
    reason: str = "None"
    restarts: int = 0

    @property
    def chunk(self) -> Path:
        return self.folder / chunk_name(self.index)

    def done_lines(self) -> DoneLines:
        """As its worker would open them."""
        job, task = str(self.job), str(self.index)
        names = ("SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_RESTART_COUNT")
        return DoneLines(self.chunk, dict(zip(names, (job, task, str(self.restarts)), strict=True)))


@dataclass
class FakeSlurm:
    """Give it to Scheduler as `run`. results: (student, notebook) of what was worked on."""

    rows: list[Row] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    results: set[tuple[str, str]] = field(default_factory=set)
    most: int = 1_000_000  # tasks that this user may have in the queue
    away: int = 0  # so many calls more the controller does not answer
    loses_answers: bool = False  # what sbatch submits while the controller is away
    refusal: str = ""
    accounts: dict[str, str] = field(default_factory=dict)  # sacct's rows, by task

    def __call__(self, argv: Sequence[str]) -> CompletedProcess[str]:
        command, *words = argv
        self.calls.append(command)
        away, self.away = self.away > 0, max(0, self.away - 1)
        if away and not (command == "sbatch" and self.loses_answers):
            return CompletedProcess(argv, 1, "", AWAY + "\n")
        try:
            said = {
                "sbatch": self._sbatch,
                "squeue": self._squeue,
                "scancel": self._scancel,
                "scontrol": self._scontrol,
                "sacct": self._sacct,
            }[command](words)
        except RuntimeError as error:
            return CompletedProcess(argv, 1, "", f"{error}\n")
        if away:
            return CompletedProcess(argv, 1, "", "sbatch: error: Socket timed out on send/recv\n")
        return CompletedProcess(argv, 0, said, "")

    def at_work(self) -> list[Row]:
        """Tasks that have not ended."""
        return [row for row in self.rows if row.state in ("PENDING", "RUNNING")]

    def work(self, row: Row, count: int | None = None) -> None:
        """The task does the first `count` of its items and ends if these are all."""
        row.state, row.node = "RUNNING", row.node or "node1"
        items = read_chunk(row.chunk)[:count]
        with row.done_lines() as lines:
            for item in items:
                self.results.add((item.student, item.notebook))
                lines.add(item)
        if count is None:
            row.state = "COMPLETED"

    def work_on_all(self) -> None:
        """Every task does what it has to do."""
        for row in self.at_work():
            self.work(row)

    def end_all(self, state: str, count: int = 0) -> Callable[[], None]:
        """Every task does `count` of its items and ends."""

        def end() -> None:
            for row in self.at_work():
                self.work(row, count)
                row.state = state

        return end

    def _sbatch(self, words: list[str]) -> str:
        option, script = words
        assert option == "--parsable"
        request = _parse(Path(script).read_text())
        self.requests.append(request)
        last = int(request["array"].partition("%")[0].removeprefix("0-"))
        if self.refusal:
            raise RuntimeError(self.refusal)
        if len(self.at_work()) + last + 1 > self.most:
            raise RuntimeError(BUSY)
        job = 10 + len(self.requests)
        folder = Path(script).parent
        for index in range(last + 1):
            students = tuple(item.student for item in read_chunk(folder / chunk_name(index)))
            self.rows.append(Row(request["job-name"], job, index, folder, students))
        return f"{job}\n"

    def _squeue(self, words: list[str]) -> str:
        *fixed, name, user, form = words
        assert fixed == ["--noheader", "--array", "--states=all"]
        assert (user, form) == (f"--user={os.getuid()}", "--format=%j|%F|%K|%T|%N|%r")
        names = name.removeprefix("--name=").split(",")
        assert name.startswith("--name=") and all(names)
        return "".join(
            f"{row.name}|{row.job}|{row.index}|{row.state}|{row.node}|{row.reason}\n"
            for row in self.rows
            if row.name in names
        )

    def _scancel(self, words: list[str]) -> str:
        assert words and not any(word.startswith("-") for word in words)
        for row in self.at_work():
            if f"{row.job}_{row.index}" in words:
                row.state = "CANCELLED"
        return ""

    def _scontrol(self, words: list[str]) -> str:
        *fixed, name = words
        assert fixed == ["--oneliner", "show", "job"]
        for row in self.rows:
            if f"{row.job}_{row.index}" == name:
                code = "1:0" if row.state == "FAILED" else "0:0"
                return (
                    f"JobId=99 ArrayJobId={row.job} JobName={row.name} JobState={row.state} "
                    f"Reason={row.reason} ExitCode={code} ReqNodeList=(null) "
                    f"NodeList={row.node} NumNodes=1"
                )
        raise RuntimeError("slurm_load_jobs error: Invalid job id specified")

    def _sacct(self, words: list[str]) -> str:
        *fixed, job = words
        assert fixed == [
            *("--noheader", "--parsable2", "--allocations"),
            "--format=State,ExitCode,NodeList",
        ]
        if not self.accounts:
            raise RuntimeError("Slurm accounting storage is disabled")
        return self.accounts.get(job.removeprefix("--jobs="), "")


def _parse(script: str) -> dict[str, str]:
    """The requests of a script. Raises AssertionError for one that sbatch would not know."""
    request: dict[str, str] = {}
    for line in _comments(script):
        (word,) = shlex.split(line)
        name, equals, value = word.removeprefix("--").partition("=")
        assert re.fullmatch(OPTIONS, name) and equals if name != "requeue" else not equals, line
        request[name] = value
    return request


def _comments(script: str) -> Iterator[str]:
    """sbatch stops at the first line that is no comment."""
    first, *lines = script.splitlines()
    assert first == "#!/bin/bash"
    for line in lines:
        if not line.startswith("#"):
            return
        if line.startswith("#SBATCH "):
            yield line.removeprefix("#SBATCH ")
