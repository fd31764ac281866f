"""Nothing survives: not the warm process, not its parent; and nothing is left lying about."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.isolation import (
    NO_WALLS,
    IsolationError,
    Walls,
    WarmProcess,
    WarmProcessDied,
    _owner,
    cgroups,
)
from autograder.isolation._processes import descendants
from isolation import ask

KINDS = ["full", "landlocked", "unwalled"]
PARENT = """
import sys
sys.path[:] = {path!r}
from dataclasses import replace
from autograder.isolation import NO_WALLS, survey
from isolation import ask
walls = {{"full": survey, "unwalled": lambda: NO_WALLS}}.get({kind!r})
walls = walls() if walls else replace(survey(), namespaces=False, cgroup=None)
with ask.start(walls) as warm:
    ask.run(warm, "answer", {{"code.py": {code!r}.encode()}}, wall_s=60)
"""
LONG = (
    "child = os.fork()\n"
    "if child == 0:\n"
    "    os.setsid()\n"
    "    os.execv('/bin/sh', ['sh', '-c', 'sleep 50; : {mark}'])\n"
    "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n"
    "subprocess.run(['sh', '-c', 'sleep 50; : {mark}'])\n"
)


def _walls(kind: str, walls: Walls) -> Walls:
    if kind == "unwalled":
        return NO_WALLS
    found = walls if kind == "full" else replace(walls, namespaces=False, cgroup=None)
    if found.refuses or (kind == "full" and not found.namespaces):
        pytest.skip("this machine does not have such walls")
    return found


def _wait_for(mark: str) -> None:
    deadline = time.monotonic() + 20
    while not ask.called(mark):
        assert time.monotonic() < deadline, "the task never began"
        time.sleep(0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_dies_with_the_warm_process(kind: str, walls: Walls) -> None:
    """Killed by force in the middle of a task: the run says so, and all of the tree is gone."""
    mark = f"mark-{time.monotonic_ns()}"
    code = LONG.format(mark=mark)
    problems: list[BaseException] = []

    def wait(warm: WarmProcess) -> None:
        try:
            ask.ask(warm, code, wall_s=60)
        except IsolationError as error:
            problems.append(error)

    with ask.start(_walls(kind, walls)) as warm:
        waiting = threading.Thread(target=wait, args=[warm])
        waiting.start()
        _wait_for(mark)
        os.kill(warm.pid, signal.SIGKILL)
        waiting.join(20)
        assert not waiting.is_alive()
        assert isinstance(problems[0], WarmProcessDied)
        assert "died" in str(problems[0])
        assert not ask.anyone_called(mark)
        with pytest.raises(WarmProcessDied):
            ask.run(warm, "nothing")


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_dies_with_the_parent(kind: str, walls: Walls) -> None:
    """kill -9 of whoever grades leaves no process, and what it left on disk is cleared away."""
    _walls(kind, walls)
    mark = f"mark-{time.monotonic_ns()}"
    code = LONG.format(mark=mark)
    script = PARENT.format(path=ask.own_path(), kind=kind, code=code)
    parent = subprocess.Popen([sys.executable, "-"], stdin=subprocess.PIPE)
    assert parent.stdin is not None
    parent.stdin.write(script.encode())
    parent.stdin.close()
    try:
        _wait_for(mark)
        children = descendants(parent.pid)
    finally:
        parent.kill()
        parent.wait()
    assert not ask.anyone_called(mark)
    assert children
    assert not any(_lives(pid) for pid in children)
    ask.start(_walls(kind, walls)).close()
    assert _left_over(parent.pid, walls) == []


@pytest.mark.parametrize("kind", ["full", "landlocked"])
def test_a_task_cannot_choose_to_outlive_its_guard(kind: str, walls: Walls) -> None:
    """The request to die with it cannot be taken back."""
    with ask.start(_walls(kind, walls)) as warm:
        assert ask.find(warm, "found = attempt(lambda: call('prctl', 1, 0))") == "PermissionError"


@pytest.mark.parametrize("kind", KINDS)
def test_closing_ends_a_task_at_work(kind: str, walls: Walls) -> None:
    """From another thread, within a moment."""
    mark = f"mark-{time.monotonic_ns()}"
    warm = ask.start(_walls(kind, walls))
    code = LONG.format(mark=mark)

    def wait() -> None:
        with contextlib.suppress(IsolationError):
            ask.ask(warm, code, wall_s=60)

    waiting = threading.Thread(target=wait)
    waiting.start()
    _wait_for(mark)
    warm.close()
    waiting.join(20)
    assert not waiting.is_alive()
    assert not ask.anyone_called(mark)


@pytest.mark.parametrize("kind", KINDS)
def test_many_runs_leave_nothing_behind(kind: str, walls: Walls) -> None:
    """No file descriptor, no zombie, no folder, no group, here or in the warm process."""
    existing = _left_over(os.getpid(), walls)
    with ask.start(_walls(kind, walls)) as warm:
        ask.run(warm, "nothing")
        _settle(warm.pid)
        before = _open_files(os.getpid()), _open_files(warm.pid)
        for number in range(60):
            code = ("1 / 0", "os._exit(3)", "os.fork() or time.sleep(9)")[number % 3]
            ask.ask(warm, code)
        _settle(warm.pid)
        assert (_open_files(os.getpid()), _open_files(warm.pid)) == before
        assert descendants(warm.pid) == []
    assert _left_over(os.getpid(), walls) == existing


@pytest.mark.parametrize("kind", ["full", "unwalled"])
def test_many_threads_may_run_at_once(kind: str, walls: Walls) -> None:
    """Each gets the pieces of its own task, and only those."""
    found: dict[int, object] = {}
    with ask.start(_walls(kind, walls)) as warm:

        def work(number: int) -> None:
            for _ in range(3):
                found[number] = ask.find(warm, f"found = {number}")

        threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {number: number for number in range(8)}


def test_a_task_that_kills_its_guard_died(unwalled: WarmProcess) -> None:
    """It is the task's ending, not a failure of the walls, and its children go too."""
    mark = f"mark-{time.monotonic_ns()}"
    code = (
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        f"    os.execv('/bin/sh', ['sh', '-c', 'sleep 50; : {mark}'])\n"
        "time.sleep(0.2)\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(50)"
    )
    ending = ask.ask(unwalled, code).ending
    assert (ending.how, ending.detail) == ("died", "killed together with its guard")
    assert not ask.anyone_called(mark)
    assert ask.find(unwalled, "found = 1") == 1


def _lives(pid: int) -> bool:
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return False
        except OSError:
            return False
        time.sleep(0.01)
    return True


def _open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def _settle(pid: int) -> None:
    """Wait until the last guard has been reaped."""
    deadline = time.monotonic() + 3
    while descendants(pid) and time.monotonic() < deadline:
        time.sleep(0.01)


def _left_over(pid: int, walls: Walls) -> list[str]:
    """Folders and groups that a process has made and that are still there."""
    places = [Path(tempfile.gettempdir())]
    if walls.cgroup is not None:
        places += cgroups._own_folders(walls.cgroup)
    owner = _owner.prefix().replace(f"-{os.getpid()}-", f"-{pid}-")
    return [str(found) for place in places for found in place.glob(f"{owner}*")]
