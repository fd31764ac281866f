"""A run as files: what executing one hand-in left behind.

    run.json        the key of what was executed, how it ended, which walls stood, remarks
    cells.jsonl     one line per cell that ended: its outputs, error and time
    answers/<grade_id>/<name>/value.json (<SHA-256>.npy, …)    what tests will read

A run is written into a folder beside its place and put there when it is complete.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from autograder.execution.answers import Intake
from autograder.execution.objects import Objects
from autograder.execution.records import read_record
from autograder.files import replace_folder, write_atomic
from autograder.isolation import NO_WALLS, Ending, Limits

LAYOUT = "answers by content"  # part of a run's key: what lies otherwise is run again
_LONGEST_DETAIL = 200


@dataclass(frozen=True)
class Run:
    """What executing one notebook came to.

    key: the digest of all that decided it. walls: in words. limits: what it might use. ending: None
    where nothing was run. reached: the grade_ids of the test cells that it got to.
    """

    key: str
    walls: str
    limits: Limits | None
    ending: Ending | None
    reached: tuple[str, ...]

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

    def holds_for(self, key: str, limits: Limits) -> bool:
        """Whether executing what `key` stands for again would change nothing.

        A notebook that was stopped gets another chance when it may use more or less than before.
        """
        return self.key == key and not (self.stopped and self.limits != limits)


def load_run(folder: Path) -> Run | None:
    """The run in `folder`; None where there is none that is complete."""
    try:
        data = json.loads((folder / "run.json").read_bytes())
        ending = data["ending"] and Ending(**data["ending"])
        limits = data["limits"] and Limits(**data["limits"])
        return Run(data["key"], data["walls"], limits, ending, tuple(data["reached"]))
    except (OSError, ValueError, KeyError, TypeError):
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
    run = Run(key, "", None, None, ())
    shutil.rmtree(place, ignore_errors=True)
    _save(run, place)
    return run


def _save(run: Run, folder: Path) -> None:
    text = json.dumps(dataclasses.asdict(run), indent=1, ensure_ascii=False)
    write_atomic(folder / "run.json", text.encode())


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
        place.parent.mkdir(parents=True, exist_ok=True)
        for left_behind in place.parent.glob(f".{place.name}.*"):  # by a run that was killed
            shutil.rmtree(left_behind, ignore_errors=True)
        self._folder = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
        os.chmod(self._folder, 0o755)
        self._answers = Intake(self._folder, expected, objects)
        self._file = (self._folder / "cells.jsonl").open("ab", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)

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

    def finish(self, key: str, walls: str, limits: Limits, ending: Ending) -> Run:
        """Complete the run and put it in its place."""
        self._answers.close()
        ending = dataclasses.replace(ending, detail=_legible(ending.detail))
        run = Run(key, walls, limits, ending, tuple(self._reached))
        _save(run, self._folder)
        replace_folder(self._folder, self._place)
        return run

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
