"""How long a class's notebooks ran, from run.json and cells.jsonl."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from autograder.execution.runs import load_run
from autograder.report.class_report.outcomes import MOST_NAMES
from autograder.report.class_report.spread import Spread

_WALL_S = re.compile(rb'"wall_s": ([0-9.e+-]+), "updates": ')
_TAIL = 4096  # bytes of a line that are looked at: a line may be as long as a student makes it


@dataclass
class Times:
    """One notebook in the class. Seconds of wall clock and of processors; MB at the peak.

    gpu_s: of the wall clock, on a GPU.
    """

    wall_s: Spread = field(default_factory=Spread)
    cpu_s: Spread = field(default_factory=Spread)
    peak_mb: Spread = field(default_factory=Spread)
    longest_cell_s: Spread = field(default_factory=Spread)
    gpu_s: float = 0.0
    interrupted: int = 0  # notebooks in which a cell ran over time
    stopped: Counter[str] = field(default_factory=Counter)  # by reason
    stopped_names: list[str] = field(default_factory=list)

    def take(self, student: str, folder: Path) -> None:
        """Add the run in `folder`, if anything ran there."""
        run = load_run(folder)
        if run is None or run.ending is None:
            return
        self.wall_s.add(run.ending.wall_s)
        self.cpu_s.add(run.ending.cpu_s)
        self.peak_mb.add(run.ending.peak_mb)
        self.gpu_s += run.ending.wall_s if run.gpu else 0.0
        self.interrupted += run.ending.interrupted > 0
        if run.stopped:
            self.stopped[run.stopped] += 1
            if len(self.stopped_names) < MOST_NAMES:
                self.stopped_names.append(student)
        seconds = list(_cells_s(folder / "cells.jsonl"))
        if seconds:
            self.longest_cell_s.add(max(seconds))


def _cells_s(path: Path) -> Iterator[float]:
    """The seconds of each cell that ended, without reading what it put out."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        for tail in _tails(file):
            if found := _WALL_S.findall(tail):
                with contextlib.suppress(ValueError):
                    yield float(found[-1])


def _tails(file: BinaryIO) -> Iterator[bytes]:
    """The end of each line; no more than a part of it is in memory."""
    tail = b""
    while part := file.readline(1 << 20):
        tail = (tail + part)[-_TAIL:]
        if part.endswith(b"\n"):
            yield tail
            tail = b""
