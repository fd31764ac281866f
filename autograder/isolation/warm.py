"""The warm process: imports what tasks need once, then forks a guard for each task (guard.py).

Runs in an interpreter of its own (see client.py), started with a cleared environment, in the house
(house.py), and never touches what a task produces. It talks to its parent over one socket of
packets.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
from pathlib import Path
from typing import Any

from autograder.isolation import _linux, house, room
from autograder.isolation._packets import close_all, receive_packet, send_packet
from autograder.isolation._processes import descendants
from autograder.isolation.guard import Guard, Setting
from autograder.isolation.walls import Walls


def start(control: socket.socket, message: dict[str, Any]) -> None:
    """Entry point of the new interpreter, which never returns; `message` is Setting as JSON."""
    walls = dict(message["walls"])
    walls["cgroup"] = Path(walls["cgroup"]) if walls["cgroup"] else None
    setting = Setting(
        preload=tuple(message["preload"]),
        walls=Walls(**walls),
        readable=tuple(map(Path, message["readable"])),
        reserved=tuple(map(Path, message["reserved"])),
        hidden=tuple(map(Path, message["hidden"])),
        root=Path(message["root"]),
        environment=dict(message["environment"]),
        parent=int(message["parent"]),
    )
    _prepare(setting)
    send_packet(control, {"ready": True}, [])
    _Warden(control, setting).serve()
    os._exit(0)  # guards learn it from the kernel; a framework's own farewell may take seconds


def _prepare(setting: Setting) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if setting.walls.namespaces:
        room.become_housekeeper()
        reserved = [path for path in setting.reserved if path.exists()]
        house.build([*setting.readable, *reserved], setting.root, setting.hidden)
    for name in setting.preload:
        _load(name)
    # What is imported stays: a collection in a child would copy every page that it looks at.
    gc.collect()
    gc.freeze()
    os.environ.clear()
    os.environ.update(setting.environment)
    # where there is no process namespace, what a task left behind becomes ours to end
    _linux.prctl(_linux.PR_SET_CHILD_SUBREAPER, 1)


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
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        # the end of the line is not enough: a process forked by the parent may hold it open
        self._parent = os.pidfd_open(setting.parent)
        self._poll.register(self._parent, select.POLLIN)

    def serve(self) -> None:
        """Until the parent hangs up or ends: fork for each task, tell how each ended."""
        while True:
            ready = {handle for handle, _ in self._poll.poll()}
            if self._parent in ready:
                return
            for handle in ready & set(self._guards):
                self._forward(handle)
            if self._control.fileno() in ready:
                if (packet := receive_packet(self._control)) is None:
                    return
                self._start(*packet)

    def _start(self, message: dict[str, Any], handles: list[int]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            pid = os.fork()
        except OSError as error:
            ours.close()
            self._tell({"id": message["id"], "failed": f"no process for it: {error}"}, [])
        else:
            if pid == 0:
                self._forget_all(ours)
                Guard(self._setting, theirs).stand(message, handles)
            self._guards[ours.fileno()] = (ours, message["id"], pid)
            self._poll.register(ours, select.POLLIN)
        theirs.close()
        close_all(handles)

    def _forget_all(self, ours: socket.socket) -> None:
        """In a new guard: close what is the warden's."""
        self._control.close()
        os.close(self._parent)
        for report in (ours, *(report for report, _, _ in self._guards.values())):
            report.close()

    def _forward(self, handle: int) -> None:
        """Pass a guard's report on; when it has no more to say, it is gone."""
        report, number, pid = self._guards[handle]
        if (packet := receive_packet(report)) is not None:
            message, handles = packet
            self._tell({"id": number, **message}, handles)
            close_all(handles)
            return
        self._poll.unregister(handle)
        report.close()
        del self._guards[handle]
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code and not self._setting.walls.namespaces:
            self._end_strays()
        self._tell({"id": number, "gone": code}, [])

    def _tell(self, message: dict[str, Any], handles: list[int]) -> None:
        with contextlib.suppress(ConnectionError):
            send_packet(self._control, message, handles)

    def _end_strays(self) -> None:
        """Kill what a guard that was killed itself could not."""
        guards = {pid for _, _, pid in self._guards.values()}
        watched = guards.union(*map(descendants, guards))
        for pid in set(descendants(os.getpid())) - watched:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in set(descendants(os.getpid())) - watched:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
