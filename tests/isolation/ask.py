"""How the tests put a question to a walled-in process."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.isolation import Ending, Limits, Walls, WarmProcess

PRELOAD = ("isolation.tasks",)
HERE = Path(__file__).parent
SMALL = Limits(
    wall_s=20, step_s=10, memory_mb=256, disk_mb=16, file_mb=8, processes=64, outbox_mb=4
)


@dataclass(frozen=True)
class Told:
    """What came of a run: its ending and the pieces that it sent, in order."""

    ending: Ending
    pieces: tuple[tuple[str, bytes], ...]

    @property
    def found(self) -> Any:
        """What `code.py` left in `found`; fails the test where nothing came."""
        sent = dict(self.pieces)
        assert "found" in sent, self.ending
        return json.loads(sent["found"])

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.pieces]


def start(walls: Walls, **settings: Any) -> WarmProcess:
    """A warm process that knows the tests' tasks."""
    readable = [HERE, *settings.pop("readable", ())]
    preload = [*PRELOAD, *settings.pop("preload", ())]
    return WarmProcess(preload, walls, readable=readable, **settings)


def run(
    warm: WarmProcess,
    task: str,
    parcel: Mapping[str, bytes] | None = None,
    *,
    reserved: bool = False,
    environment: Mapping[str, str] | None = None,
    **limits: Any,
) -> Told:
    """Run one of the tests' tasks within SMALL limits."""
    pieces: list[tuple[str, bytes]] = []
    ending = warm.run(
        f"isolation.tasks:{task}",
        parcel or {},
        replace(SMALL, **limits),
        lambda name, data: pieces.append((name, data)),
        reserved=reserved,
        environment=environment,
    )
    return Told(ending, tuple(pieces))


def ask(warm: WarmProcess, code: str, **limits: Any) -> Told:
    """Run `code` in a task."""
    return run(warm, "answer", {"code.py": code.encode()}, **limits)


def find(warm: WarmProcess, code: str, **limits: Any) -> Any:
    """What `code` leaves in `found`."""
    return ask(warm, code, **limits).found


def own_path() -> list[str]:
    """sys.path for a process that is to import these helpers."""
    return [str(HERE.parent), *sys.path]


def anyone_called(mark: str) -> bool:
    """Whether a process with `mark` on its command line lives, waiting a little for its end."""
    deadline = time.monotonic() + 3
    while found := called(mark):
        if time.monotonic() > deadline:
            return found
        time.sleep(0.01)
    return False


def called(mark: str) -> bool:
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark.encode() in place.read_bytes():
                return True
    return False
