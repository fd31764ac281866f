"""Names tell whose something is, and whether its owner is gone."""

from __future__ import annotations

import os
import subprocess

from autograder.isolation import (
    _owner,
)


def test_only_the_dead_have_orphans() -> None:
    """And only those of this machine, boot and process namespace."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    ours = _owner.prefix()
    theirs = ours.replace(f"-{os.getpid()}-", f"-{gone.pid}-")
    assert _owner.is_orphan(f"{theirs}x")
    assert not _owner.is_orphan(f"{ours}x")
    assert not _owner.is_orphan(f"{theirs}x".replace(_owner._machine(), "elsewhere"))
    assert not _owner.is_orphan("autograder-course-2024")
