"""Grades courses in forked children, on request; some kill themselves at a write.

Importing nbgrader takes seconds, a fork nothing. A request is a line of JSON on stdin, its answer a
line on stdout:

    {"course": DIR, "log": FILE, "kill_at": N or null}    {"pid": …}
    {"wait": PID}                                         {"code": …}   negative: killed by a signal

A child has no thread but its first when it begins, for this process has none.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from support import autograder

from autograder.execution.runs import Recorder, Run
from autograder.isolation import Ending, Limits

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_REMOVING = ("os.rename", "os.remove", "os.rmdir", "os.truncate")
_MAKING = ("os.mkdir", "os.link")


class Writes:
    """Counts what is about to be written below `course`; kills this process at the `last` write.

    A write is what another process would notice: a file that comes, goes, is renamed or emptied, a
    transaction that is committed. What lies between two of them is the same to whoever looks after
    a kill. (Content is written to new names only, which is a write of its own.)
    """

    def __init__(self, course: str, last: int | None) -> None:
        self.count = 0
        self._course = course
        self._last = last
        self._has_changes = False
        self._counting = threading.Lock()

    def watch(self) -> None:
        sys.addaudithook(self._audit)
        event.listen(Engine, "before_cursor_execute", self._execute)
        event.listen(Engine, "commit", self._commit)

    def _audit(self, name: str, arguments: tuple[Any, ...]) -> None:
        if name == "open" and isinstance(arguments[0], str):
            path, _, flags = arguments
            if flags & _WRITING and not _is_empty_file(path) and self._is_below(path):
                self._add()
        elif name in _MAKING:
            path = os.fsdecode(arguments[1 if name == "os.link" else 0])
            if self._is_below(path) and not os.path.exists(path):
                self._add()
        elif name in _REMOVING:
            path = _resolved(arguments)
            if self._is_below(path) and os.path.lexists(path):
                self._add()

    def _execute(self, *arguments: Any) -> None:
        statement: str = arguments[2]
        if statement.split(maxsplit=1)[0].upper() in ("INSERT", "UPDATE", "DELETE"):
            self._has_changes = True

    def _commit(self, _: object) -> None:
        if self._has_changes:
            self._has_changes = False
            self._add()

    def _is_below(self, path: str) -> bool:
        return path.startswith(self._course)

    def _add(self) -> None:
        with self._counting:
            self.count += 1
            if self.count == self._last:
                os.kill(os.getpid(), signal.SIGKILL)


def _is_empty_file(path: str) -> bool:
    return os.path.isfile(path) and not os.path.getsize(path)


def _resolved(arguments: tuple[Any, ...]) -> str:
    """The path that an event is about; shutil.rmtree gives a name and the folder that it is in."""
    name, folder = os.fsdecode(arguments[0]), arguments[-1]
    is_inside = isinstance(folder, int) and folder != -1 and not os.path.isabs(name)
    return os.path.join(os.readlink(f"/proc/self/fd/{folder}"), name) if is_inside else name


def measure_nothing() -> None:
    """What takes a while and how much differs from run to run: all is said to have taken nothing.

    So the same work leaves the same bytes.
    """
    finish = Recorder.finish

    def finished(
        self: Recorder, key: str, walls: str, limits: Limits, ending: Ending, gpu: str
    ) -> Run:
        ending = dataclasses.replace(ending, wall_s=0.0, cpu_s=0.0, peak_mb=0.0)
        return finish(self, key, walls, limits, ending, gpu)

    Recorder.finish = finished  # type: ignore[method-assign]


def grade(course: str, log: str, kill_at: int | None) -> None:
    """In the child: `autograder grade`; its exit code, text and number of writes go to `log`."""
    writes = Writes(course, kill_at)
    writes.watch()
    said = autograder("grade", "--workers", "1", course=Path(course))
    Path(log).write_text(json.dumps({"code": said.code, "text": said.text, "writes": writes.count}))


def answer(request: dict[str, Any]) -> dict[str, int]:
    if "wait" in request:
        return {"code": os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])}
    if pid := os.fork():
        return {"pid": pid}
    try:
        grade(**request)
    except BaseException as error:
        Path(request["log"]).write_text(json.dumps({"code": 9, "text": repr(error), "writes": 0}))
    finally:
        os._exit(0)


def main() -> None:
    assert threading.active_count() == 1
    measure_nothing()
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
