"""Control groups: the limits on memory and processes that hold for a whole tree of processes.

Version 1 and 2 of the interface; used where a group may be made below our own (as root, or where
an administrator delegated a subtree). https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_CONTROLLERS = ("memory", "pids")


@dataclass(frozen=True)
class Usage:
    peak_mb: float
    out_of_memory: bool


class Group:
    """A control group for one task. Join by writing "0" to each of `doors` (file descriptors)."""

    def __init__(self, parent: Path, memory_mb: int, processes: int) -> None:
        name = f"autograder-{uuid.uuid4().hex[:12]}"
        self._folders = [folder / name for folder in _own_folders(parent)]
        self._unified = (parent / "cgroup.controllers").exists()
        for folder in self._folders:
            folder.mkdir()
        self.doors: list[int] = []
        self._set_limits(memory_mb << 20, processes)
        for folder in self._folders:
            self.doors.append(os.open(folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC))

    def usage(self) -> Usage:
        """What the group used at most, and whether the kernel killed for memory in it."""
        memory = self._folders[0]
        peak = memory / ("memory.peak" if self._unified else "memory.max_usage_in_bytes")
        events = memory / ("memory.events" if self._unified else "memory.oom_control")
        try:
            counts = dict(line.split() for line in events.read_text().splitlines())
            return Usage(int(peak.read_text()) / 2**20, int(counts.get("oom_kill", 0)) > 0)
        except (OSError, ValueError):
            return Usage(0.0, False)

    def close(self) -> None:
        """Kill whatever is left in the group and remove it."""
        for door in self.doors:
            os.close(door)
        for folder in self._folders:
            for _ in range(100):
                with contextlib.suppress(FileNotFoundError):
                    _kill_all(folder)
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:  # its last processes are still on their way out
                    time.sleep(0.01)
                else:
                    break

    def _set_limits(self, memory: int, processes: int) -> None:
        if self._unified:
            values = {"memory.max": memory, "memory.swap.max": 0, "pids.max": processes}
        else:
            values = {
                "memory.limit_in_bytes": memory,
                "memory.memsw.limit_in_bytes": memory,
                "pids.max": processes,
            }
        for name, value in values.items():
            for folder in self._folders:
                if (file := folder / name).exists():
                    file.write_text(str(value))
        if not (self._folders[0] / next(iter(values))).exists():
            self.close()
            raise OSError(f"{self._folders[0]}: the memory controller is not switched on here")


def find() -> Path | None:
    """Where groups can be made, or None. Version 1: the folder that holds the controllers."""
    try:
        for parent in _candidates():
            if all(os.access(folder, os.W_OK) for folder in _own_folders(parent)) and _works(
                parent
            ):
                return parent
    except OSError:
        return None
    return None


def _works(parent: Path) -> bool:
    try:
        Group(parent, 64, 8).close()
    except OSError:
        return False
    return True


def _candidates() -> list[Path]:
    entries = Path("/proc/self/cgroup").read_text().splitlines()
    own = {entry.split(":", 2)[1]: entry.split(":", 2)[2] for entry in entries}
    if (_ROOT / "cgroup.controllers").exists():
        here = _ROOT / own.get("", "/").lstrip("/")
        return [folder for folder in (here.parent, here) if folder.is_relative_to(_ROOT)]
    return [_ROOT] if all((_ROOT / name).is_dir() for name in _CONTROLLERS) else []


def _own_folders(parent: Path) -> list[Path]:
    """The folders below which a group's own folders are made; memory's first."""
    if (parent / "cgroup.controllers").exists():
        return [parent]
    entries = Path("/proc/self/cgroup").read_text().splitlines()
    own = {
        name: path
        for _, names, path in (e.split(":", 2) for e in entries)
        for name in names.split(",")
    }
    return [parent / name / own.get(name, "/").lstrip("/") for name in _CONTROLLERS]


def _kill_all(folder: Path) -> None:
    for line in (folder / "cgroup.procs").read_text().split():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(int(line), 9)
