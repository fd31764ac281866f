"""One task from the parent's side: its parcel goes out, frames come in, limits are held."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import queue
import select
import signal
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.isolation import _folders, cgroups, watchdog
from autograder.isolation._packets import close_all
from autograder.isolation.frames import (
    DATA,
    STEP_BEGINS,
    STEP_ENDS,
    Decoder,
    FloodError,
    Frame,
    encode,
)
from autograder.isolation.limits import (
    GRACE_S,
    Ending,
    How,
    IsolationError,
    Limits,
    WarmProcessDied,
)
from autograder.isolation.walls import Walls

if TYPE_CHECKING:
    from autograder.isolation.client import WarmProcess

Receive = Callable[[str, bytes], None]
_SETUP_TIMEOUT_S = 120.0  # until a task has begun, and from its death to the guard's report
_TICK_S = 0.25
_CHUNK = 1 << 18


class Run:
    """One task, from its parcel to its ending. Raises IsolationError where it cannot begin."""

    def __init__(
        self,
        warm: WarmProcess,
        task: str,
        limits: Limits,
        receive: Receive,
        reserved: bool,
        environment: Mapping[str, str],
    ) -> None:
        self._walls = warm.walls
        self._limits = limits
        self._receive = receive
        self._verdict: tuple[How, str] | None = None
        self._step_began: float | None = None
        self._step = ""
        self._asked = False
        self._interrupted = 0
        self._is_over = False  # no more reports will come
        self._undo = contextlib.ExitStack()
        try:
            self._begin(
                warm, {"task": task, "reserved": reserved, "environment": dict(environment)}
            )
        except OSError as error:
            self.close()
            raise IsolationError(f"a wall could not be built: {error}") from error
        except BaseException:
            self.close()
            raise

    def until_it_ends(self, parcel: Mapping[str, bytes]) -> Ending:
        self._listen(_Parcel(self._channel, parcel))
        return self._ending(self._next_report("ended"))

    def close(self) -> None:
        self._undo.close()

    def _begin(self, warm: WarmProcess, wanted: dict[str, Any]) -> None:
        self._work = None if self._walls.namespaces else _work_directory(self._walls)
        if self._work:
            self._undo.callback(_folders.remove, self._work)
        self._group = _make_group(self._walls, self._limits)
        if self._group:
            self._undo.callback(self._group.close)
        self._channel, theirs = socket.socketpair()
        self._undo.callback(self._channel.close)
        limits = dataclasses.asdict(self._limits)
        doors = self._group.doors if self._group else []
        self._began = time.monotonic()
        with theirs:
            message = {**wanted, "limits": limits, "work": self._work}
            number, self._report = warm.start_task(message, [theirs.fileno(), *doors])
        self._undo.callback(warm.forget, number)
        started = self._next_report("started")
        self._pid: int = started["started"]
        (self._process,) = started["handles"]  # a pidfd
        self._undo.callback(self._end)

    def _end(self) -> None:
        """Make sure that the task is dead, and its guard done with what it left behind."""
        self._signal(signal.SIGKILL)
        os.close(self._process)
        if not self._is_over:
            with contextlib.suppress(IsolationError):
                self._next_report("ended")

    def _next_report(self, key: str) -> dict[str, Any]:
        """The guard's report of that kind. "gone" instead: the guard was killed by its task."""
        while True:
            try:
                report = self._report.get(timeout=_SETUP_TIMEOUT_S)
            except queue.Empty:
                raise IsolationError("the guard of a task does not answer") from None
            self._is_over = "started" not in report
            if "failed" in report:
                close_all(report["handles"])
                raise IsolationError(f"a wall could not be built: {report['failed'].strip()}")
            if key in report:
                return report
            if report.get("gone") is not None and key == "ended":
                return report
            if "gone" in report:
                raise WarmProcessDied("the warm process died")

    def _listen(self, parcel: _Parcel) -> None:
        """Give, take and watch the limits until the task has ended and all is read."""
        self._channel.setblocking(False)
        decoder = Decoder(self._limits.outbox_mb << 20)
        tree = watchdog.Tree(
            self._pid, self._walls, self._limits, Path(self._work) if self._work else None
        )
        poll = select.poll()
        poll.register(self._channel, select.POLLIN | select.POLLOUT)
        poll.register(self._process, select.POLLIN)
        while True:
            events = dict(poll.poll(self._patience() * 1000))
            happened = events.get(self._channel.fileno(), 0)
            if happened & select.POLLOUT and not parcel.give():
                poll.modify(self._channel, select.POLLIN)
            if happened & ~select.POLLOUT and not self._take(decoder):
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

    @property
    def _step_s(self) -> float:
        """What the step at work may take."""
        return self._limits.steps_s.get(self._step, self._limits.step_s)

    def _patience(self) -> float:
        """Seconds until something must be looked at again."""
        now = time.monotonic()
        deadlines = [self._began + self._limits.wall_s]
        if self._step_began is not None:
            grace = GRACE_S if self._asked else 0.0
            deadlines.append(self._step_began + self._step_s + grace)
        return min(max(min(deadlines) - now, 0.0) + 0.01, _TICK_S)

    def _enforce(self, tree: watchdog.Tree) -> None:
        now = time.monotonic()
        limits = self._limits
        if now - self._began > limits.wall_s:
            self._kill("time", f"over {limits.wall_s:g} s in all")
        elif self._step_began is not None and now - self._step_began > self._step_s:
            if not self._asked:
                self._asked = True
                self._signal(signal.SIGINT)
            elif now - self._step_began > self._step_s + GRACE_S:
                self._kill("time", f"{self._step} over {self._step_s:g} s, and did not stop")
        if excess := tree.excess():
            self._kill(*excess)

    def _kill(self, how: How, detail: str) -> None:
        self._verdict = self._verdict or (how, detail)
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(self._process, number)

    def _ending(self, ended: dict[str, Any]) -> Ending:
        cpu_s, peak_mb = ended.get("cpu_s", 0.0), ended.get("peak_mb", 0.0)
        used = self._group.usage() if self._group else cgroups.Usage(peak_mb, False)
        how, detail = self._verdict or _explain(ended.get("ended"), cpu_s, used, self._limits)
        return Ending(
            how=how,
            detail=detail,
            wall_s=time.monotonic() - self._began,
            cpu_s=cpu_s,
            peak_mb=used.peak_mb or peak_mb,
            interrupted=self._interrupted,
        )


