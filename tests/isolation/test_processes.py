"""Processes are counted as they are, whatever they do to hide."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from autograder.isolation import (
    NO_WALLS,
    Limits,
    _processes,
)
from autograder.isolation.watchdog import Tree


def _process(code: str) -> subprocess.Popen[bytes]:
    """A process of ours, ready when it has printed something."""
    program = f"import os, time\n{code}\nprint(1, flush=True)\ntime.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read(1)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    for pid in _processes.descendants(process.pid):
        os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_descendants_are_found_whatever_they_call_themselves() -> None:
    """Names may hold parentheses, line ends and bytes that are no text."""
    process = _process(
        "import ctypes\n"
        "ctypes.CDLL(None).prctl(15, b'\\xff) Z 1 (\\n')\n"
        "if os.fork() == 0:\n"
        "    if os.fork() == 0: time.sleep(60)\n"
        "    time.sleep(60)"
    )
    try:
        deadline = time.monotonic() + 5
        while len(_processes.descendants(process.pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(_processes.descendants(process.pid)) == 2
        assert process.pid in _processes.descendants(os.getpid())
    finally:
        _end(process)


def test_memory_behind_a_dead_main_thread_is_seen() -> None:
    """The main thread exits, another one goes on with all that was allocated."""
    process = _process(
        "import threading, ctypes\n"
        "kept = bytearray(b'x') * 50_000_000\n"
        "libc = ctypes.CDLL(None)\n"
        "def go_on(): time.sleep(0.2); print(1, flush=True); time.sleep(60)\n"
        "threading.Thread(target=go_on).start()\n"
        "libc.syscall(60 if os.uname().machine == 'x86_64' else 93, 0)"
    )
    try:
        assert "VmRSS" not in Path(f"/proc/{process.pid}/status").read_text()
        assert _processes.resident_kb(process.pid) > 45_000
        assert _processes.share_kb(process.pid) > 45_000
    finally:
        _end(process)


def test_shared_memory_is_counted_once() -> None:
    """Children that have written nothing add next to nothing."""
    process = _process(
        "kept = bytearray(b'x') * 50_000_000\n"
        "for n in range(4):\n"
        "    if os.fork() == 0: time.sleep(60)"
    )
    try:
        tree = Tree(process.pid, NO_WALLS, Limits(memory_mb=120), None)
        tree._inherited_kb = 0
        assert tree.excess() is None
        tree = Tree(process.pid, NO_WALLS, Limits(memory_mb=30), None)
        tree._inherited_kb = 0
        assert tree.excess() == ("memory", "over 30 MB of memory")
        tree = Tree(process.pid, NO_WALLS, Limits(processes=3), None)
        assert tree.excess() == ("memory", "over 3 processes")
    finally:
        _end(process)


def test_threads_of_a_user_are_counted() -> None:
    """All of them, this one's too."""
    assert _processes.threads_of(os.getuid()) >= 1
    assert _processes.threads_of(4_000_000_000) == 0
