"""The filter's program is well-formed, and its numbers are the kernel's."""

from __future__ import annotations

import platform
import re
import struct
from pathlib import Path

import pytest

from autograder.isolation import (
    _seccomp,
    _syscalls,
)


def test_numbers_of_system_calls_are_the_kernel_s() -> None:
    """As the headers of this machine have them, where it has headers."""
    header = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    if platform.machine() != "x86_64" or not header.exists():
        pytest.skip("no kernel headers to compare with")
    pairs = re.findall(r"#define __NR_(\w+) (\d+)", header.read_text())
    numbers = {name: int(number) for name, number in pairs}
    wrong = {
        name: (ours, numbers[name])
        for name, (ours, _) in _syscalls._NUMBERS.items()
        if name in numbers and numbers[name] != ours
    }
    assert wrong == {}


def test_every_call_that_is_refused_has_a_number() -> None:
    """No name is misspelt."""
    groups = ("REFUSED", "UNCOUNTED", "SHARED_MEMORY", "METADATA", "ATTRIBUTES", "SIGNALS")
    for group in groups:
        for name in getattr(_syscalls, group):
            assert _syscalls.number(name) >= -1


@pytest.mark.parametrize("namespaces", [True, False])
@pytest.mark.parametrize("landlock", [1, 3, 7])
@pytest.mark.parametrize("counted", [True, False])
def test_a_filter_s_jumps_stay_inside(namespaces: bool, landlock: int, counted: bool) -> None:
    """Every jump lands on a step, and the last step returns."""
    if not _seccomp.supported():
        pytest.skip("no seccomp here")
    program = _seccomp._program(namespaces, landlock, counted)
    steps = list(struct.iter_unpack("=HBBI", program))
    assert len(steps) < 4096
    for place, (code, skip_true, skip_false, _) in enumerate(steps):
        if code & 0x07 == 0x05:
            assert place + 1 + max(skip_true, skip_false) < len(steps)
    assert steps[-1][0] == 0x06
