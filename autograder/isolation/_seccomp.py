"""A seccomp filter: system calls that no notebook needs and that break sandboxes are refused.

https://docs.kernel.org/userspace-api/seccomp_filter.html. A list of what is refused rather than of
what is allowed: TensorFlow and CUDA use too many calls to list, and namespaces and Landlock are the
walls; this filter takes away the tools to pick at them.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import socket
import struct

from autograder.isolation import _linux

# name: (x86_64, aarch64)
_REFUSED: dict[str, tuple[int, int]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "chroot": (161, 51),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "quotactl": (179, 60),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
}
# Memory that no resident-set count of a process shows: refused where no cgroup counts it.
_UNCOUNTED = {"memfd_create": (319, 279), "shmget": (29, 194)}
_CLONE, _CLONE3, _SOCKET = (56, 220), (435, 435), (41, 198)
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

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARCH, _ARGUMENT_0 = 0, 4, 16  # offsets in struct seccomp_data


def supported() -> bool:
    return platform.machine() in _AUDIT_ARCH


def restrict(*, network: bool, uncounted_memory: bool) -> None:
    """Install the filter, for good.

    network: allow sockets of the internet families, which an empty network namespace makes
        harmless; else only Unix sockets. VSOCK and the like reach the host of a virtual machine
        and are never allowed.
    uncounted_memory: allow memory that only a cgroup counts.
    """
    program = _program(network, uncounted_memory)
    code = ctypes.create_string_buffer(program)
    header = ctypes.create_string_buffer(
        struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    )
    _linux.prctl(_linux.PR_SET_SECCOMP, _linux.SECCOMP_MODE_FILTER, header)


def _program(network: bool, uncounted_memory: bool) -> bytes:
    machine = platform.machine()
    column = 0 if machine == "x86_64" else 1
    refused = _REFUSED if uncounted_memory else _REFUSED | _UNCOUNTED
    families = [socket.AF_UNIX]
    if network:
        families += [socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK]

    steps = [
        _step(_LOAD, _ARCH),
        _step(_JUMP_EQUAL, _AUDIT_ARCH[machine], skip_true=1),
        _refuse(errno.EPERM),
        _step(_LOAD, _NUMBER),
        _step(_JUMP_AT_LEAST, _X32_BIT, skip_false=1),
        _refuse(errno.EPERM),
        # clone3 hides its flags behind a pointer; glibc falls back to clone when it is missing
        _step(_JUMP_EQUAL, _CLONE3[column], skip_false=1),
        _refuse(errno.ENOSYS),
        _step(_JUMP_EQUAL, _CLONE[column], skip_false=4),
        _step(_LOAD, _ARGUMENT_0),
        _step(_JUMP_SET, _NAMESPACE_FLAGS, skip_false=1),
        _refuse(errno.EPERM),
        _step(_RETURN, _ALLOW),
        _step(_JUMP_EQUAL, _SOCKET[column], skip_false=len(families) + 3),
        _step(_LOAD, _ARGUMENT_0),
        *(
            _step(_JUMP_EQUAL, family, skip_true=len(families) - at)
            for at, family in enumerate(families)
        ),
        _refuse(errno.EACCES),
        _step(_RETURN, _ALLOW),
    ]
    for numbers in refused.values():
        steps += [_step(_JUMP_EQUAL, numbers[column], skip_false=1), _refuse(errno.EPERM)]
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, *, skip_true: int = 0, skip_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, skip_true, skip_false, value)


def _refuse(number: int) -> bytes:
    return _step(_RETURN, _ERRNO | number)
