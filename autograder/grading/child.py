"""The trusted side, inside walls of its own: run the instructor's cells on a student's answers.

The cells and the checks are ours; the answers are data that somebody else wrote. A bomb hidden in
them costs this process and this grading, nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder import checks, snapshot
from autograder.artifacts import BatchesData, FigureData, ModelData
from autograder.artifacts.models import features
from autograder.files import write_below
from autograder.grading.semantics import has_scorecard, judge
from autograder.isolation import Line
from autograder.notebook.accelerator import share_gpu
from autograder.notebook.outputs import OutputLimit
from autograder.notebook.warm import notebook_shell

_IMMUTABLE = (BatchesData, FigureData, ModelData)
_OUTPUT_LIMIT = OutputLimit(bytes=4 << 20)


def task(line: Line) -> None:
    """Run the cells of "request.json"; send a "score" for each test cell.

    "request.json" holds {"cells": Plan.grading(), "missing": …, "answer_bytes": …,
    "feature_bytes": …, "files": Answers.files, "beside": […], "gpu_memory_fraction": …};
    what "files" names lies in "object/<name>". "beside/0", "beside/1", … are put into the work
    directory first, under the paths that "beside" has for them. What was computed that other
    gradings can use is sent as "features/<key>".
    """
    parcel = line.parcel()
    request = json.loads(parcel.pop("request.json"))
    named = enumerate(request["beside"])
    write_below(Path(), {name: parcel.pop(f"beside/{number}") for number, name in named})
    share_gpu(request["gpu_memory_fraction"])
    room = request["feature_bytes"]
    reading = _Reading(parcel, request["files"], request["answer_bytes"])
    with notebook_shell() as shell:
        for cell in request["cells"]:
            if "grade_id" not in cell:
                shell.run(cell["source"], _OUTPUT_LIMIT)
                continue
            answers = {name: reading.value(cell["grade_id"], name) for name in cell["names"]}
            given = _explained(answers, request["missing"].get(cell["grade_id"], ""))
            _bind(shell.namespace, given if has_scorecard(cell) else answers, cell)
            line.begin_step(cell["grade_id"])
            record = shell.run(cell["source"], _OUTPUT_LIMIT)
            line.end_step(cell["grade_id"])
            claim = judge(cell, record, given)
            line.send("score", json.dumps(claim).encode())
            room = _send_features(line, room)


def _send_features(line: Line, room: int) -> int:
    """Send what has been computed since the last time, up to `room` bytes; how many are left."""
    for key, data in features.new_files():
        if len(data) <= room:
            line.send(f"features/{key}", data)
            room -= len(data)
    return room


class _Reading:
    """The answers of a parcel as values.

    Each test cell has its own copies: what an earlier one did to a value is not seen later. What
    nobody can change is read once, with all that is computed from it on demand.
    """

    def __init__(
        self, parcel: Mapping[str, bytes], files: Mapping[str, dict[str, str]], answer_bytes: int
    ) -> None:
        self._parcel = parcel
        self._files = files
        self._budget = snapshot.Budget(max_bytes=answer_bytes)
        self._shared: dict[str, object] = {}  # by the name of the document

    def value(self, grade_id: str, name: str) -> object:
        """What a test cell finds under a name; Missing or NotUsable where there is no value."""
        files = self._files.get(f"{grade_id}/{name}")
        if files is None:
            return checks.Missing(name)
        document = files.get(snapshot.DOCUMENT, "")
        if document in self._shared:
            return self._shared[document]
        found = {file: self._parcel[f"object/{piece}"] for file, piece in files.items()}
        value = _read(name, found, self._budget)
        if isinstance(value, _IMMUTABLE):
            self._shared[document] = value
        return value


def _explained(answers: Mapping[str, object], why: str) -> dict[str, object]:
    """`answers`, but what was tried and failed is no longer unanswered: `why` says what happened.

    why: "" where nothing failed.
    """
    return {
        name: checks.NotUsable(name, why) if why and checks.is_unanswered(value) else value
        for name, value in answers.items()
    }


def _bind(namespace: dict[str, Any], values: Mapping[str, object], cell: dict[str, Any]) -> None:
    """Define the names for a test cell.

    A scorecard's checks know what a Missing is. To plain code a name that was never defined is a
    NameError, as in the student's own notebook; anything that stood for it might pass for an
    answer (`assert model is not None`).
    """
    is_plain = not has_scorecard(cell)
    for name, value in values.items():
        if is_plain and isinstance(value, checks.Missing):
            namespace.pop(name, None)
        else:
            namespace[name] = value


def _read(name: str, files: dict[str, bytes], budget: snapshot.Budget) -> object:
    try:
        value = snapshot.load(files, budget)
    except snapshot.SnapshotError as error:
        return checks.NotUsable(name, f"what was written down of it cannot be read: {error}")
    if isinstance(value, snapshot.NotData):
        return checks.NotUsable(name, value.reason)
    return value
