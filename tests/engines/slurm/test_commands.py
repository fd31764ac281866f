"""What is asked of Slurm, and what is made of its answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from autograder.engines.slurm.answers import Task
from autograder.engines.slurm.commands import QueueFullError, Scheduler, run_command
from autograder.errors import UserError
from tests.engines.slurm.fake import FakeSlurm, Row


class Clock:
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def _scheduler(slurm: FakeSlurm, told: list[str] | None = None) -> Scheduler:
    clock = Clock()
    tell = (told if told is not None else []).append
    return Scheduler(slurm, tell=tell, clock=clock, sleep=clock.sleep)


def _script(folder: Path) -> Path:
    (folder / "chunk-0.json").write_text("[]")
    script = folder / "script.sh"
    script.write_text("#!/bin/bash\n#SBATCH --job-name=autograder-1\n#SBATCH --array=0-0\n")
    return script


def _answering(stdout: str) -> Scheduler:
    def run(argv: Sequence[str]) -> CompletedProcess[str]:
        return CompletedProcess(argv, 0, stdout, "")

    return Scheduler(run)


def test_a_job_has_its_id(tmp_path: Path) -> None:
    """As sbatch tells it."""
    assert _scheduler(FakeSlurm()).submit(_script(tmp_path), "autograder-1") == "11"


def test_a_cluster_s_name_is_no_part_of_the_id(tmp_path: Path) -> None:
    """Where there are several clusters, sbatch adds which."""
    assert _answering("17;lab\n").submit(tmp_path / "script.sh", "autograder-1") == "17"


def test_a_lost_answer_submits_nothing_twice(tmp_path: Path) -> None:
    """sbatch timed out, but the job is in the queue: it is found by its name."""
    slurm = FakeSlurm(away=1, loses_answers=True)
    assert _scheduler(slurm).submit(_script(tmp_path), "autograder-1") == "11"
    assert slurm.calls.count("sbatch") == 1


def test_a_controller_that_is_away_is_asked_again(tmp_path: Path) -> None:
    """The job is submitted when it is back."""
    slurm, told = FakeSlurm(away=5), list[str]()
    assert _scheduler(slurm, told).submit(_script(tmp_path), "autograder-1") == "11"
    assert told[0].startswith("Slurm's controller is waited for: ")
    assert told[-1] == "Slurm's controller answers again"


def test_patience_ends(tmp_path: Path) -> None:
    """After half an hour: one line that says what becomes of the jobs."""
    with pytest.raises(UserError, match=r"does not answer for 30 minutes: .*; jobs go on: run"):
        _scheduler(FakeSlurm(away=10_000)).tasks(["autograder-1"])


@pytest.mark.parametrize(
    ("said", "setting"),
    [
        ("invalid partition specified: gpux", "c.Slurm.partition and c.Slurm.cpu_partition"),
        ("Invalid account or account/partition combination specified", "c.Slurm.account and"),
        ("Requested time limit is invalid (missing or exceeds some limit)", "c.Slurm.time"),
        ("Invalid --time specification", "c.Slurm.time"),
        ("Invalid generic resource (gres) specification", "c.Slurm.gpus"),
        ("Memory specification can not be satisfied", "c.Slurm.memory_gb"),
        ("CPU count per node can not be satisfied", "c.Slurm.cpus"),
        ("Requested node configuration is not available", "c.Slurm.cpus, c.Slurm.gpus and"),
        ("Invalid job array specification", "c.Slurm.chunk"),
        ("Invalid qos specification", "c.Slurm.options"),
        ("Something new", "the settings of c.Slurm"),
    ],
)
def test_a_refusal_names_the_setting(tmp_path: Path, said: str, setting: str) -> None:
    """What Slurm said, in one line, and where to look."""
    slurm = FakeSlurm(refusal=f"sbatch: error: Batch job submission failed: {said}")
    with pytest.raises(UserError) as caught:
        _scheduler(slurm).submit(_script(tmp_path), "autograder-1")
    assert str(caught.value).startswith(f"Slurm refused a job: Batch job submission failed: {said}")
    assert f"look at {setting}" in str(caught.value) and "\n" not in str(caught.value)


def test_a_full_queue_can_be_told_from_a_refusal(tmp_path: Path) -> None:
    """It may have room later."""
    with pytest.raises(QueueFullError, match=r"look at c\.Slurm\.chunk"):
        _scheduler(FakeSlurm(most=0)).submit(_script(tmp_path), "autograder-1")


def test_tasks_are_those_of_the_names(tmp_path: Path) -> None:
    """Each with its state and node; others' jobs are not seen."""
    mine = Row("autograder-1", 11, 3, tmp_path, (), "RUNNING", "node2")
    slurm = FakeSlurm([mine, Row("other", 12, 0, tmp_path, ())])
    assert _scheduler(slurm).tasks(["autograder-1"]) == [
        Task("autograder-1", "11", 3, "RUNNING", "node2", "None")
    ]


