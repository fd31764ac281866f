"""What commands print: results as they come, how long the rest will take, tables, bars."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from autograder.engines import Item
from autograder.engines.schedule import Forecast
from autograder.engines.slots import Slots

if TYPE_CHECKING:  # they import nbgrader, which takes seconds
    from autograder.pipeline import Result
    from autograder.report.scores import StudentRow

out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, soft_wrap=True, highlight=False)


class Tally:
    """Counts results, and prints at once what needs a person."""

    def __init__(self) -> None:
        self.complaints = 0
        self._students: set[str] = set()
        self._executed = self._graded = self._notebooks = 0

    def add(self, result: Result) -> None:
        self._notebooks += 1
        self._students.add(result.hand_in.student)
        self._executed += result.executed
        self._graded += result.graded
        where = f"{result.hand_in.student}, {result.notebook}"
        for remark in result.remarks:
            self.complain(f"{where}: {remark}")
        for test in result.scores.tests:
            if test.needs_person and not result.remarks:
                self.complain(f"{where}, {test.grade_id}: {test.outcome}: {test.message}")

    def complain(self, line: str) -> None:
        self.complaints += 1
        err.print(line, markup=False)

    def summary(self) -> str:
        unchanged = self._notebooks - self._graded
        return (
            f"{len(self._students)} hand-ins, {self._notebooks} notebooks: {self._executed} run, "
            f"{self._graded} graded, {unchanged} unchanged; {self.complaints} need a person"
        )


def done_line(result: Result) -> str:
    tests = result.scores.tests
    earned, most = sum(test.points for test in tests), sum(test.max_points for test in tests)
    how = "run and graded" if result.executed else "graded" if result.graded else "unchanged"
    return f"{result.hand_in.student}, {result.notebook}: {how}, {earned:g} of {most:g} by tests"


@contextmanager
def progress_bar(items: Sequence[Item], slots: Slots, mixed: bool) -> Iterator[GradingProgress]:
    """A bar with the time left on a terminal, nothing elsewhere.

    mixed: whether what is unchanged comes in its turn, or first of all.
    """
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield GradingProgress(bar, items, slots, mixed)


class GradingProgress:
    """How far a grading has come, and how long the rest will take."""

    def __init__(self, bar: Progress, items: Sequence[Item], slots: Slots, mixed: bool) -> None:
        self._bar = bar
        self._task = bar.add_task("grading", total=len(items), left="")
        self._forecast = Forecast(
            items, slots=len(slots.plain), gpu_slots=len(slots.accelerated), mixed=mixed
        )
        self._began = time.monotonic()

    def finished(self, item: Item, result: Result) -> str:
        """One more is done; how long the rest will take, in words, or ""."""
        now_s = time.monotonic() - self._began
        self._forecast.finished(item, now_s, result.wall_s if result.executed else None)
        left_s = self._forecast.left_s(now_s)
        left = f"; about {duration(left_s)} left" if left_s >= 1 else ""
        self._bar.update(self._task, advance=1, left=left.removeprefix("; "))
        return left


def duration(seconds: float) -> str:
    """Such as "40 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


@contextmanager
def download_bar(name: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar with the speed and the time left on a terminal, nothing elsewhere."""
    columns = (
        TextColumn(name),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def say(line: str) -> None:
    if err.is_terminal:
        err.print(line, markup=False)


def tell(line: str) -> None:
    """What takes minutes is told at once, wherever that is written to."""
    err.print(line, markup=False)


def score_table(rows: Sequence[StudentRow]) -> Table:
    names = ["student", "tests", "marked", "late_penalty", "total", "max_points", "waiting"]
    table = Table(*names)
    for row in rows:
        values = {name: getattr(row, name) for name in names}
        shown = {n: f"{v:g}" if isinstance(v, float) else str(v) for n, v in values.items()}
        if row.bonus:
            shown["total"] += f" (+{row.bonus:g} bonus)"
        table.add_row(*shown.values())
    return table
