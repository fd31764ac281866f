"""The parent's end: start a warm process, give it tasks, take what they send, hold them to limits.

    with WarmProcess(preload=["numpy"], walls=survey()) as warm:
        ending = warm.run("package.module:task", {"question.json": b"..."}, Limits(), receive)

A task is a function of one argument, the `Line` on which it finds its parcel and sends its data.
`run` may be called from several threads at once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import queue
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from autograder.isolation import cgroups, house, watchdog
from autograder.isolation.frames import (
    DATA,
    STEP_BEGINS,
    STEP_ENDS,
    Decoder,
    FloodError,
    Frame,
    encode,
)
from autograder.isolation.limits import GRACE_S, Ending, How, Limits
from autograder.isolation.walls import Walls
from autograder.isolation.warm import receive_packet, send_packet

Receive = Callable[[str, bytes], None]
_START_TIMEOUT_S = 300.0
_TICK_S = 0.25
_CHUNK = 1 << 18
_BOOT = (
    "import sys, json; handle, path, setting = sys.argv[1:]; sys.path[:] = json.loads(path);"
    "from autograder.isolation.warm import start; start(int(handle), json.loads(setting))"
)


class IsolationError(RuntimeError):
    """The walls could not be built, or the warm process is gone: nobody's answer is to blame."""


