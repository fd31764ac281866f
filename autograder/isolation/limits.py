"""What a walled-in task may use, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GRACE_S = 5.0  # between an interrupt and the kill that follows it


class IsolationError(RuntimeError):
    """The walls could not be built, or the warm process is gone: nobody's answer is to blame."""


@dataclass(frozen=True)
class Limits:
    """What one task may use. Seconds are wall-clock unless the name says otherwise.

    step_s is for each step that the task announces (for a notebook: a cell); a step over its time
    is interrupted, and what does not stop within GRACE_S is killed.
    """

    wall_s: float = 600.0
    step_s: float = 120.0
    cpu_s: int = 3600
    memory_mb: int = 4096
    disk_mb: int = 1024  # the work directory; /tmp and /dev/shm may each hold as much
    file_mb: int = 512  # a single file
    processes: int = 512  # and threads
    outbox_mb: int = 512  # what the task may send back


How = Literal["done", "time", "memory", "disk", "flooded", "died"]


@dataclass(frozen=True)
class Ending:
    """How a task ended, and what it used.

    how: done (the task returned), time (killed at its deadline), memory (killed over its memory),
        flooded (killed for sending more than it may), died (the process ended by itself).
    interrupted: steps that ran over their time and stopped when asked to.
    """

    how: How
    detail: str
    wall_s: float
    cpu_s: float
    peak_mb: float
    interrupted: int = 0
