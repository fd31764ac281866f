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

from autograder.isolation import _owner

_ROOT = Path("/sys/fs/cgroup")
_CONTROLLERS = ("memory", "pids")


@dataclass(frozen=True)
class Usage:
    peak_mb: float
    out_of_memory: bool


class Group:
    """A control group for one task. Join by writing "0" to each of `doors` (file descriptors)."""

    def __init__(self, parent: Path, memory_mb: int, processes: int) -> None:
        name = f"{_owner.prefix()}{uuid.uuid4().hex[:12]}"
        self._folders = [folder / name for folder in _own_folders(parent)]
        self._unified = _is_unified(parent)
        self.doors: list[int] = []
        try:
            for folder in self._folders:
                folder.mkdir()
            self._set_limits(memory_mb << 20, processes)
            for folder in self._folders:
                self.doors.append(os.open(folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC))
        except BaseException:
            self.close()
            raise

    def usage(self) -> Usage:
        """What the group used at most, and whether the kernel killed for memory in it."""
        memory = self._folders[0]
        peak = memory / ("memory.peak" if self._unified else "memory.max_usage_in_bytes")
        events = memory / ("memory.events" if self._unified else "memory.oom_control")
        counts = dict(line.split() for line in _read(events).splitlines())
        # memory.peak is younger than the rest of version 2
        return Usage(int(_read(peak) or 0) / 2**20, int(counts.get("oom_kill", 0)) > 0)

    def close(self) -> None:
        """Kill whatever is left in the group and remove it."""
        while self.doors:
            os.close(self.doors.pop())
        for folder in self._folders:
            _remove(folder)

    def _set_limits(self, memory: int, processes: int) -> None:
        pids = self._folders[-1] / "pids.max"
        limits = "memory.max" if self._unified else "memory.limit_in_bytes"
        swap = "memory.swap.max" if self._unified else "memory.memsw.limit_in_bytes"
        for file, value in ((self._folders[0] / limits, memory), (pids, processes)):
            if not file.exists():  # opening a file that is not there would fail less clearly
                raise OSError(f"{file}: the controller is not switched on here")
            file.write_text(str(value))
        if (file := self._folders[0] / swap).exists():
            file.write_text(str(0 if self._unified else memory))


def find() -> Path | None:
    """Where groups can be made, or None. Version 1: the folder that holds the controllers."""
    try:
        return next((parent for parent in _candidates() if _works(parent)), None)
    except OSError:
        return None


def sweep(parent: Path) -> None:
    """Remove the groups whose owner was killed before it could."""
    for folder in _own_folders(parent):
        for group in folder.glob("autograder-*"):
            if _owner.is_orphan(group.name):
                _remove(group)


def _works(parent: Path) -> bool:
    if not all(os.access(folder, os.W_OK) for folder in _own_folders(parent)):
        return False
    try:
        Group(parent, 64, 8).close()
    except OSError:
        return False
    return True


def _candidates() -> list[Path]:
    if _is_unified(_ROOT):
        here = _ROOT / _own_paths().get("", "/").lstrip("/")
        return [folder for folder in (here.parent, here) if folder.is_relative_to(_ROOT)]
    return [_ROOT] if all((_ROOT / name).is_dir() for name in _CONTROLLERS) else []


def _own_folders(parent: Path) -> list[Path]:
    """The folders below which a group's own folders are made; memory's first, that of pids last."""
    if _is_unified(parent):
        return [parent]
    own = _own_paths()
    return [parent / name / own.get(name, "/").lstrip("/") for name in _CONTROLLERS]


def _own_paths() -> dict[str, str]:
    """Our own group by controller; "" stands for version 2."""
    entries = Path("/proc/self/cgroup").read_text().splitlines()
    return {
        name: path
        for _, names, path in (entry.split(":", 2) for entry in entries)
        for name in names.split(",")
    }


def _is_unified(parent: Path) -> bool:
    return (parent / "cgroup.controllers").exists()


def _remove(folder: Path) -> None:
    patience_s = 0.0005
    while patience_s < 1:
        _kill_all(folder)
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:  # its last processes are still on their way out
            time.sleep(patience_s)
            patience_s *= 1.5
        else:
            return


def _kill_all(folder: Path) -> None:
    for line in _read(folder / "cgroup.procs").split():
        if int(line) > 0:  # 0 is a process that this process's /proc cannot name
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(line), 9)


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
