"""Landlock: the kernel's own list of what a process may read, write and connect to.

https://docs.kernel.org/userspace-api/landlock.html. It holds for the process and all its
descendants, for good, and needs no privilege.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

from autograder.isolation import _linux

_SYS_CREATE_RULESET, _SYS_ADD_RULE, _SYS_RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_BITS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # the rights on files that each ABI knows
_TCP = 0b11  # bind, connect: from ABI 4
_SCOPES = 0b11  # abstract sockets, signals: from ABI 6


def abi() -> int:
    """The kernel's Landlock version; 0 where there is none."""
    try:
        return _linux.syscall(
            _SYS_CREATE_RULESET,
            None,
            ctypes.c_size_t(0),
            ctypes.c_uint(_CREATE_RULESET_VERSION),
            what="landlock",
        )
    except OSError:
        return 0


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """From now on: read and execute only below `readable`, change only below `writable`, no TCP.

    Paths that do not exist, or that cannot be reached anyway, are passed over. Raises OSError
    where the kernel refuses. Call PR_SET_NO_NEW_PRIVS first.
    """
    version = abi()
    files = (1 << _BITS_BY_ABI.get(version, 16)) - 1
    network = _TCP if version >= 4 else 0
    scopes = _SCOPES if version >= 6 else 0
    attributes = struct.pack("=QQQ", files, network, scopes)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _linux.syscall(
        _SYS_CREATE_RULESET,
        ctypes.create_string_buffer(attributes),
        ctypes.c_size_t(size),
        ctypes.c_uint(0),
        what="landlock_create_ruleset",
    )
    try:
        for paths, rights in ((readable, _READ), (writable, files)):
            for path in paths:
                _allow(ruleset, path, rights & files)
        _linux.syscall(
            _SYS_RESTRICT_SELF,
            ctypes.c_int(ruleset),
            ctypes.c_uint(0),
            what="landlock_restrict_self",
        )
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= _ON_FILES
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, handle))
        _linux.syscall(
            _SYS_ADD_RULE,
            ctypes.c_int(ruleset),
            ctypes.c_int(_RULE_PATH_BENEATH),
            rule,
            ctypes.c_uint(0),
            what=f"landlock_add_rule {path}",
        )
    finally:
        os.close(handle)
