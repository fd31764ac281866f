"""`autograder check`: a student's notebook, run from top to bottom, and what its tests say.

Its cells run in a kernel of their own, in the notebook's folder, with the Python that the command
belongs to. The file is not touched.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import UserError
from autograder.workbench.cards import Card, number, plain
from autograder.workbench.overview import summary

Say = Callable[[str], None]

PASSED, FAILED, INTERRUPTED = 0, 1, 130
CELL_TIMEOUT_S = 600
MAX_BYTES = 100_000_000
EMPTY = ("", "YOUR ANSWER HERE")

MISSING = "{module} is missing here, which runs notebooks: pip install nbclient ipykernel"
NO_NOTEBOOK = (
    "{path}: expected a notebook of Jupyter (format 4), found {found}; name an .ipynb file"
)
OTHER_LANGUAGE = "{path}: expected a notebook in Python, found one in {language}"
NO_TESTS = (
    "{path}: expected test cells, found none; take the notebook that your instructor gave out"
)


@dataclass(frozen=True)
class Tested:
    """A question: its test cell, and what became of it. card: None where it has no scorecard."""

    grade_id: str
    points: float
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
    notebook = _read(path)
    try:
        from autograder.workbench.kernel import Kernel
    except ImportError as error:
        raise UserError(MISSING.format(module=error.name)) from None
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
        async with self._kernel:
            for index, cell in enumerate(self._notebook.cells):
                if cell.cell_type != "code" or not cell.source.strip():
                    continue
                self.place = _place(index, cell)
                ended = await self._kernel.run(index)
                if _is_test(cell):
                    self._tell(cell, ended)
                elif ended.error:
                    self._fail(f"✗ {self.place}: {ended.error}")
                if ended.traceback and self._verbose:
                    self._say(ended.traceback)
                if ended.stops:
                    self._fail(f"{self.place}: {ended.stops}; the cells after it were not run")
                    break

    def finish(self) -> int:
        """Say what people mark, and how much is complete."""
        tests = [cell for cell in self._notebook.cells if _is_test(cell)]
        if missing := len(tests) - len(self._tested):
            self._say(f"{number(missing, 'question')} not tested")
        for line in _explanations(self._notebook):
            self._say(line)
        cards = tuple(each.card for each in self._tested if each.card)
        passing = sum(each.passes for each in self._tested)
        self._say(summary(cards, len(tests), passing))
        return PASSED if passing == len(tests) and not self._failed else FAILED

    def _tell(self, cell: Any, ended: Any) -> None:
        settings = cell.metadata.nbgrader
        error = f"its test in {self.place} ended in {ended.error}" if ended.error else ""
        card = Card.read(ended.card) if ended.card and not error else None
        tested = Tested(plain(settings.grade_id), settings.get("points", 0), card, error)
        self._tested.append(tested)
        for line in tested.lines(self._verbose):
            self._say(line)

    def _fail(self, line: str) -> None:
        self._failed = True
        self._say(line)


def _read(path: Path) -> Any:
    """The notebook, without its outputs. Raises UserError."""
    try:
        import nbformat
    except ImportError as error:
        raise UserError(MISSING.format(module=error.name)) from None
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("a file of over 100 MB")
        document = json.loads(path.read_bytes())
        if not isinstance(document, dict) or document.get("nbformat") != 4:
            raise ValueError("another kind of file")
        _add_ids(document)
        notebook = nbformat.reads(json.dumps(document), as_version=4)
        nbformat.validate(notebook)  # which `reads` only logs
    except OSError as error:
        raise UserError(
            NO_NOTEBOOK.format(path=path, found=(error.strerror or "").lower())
        ) from None
    except RecursionError:
        raise UserError(NO_NOTEBOOK.format(path=path, found="JSON nested too deeply")) from None
    except Exception as error:  # JSON's, UTF-8's, nbformat's
        found = plain(str(error).partition("\n")[0])[:100]
        raise UserError(NO_NOTEBOOK.format(path=path, found=found)) from None
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise UserError(OTHER_LANGUAGE.format(path=path, language=plain(language)))
    if not any(_is_test(cell) for cell in notebook.cells):
        raise UserError(NO_TESTS.format(path=path))
    return notebook


def _add_ids(document: dict[str, Any]) -> None:
    """Cells of old notebooks have no ids; some tools write them without."""
    document["nbformat_minor"] = 5
    for number_, cell in enumerate(document.get("cells", [])):
        cell.setdefault("id", f"cell-{number_}")


def _is_test(cell: Any) -> bool:
    settings = cell.metadata.get("nbgrader", {})
    is_graded = bool(settings.get("grade")) and not settings.get("solution")
    return cell.cell_type == "code" and is_graded


def _explanations(notebook: Any) -> Iterator[str]:
    """What people mark, and which of it is still empty."""
    cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    marked = [cell for cell in cells if not _is_test(cell)]
    if marked:
        points = number(sum(cell.metadata.nbgrader.get("points", 0) for cell in marked), "point")
        empty = [
            plain(cell.metadata.nbgrader.grade_id)
            for cell in marked
            if cell.source.strip() in EMPTY and not cell.get("attachments")
        ]
        rest = f"; still empty: {', '.join(empty)}" if empty else ""
        yield f"{number(len(marked), 'answer')} marked by a person, {points}{rest}"


def _place(index: int, cell: Any) -> str:
    """Where a cell stands, counted from 1, and its name if it has one."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    return f"cell {index + 1} ({plain(name)})" if name else f"cell {index + 1}"
