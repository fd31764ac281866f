"""A run as files: what executing one hand-in left behind.

    run.json        the key of what was executed, how it ended, which walls stood, remarks
    cells.jsonl     one line per cell that ended: its outputs, error and time
    answers/<grade_id>/<name>/value.json (<SHA-256>.npy, …)    what tests will read

How it survives kills, power cuts, and the same work being done twice at once:

1. A run is written into a new folder beside its place. When all is on the disk, run.json is written
   there, last: a folder with a run.json is a whole run, wherever it lies.
2. It is put in its place by one `rename`. If a run is there that holds for the same key, that one
   stays and ours is thrown away; another one is moved aside before (see places.py).
3. Who looks for a run and finds none in its place takes a whole one that lies beside it: a kill
   between the steps costs nothing.
4. Whoever writes removes nothing but its own; what the dead have left goes by its age.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from autograder.execution.answers import Intake
from autograder.execution.objects import Objects
from autograder.execution.places import discard, left_beside, new_folder, put
from autograder.execution.records import read_record
from autograder.files import sync, sync_below, write_atomic
from autograder.isolation import NO_WALLS, Ending, Limits

LAYOUT = "answers by content"  # part of a run's key: what lies otherwise is run again
_WHOLE = "run.json"
_LONGEST_DETAIL = 200


@dataclass(frozen=True)
class Run:
    """What executing one notebook came to.

    key: the digest of all that decided it. walls: in words. limits: what it might use. ending: None
    where nothing was run. reached: the grade_ids of the test cells that it got to. gpu: the one it
    ran on, as CUDA names it; "" for none.
    """

    key: str
    walls: str
    limits: Limits | None
    ending: Ending | None
    reached: tuple[str, ...]
    gpu: str = ""

    @property
    def stopped(self) -> str:
        """Why the notebook did not come to its end; "" if it did."""
        if self.ending is None or self.ending.how == "done":
            return ""
        return self.ending.detail

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know of the run, a line each."""
        found = [f"student code ran without isolation ({self.walls})"] if self.is_open else []
        if self.stopped:
            found.append(f"the notebook was stopped: {self.stopped}")
        elif self.ending and self.ending.interrupted:
            found.append(
                f"{self.ending.interrupted} of its cells ran over time and were interrupted"
            )
        return tuple(found)

    @property
    def is_open(self) -> bool:
        """Whether it ran without walls."""
        return self.ending is not None and self.walls == NO_WALLS.summary()

    def holds_for(self, key: str, limits: Limits | None) -> bool:
        """Whether executing what `key` stands for again would change nothing.

        A notebook that was stopped, or a cell of it, gets another chance when it may use more or
        less than before.
        """
        was_over = self.stopped or (self.ending and self.ending.interrupted)
        return self.key == key and not (was_over and self.limits != limits)


def load_run(folder: Path) -> Run | None:
    """The run in `folder`; None where there is none that is complete."""
    try:
        data = json.loads((folder / _WHOLE).read_bytes())
        ending = data["ending"] and Ending(**data["ending"])
        limits = data["limits"] and Limits(**data["limits"])
        reached, gpu = tuple(data["reached"]), str(data.get("gpu", ""))
        return Run(data["key"], data["walls"], limits, ending, reached, gpu)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_run(place: Path, key: str, limits: Limits) -> Run | None:
    """The run in `place` if it holds for `key`; else a whole one that a kill has left beside it.

    The latter is put in its place first. None where what `key` stands for has to be executed.
    """
    run = load_run(place)
    if run is not None and run.holds_for(key, limits):
        return run
    for folder in left_beside(place):
        left = load_run(folder)
        if left is not None and left.holds_for(key, limits):
            return _put(left, folder, place)
    return None


def load_cells(folder: Path) -> dict[int, dict[str, Any]]:
    """The records of the cells that ended, by the cell's index."""
    cells: dict[int, dict[str, Any]] = {}
    with contextlib.suppress(FileNotFoundError), (folder / "cells.jsonl").open("rb") as file:
        for line in file:
            record = json.loads(line)
            cells[record["index"]] = record
            _update(cells, record)
    return cells


def _update(cells: dict[int, dict[str, Any]], record: dict[str, Any]) -> None:
    """Give earlier outputs the content that `record` has for them (display_id)."""
    for update in record.get("updates", ()):
        # whoever sent this may have sent anything
        with contextlib.suppress(LookupError, TypeError):
            output = cells[update["index"]]["outputs"][update["output"]]
            if "data" in output:  # a display, not printed text
                output["data"], output["metadata"] = update["data"], update["metadata"]


def save_empty_run(place: Path, key: str) -> Run:
    """The run of a notebook that could not be run at all."""
    folder = new_folder(place)
    try:
        return _complete(Run(key, "", None, None, ()), folder, place)
    finally:
        discard(folder)


def _complete(run: Run, folder: Path, place: Path) -> Run:
    """Put what was written into `folder` in its place as `run`; the run that is there then."""
    sync_below(folder)
    text = json.dumps(dataclasses.asdict(run), indent=1, ensure_ascii=False)
    write_atomic(folder / _WHOLE, text.encode())
    with contextlib.suppress(FileNotFoundError):  # whole: somebody may have put it in its place
        sync(folder)
    return _put(run, folder, place)


def _put(run: Run, folder: Path, place: Path) -> Run:
    def will_do(found: Path) -> bool:
        there = load_run(found)
        return there is not None and there.holds_for(run.key, run.limits)

    put(folder, place, will_do, whole=_WHOLE)
    return load_run(place) or run


class Recorder:
    """Writes a run as it happens. Takes what the untrusted side sends, and believes none of it.

    expected: the names that may be answered, for each grade_id. objects: what all runs share.
    """

    def __init__(
        self, place: Path, expected: dict[str, frozenset[str]], cells: int, objects: Objects
    ) -> None:
        self._place = place
        self._expected = expected
        self._cells = cells
        self._written: set[int] = set()
        self._reached: list[str] = []
        self._folder = new_folder(place)
        self._answers = Intake(self._folder, expected, objects)
        self._file = (self._folder / "cells.jsonl").open("ab", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        discard(self._folder)

    def receive(self, name: str, data: bytes) -> None:
        """One piece of what the child sent; what makes no sense is passed over."""
        if name == "cell":
            self._write_cell(data)
        elif name.startswith("reached/"):
            grade_id = name.removeprefix("reached/")
            if grade_id in self._expected and grade_id not in self._reached:
                self._reached.append(grade_id)
        else:
            self._answers.receive(name, data)

    def finish(self, key: str, walls: str, limits: Limits, ending: Ending, gpu: str = "") -> Run:
        """Complete the run and put it in its place; returns the run that is there.

        That is another's, if somebody else has done the same and was first.
        """
        self._answers.close()
        ending = dataclasses.replace(ending, detail=_legible(ending.detail))
        run = Run(key, walls, limits, ending, tuple(self._reached), gpu)
        return _complete(run, self._folder, self._place)

    def _write_cell(self, data: bytes) -> None:
        """Append a cell's record if it is one; each cell has one, the first."""
        record = read_record(data)
        if record is None or record["index"] >= self._cells or record["index"] in self._written:
            return
        self._written.add(record["index"])
        self._file.write(json.dumps(record).encode() + b"\n")


def _legible(text: str) -> str:
    """One printable line: the name of a step, which the untrusted side chose, may be in it."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= _LONGEST_DETAIL else line[: _LONGEST_DETAIL - 1] + "…"
