"""Slurm's commands, as far as the kit uses them: texts in, small dataclasses out.

Formats and options are those that Slurm has had for many years. A controller that does not answer
is waited for; a refusal is the user's to mend.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from autograder.engines.slurm.answers import (
    FIELDS,
    Task,
    ending,
    is_away,
    is_full,
    parse_task,
    said,
    setting_for,
)
from autograder.errors import UserError

TIMEOUT_S = 90.0
PATIENCE_S = 1800.0
RETRY_S = 10.0

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]
"""Runs a command and returns what it said. Raises FileNotFoundError if there is none."""


class QueueFullError(UserError):
    """Slurm takes no more jobs of this user at present."""


class _RefusedError(Exception):
    """A command that was understood and not obeyed; the text is what Slurm said, in one line."""


def run_command(
    argv: Sequence[str], timeout_s: float = TIMEOUT_S
) -> subprocess.CompletedProcess[str]:
    """Run one of Slurm's commands; one that does not end says "timed out" with exit status 124.

    Variables that change what the commands do (SBATCH_PARTITION, SQUEUE_STATES, …) are taken away:
    course_config.py decides.
    """
    ours = re.compile("(SBATCH|SQUEUE|SCANCEL|SACCT)_")
    environment = {name: value for name, value in os.environ.items() if not ours.match(name)}
    try:
        return subprocess.run(
            argv,
            env=environment,  # a job inherits it
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(argv, 124, "", f"{argv[0]} timed out")


class Scheduler:
    """Slurm, by its commands. tell: is given a line when the controller goes away and comes back.

    Raises UserError, in one line, for what the user can mend: no commands, a refusal, a controller
    that is away for longer than patience_s.
    """

    def __init__(
        self,
        run: Run = run_command,
        *,
        tell: Callable[[str], None] = lambda line: None,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._run, self._tell, self._patience_s = run, tell, patience_s
        self._clock, self._sleep = clock, sleep

    def submit(self, script: Path, name: str) -> str:
        """The id of the job that `script` becomes; `name`, by which it is found, stands in it.

        Raises QueueFullError where it may be submitted later.
        """
        try:
            # an answer that was lost is no refusal: the job may be in the queue
            answer = self._ask(["sbatch", "--parsable", str(script)], lambda: self._job_named(name))
        except _RefusedError as refusal:
            kind = QueueFullError if is_full(str(refusal)) else UserError
            raise kind(
                f"Slurm refused a job: {refusal}; look at {setting_for(str(refusal))} "
                "in course_config.py"
            ) from None
        return answer.strip().partition(";")[0]  # "id;cluster" where there are several

    def tasks(self, names: Iterable[str]) -> list[Task]:
        """The tasks of the jobs of these names that Slurm still knows, ended ones too."""
        wanted = ",".join(names)
        if not wanted:
            return []
        argv = ["squeue", "--noheader", "--array", "--states=all", f"--name={wanted}"]
        try:
            lines = self._ask([*argv, f"--user={os.getuid()}", f"--format={FIELDS}"]).splitlines()
        except _RefusedError as refusal:
            raise UserError(f"Slurm does not show its queue: {refusal}; try `squeue`") from None
        return [task for line in lines if (task := parse_task(line))]

    def cancel(self, tasks: Iterable[Task]) -> None:
        """Take these tasks out of the queue; those that have ended meanwhile are passed over."""
        ids = [f"{task.job}_{task.index}" for task in tasks]
        for start in range(0, len(ids), 500):
            try:
                self._ask(["scancel", *ids[start : start + 500]])
            except _RefusedError as refusal:
                self._tell(f"Slurm: scancel said: {refusal}")

    def why(self, job: str, index: int) -> str:
        """How a task ended, such as "FAILED (exit code 1) on node2"; "" if Slurm forgot it."""
        name = f"{job}_{index}"
        fields = dict(
            re.findall(
                r"(?<!\S)(\w+)=(\S*)", self._try("scontrol", "--oneliner", "show", "job", name)
            )
        )
        if fields.get("JobState"):
            names = ("JobState", "ExitCode", "NodeList", "Reason")
            return ending(*(fields.get(name, "") for name in names))
        argv = ["--noheader", "--parsable2", "--allocations", "--format=State,ExitCode,NodeList"]
        rows = self._try("sacct", *argv, f"--jobs={name}").splitlines()
        return ending(*rows[-1].split("|")[:3]) if rows and rows[-1].count("|") == 2 else ""

    def _job_named(self, name: str) -> str:
        return next((task.job for task in self.tasks([name])), "")

    def _try(self, *argv: str) -> str:
        """What a command says that may fail or not exist: some clusters keep no accounts."""
        try:
            done = self._run(argv)
        except OSError:
            return ""
        return done.stdout if done.returncode == 0 else ""

    def _ask(self, argv: Sequence[str], instead: Callable[[], str] = str) -> str:
        """What a command says. `instead` is asked before a retry, where an answer may be lost."""
        away_s: float | None = None
        while True:
            done = self._call(argv)
            if done.returncode == 0:
                if away_s is not None:
                    self._tell("Slurm's controller answers again")
                return done.stdout
            message = said(done)
            if not is_away(message):
                raise _RefusedError(message)
            away_s = self._wait(message, away_s)
            if found := instead():
                return found

    def _wait(self, message: str, away_s: float | None) -> float:
        """Sleep, unless that was too often; returns since when the controller is away."""
        now_s = self._clock()
        if away_s is None:
            self._tell(f"Slurm's controller is waited for: {message}")
        elif now_s - away_s > self._patience_s:
            raise UserError(
                f"Slurm's controller does not answer for {self._patience_s / 60:.0f} minutes: "
                f"{message}; jobs go on: run the command again when it is back"
            )
        self._sleep(RETRY_S)
        return now_s if away_s is None else away_s

    def _call(self, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        try:
            return self._run(argv)
        except OSError as error:
            raise UserError(
                f'c.Autograder.engine = "slurm": expected Slurm\'s command {argv[0]} on PATH: '
                f"{error.strerror or error}; run this on a node of the cluster that may submit "
                'jobs, or set c.Autograder.engine = "local"'
            ) from None