def test_no_names_ask_nothing() -> None:
    """squeue without names would show everybody's jobs."""
    slurm = FakeSlurm()
    assert _scheduler(slurm).tasks([]) == [] and slurm.calls == []


def test_lines_that_are_no_tasks_are_passed_over() -> None:
    """A job that is no array has no index; and sites greet."""
    lines = ["Welcome to lab", "", "a-1|11|N/A|RUNNING|n1|None", "a-1|11|0|TIMEOUT|n1|"]
    (task,) = _answering("\n".join(lines)).tasks(["a-1"])
    assert task.index == 0 and task.over


@pytest.mark.parametrize(
    ("state", "reason", "over"),
    [
        ("PENDING", "Priority", False),
        ("RUNNING", "None", False),
        ("COMPLETING", "None", False),
        ("REQUEUED", "None", False),
        ("NODE_FAIL", "None", True),
        ("COMPLETED", "None", True),
        ("PENDING", "launch failed requeued held", True),
        ("REQUEUE_HOLD", "None", True),
    ],
)
def test_which_tasks_are_over(state: str, reason: str, over: bool) -> None:
    """Those that have ended, and those that Slurm will not start again by itself."""
    assert Task("n", "1", 0, state, reason=reason).over is over


def test_why_is_asked_of_the_controller(tmp_path: Path) -> None:
    """While it remembers: state, exit code, node."""
    slurm = FakeSlurm([Row("autograder-1", 11, 0, tmp_path, (), "FAILED", "node2")])
    assert _scheduler(slurm).why("11", 0) == "FAILED (exit code 1) on node2"
    assert "sacct" not in slurm.calls


def test_why_is_asked_of_the_accounts_next() -> None:
    """They remember longer, where there are any."""
    slurm = FakeSlurm(accounts={"11_0": "CANCELLED by 1000|0:15|node3\n"})
    assert _scheduler(slurm).why("11", 0) == "CANCELLED (signal 15) on node3"


def test_why_may_be_forgotten() -> None:
    """No accounts are kept: nothing, and no error."""
    assert _scheduler(FakeSlurm()).why("11", 0) == ""


def test_cancelling_what_has_ended_is_no_error() -> None:
    """A task may end between the look and scancel."""

    def run(argv: Sequence[str]) -> CompletedProcess[str]:
        assert argv == ["scancel", "11_0"]
        return CompletedProcess(argv, 1, "", "scancel: error: Kill job error: Invalid job id")

    told: list[str] = []
    Scheduler(run, tell=told.append).cancel([Task("n", "11", 0, "RUNNING")])
    assert told == ["Slurm: scancel said: Kill job error: Invalid job id"]


def test_no_commands_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a laptop: what is missing and what to set."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"expected Slurm's command squeue on PATH.*\"local\"$"):
        Scheduler().tasks(["autograder-1"])


def _command(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_variables_of_the_user_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SBATCH_PARTITION would win over the script; Slurm's own address stays."""
    _command(tmp_path, "sbatch", 'echo "$SBATCH_PARTITION/$SQUEUE_STATES/$SLURM_CONF"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name, value in {"SBATCH_PARTITION": "a", "SQUEUE_STATES": "b", "SLURM_CONF": "c"}.items():
        monkeypatch.setenv(name, value)
    assert run_command(["sbatch"]).stdout == "//c\n"


def test_a_command_that_does_not_end_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts as a controller that does not answer."""
    _command(tmp_path, "squeue", f"mkfifo {tmp_path}/never && exec cat {tmp_path}/never")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    done = run_command(["squeue"], timeout_s=0.2)
    assert (done.returncode, done.stderr) == (124, "squeue timed out")
