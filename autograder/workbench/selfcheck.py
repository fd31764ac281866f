"""`autograder check`: a student's notebook, run from top to bottom, and what its tests say.

Its cells run in a kernel of their own, in the notebook's folder, with the Python that the command
belongs to. The file is not touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import UserError
from autograder.workbench import handed_out
from autograder.workbench.cards import Card, number
from autograder.workbench.overview import summary

Say = Callable[[str], None]

PASSED, FAILED, INTERRUPTED = 0, 1, 130
CELL_TIMEOUT_S = 600


@dataclass(frozen=True)
class Tested:
    """A question: its test cell, and what became of it. card: None where it has no scorecard."""

    grade_id: str
    card: Card | None
    error: str

    @property
    def passes(self) -> bool:
        return not self.error and (self.card is None or self.card.passes)

    def lines(self, verbose: bool) -> Iterator[str]:
        if self.error:
            yield f"✗ {self.grade_id}: {self.error}"
        elif self.card is None:
            yield f"✓ {self.grade_id}: passed, as far as it can be seen"
        else:
            yield from self.card.lines(verbose=verbose)


def check(path: Path, say: Say, *, timeout_s: int = CELL_TIMEOUT_S, verbose: bool = False) -> int:
    """Run the notebook at `path`; say each question's card as soon as it is known, then a summary.

    timeout_s: for one cell; 0: none. A cell's own, in its metadata, comes first. verbose: also the
    checks that passed, and whole tracebacks.

    Returns 0 where every visible test passes and no cell fails, 1 otherwise, 130 when interrupted.
    Raises UserError where there is nothing that could be run.
    """
    notebook = handed_out.read(path)
    try:
        from autograder.workbench.kernel import Kernel
    except ImportError as error:
        raise UserError(handed_out.MISSING.format(module=error.name)) from None
    run = _Run(notebook, Kernel(notebook, path.resolve().parent, timeout_s), say, verbose)
    try:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(run.through())
    except KeyboardInterrupt:
        say(f"interrupted in {run.place}; what is said above holds")
        return INTERRUPTED
    return run.finish()


class _Run:
    """One way through a notebook."""

    def __init__(self, notebook: Any, kernel: Any, say: Say, verbose: bool) -> None:
        self._notebook = notebook
        self._kernel = kernel
        self._say = say
        self._verbose = verbose
        self._tested: list[Tested] = []
        self._failed = False
        self.place = "the start of its kernel"

    async def through(self) -> None:
        """Run the cells one after the other; go on after one that fails, as grading does."""
        for line in handed_out.changes(self._notebook):
            self._fail(line)
        async with self._kernel:
            for index, cell in enumerate(self._notebook.cells):
                if cell.cell_type != "code" or not cell.source.strip():
                    continue
                self.place = handed_out.place(index, cell)
                ended = await self._kernel.run(index)
                if handed_out.is_test(cell):
                    self._tell(cell, ended)
                elif ended.error and ended.error != ended.stops:  # which is said below
                    self._fail(f"✗ {self.place}: {ended.error}")
                if ended.traceback and self._verbose:
                    self._say(ended.traceback)
                if ended.stops:
                    self._fail(f"✗ {self.place}: {ended.stops}; the cells after it were not run")
                    break

    def finish(self) -> int:
        """Say what people mark, and how much is complete."""
        tests = [cell for cell in self._notebook.cells if handed_out.is_test(cell)]
        if missing := len(tests) - len(self._tested):
            self._say(f"{number(missing, 'question')} not tested")
        for line in handed_out.explanations(self._notebook):
            self._say(line)
        cards = tuple(each.card for each in self._tested if each.card)
        passing = sum(each.passes for each in self._tested)
        self._say(summary(cards, len(tests), passing))
        return PASSED if passing == len(tests) and not self._failed else FAILED

    def _tell(self, cell: Any, ended: Any) -> None:
        error = f"its test in {self.place} ended in {ended.error}" if ended.error else ""
        card = Card.read(ended.card) if ended.card and not error else None
        tested = Tested(handed_out.name(cell) or self.place, card, error)
        self._tested.append(tested)
        for line in tested.lines(self._verbose):
            self._say(line)

    def _fail(self, line: str) -> None:
        self._failed = True
        self._say(line)
