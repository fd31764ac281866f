"""Counts what a tree of processes uses where no control group does it, looked at now and then.

It can be outrun by what grows fast; then RLIMIT_DATA, the limit on each process, is what holds.
"""

from __future__ import annotations

from pathlib import Path

from autograder.isolation._processes import descendants
from autograder.isolation.limits import Limits


class Tree:
    """A process and all its descendants, from outside."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._inherited_kb = _own_kb(pid)  # shared with the warm process that it was forked from

    def excess(self, limits: Limits) -> str:
        """What the tree uses too much of, in words, or ""."""
        tree = [self._pid, *descendants(self._pid)]
        if len(tree) > limits.processes:
            return f"over {limits.processes} processes"
        used_kb = sum(max(0, _own_kb(pid) - self._inherited_kb) for pid in tree)
        if used_kb > limits.memory_mb * 1024:
            return f"over {limits.memory_mb} MB of memory"
        return ""


def _own_kb(pid: int) -> int:
    """Resident memory that is not a file's, in KiB; 0 when the process is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return sum(int(lines[key].split()[0]) for key in ("RssAnon", "RssShmem") if key in lines)
