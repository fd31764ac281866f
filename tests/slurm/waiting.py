"""Waiting for what really happens; the deadline, far off, is there to tell what did not."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Seen = TypeVar("Seen")

DEADLINE_S = 120.0  # on a machine that has much else to do, Slurm takes its time


def wait_for(
    look: Callable[[], Seen | None],
    what: str,
    deadline_s: float = DEADLINE_S,
    every_s: float = 0.1,
) -> Seen:
    """What `look` returns as soon as it is true. Raises TimeoutError naming `what`, and the last
    look, when it has not become true in `deadline_s`."""
    end = time.monotonic() + deadline_s
    while not (seen := look()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {deadline_s:.0f} s for {what}; the last look saw {seen!r}")
        time.sleep(every_s)
    return seen


def wait_for_lines(path: Path, count: int) -> list[str]:
    """The lines of `path` once there are `count` or more."""

    def look() -> list[str]:
        lines = path.read_text().splitlines() if path.is_file() else []
        return lines if len(lines) >= count else []

    return wait_for(look, f"{count} lines in {path}")
