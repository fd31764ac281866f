"""Files between the grading that submits and the tasks that work.

A chunk file says what a task is to work on. A task says what it has done in a file of its own, a
line for each item: each such file has one writer, for no line appended by two is safe over NFS.
The lines only say when to look: whether an item is done, its own files decide.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from autograder.engines.contract import Item
from autograder.errors import UserError

Key = tuple[str, str]
"""A student and a notebook."""


def key_of(item: Item) -> Key:
    """What an item is told from others by."""
    return item.student, item.notebook


@dataclass(frozen=True)
class Try:
    """An item to be tried. failures: how many tasks ended before it was done."""

    item: Item
    failures: int = 0


@dataclass(frozen=True)
class Done:
    """A line of a task: it has finished an item. problem: why it gave the item up."""

    key: Key
    problem: str = ""


def chunk_name(index: int) -> str:
    """The name of the chunk file of an array's task."""
    return f"chunk-{index}.json"


def write_chunk(path: Path, tries: Iterable[Try]) -> None:
    """Write what a task is to work on, in this order."""
    rows = [{**asdict(each.item), "failures": each.failures} for each in tries]
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")


def read_tries(path: Path) -> list[Try]:
    """What `write_chunk` wrote. Raises UserError if it cannot be read."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [Try(failures=row.pop("failures"), item=Item(**row)) for row in rows]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"{path}: expected a list of notebooks to grade, as `autograder grade` writes it for a "
            f"task of Slurm, found none ({type(error).__name__}); run `autograder grade` again"
        ) from error


def read_chunk(path: Path) -> list[Item]:
    """The items that a task is to work on, in order. Raises UserError if `path` has none."""
    return [each.item for each in read_tries(path)]


class DoneLines:
    """What a task writes down of a chunk: a line for each item, on the disk before `add` returns.

    chunk: the chunk file, beside which the lines stand. Raises OSError when they cannot be written.
    """

    def __init__(self, chunk: Path, environment: Mapping[str, str] = os.environ) -> None:
        name = "{}.{}_{}.{}.{}.{}.done".format(
            chunk.stem,
            environment.get("SLURM_ARRAY_JOB_ID", "0"),
            environment.get("SLURM_ARRAY_TASK_ID", "0"),
            environment.get("SLURM_RESTART_COUNT", "0"),
            socket.gethostname().partition(".")[0],
            os.getpid(),
        )
        self.path = chunk.with_name(name)
        self._file: IO[bytes] | None = None

    def __enter__(self) -> DoneLines:
        self._file = self.path.open("ab")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file:
            self._file.close()

    def add(self, item: Item, problem: str = "") -> None:
        """Say that `item` needs no more work here. problem: why it was given up, if it was."""
        if self._file is None:
            raise ValueError("DoneLines.add: expected to be called inside `with DoneLines(…)`")
        line = {"student": item.student, "notebook": item.notebook, "problem": problem}
        self._file.write(json.dumps(line).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


class DoneReader:
    """Reads the lines of all tasks of a folder, each line once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offsets: dict[str, int] = {}

    def new(self, wanted: Callable[[int], bool] = lambda index: True) -> Iterator[Done]:
        """Lines that came since, of the chunks that are wanted; a torn one is left for later."""
        for path in sorted(self._folder.glob("chunk-*.done")):
            index = path.name.removeprefix("chunk-").partition(".")[0]
            if index.isdecimal() and wanted(int(index)):
                yield from self._lines(path)

    def _lines(self, path: Path) -> Iterator[Done]:
        offset = self._offsets.get(path.name, 0)
        data = b""
        with contextlib.suppress(OSError), path.open("rb") as file:  # gone, or stale over NFS
            file.seek(offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offsets[path.name] = offset + len(whole)
        for line in whole.splitlines():
            with contextlib.suppress(ValueError, TypeError, KeyError):  # of a node that crashed
                row = json.loads(line)
                yield Done((str(row["student"]), str(row["notebook"])), str(row["problem"]))
