"""What a walled-in task may use, where, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

GRACE_S = 5.0  # between an interrupt and the kill that follows it


class IsolationError(RuntimeError):
    """The walls could not be built, or the warm process is gone: nobody's answer is to blame."""


class WarmProcessDied(IsolationError):  # noqa: N818
    """The warm process was killed, and what it was at work on with it: another may do it."""


@dataclass(frozen=True)
class Limits:
    """What one task may use. Seconds are wall-clock unless the name says otherwise.

    step_s is for each step that the task announces (for a notebook: a cell), unless steps_s has
    another time for its name; a step over its time is interrupted, and what does not stop within
    GRACE_S is killed.
    """

    wall_s: float = 600.0
    step_s: float = 120.0
    cpu_s: int = 3600
    memory_mb: int = 4096
    disk_mb: int = 1024  # the work directory; /tmp and /dev/shm may each hold as much
    file_mb: int = 512  # a single file
    processes: int = 512  # and threads
    outbox_mb: int = 512  # what the task may send back
    steps_s: Mapping[str, float] = field(default_factory=dict)  # by the step's name


@dataclass(frozen=True)
class Slot:
    """Where one task is at work at a time: a GPU ("" for none) and what is told of the place.

    environment: what the task finds in os.environ beside what all find. memory_fraction: of the
    GPU's memory, in (0, 1]; 1 where the task has the GPU to itself.
    """

    gpu: str = ""
    memory_fraction: float = 1.0
    environment: Mapping[str, str] = field(default_factory=dict)


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
