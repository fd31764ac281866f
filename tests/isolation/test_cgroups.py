"""A control group holds what is in it, and leaves nothing."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from autograder.isolation import (
    Walls,
    cgroups,
)


def test_a_group_counts_and_is_removed(walls: Walls) -> None:
    """Its folders are gone after close, whatever still ran in it."""
    if walls.cgroup is None:
        pytest.skip("no cgroup can be made here")
    group = cgroups.Group(walls.cgroup, memory_mb=64, processes=8)
    folders = list(group._folders)
    process = subprocess.Popen(["sleep", "60"])
    for folder in folders:
        (folder / "cgroup.procs").write_text(str(process.pid))
    assert not group.usage().out_of_memory
    group.close()
    assert process.wait(5) == -signal.SIGKILL
    assert not any(folder.exists() for folder in folders)


def test_a_group_without_controllers_is_no_group(walls: Walls, tmp_path: Path) -> None:
    """A folder that is not in a cgroup tree gets an error and nothing is left in it."""
    (tmp_path / "cgroup.controllers").touch()
    with pytest.raises(OSError, match="not switched on"):
        cgroups.Group(tmp_path, memory_mb=64, processes=8)
    assert [path.name for path in tmp_path.iterdir()] == ["cgroup.controllers"]
