"""What a task's process does to wall itself in, between the fork and the first line of the task.

Order matters, and each step closes a hole of its own:

1. root's uid is given up first: whoever is uid 0 outside may open files of /proc/sys for writing
   even from a user namespace without capabilities;
2. new namespaces, with private, size-limited /tmp, /dev/shm and work directory;
3. as process 1 of the new process namespace: a /proc of its own, /proc/sys read-only;
4. limits, no capabilities, no new privileges, Landlock, seccomp.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Sequence
from pathlib import Path

from autograder.isolation import _landlock, _linux, _seccomp
from autograder.isolation.house import HOME
from autograder.isolation.limits import Limits
from autograder.isolation.walls import Walls

_STUDENT = 1000  # uid and gid inside; nobody in particular outside
_NAMESPACES = (
    _linux.CLONE_NEWUSER
    | _linux.CLONE_NEWNS
    | _linux.CLONE_NEWPID
    | _linux.CLONE_NEWNET
    | _linux.CLONE_NEWIPC
    | _linux.CLONE_NEWUTS
    | _linux.CLONE_NEWCGROUP
)
_WRITABLE_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts")


def become_housekeeper() -> None:
    """Get a mount namespace of one's own: as root plainly, else in a user namespace."""
    if os.getuid() == 0:
        _linux.unshare(_linux.CLONE_NEWNS)
        return
    uid, gid = os.getuid(), os.getgid()
    _linux.unshare(_linux.CLONE_NEWUSER | _linux.CLONE_NEWNS)
    _map_ids(uid, uid, gid, gid)


def give_up_root(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    # A process that changed its uid is not dumpable and could not write its own uid_map.
    _linux.prctl(_linux.PR_SET_DUMPABLE, 1)


def enter_namespaces(walls: Walls, limits: Limits) -> None:
    """Steps 1 and 2; the next child to be forked is process 1 of the new namespaces."""
    if walls.uid is not None:
        give_up_root(walls.uid)
    uid, gid = os.getuid(), os.getgid()
    _linux.unshare(_NAMESPACES)
    _map_ids(_STUDENT, uid, _STUDENT, gid)
    _linux.mount(None, "/", None, _linux.MS_REC | _linux.MS_PRIVATE)
    flags = _linux.MS_NOSUID | _linux.MS_NODEV
    for place in (str(HOME), "/tmp", "/dev/shm"):
        _linux.mount("room", place, "tmpfs", flags, f"size={limits.disk_mb}m,nr_inodes=100k")
    _linux.mount("room", "/dev/pts", "devpts", _linux.MS_NOSUID, "newinstance,ptmxmode=0666")


def mount_proc() -> None:
    """Step 3: only this process namespace is seen, and the kernel's settings cannot be changed."""
    flags = _linux.MS_NOSUID | _linux.MS_NODEV | _linux.MS_NOEXEC
    _linux.mount("proc", "/proc", "proc", flags)
    _linux.mount("/proc/sys", "/proc/sys", None, _linux.MS_BIND | _linux.MS_REC)
    _linux.mount_read_only("/proc/sys")


def lock(walls: Walls, limits: Limits, readable: Sequence[Path], work: Path) -> None:
    """Step 4, for good: nothing after this can be undone by the task."""
    _set_limits(walls, limits)
    if walls == Walls():
        return
    _linux.drop_capabilities()
    _linux.prctl(_linux.PR_SET_NO_NEW_PRIVS, 1)
    if walls.landlock:
        devices = [Path("/dev") / name for name in _WRITABLE_DEVICES]
        nvidia = sorted(Path("/dev").glob("nvidia*"))
        if walls.namespaces:
            seen, scratch = [Path("/")], [work, Path("/tmp"), Path("/dev/shm")]
        else:
            seen, scratch = [*readable, Path("/proc"), Path("/dev")], [work]
        _landlock.restrict(seen, [*scratch, *devices, *nvidia])
    if walls.seccomp:
        _seccomp.restrict(network=walls.namespaces, uncounted_memory=walls.cgroup is not None)


def _set_limits(walls: Walls, limits: Limits) -> None:
    megabyte = 1 << 20
    bounds = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: limits.cpu_s,
        resource.RLIMIT_FSIZE: limits.file_mb * megabyte,
        resource.RLIMIT_NOFILE: 4096,
    }
    if walls.namespaces:  # elsewhere all processes of the user would be counted
        bounds[resource.RLIMIT_NPROC] = limits.processes
    if walls.cgroup is None:
        bounds[resource.RLIMIT_DATA] = _data_now() + limits.memory_mb * megabyte
    for name, bound in bounds.items():
        _, hard = resource.getrlimit(name)
        allowed = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(name, (allowed, allowed))
    # Python ignores these two; a task should learn of a file that grew too large, not die of it
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def _data_now() -> int:
    """The bytes of data segment that the process has already, which RLIMIT_DATA counts as well."""
    status = Path("/proc/self/status").read_text()
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return int(lines["VmData"].split()[0]) * 1024


def _map_ids(uid: int, outer_uid: int, gid: int, outer_gid: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")
