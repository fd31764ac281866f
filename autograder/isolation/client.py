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
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from autograder.isolation import _folders, cgroups, house
from autograder.isolation._packets import close_all, receive_packet, send_packet
from autograder.isolation.limits import Ending, IsolationError, Limits, WarmProcessDied
from autograder.isolation.run import Receive, Run
from autograder.isolation.walls import Walls

_START_TIMEOUT_S = 300.0
# The setting goes over the line: a command line can be read by every user, and by every task.
_BOOT = """
import json, socket, sys
control = socket.socket(fileno=int(sys.argv.pop()))
setting = json.loads(control.recv(1 << 20))
sys.path[:] = setting["path"]
from autograder.isolation.warm import start
start(control, setting)
"""


class WarmProcess:
    """A process that has imported what tasks need, and forks a walled-in child for each.

    preload: modules to import, or "module:function" to call, before the first task.
    readable: files and directories that tasks may read beside the system and Python.
    hidden: files and directories that they must not see even where `readable` or Python's prefix
        holds them; what `readable` names below a hidden directory is seen all the same.
    reserved: files and directories that only a task run with `reserved=True` sees, read-only;
        other tasks see nothing of them, nor of what `readable` names below or through a link to
        them. Like `readable`, seen below a hidden directory, and passed over where there is none
        when the process starts (but not shown to the others should it come up in `readable`).
        Landlock alone lets everybody ask for the size of a file whose name they know. NO_WALLS
        keep nothing from anybody.
    environment: what tasks find in os.environ beside PATH, LANG, HOME and USER.

    Raises IsolationError where it cannot be started behind these walls.
    """

    def __init__(
        self,
        preload: Sequence[str],
        walls: Walls,
        *,
        readable: Sequence[Path] = (),
        hidden: Sequence[Path] = (),
        reserved: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if sys.platform != "linux":
            raise IsolationError("tasks run on Linux only (on Windows: in WSL)")
        self.walls = walls
        self._numbers = itertools.count(1)
        self._sending = threading.Lock()
        self._reports: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._dispatcher = threading.Thread(target=self._dispatch, daemon=True)
        _clear_away(walls)
        with contextlib.ExitStack() as undo:
            self._root = _folders.make()
            undo.callback(_folders.remove, self._root)
            home = house.HOME if walls.namespaces else Path(self._root)
            self._errors = undo.enter_context(tempfile.TemporaryFile())
            found = _environment(home) | dict(environment or {})
            for_all, for_some = _readable(walls, readable, hidden, reserved)
            self._control, self._process = self._launch(found)
            undo.callback(self._control.close)
            undo.callback(self._stop)
            self._wait_until_ready(
                {
                    "preload": list(preload),
                    "walls": _as_json(walls),
                    "readable": list(map(str, for_all)),
                    "reserved": list(map(str, for_some)),
                    "hidden": [str(path.resolve()) for path in hidden],
                    "root": self._root,
                    "environment": found,
                    "parent": os.getpid(),
                    "path": [str(Path(entry).absolute()) for entry in sys.path],
                }
            )
            if walls.namespaces:  # the house stands elsewhere now
                _folders.remove(self._root)
            self._undo = undo.pop_all()
        self._dispatcher.start()

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
        self,
        task: str,
        parcel: Mapping[str, bytes],
        limits: Limits,
        receive: Receive,
        *,
        reserved: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Ending:
        """Run "module:function" behind the walls; `receive` gets each piece it sends, in order.

        reserved: whether the task may read what is reserved; never for what a student wrote.
        environment: what this task finds in os.environ instead of, or beside, what all find; a
        library that the warm process has imported may have read its own before.
        Whatever the task does ends as an Ending. Raises IsolationError where it could not begin,
        and what `receive` raises; the task is dead then too.
        """
        run = Run(self, task, limits, receive, reserved, environment or {})
        try:
            return run.until_it_ends(parcel)
        finally:
            run.close()

    def close(self) -> None:
        """Stop the warm process and whatever task is still at work."""
        self._undo.close()

    def start_task(
        self, message: dict[str, Any], handles: Sequence[int]
    ) -> tuple[int, queue.SimpleQueue[dict[str, Any]]]:
        """For Run: send a task on its way; its number, and where its reports will come in."""
        number = next(self._numbers)
        report: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._reports[number] = report
        try:
            with self._sending:
                send_packet(self._control, message | {"id": number}, handles)
        except OSError as error:
            self.forget(number)
            raise WarmProcessDied("the warm process is gone") from error
        return number, report

    def forget(self, number: int) -> None:
        """For Run: no more reports of this task are wanted."""
        self._reports.pop(number, None)

    def _launch(
        self, environment: Mapping[str, str]
    ) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-I", "-c", _BOOT, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                start_new_session=True,
            )
        return ours, process

    def _wait_until_ready(self, setting: dict[str, Any]) -> None:
        self._control.settimeout(_START_TIMEOUT_S)
        try:
            send_packet(self._control, setting, [])
            ready = receive_packet(self._control) is not None
        except OSError:
            ready = False
        self._control.settimeout(None)
        if not ready:
            if self._was_killed():
                raise WarmProcessDied("the warm process was killed while it started")
            raise IsolationError(f"the warm process could not start: {self._last_words()}")

    def _was_killed(self) -> bool:
        """Whether a signal ended it; waits a moment for one that has closed its line."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)
        return (self._process.returncode or 0) < 0

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
                close_all(handles)
        for report in list(self._reports.values()):
            report.put({"gone": None, "handles": []})

    def _stop(self) -> None:
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._dispatcher.is_alive():
            self._dispatcher.join()


def _clear_away(walls: Walls) -> None:
    """What is left of processes that were killed before they could."""
    _folders.sweep()
    if walls.cgroup is not None:
        cgroups.sweep(walls.cgroup)


def _readable(
    walls: Walls, extra: Sequence[Path], hidden: Sequence[Path], reserved: Sequence[Path]
) -> tuple[Iterable[Path], Iterable[Path]]:
    """What all tasks may read, and what only those may that are run with `reserved=True`."""
    names = [] if walls.namespaces else [Path("/etc/passwd"), Path("/etc/group")]  # a house has its
    kept = {path.resolve() for path in reserved}
    shown = set(house.visible([*names, *extra, *reserved]))
    for_some = {path for path in shown if any(map(path.resolve().is_relative_to, kept))}
    if walls.namespaces:
        return shown - for_some, for_some | kept
    covered = {path.resolve() for path in hidden}
    for_all = house.apart(shown - for_some, covered | kept)
    return for_all, house.apart(for_some, covered)


def _as_json(walls: Walls) -> dict[str, Any]:
    return dataclasses.asdict(walls) | {"cgroup": walls.cgroup and str(walls.cgroup)}


def _environment(home: Path) -> dict[str, str]:
    """What a warm process and its tasks find in os.environ: nothing of whoever started them."""
    driver = {"LD_LIBRARY_PATH": str(house.DRIVER)} if house.DRIVER.is_dir() else {}
    return {
        **driver,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "USER": "student",
        "LOGNAME": "student",
    }
