"""Starting and stopping a warm process."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.isolation import (
    NO_WALLS,
    IsolationError,
    Walls,
    WarmProcess,
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


def test_closing_twice_does_no_harm() -> None:
    """And a task after it is refused."""
    warm = ask.start(NO_WALLS)
    warm.close()
    warm.close()
    with pytest.raises(IsolationError, match="gone"):
        ask.run(warm, "nothing")
