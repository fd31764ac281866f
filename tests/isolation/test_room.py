"""A task's own view behind namespaces: its directories, devices, processes and neighbours."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from autograder.isolation import Walls, WarmProcess
from isolation import ask


def test_only_its_own_processes_are_seen(full: WarmProcess) -> None:
    """The task is process 1 and sees nobody else."""
    code = "found = [os.getpid(), [p for p in os.listdir('/proc') if p.isdecimal()]]"
    assert ask.find(full, code) == [1, ["1"]]


def test_devices_are_few_and_private(full: WarmProcess) -> None:
    """No disk, no memory, no terminal of this machine; a pty of its own works."""
    devices, terminals, size = ask.find(
        full,
        "terminals = os.listdir('/dev/pts')\n"
        "master, slave = os.openpty()\n"
        "found = [os.listdir('/dev'), terminals, os.write(slave, b'x')]",
    )
    plain = {name for name in devices if not name.startswith("nvidia")}
    links = {"fd", "stdin", "stdout", "stderr", "ptmx"}
    assert plain - links == {"null", "zero", "full", "random", "urandom", "shm", "pts"}
    assert terminals == ["ptmx"]
    assert size == 1


@pytest.mark.parametrize("place", ["/home/student", "/tmp", "/dev/shm"])
def test_directories_are_private_and_limited(full: WarmProcess, place: str) -> None:
    """What one task writes the next does not see, and it cannot write more than disk_mb."""
    code = (
        f"os.chdir({place!r})\nbefore = os.listdir('.')\nwritten = 0\n"
        "try:\n"
        "    for number in range(100):\n"
        "        written += Path(f'file{number}').write_bytes(bytes(1 << 20))\n"
        "except OSError as error: found = [before, written, error.errno]"
    )
    first = ask.find(full, code, disk_mb=4)
    second = ask.find(full, code, disk_mb=4)
    assert first == second
    before, written, error = first
    assert not any(name.startswith("file") for name in before)
    assert written <= 4 << 20
    assert error == 28  # ENOSPC


def test_inodes_are_limited(full: WarmProcess) -> None:
    """Empty files cannot be made without end either."""
    code = (
        "found = None\n"
        "try:\n"
        "    for number in range(200_000): os.mknod(str(number))\n"
        "except OSError as error: found = error.errno"
    )
    assert ask.find(full, code) == 28


def test_a_file_cannot_grow_over_its_limit(full: WarmProcess) -> None:
    """A write past file_mb fails and does not kill."""
    code = "found = attempt(lambda: open('big', 'wb').write(bytes(3 << 20)))"
    assert ask.find(full, code, file_mb=2) == "OSError"
    assert ask.find(full, code, file_mb=4).startswith("did it")


def test_settings_of_the_kernel_are_read_only(full: WarmProcess) -> None:
    """Not only by rights: the mount refuses too."""
    code = (
        "mounts = [line.split() for line in open('/proc/self/mounts')]\n"
        "found = {m[1]: m[3].split(',')[0] for m in mounts}"
    )
    found = ask.find(full, code)
    assert found["/proc/sys"] == found["/"] == found["/usr"] == "ro"
    assert found["/tmp"] == found["/dev/shm"] == found["/home/student"] == "rw"
    assert "/old" not in found


@pytest.mark.parametrize("missing", [{"landlock": 0}, {"landlock": 0, "seccomp": False}])
def test_namespaces_alone_leave_nothing_shared_to_write(
    walls: Walls, missing: dict[str, object]
) -> None:
    """On an older kernel too, no task can plant something for the next one."""
    if not walls.namespaces:
        pytest.skip("this machine has no namespaces for us")
    code = (
        "places = ['/', '/etc', '/dev', '/usr', '/home', os.path.dirname(os.__file__)]\n"
        "found = {p: attempt(lambda: open(os.path.join(p, 'planted'), 'w')) for p in places}\n"
        "found['umount'] = attempt(lambda: call('umount2', b'/proc', 2))\n"
        "found['remount'] = attempt(lambda: call('mount', b'', b'/', b'', 32 | 4096, b''))\n"
        "found['core'] = attempt(lambda: open('/proc/sys/kernel/core_pattern', 'w'))\n"
    )
    with ask.start(replace(walls, **missing)) as warm:  # type: ignore[arg-type]
        found = ask.find(warm, code)
    assert {name for name, came in found.items() if came.startswith("did it")} == set()


def test_two_tasks_at_once_do_not_see_each_other(full: WarmProcess) -> None:
    """Neither files, nor processes, nor sockets, though both run as the same user."""
    code = (
        "Path('/tmp/mine').write_text('mine')\n"
        "server = socket.socket(socket.AF_UNIX)\n"
        "server.bind('\\0neighbour')\n"
        "server.listen()\n"
        "line.send('ready', b'')\n"
        "time.sleep(30)"
    )
    ready = threading.Event()
    limits = replace(ask.SMALL, wall_s=1)
    neighbour = threading.Thread(
        target=full.run,
        args=("isolation.tasks:answer", {"code.py": code.encode()}, limits),
        kwargs={"receive": lambda name, data: ready.set()},
    )
    neighbour.start()
    assert ready.wait(10)
    files, processes, reached = ask.find(
        full,
        "c = socket.socket(socket.AF_UNIX)\n"
        "found = [os.listdir('/tmp'), [p for p in os.listdir('/proc') if p.isdecimal()],\n"
        "         attempt(lambda: c.connect('\\0neighbour'))]",
    )
    neighbour.join()
    assert "mine" not in files
    assert processes == ["1"]
    assert reached == "ConnectionRefusedError"


def test_threads_started_by_an_import_are_behind_the_walls(full: WarmProcess) -> None:
    """The task's module is imported after the walls stand: Landlock and seccomp hold per thread."""
    code = (
        "lines = []\n"
        "def look():\n"
        "    lines.append(open(f'/proc/self/task/{threading.get_native_id()}/status').read())\n"
        "thread = threading.Thread(target=look)\nthread.start(); thread.join()\n"
        "found = 'Seccomp:\\t2' in lines[0] and 'CapEff:\\t0000000000000000' in lines[0]"
    )
    assert ask.find(full, code) is True
