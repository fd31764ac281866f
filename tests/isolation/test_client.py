"""Starting and stopping a warm process."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.isolation import (
    NO_WALLS,
    IsolationError,
    Walls,
    WarmProcess,
    WarmProcessDied,
)
from isolation import ask


def test_a_preload_that_fails_says_why(walls: Walls) -> None:
    """One line, and nothing is left."""
    with pytest.raises(IsolationError, match="No module named 'no_such_module'"):
        WarmProcess(["no_such_module"], NO_WALLS)


def test_a_preload_may_be_a_function(tmp_path: Path, walls: Walls) -> None:
    """It is called once, in the warm process; what it leaves is there in every task."""
    with ask.start(walls, preload=["isolation.tasks:remember"]) as warm:
        code = "import isolation.tasks\nfound = len(isolation.tasks.remembered)"
        assert [ask.find(warm, code) for _ in range(2)] == [1, 1]


def test_an_environment_is_given_on(walls: Walls) -> None:
    """To the warm process while it imports, and to the tasks."""
    with ask.start(walls, environment={"TF_CPP_MIN_LOG_LEVEL": "3"}) as warm:
        assert ask.find(warm, "found = os.environ['TF_CPP_MIN_LOG_LEVEL']") == "3"


def test_a_task_may_have_an_environment_of_its_own(walls: Walls) -> None:
    """Beside what all find and before it; libraries in C see it; no other task does."""
    code = (
        "c = libc.getenv\nc.restype = ctypes.c_char_p\n"
        "found = [os.environ.get(n) for n in ('GPU', 'LEVEL', 'HOME')] + [c(b'GPU') is not None]"
    )
    code = code.replace("libc", "ctypes.CDLL(None)")
    for behind in (walls, NO_WALLS):
        with ask.start(behind, environment={"LEVEL": "3"}) as warm:
            *_, home, _ = ask.find(warm, code)
            own = {"GPU": "7", "LEVEL": "1", "HOME": "/elsewhere"}
            found = ask.run(warm, "answer", {"code.py": code.encode()}, environment=own).found
            assert found[:2] + found[3:] == ["7", "1", True]
            assert found[2] != "/elsewhere"
            if behind.namespaces:
                assert found[2] == home
            assert ask.find(warm, code)[:2] == [None, "3"]


def test_closing_twice_does_no_harm() -> None:
    """And a task after it is refused."""
    warm = ask.start(NO_WALLS)
    warm.close()
    warm.close()
    with pytest.raises(IsolationError, match="gone"):
        ask.run(warm, "nothing")


def test_killed_while_it_starts() -> None:
    """Told apart from one that cannot be started: another may well start."""
    with pytest.raises(WarmProcessDied, match="while it started"):
        ask.start(NO_WALLS, preload=["os:abort"])
    with pytest.raises(IsolationError) as failed:
        ask.start(NO_WALLS, preload=["no_such_module"])
    assert not isinstance(failed.value, WarmProcessDied)
