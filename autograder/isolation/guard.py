"""The guard: the parent of one task's process. It walls the task in and tells how it ended."""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import signal
import socket
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from autograder.isolation import _linux, house, room
from autograder.isolation._packets import send_packet
from autograder.isolation._processes import descendants
from autograder.isolation.frames import Line
from autograder.isolation.limits import Limits
from autograder.isolation.walls import Walls

_SETUP_FAILED = 97  # the exit code of a process that never got to its task
_HIGHEST_HANDLE = 1 << 20


@dataclass(frozen=True)
class Setting:
    """What a warm process is told when it starts."""

    preload: tuple[str, ...]
    walls: Walls
    readable: tuple[Path, ...]
    reserved: tuple[Path, ...]  # only for a task that may read them
    hidden: tuple[Path, ...]  # without links
    root: Path  # an empty directory to build the house on
    environment: dict[str, str]
    parent: int  # the process that started it

    def with_reserved(self) -> Setting:
        """For a task that may read what is reserved."""
        return replace(self, readable=self.readable + self.reserved, reserved=())


class Guard:
    """One task from here: namespaces, the task's process, its ending."""

    def __init__(self, setting: Setting, report: socket.socket) -> None:
        self._setting = setting
        self._walls = setting.walls
        self._report = report
        self._warm = os.getppid()

    def stand(self, message: dict[str, Any], handles: Sequence[int]) -> NoReturn:
        """Run the task and report; `handles` are its line and the doors of its control group."""
        code = _SETUP_FAILED
        try:
            limits = Limits(**message["limits"])
            if message["reserved"] is True:
                self._setting = self._setting.with_reserved()
            os.environ.update(message["environment"])  # this process has one task only
            channel, *doors = handles
            self._enter(doors, limits)
            task = _Task(self._setting, str(message["task"]), limits, _work(self._walls, message))
            self._watch(task, channel)
            code = 0
        except BaseException as error:  # nothing may escape: this is a copy of the warm process
            with contextlib.suppress(OSError):
                send_packet(self._report, {"failed": f"{type(error).__name__}: {error}"}, [])
        os._exit(code)

    def _enter(self, doors: Sequence[int], limits: Limits) -> None:
        for door in doors:
            os.write(door, b"0")
            os.close(door)
        _linux.prctl(_linux.PR_SET_CHILD_SUBREAPER, 1)
        if self._walls.namespaces:
            setting = self._setting
            room.enter_namespaces(self._walls, limits, setting.readable, setting.reserved)
        elif self._walls.uid is not None:
            room.give_up_root(self._walls.uid)
        # last, because changing one's uid clears it
        self._follow_the_warm_process()

    def _follow_the_warm_process(self) -> None:
        """End with it: with namespaces the task then ends too, else it is ended first."""
        if self._walls.namespaces:
            _linux.prctl(_linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        else:
            signal.signal(signal.SIGTERM, self._abandon)
            _linux.prctl(_linux.PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != self._warm:  # it ended before it could be followed
            os._exit(_SETUP_FAILED)

    def _abandon(self, *_: object) -> NoReturn:
        _end_descendants()
        os._exit(_SETUP_FAILED)

    def _watch(self, task: _Task, channel: int) -> None:
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            self._report.close()
            os.close(told)
            task.run(channel, tell)
        os.close(tell)
        os.close(channel)
        process = os.pidfd_open(child)
        send_packet(self._report, {"started": child}, [process])
        os.close(process)
        _, status, usage = os.wait4(child, 0)
        if not self._walls.namespaces:  # there, nothing outlives its process 1
            _end_descendants()
        ended: dict[str, Any] = {
            "ended": os.waitstatus_to_exitcode(status),
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_mb": usage.ru_maxrss / 1024,
        }
        if problem := os.read(told, 1 << 14):
            ended["failed"] = problem.decode(errors="replace")
        send_packet(self._report, ended, [])


class _Task:
    """The task's own process, from its first line to its last."""

    def __init__(self, setting: Setting, name: str, limits: Limits, work: Path) -> None:
        self._setting = setting
        self._name = name
        self._limits = limits
        self._work = work

    def run(self, channel: int, tell: int) -> NoReturn:
        """What goes wrong before the task begins is told to the guard through `tell`."""
        code = _SETUP_FAILED
        try:
            self._wall_in(channel, tell)
            task = self._load()
            os.close(tell)
            code = 1
            task(Line(socket.socket(fileno=channel)))
            code = 0
        except BaseException:  # the process must end here whatever the task raised
            if code == _SETUP_FAILED:
                os.write(tell, traceback.format_exc()[-4000:].encode(errors="replace"))
        os._exit(code)

    def _wall_in(self, channel: int, tell: int) -> None:
        walls = self._setting.walls
        _linux.prctl(_linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        if _hung_up(tell):  # the guard ended before that
            os._exit(_SETUP_FAILED)
        os.setsid()
        if walls.namespaces:
            room.mount_proc()
        _silence(keep=(channel, tell))
        os.chdir(self._work)
        os.environ["HOME"] = str(self._work)
        os.environ["TMPDIR"] = "/tmp" if walls.namespaces else str(self._work)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        # let through between the steps of a task only, see Line
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, signal.default_int_handler)
        room.lock(walls, self._limits, self._setting.readable, self._work)

    def _load(self) -> Callable[[Line], None]:
        """Behind the walls already: an import may start threads, which they would not hold."""
        module, _, function = self._name.partition(":")
        task: Callable[[Line], None] = getattr(importlib.import_module(module), function)
        return task


def _work(walls: Walls, message: dict[str, Any]) -> Path:
    return house.HOME if walls.namespaces else Path(message["work"])


def _end_descendants() -> None:
    """Kill and reap every process below this one; stopped first, they cannot fork away from it."""
    while descendants(os.getpid()):
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in descendants(os.getpid()):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.001)


def _hung_up(pipe: int) -> bool:
    poll = select.poll()
    poll.register(pipe, 0)
    return bool(poll.poll(0))


def _silence(keep: Sequence[int]) -> None:
    """Close every inherited file but `keep`; standard streams lead nowhere."""
    nowhere = os.open("/dev/null", os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    last = 3
    for handle in sorted(keep):
        os.closerange(last, handle)
        last = handle + 1
    os.closerange(last, _HIGHEST_HANDLE)
