"""A seccomp filter: system calls that no notebook needs and that break sandboxes are refused.

https://docs.kernel.org/userspace-api/seccomp_filter.html. A list of what is refused rather than of
what is allowed: TensorFlow and CUDA use too many calls to list, and namespaces and Landlock are the
walls; this filter takes away the tools to pick at them (the names are in _syscalls.py).
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import socket
import struct

from autograder.isolation import _linux
from autograder.isolation import _syscalls as calls

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000
_NAMESPACE_FLAGS = (
    _linux.CLONE_NEWNS
    | _linux.CLONE_NEWCGROUP
    | _linux.CLONE_NEWUTS
    | _linux.CLONE_NEWIPC
    | _linux.CLONE_NEWUSER
    | _linux.CLONE_NEWPID
    | _linux.CLONE_NEWNET
)
_SECCOMP_GET_ACTION_AVAIL = 2
_F_SETOWN_EX, _FIOSETOWN, _SIOCSPGRP = 15, 0x8901, 0x8902
_SOCKET_TYPES = 0xF  # the type of a socket without its flags
_TRUNCATES_BEFORE = 3  # Landlock's ABI that first holds truncation
_SIGNALS_BEFORE = 6  # and signals to processes outside

_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_SET = 0x15, 0x35, 0x45
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_REFUSE, _PERMIT = _ERRNO | errno.EPERM, _ALLOW


def supported() -> bool:
    """Whether the kernel filters system calls and this module knows the machine's numbers."""
    if platform.machine() not in _AUDIT_ARCH:
        return False
    action = ctypes.c_uint(_ERRNO)
    try:
        _linux.syscall(
            calls.number("seccomp"),
            ctypes.c_uint(_SECCOMP_GET_ACTION_AVAIL),
            ctypes.c_uint(0),
            ctypes.byref(action),
            what="seccomp",
        )
    except OSError:
        return False
    return True


def restrict(*, namespaces: bool, landlock: int, counted: bool) -> None:
    """Install the filter, for good, for this thread and what it will start.

    namespaces: whether the process has namespaces of its own. They make sockets of the internet
        families and shared memory harmless; without them, those are refused, and so is what
        Landlock of ABI `landlock` leaves open. VSOCK and the like reach the host of a virtual
        machine and are never allowed.
    counted: whether a cgroup counts memory that no process's resident set shows.
    """
    program = _program(namespaces, landlock, counted)
    code = ctypes.create_string_buffer(program)
    header = ctypes.create_string_buffer(
        struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    )
    _linux.prctl(_linux.PR_SET_SECCOMP, _linux.SECCOMP_MODE_FILTER, header)


def _program(namespaces: bool, landlock: int, counted: bool) -> bytes:
    steps = [*_right_machine(), *_always()]
    steps += _sockets_in_a_namespace() if namespaces else _without_namespaces(landlock)
    if not counted:
        steps += _answer(calls.UNCOUNTED, _REFUSE)
    return b"".join([*steps, _give(_PERMIT)])


def _right_machine() -> list[bytes]:
    return [
        _step(_LOAD, _ARCH),
        _step(_JUMP_EQUAL, _AUDIT_ARCH[platform.machine()], skip_true=1),
        _give(_REFUSE),
        _step(_LOAD, _NUMBER),
        _step(_JUMP_AT_LEAST, _X32_BIT, skip_false=1),
        _give(_REFUSE),
    ]


def _always() -> list[bytes]:
    return [
        # clone3 hides its flags behind a pointer; glibc falls back to clone when it is missing
        *_answer(("clone3",), _ERRNO | errno.ENOSYS),
        *_on("clone", 0, _step(_JUMP_SET, _NAMESPACE_FLAGS, skip_false=1), _give(_REFUSE)),
        # who may unset it outlives its guard
        *_on("prctl", 0, *_if_among((_linux.PR_SET_PDEATHSIG,), _REFUSE)),
        *_answer(calls.REFUSED, _REFUSE),
    ]


