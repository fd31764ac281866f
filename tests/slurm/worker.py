"""What tasks of these tests run, and what submits them: a grading without notebooks.

A notebook's name says how its work goes: "quick…" is done at once; "held…" waits for gates/<name>;
"fails…" always ends its task with status 3, "fails-once" the first time only.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from autograder.engines.contract import Item
from autograder.engines.slurm import DoneLines, Scheduler, SlurmEngine, Worker, read_chunk
from autograder.settings import Slurm

ROOT = Path(__file__).parent.parent.parent


class Desk:
    """The folder of one such grading, as the test, what submits and tasks use it.

    begun, written, finished, told, slept: files with a line for each thing that happened.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.begun, self.written = folder / "begun", folder / "written"
        self.finished, self.told = folder / "finished", folder / "told"
        self.slept = folder / "slept"

    def prepare(self, items: Iterable[Item]) -> None:
        for name in ("results", "gates"):
            (self.folder / name).mkdir()
        rows = [(each.student, each.notebook, each.accelerated) for each in items]
        (self.folder / "items.json").write_text(json.dumps(rows))

    def items(self) -> list[Item]:
        rows = json.loads((self.folder / "items.json").read_text())
        return [Item(student, notebook, accelerated=gpu) for student, notebook, gpu in rows]

    def gate(self, item: Item) -> Path:
        return self.folder / "gates" / item.notebook

    def result(self, item: Item) -> Path:
        return self.folder / "results" / f"{item.student}.{item.notebook}"

    def collect(self, item: Item) -> str | None:
        path = self.result(item)
        return path.read_text() if path.exists() else None

    @staticmethod
    def note(path: Path, *words: str) -> None:
        """Appends a line; short ones of several processes do not mix."""
        with path.open("a") as file:
            file.write(" ".join(words) + "\n")


def work(desk: Desk, chunk: Path) -> None:
    """Works on the items of `chunk` that have no result yet."""
    node = os.environ["SLURMD_NODENAME"]
    with DoneLines(chunk) as done:
        for item in read_chunk(chunk):
            if not desk.result(item).exists():
                gpu = os.environ.get("CUDA_VISIBLE_DEVICES", "none")
                desk.note(desk.begun, item.notebook, node, gpu)
                _wait_or_fail(desk, item)
                desk.note(desk.written, item.notebook, node, _write(desk.result(item), node))
            done.add(item)


def _wait_or_fail(desk: Desk, item: Item) -> None:
    if item.notebook.startswith("held"):
        while not desk.gate(item).exists():
            time.sleep(0.05)
    times = desk.begun.read_text().count(f"{item.notebook} ")
    if item.notebook.startswith("fails") and (times == 1 or item.notebook != "fails-once"):
        sys.exit(3)


def _write(path: Path, text: str) -> str:
    """Writes `path` unless it is there; "first" or "late"."""
    own = path.with_name(f".{path.name}.{text}.{os.getpid()}")
    own.write_text(text)
    with contextlib.suppress(FileExistsError):
        os.link(own, path)
        return "first"
    return "late"


def engine_of(desk: Desk, settings: Slurm, grace_s: float) -> SlurmEngine[str]:
    """The engine that a grading would have, with `work` for its tasks."""

    def sleep(seconds: float) -> None:  # between two looks; the first comes after it submitted
        desk.note(desk.slept, str(os.getpid()))
        time.sleep(seconds)

    command = [sys.executable, "-m", __spec__.name, "work", str(desk.folder)]
    return SlurmEngine(
        Scheduler(tell=lambda line: desk.note(desk.told, line)),
        desk.folder / ".slurm",
        Worker(argv=lambda chunk: [*command, str(chunk)]),
        desk.collect,
        settings,
        tell=lambda line: desk.note(desk.told, line),
        sleep=sleep,
        grace_s=grace_s,
    )


def grade(desk: Desk, engine: SlurmEngine[str]) -> None:
    """Has all items worked on by the cluster."""
    for each in engine.run(desk.items()):
        desk.note(desk.finished, each.item.notebook, each.value or each.problem)


def main(what: str, folder: str, last: str) -> None:
    """work FOLDER CHUNK, or grade FOLDER SETTINGS (JSON)."""
    desk = Desk(Path(folder))
    if what == "work":
        work(desk, Path(last))
        return
    settings = {"poll_s": 0.2, "cpus": 1, "setup": [f"export PYTHONPATH={ROOT}"]} | json.loads(last)
    # all nodes share a file system that is never late
    grace_s = settings.pop("grace_s", 1.0)
    grade(desk, engine_of(desk, Slurm(**settings), grace_s))


if __name__ == "__main__":
    main(*sys.argv[1:])
