"""What a task's process does to wall itself in, between the fork and the first line of the task.

Order matters, and each step closes a hole of its own:

1. root's uid is given up first: whoever is uid 0 outside may open files of /proc/sys for writing
   even from a user namespace without capabilities;
2. new namespaces, with private, size-limited /tmp, /dev/shm and work directory, and nothing where
   something is reserved for other tasks;
3. as process 1 of the new process namespace: a /proc of its own, /proc/sys read-only;
4. limits, no capabilities, no new privileges, Landlock, seccomp.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import stat
from collections.abc import Sequence
from pathlib import Path

from autograder.isolation import _landlock, _linux, _seccomp
from autograder.isolation._processes import threads_of
from autograder.isolation.house import SCRATCH, cover, outermost
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
_TERMINALS = 64  # of 4096 that all of a machine share
_DEVICES = ("null", "zero", "full", "random", "urandom")
# Only where they are the task's own: elsewhere they are those that the user types at.
_TERMINAL_DEVICES = ("tty", "ptmx", "pts")


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


def enter_namespaces(
    walls: Walls, limits: Limits, readable: Sequence[Path], reserved: Sequence[Path]
) -> None:
    """Steps 1 and 2; the next child to be forked is process 1 of the new namespaces."""
    if walls.uid is not None:
        give_up_root(walls.uid)
    uid, gid = os.getuid(), os.getgid()
    _linux.unshare(_NAMESPACES)
    _map_ids(_STUDENT, uid, _STUDENT, gid)
    _linux.mount(None, "/", None, _linux.MS_REC | _linux.MS_PRIVATE)
    shown = outermost(readable)
    for place in SCRATCH:
        _clear(place, limits, [path for path in shown if place in path.parents])
    for path in outermost(path.resolve() for path in reserved):
        _keep_from(path)
    options = f"newinstance,ptmxmode=0666,max={_TERMINALS}"
    _linux.mount("room", "/dev/pts", "devpts", _linux.MS_NOSUID, options)


def _clear(place: Path, limits: Limits, kept: Sequence[Path]) -> None:
    """An empty, size-limited directory; `kept` stay where they are in it (a Python below /tmp)."""
    links = {path: os.readlink(path) for path in kept if path.is_symlink()}
    handles = {path: os.open(path, os.O_PATH) for path in kept if path.exists()}
    flags = _linux.MS_NOSUID | _linux.MS_NODEV
    _linux.mount("room", str(place), "tmpfs", flags, f"size={limits.disk_mb}m,nr_inodes=100k")
    for path, handle in handles.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if path in links:
            path.symlink_to(links[path])
        else:
            path.mkdir() if stat.S_ISDIR(os.fstat(handle).st_mode) else path.touch()
            flags = _linux.MS_BIND | _linux.MS_REC
            _linux.mount(f"/proc/self/fd/{handle}", str(path), None, flags)
        os.close(handle)


def _keep_from(path: Path) -> None:
    """Nothing in the place of `path`; only a capability, soon given up, could take that off."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return  # what the guard cannot reach its task cannot either
    cover(path)


def mount_proc() -> None:
    """Step 3: only this process namespace is seen, and the kernel's settings cannot be changed."""
    flags = _linux.MS_NOSUID | _linux.MS_NODEV | _linux.MS_NOEXEC
    _linux.mount("proc", "/proc", "proc", flags)
    _linux.mount("/proc/sys", "/proc/sys", None, _linux.MS_BIND | _linux.MS_REC)
    _linux.mount_read_only("/proc/sys")


def lock(walls: Walls, limits: Limits, readable: Sequence[Path], work: Path) -> None:
    """Step 4, for good: nothing after this can be undone by the task.

    readable: for Landlock where there are no namespaces. Raises OSError where the kernel refuses,
    RuntimeError where the process has other threads, which most of this would leave as they are.
    """
    if (threads := len(list(Path("/proc/self/task").iterdir()))) > 1:
        raise RuntimeError(f"{threads} threads run already, walls would hold only one of them")
    _set_limits(walls, limits)
    if walls == Walls():
        return
    _linux.drop_capabilities()
    _linux.prctl(_linux.PR_SET_NO_NEW_PRIVS, 1)
    if walls.landlock:
        seen = [Path("/")] if walls.namespaces else [*readable, Path("/proc")]
        scratch = SCRATCH if walls.namespaces else (work,)
        _landlock.restrict(seen, [*scratch, *_devices(walls)])
    if walls.seccomp:
        _seccomp.restrict(
            namespaces=walls.namespaces, landlock=walls.landlock, counted=walls.cgroup is not None
        )


def _devices(walls: Walls) -> list[Path]:
    names = _DEVICES + (_TERMINAL_DEVICES if walls.namespaces else ())
    return [*(Path("/dev") / name for name in names), *Path("/dev").glob("nvidia*")]


def _set_limits(walls: Walls, limits: Limits) -> None:
    megabyte = 1 << 20
    bounds = {
        # 1 rather than 0: a crash is not even piped to the machine's core handler
        resource.RLIMIT_CORE: 1,
        resource.RLIMIT_CPU: limits.cpu_s,
        resource.RLIMIT_FSIZE: limits.file_mb * megabyte,
        resource.RLIMIT_NOFILE: 4096,
    }
    if walls.cgroup is None:
        bounds[resource.RLIMIT_DATA] = _data_now() + limits.memory_mb * megabyte
    if walls.namespaces:
        bounds[resource.RLIMIT_NPROC] = limits.processes
    elif walls != Walls() and walls.cgroup is None:  # all of the user's processes are counted
        bounds[resource.RLIMIT_NPROC] = threads_of(os.getuid()) + limits.processes
    for name, bound in bounds.items():
        _, hard = resource.getrlimit(name)
        allowed = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(name, (allowed, allowed))
    # Python ignores it too; a task should learn of a file that grew too large, not die of it
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with contextlib.suppress(OSError):  # if memory runs out, not the guard's fault nor the parent's
        Path("/proc/self/oom_score_adj").write_text("1000")


def _data_now() -> int:
    """The bytes of data segment that the process has already, which RLIMIT_DATA counts as well."""
    status = Path("/proc/self/status").read_text()
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return int(lines["VmData"].split()[0]) * 1024


def _map_ids(uid: int, outer_uid: int, gid: int, outer_gid: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")