class WarmProcess:
    """A process that has imported what tasks need, and forks a walled-in child for each.

    preload: modules to import, or "module:function" to call, before the first task.
    readable: files and directories that tasks may read beside the system and Python.
    hidden: directories that they must not see even where `readable` or Python's prefix holds them.
    environment: what tasks find in os.environ beside PATH, LANG, HOME and USER.
    """

    def __init__(
        self,
        preload: Sequence[str],
        walls: Walls,
        *,
        readable: Sequence[Path] = (),
        hidden: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.walls = walls
        self._root = tempfile.mkdtemp(prefix="autograder-house-")
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        setting = {
            "preload": list(preload),
            "walls": dataclasses.asdict(walls) | {"cgroup": walls.cgroup and str(walls.cgroup)},
            "readable": [str(path) for path in house.visible(readable)],
            "hidden": [str(path) for path in hidden],
            "root": self._root,
            "environment": _environment() | dict(environment or {}),
        }
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self._process = self._launch(theirs, setting, environment or {})
        theirs.close()
        self._numbers = itertools.count(1)
        self._sending = threading.Lock()
        self._reports: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._wait_until_ready()
        threading.Thread(target=self._dispatch, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def run(
        self, task: str, parcel: Mapping[str, bytes], limits: Limits, receive: Receive
    ) -> Ending:
        """Run "module:function" behind the walls; `receive` gets each piece it sends, in order.

        Whatever the task does ends as an Ending. Raises IsolationError where it could not begin.
        """
        run = _Run(self, task, limits, receive)
        try:
            return run.until_it_ends(parcel)
        finally:
            run.close()

    def close(self) -> None:
        """Stop the warm process and whatever task is still at work."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._control.close()
        self._errors.close()
        shutil.rmtree(self._root, ignore_errors=True)

    def _launch(
        self, theirs: socket.socket, setting: dict[str, Any], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        arguments = [str(theirs.fileno()), json.dumps(sys.path), json.dumps(setting)]
        return subprocess.Popen(
            [sys.executable, "-I", "-c", _BOOT, *arguments],
            pass_fds=[theirs.fileno()],
            env=_environment() | dict(environment),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            start_new_session=True,
        )

    def _wait_until_ready(self) -> None:
        self._control.settimeout(_START_TIMEOUT_S)
        packet = receive_packet(self._control)
        self._control.settimeout(None)
        if packet is None:
            said = self._last_words()
            self.close()
            raise IsolationError(f"the warm process could not start: {said}")

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def _dispatch(self) -> None:
        """Hand each report to the run that waits for it; tell all when the process is gone."""
        while (packet := receive_packet(self._control)) is not None:
            message, handles = packet
            if (report := self._reports.get(message["id"])) is not None:
                report.put(message | {"handles": handles})
            else:
                _close_all(handles)
        for report in list(self._reports.values()):
            report.put({"gone": None, "handles": []})

    def start_task(
        self, message: dict[str, Any], handles: list[int]
    ) -> tuple[int, queue.SimpleQueue[dict[str, Any]]]:
        number = next(self._numbers)
        report: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._reports[number] = report
        try:
            with self._sending:
                send_packet(self._control, message | {"id": number}, handles)
        except OSError as error:
            raise IsolationError(f"the warm process is gone: {self._last_words()}") from error
        return number, report

    def forget(self, number: int) -> None:
        self._reports.pop(number, None)


class _Run:
    """One task, from its parcel to its ending."""

    def __init__(self, warm: WarmProcess, task: str, limits: Limits, receive: Receive) -> None:
        self._warm = warm
        self._limits = limits
        self._receive = receive
        self._work = None if warm.walls.namespaces else _work_directory(warm.walls)
        self._group = _make_group(warm.walls, limits)
        self._channel, theirs = socket.socketpair()
        message = {"task": task, "limits": dataclasses.asdict(limits), "work": self._work}
        doors = self._group.doors if self._group else []
        self._began = time.monotonic()
        self._number, self._report = warm.start_task(message, [theirs.fileno(), *doors])
        theirs.close()
        self._process: int | None = None  # a pidfd
        self._verdict: tuple[How, str] | None = None
        self._step_began: float | None = None
        self._step = ""
        self._asked = False
        self._interrupted = 0

    def until_it_ends(self, parcel: Mapping[str, bytes]) -> Ending:
        started = self._next_report("started")
        self._process = started["handles"][0]
        self._pid = started["started"]
        self._send(parcel)
        self._listen()
        ended = self._next_report("ended")
        return self._ending(ended)

    def close(self) -> None:
        self._warm.forget(self._number)
        self._channel.close()
        if self._process is not None:
            self._signal(signal.SIGKILL)
            os.close(self._process)
        if self._group:
            self._group.close()
        if self._work:
            shutil.rmtree(self._work, ignore_errors=True)

    def _next_report(self, key: str) -> dict[str, Any]:
        while True:
            report = self._report.get()
            if "failed" in report:
                _close_all(report["handles"])
                raise IsolationError(f"a wall could not be built: {report['failed'].strip()}")
            if key in report:
                return report
            if "gone" in report:
                raise IsolationError("the warm process died")

    def _send(self, parcel: Mapping[str, bytes]) -> None:
        """The parcel, as fast as the task takes it; a task that died takes no more."""
        self._channel.settimeout(self._limits.wall_s)
        with contextlib.suppress(OSError):
            for name, data in parcel.items():
                self._channel.sendall(encode(DATA, name, len(data)))
                self._channel.sendall(data)
            self._channel.shutdown(socket.SHUT_WR)

    def _listen(self) -> None:
        """Take frames and watch the limits until the process has ended and all is read."""
        assert self._process is not None
        self._channel.setblocking(False)
        decoder = Decoder(self._limits.outbox_mb << 20)
        tree = watchdog.Tree(self._pid) if self._group is None else None
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        poll.register(self._process, select.POLLIN)
        while True:
            events = dict(poll.poll(self._patience() * 1000))
            if self._channel.fileno() in events and not self._take(decoder):
                poll.unregister(self._channel)
            if self._process in events:
                while self._take(decoder):
                    pass
                return
            self._enforce(tree)

    def _take(self, decoder: Decoder) -> bool:
        """Read what is there; False at the end (or, for now, of it)."""
        try:
            chunk = self._channel.recv(_CHUNK)
        except OSError:
            return False
        if not chunk:
            return False
        try:
            for frame in decoder.feed(chunk):
                self._handle(frame)
        except FloodError as error:
            self._kill("flooded", str(error))
            return False
        return True

    def _handle(self, frame: Frame) -> None:
        if frame.kind == DATA:
            self._receive(frame.name, frame.data)
        elif frame.kind == STEP_BEGINS:
            self._step_began, self._step, self._asked = time.monotonic(), frame.name, False
        elif frame.kind == STEP_ENDS:
            self._interrupted += self._asked
            self._step_began, self._asked = None, False

    def _patience(self) -> float:
        """Seconds until something must be looked at again."""
        now = time.monotonic()
        deadlines = [self._began + self._limits.wall_s]
        if self._step_began is not None:
            grace = GRACE_S if self._asked else 0.0
            deadlines.append(self._step_began + self._limits.step_s + grace)
        return min(max(min(deadlines) - now, 0.0) + 0.01, _TICK_S)

    def _enforce(self, tree: watchdog.Tree | None) -> None:
        now = time.monotonic()
        limits = self._limits
        if now - self._began > limits.wall_s:
            self._kill("time", f"over {limits.wall_s:g} s in all")
        elif self._step_began is not None and now - self._step_began > limits.step_s:
            if not self._asked:
                self._asked = True
                self._signal(signal.SIGINT)
            elif now - self._step_began > limits.step_s + GRACE_S:
                self._kill("time", f"{self._step} over {limits.step_s:g} s, and did not stop")
        if tree is not None and (excess := tree.excess(limits)):
            self._kill("memory", excess)

    def _kill(self, how: How, detail: str) -> None:
        self._verdict = self._verdict or (how, detail)
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(self._process, number)

    def _ending(self, ended: dict[str, Any]) -> Ending:
        used = self._group.usage() if self._group else cgroups.Usage(ended["peak_mb"], False)
        how, detail = self._verdict or _explain(ended["ended"], used, self._limits)
        return Ending(
            how=how,
            detail=detail,
            wall_s=time.monotonic() - self._began,
            cpu_s=ended["cpu_s"],
            peak_mb=used.peak_mb or ended["peak_mb"],
            interrupted=self._interrupted,
        )


def _explain(code: int, used: cgroups.Usage, limits: Limits) -> tuple[How, str]:
    if code == 0:
        return "done", ""
    if used.out_of_memory:
        return "memory", f"over {limits.memory_mb} MB of memory"
    if code == -signal.SIGXCPU:
        return "time", f"over {limits.cpu_s} s of processor time"
    if code < 0:
        return "died", f"killed by {signal.Signals(-code).name}"
    return "died", f"ended with exit code {code}"


def _environment() -> dict[str, str]:
    """What a warm process and its tasks find in os.environ: nothing of whoever started them."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "HOME": str(house.HOME),
        "USER": "student",
        "LOGNAME": "student",
    }


def _make_group(walls: Walls, limits: Limits) -> cgroups.Group | None:
    if walls.cgroup is None:
        return None
    return cgroups.Group(walls.cgroup, limits.memory_mb, limits.processes)


def _work_directory(walls: Walls) -> str:
    path = tempfile.mkdtemp(prefix="autograder-room-")
    if walls.uid is not None:
        os.chown(path, walls.uid, walls.uid)
    return path


def _close_all(handles: Sequence[int]) -> None:
    for handle in handles:
        os.close(handle)
