"""Counts what a tree of processes uses where nothing else does it, looked at now and then.

It can be outrun by what grows fast; then the limits on each process and file are what holds.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from autograder.isolation._processes import descendants, resident_kb, share_kb
from autograder.isolation.house import SCRATCH
from autograder.isolation.limits import How, Limits
from autograder.isolation.walls import Walls

_MOST_FILES = 100_000
_SHARE = 10  # of the time that a look takes, until the next one


class Tree:
    """A process and all its descendants, from outside.

    work: its directory where that lies on this machine's disk, else None.
    """

    def __init__(self, pid: int, walls: Walls, limits: Limits, work: Path | None) -> None:
        self._pid = pid
        self._walls = walls
        self._limits = limits
        self._work = work
        self._next_look = 0.0
        self._inherited_kb = resident_kb(pid)  # shared with the warm process it was forked from

    @property
    def is_idle(self) -> bool:
        """Whether a cgroup and namespaces count everything there is to count."""
        return self._walls.cgroup is not None and self._work is None

    def excess(self) -> tuple[How, str] | None:
        """What the tree uses too much of, in words. Looks seldom where looking takes long."""
        began = time.monotonic()
        if self.is_idle or began < self._next_look:
            return None
        found = self._look()
        now = time.monotonic()
        self._next_look = now + _SHARE * (now - began)
        return found

    def _look(self) -> tuple[How, str] | None:
        limits = self._limits
        tree = [self._pid, *descendants(self._pid)]
        if self._walls.cgroup is None:
            if len(tree) > limits.processes:
                return "memory", f"over {limits.processes} processes"
            if self._memory_kb(tree) > limits.memory_mb * 1024:
                return "memory", f"over {limits.memory_mb} MB of memory"
        if self._work is not None and _disk_bytes(self._work, tree) > limits.disk_mb << 20:
            return "disk", f"over {limits.disk_mb} MB of disk"
        return None

    def _memory_kb(self, tree: list[int]) -> int:
        kept_kb = _scratch_kb(self._pid) if self._walls.namespaces else 0
        quick_kb = sum(map(resident_kb, tree)) - self._inherited_kb
        limit_kb = self._limits.memory_mb * 1024
        if quick_kb + kept_kb <= limit_kb:
            return quick_kb + kept_kb
        # forked children share most of it: count that once, which takes longer
        return sum(map(share_kb, tree)) + kept_kb


def _scratch_kb(pid: int) -> int:
    """What lies in the private directories of a room, all of it memory."""
    used = 0
    for place in SCRATCH:
        try:
            found = os.statvfs(f"/proc/{pid}/root{place}")
        except OSError:
            continue
        used += (found.f_blocks - found.f_bfree) * found.f_frsize // 1024
    return used


def _disk_bytes(work: Path, tree: list[int]) -> int:
    """What the files in `work` take, and those that processes hold open after removing them."""
    sizes = {(found.st_dev, found.st_ino): found.st_blocks * 512 for found in _files(work)}
    device = work.stat().st_dev if work.exists() else -1
    for pid in tree:
        for found in _open_files(pid):
            if found.st_nlink == 0 and found.st_dev == device:
                sizes[found.st_dev, found.st_ino] = found.st_blocks * 512
    return sum(sizes.values())


def _files(folder: Path) -> Iterator[os.stat_result]:
    waiting, seen = [str(folder)], 0
    while waiting and seen < _MOST_FILES:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    seen += 1
                    yield entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:  # it was removed meanwhile, or closed to us
            continue


def _open_files(pid: int) -> Iterator[os.stat_result]:
    try:
        handles = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return
    for handle in handles:
        try:
            found = os.stat(f"/proc/{pid}/fd/{handle}")
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode):
            yield found
