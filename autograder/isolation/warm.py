"""The warm process: imports what tasks need once, then forks a walled-in child for each task.

Runs in an interpreter of its own (see client.py), started with a cleared environment, in the house
(house.py), and never touches what a task produces. It talks to its parent over one socket of
packets: JSON with file descriptors beside it.
"""

from __future__ import annotations

import array
import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from autograder.isolation import _linux, house, room
from autograder.isolation._processes import descendants
from autograder.isolation.frames import Line
from autograder.isolation.limits import Limits
from autograder.isolation.walls import Walls

_LARGEST_PACKET = 1 << 16
_SETUP_FAILED = 97  # the exit code of a guard whose child never got to its task


@dataclass(frozen=True)
class Setting:
    """What a warm process is told when it starts."""

    preload: tuple[str, ...]
    walls: Walls
    readable: tuple[Path, ...]
    hidden: tuple[Path, ...]
    root: Path  # an empty directory to build the house on
    environment: dict[str, str]


def send_packet(channel: socket.socket, message: dict[str, Any], handles: list[int]) -> None:
    ancillary = []
    if handles:
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", handles))]
    channel.sendmsg([json.dumps(message).encode()], ancillary)


def receive_packet(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """The next message and the file descriptors sent with it; None when the other side is gone."""
    try:
        data, handles, _, _ = socket.recv_fds(channel, _LARGEST_PACKET, 16)
    except ConnectionError:
        return None
    return (json.loads(data), list(handles)) if data else None


def main(control: socket.socket, setting: Setting) -> None:
    """Until the parent hangs up: fork a guard for each task it sends, tell it how each ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if setting.walls.namespaces:
        room.become_housekeeper()
        house.build(setting.readable, setting.root, setting.hidden)
    for name in setting.preload:
        _load(name)
    os.environ.clear()
    os.environ.update(setting.environment)
    send_packet(control, {"ready": True}, [])
    _Warden(control, setting).serve()


def _load(name: str) -> None:
    """Import a module, or call a function of one ("module:function") that warms something up."""
    module, _, function = name.partition(":")
    loaded = importlib.import_module(module)
    if function:
        getattr(loaded, function)()


class _Warden:
    """Keeps the list of guards that are at work; a guard is the parent of one task's process."""

    def __init__(self, control: socket.socket, setting: Setting) -> None:
        self._control = control
        self._setting = setting
        self._guards: dict[int, tuple[socket.socket, int, int]] = {}  # by handle: report, id, pid

    def serve(self) -> None:
        while True:
            waiting = [self._control.fileno(), *self._guards]
            for handle in select.select(waiting, [], [])[0]:
                if handle != self._control.fileno():
                    self._forward(handle)
                elif (packet := receive_packet(self._control)) is None:
                    return
                else:
                    self._start(*packet)

    def _start(self, message: dict[str, Any], handles: list[int]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.fork()
        if pid == 0:
            self._control.close()
            ours.close()
            for report, _, _ in self._guards.values():
                report.close()
            _Guard(self._setting, message, handles, theirs).stand()
        theirs.close()
        for handle in handles:
            os.close(handle)
        self._guards[ours.fileno()] = (ours, message["id"], pid)

    def _forward(self, handle: int) -> None:
        """Pass a guard's report on; when it has no more to say, it is gone."""
        report, number, pid = self._guards[handle]
        packet = receive_packet(report)
        message, handles = packet if packet else ({"gone": _exit_code(pid)}, [])
        with contextlib.suppress(ConnectionError):
            send_packet(self._control, {"id": number, **message}, handles)
        for received in handles:
            os.close(received)
        if packet is None:
            report.close()
            del self._guards[handle]


class _Guard:
    """The parent of a task's process: enters the namespaces, forks it, tells how it ended."""

    def __init__(
        self, setting: Setting, message: dict[str, Any], handles: list[int], report: socket.socket
    ) -> None:
        self._setting = setting
        self._task = str(message["task"])
        self._limits = Limits(**message["limits"])
        self._work = house.HOME if setting.walls.namespaces else Path(message["work"])
        self._channel, *self._doors = handles
        self._report = report

    def stand(self) -> NoReturn:
        code = _SETUP_FAILED
        try:
            self._enter()
            told, tell = os.pipe()
            child = os.fork()
            if child == 0:
                self._report.close()
                os.close(told)
                self._run_task(tell)
            os.close(tell)
            os.close(self._channel)
            send_packet(self._report, {"started": child}, [os.pidfd_open(child)])
            self._tell_ending(child, told)
            code = 0
        except BaseException as error:  # nothing may escape: this is a copy of the warm process
            with contextlib.suppress(OSError):
                send_packet(self._report, {"failed": f"{type(error).__name__}: {error}"}, [])
        os._exit(code)

    def _enter(self) -> None:
        _linux.prctl(_linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        _linux.prctl(_linux.PR_SET_CHILD_SUBREAPER, 1)
        for door in self._doors:
            os.write(door, b"0")
            os.close(door)
        walls = self._setting.walls
        if walls.namespaces:
            room.enter_namespaces(walls, self._limits)
            # changing one's uid clears the first request
            _linux.prctl(_linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        elif walls.uid is not None:
            room.give_up_root(walls.uid)
            _linux.prctl(_linux.PR_SET_PDEATHSIG, signal.SIGKILL)

    def _tell_ending(self, child: int, told: int) -> None:
        _, status, usage = os.wait4(child, 0)
        self._reap_the_rest()
        report: dict[str, Any] = {
            "ended": os.waitstatus_to_exitcode(status),
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_mb": usage.ru_maxrss / 1024,
        }
        if problem := os.read(told, 4096):
            report["failed"] = problem.decode(errors="replace")
        send_packet(self._report, report, [])

    def _reap_the_rest(self) -> None:
        """Kill what a task left behind; with namespaces nothing outlives its process 1."""
        if self._setting.walls.namespaces:
            return
        with contextlib.suppress(ChildProcessError):
            while True:
                for pid in descendants(os.getpid()):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                os.waitpid(-1, 0)

    def _run_task(self, tell: int) -> NoReturn:
        """The task's own process. What goes wrong before the task begins is told to the guard."""
        code = _SETUP_FAILED
        try:
            task = self._prepare(tell)
            code = 1
            task(Line(socket.socket(fileno=self._channel)))
            code = 0
        except BaseException:  # the process must end here whatever the task raised
            problem = traceback.format_exc()[-4000:]
            if code == _SETUP_FAILED:
                os.write(tell, problem.encode())
            else:
                with contextlib.suppress(OSError):
                    os.write(2, problem.encode())
        os._exit(code)

    def _prepare(self, tell: int) -> Callable[[Line], None]:
        _linux.prctl(_linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        os.setsid()
        walls = self._setting.walls
        if walls.namespaces:
            room.mount_proc()
        _silence(keep=(self._channel, tell))
        module, _, function = self._task.partition(":")
        task: Callable[[Line], None] = getattr(importlib.import_module(module), function)
        os.chdir(self._work)
        os.environ["HOME"] = str(self._work)
        os.environ["TMPDIR"] = "/tmp" if walls.namespaces else str(self._work)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        room.lock(walls, self._limits, self._setting.readable, self._work)
        os.close(tell)
        return task


def _silence(keep: tuple[int, ...]) -> None:
    """Close every inherited file but `keep`; standard streams lead nowhere."""
    nowhere = os.open("/dev/null", os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    last = 3
    for handle in sorted(keep):
        os.closerange(last, handle)
        last = handle + 1
    os.closerange(last, 1 << 16)


def _exit_code(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def start(handle: int, setting: dict[str, Any]) -> None:
    """Entry point of the new interpreter; `setting` is the JSON form of Setting."""
    walls = dict(setting["walls"])
    walls["cgroup"] = Path(walls["cgroup"]) if walls["cgroup"] else None
    main(
        socket.socket(fileno=handle),
        Setting(
            preload=tuple(setting["preload"]),
            walls=Walls(**walls),
            readable=tuple(map(Path, setting["readable"])),
            hidden=tuple(map(Path, setting["hidden"])),
            root=Path(setting["root"]),
            environment=dict(setting["environment"]),
        ),
    )
    sys.exit(0)