def _sockets_in_a_namespace() -> list[bytes]:
    allowed = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
    return [
        *_on("socket", 0, *_if_among(allowed, _PERMIT), _give(_ERRNO | errno.EACCES)),
        *_on("socketpair", 0, *_only_unix()),
    ]


def _without_namespaces(landlock: int) -> list[bytes]:
    """No socket at all: a Unix one reaches whatever daemon of the user listens, systemd's too."""
    connected = (socket.SOCK_STREAM, socket.SOCK_SEQPACKET)  # others can be pointed elsewhere
    steps = [
        *_answer(("socket", "connect"), _ERRNO | errno.EACCES),
        *_on(
            "socketpair",
            0,
            *_only_unix(),
            _step(_LOAD, _ARGUMENTS + 8),
            _step(_AND, _SOCKET_TYPES),
            *_if_among(connected, _PERMIT),
            _give(_ERRNO | errno.EACCES),
        ),
        *_on("prlimit64", 0, *_if_among((0, os.getpid()), _PERMIT), _give(_REFUSE)),
        *_answer(calls.SHARED_MEMORY, _REFUSE),
        # Landlock does not hold these; programs that copy files expect them to work
        *_answer(calls.METADATA, _ERRNO),
        *_answer(calls.ATTRIBUTES, _ERRNO | errno.ENOTSUP),
    ]
    if landlock < _TRUNCATES_BEFORE:
        steps += _no_truncation()
    if landlock < _SIGNALS_BEFORE:
        steps += _no_signals()
    return steps


def _only_unix() -> list[bytes]:
    return [
        _step(_JUMP_EQUAL, socket.AF_UNIX, skip_true=1),
        _give(_ERRNO | errno.EACCES),
    ]


def _no_truncation() -> list[bytes]:
    """Refuse what empties a file that was opened for reading: Landlock sees only the reading."""
    flags = os.O_TRUNC | os.O_ACCMODE
    refused = (os.O_TRUNC | os.O_RDONLY, os.O_TRUNC | os.O_ACCMODE)
    steps = _answer(("openat2",), _ERRNO | errno.ENOSYS) + _answer(("truncate",), _REFUSE)
    for name, argument in (("open", 1), ("openat", 2)):
        steps += _on(name, argument, _step(_AND, flags), *_if_among(refused, _REFUSE))
    return steps


def _no_signals() -> list[bytes]:
    """Refuse signals to other processes, also by way of a file that tells its owner of data."""
    steps = _answer(("pidfd_send_signal",), _REFUSE)
    for name in calls.SIGNALS:
        steps += _on(name, 0, *_if_among((os.getpid(),), _PERMIT), _give(_REFUSE))
    steps += _on("fcntl", 1, *_if_among((fcntl.F_SETOWN, _F_SETOWN_EX), _REFUSE))
    return steps + _on("ioctl", 1, *_if_among((_FIOSETOWN, _SIOCSPGRP), _REFUSE))


def _answer(names: tuple[str, ...], result: int) -> list[bytes]:
    """Whatever its arguments: `result` for each of the calls."""
    numbers = [calls.number(name) for name in names]
    return [step for number in numbers if number >= 0 for step in _if_among((number,), result)]


def _on(name: str, argument: int, *steps: bytes) -> list[bytes]:
    """For one call: load an argument (its lower 32 bits), go through `steps`, else permit."""
    if (number := calls.number(name)) < 0:
        return []
    body = [_step(_LOAD, _ARGUMENTS + 8 * argument), *steps, _give(_PERMIT)]
    return [_step(_JUMP_EQUAL, number, skip_false=len(body)), *body]


def _if_among(values: tuple[int, ...], result: int) -> list[bytes]:
    """`result` if what is loaded is one of `values`; else on to the next step."""
    return [
        step
        for value in values
        for step in (_step(_JUMP_EQUAL, value, skip_false=1), _give(result))
    ]


def _step(code: int, value: int, *, skip_true: int = 0, skip_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, skip_true, skip_false, value)


def _give(result: int) -> bytes:
    return _step(_RETURN, result)