class _Parcel:
    """What a task is given, as fast as it takes it; a task that died takes no more."""

    def __init__(self, channel: socket.socket, pieces: Mapping[str, bytes]) -> None:
        self._channel = channel
        self._waiting: list[memoryview] = []
        for name, data in reversed(list(pieces.items())):
            header = encode(DATA, name, len(data))
            self._waiting += [memoryview(data), memoryview(header)]

    def give(self) -> bool:
        """Send what can be sent now; False when there is nothing left to give."""
        try:
            while self._waiting:
                sent = self._channel.send(self._waiting[-1], socket.MSG_NOSIGNAL)
                rest = self._waiting.pop()[sent:]
                if rest:
                    self._waiting.append(rest)
            self._channel.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            return True
        except OSError:
            self._waiting.clear()
        return False


def _explain(
    code: int | None, cpu_s: float, used: cgroups.Usage, limits: Limits
) -> tuple[How, str]:
    """Why a task ended that nobody here has killed; its exit code is None if its guard is gone."""
    if code == 0:
        return "done", ""
    if used.out_of_memory:
        return "memory", f"over {limits.memory_mb} MB of memory"
    if code is None:
        return "died", "killed together with its guard"
    if code in (-signal.SIGXCPU, -signal.SIGKILL) and cpu_s > 0.95 * limits.cpu_s:
        return "time", f"over {limits.cpu_s} s of processor time"
    if code < 0:
        return "died", f"killed by {_signal_name(-code)}"
    return "died", f"ended with exit code {code}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time one
        return f"signal {number}"


def _make_group(walls: Walls, limits: Limits) -> cgroups.Group | None:
    if walls.cgroup is None:
        return None
    return cgroups.Group(walls.cgroup, limits.memory_mb, limits.processes)


def _work_directory(walls: Walls) -> str:
    path = _folders.make()
    if walls.uid is not None:
        os.chown(path, walls.uid, walls.uid)
    return path
