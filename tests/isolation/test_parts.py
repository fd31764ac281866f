"""The small parts: control groups, names of owners, scratch folders, /proc, the filter's program."""

from __future__ import annotations

import os
import platform
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from autograder.isolation import (
    NO_WALLS,
    IsolationError,
    Limits,
    Walls,
    WarmProcess,
    _folders,
    _owner,
    _processes,
    _seccomp,
    _syscalls,
    cgroups,
)
from autograder.isolation.watchdog import Tree
from isolation import ask


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


def test_a_group_counts_and_is_removed(walls: Walls) -> None:
    """Its folders are gone after close, whatever still ran in it."""
    if walls.cgroup is None:
        pytest.skip("no cgroup can be made here")
    group = cgroups.Group(walls.cgroup, memory_mb=64, processes=8)
    folders = list(group._folders)
    process = subprocess.Popen(["sleep", "60"])
    for folder in folders:
        (folder / "cgroup.procs").write_text(str(process.pid))
    assert not group.usage().out_of_memory
    group.close()
    assert process.wait(5) == -signal.SIGKILL
    assert not any(folder.exists() for folder in folders)


def test_a_group_without_controllers_is_no_group(walls: Walls, tmp_path: Path) -> None:
    """A folder that is not in a cgroup tree gets an error and nothing is left in it."""
    (tmp_path / "cgroup.controllers").touch()
    with pytest.raises(OSError, match="not switched on"):
        cgroups.Group(tmp_path, memory_mb=64, processes=8)
    assert [path.name for path in tmp_path.iterdir()] == ["cgroup.controllers"]


def test_only_the_dead_have_orphans() -> None:
    """And only those of this machine, boot and process namespace."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    ours = _owner.prefix()
    theirs = ours.replace(f"-{os.getpid()}-", f"-{gone.pid}-")
    assert _owner.is_orphan(f"{theirs}x")
    assert not _owner.is_orphan(f"{ours}x")
    assert not _owner.is_orphan(f"{theirs}x".replace(_owner._machine(), "elsewhere"))
    assert not _owner.is_orphan("autograder-course-2024")


def test_folders_of_the_dead_are_swept_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the living, and what only looks similar, stay."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen(["true"])
    gone.wait()
    orphan = tmp_path / f"{_owner.prefix().replace(f'-{os.getpid()}-', f'-{gone.pid}-')}x"
    (orphan / "work").mkdir(parents=True)
    (tmp_path / "autograder-notes").mkdir()
    ours = Path(_folders.make())
    _folders.sweep()
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "autograder-notes", ours])
    _folders.remove(str(ours))
    assert not ours.exists()


def test_a_link_out_of_a_scratch_folder_is_not_followed(tmp_path: Path) -> None:
    """What it leads to stays, rights and all."""
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o500)
    folder = tmp_path / "scratch"
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    _folders.remove(str(folder))
    assert not folder.exists()
    assert outside.stat().st_mode & 0o777 == 0o500


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


def test_a_preload_that_fails_says_why(walls: Walls) -> None:
    """One line, and nothing is left."""
    with pytest.raises(IsolationError, match="No module named 'no_such_module'"):
        WarmProcess(["no_such_module"], NO_WALLS)


def test_a_preload_may_be_a_function(tmp_path: Path, walls: Walls) -> None:
    """It is called once, in the warm process; what it leaves is there in every task."""
    with ask.start(walls, preload=["isolation.tasks:remember"]) as warm:
        code = "import isolation.tasks\nfound = len(isolation.tasks.remembered)"
        assert [ask.find(warm, code) for _ in range(2)] == [1, 1]


def test_an_environment_is_given_on(walls: Walls) -> None:
    """To the warm process while it imports, and to the tasks."""
    with ask.start(walls, environment={"TF_CPP_MIN_LOG_LEVEL": "3"}) as warm:
        assert ask.find(warm, "found = os.environ['TF_CPP_MIN_LOG_LEVEL']") == "3"


def test_closing_twice_does_no_harm() -> None:
    """And a task after it is refused."""
    warm = ask.start(NO_WALLS)
    warm.close()
    warm.close()
    with pytest.raises(IsolationError, match="gone"):
        ask.run(warm, "nothing")
