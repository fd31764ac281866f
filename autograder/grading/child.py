"""The trusted side, inside walls of its own: run the instructor's cells on a student's answers.

The cells and the checks are ours; the answers are data that somebody else wrote. A bomb hidden in
them costs this process and this grading, nothing else.
"""

from __future__ import annotations

import json
from typing import Any

from autograder import checks, snapshot
from autograder.grading.semantics import judge
from autograder.isolation import Line
from autograder.notebook.outputs import OutputLimit
from autograder.notebook.warm import notebook_shell

_OUTPUT_LIMIT = OutputLimit(bytes=4 << 20)


def task(line: Line) -> None:
    """Run the cells of "request.json"; send a "score" for each test cell.

    "request.json" holds {"cells": Plan.grading(), "missing": …, "answer_bytes": …}; the answers
    lie in "answers/<grade_id>/<name>/<file>".
    """
    parcel = line.parcel()
    request = json.loads(parcel.pop("request.json"))
    budget = snapshot.Budget(max_bytes=request["answer_bytes"])
    with notebook_shell() as shell:
        for cell in request["cells"]:
            if "grade_id" not in cell:
                shell.run(cell["source"], _OUTPUT_LIMIT)
                continue
            given = _answers(parcel, cell, request["missing"], budget)
            shell.namespace.update(given)
            line.begin_step(cell["grade_id"])
            record = shell.run(cell["source"], _OUTPUT_LIMIT)
            line.end_step(cell["grade_id"])
            claim = judge(cell, record, given)
            line.send("score", json.dumps(claim).encode())


def _answers(
    parcel: dict[str, bytes],
    cell: dict[str, Any],
    missing: dict[str, str],
    budget: snapshot.Budget,
) -> dict[str, object]:
    """The values of the names that the test cell reads, or what stands in for them."""
    given: dict[str, object] = {}
    for name in cell["names"]:
        prefix = f"answers/{cell['grade_id']}/{name}/"
        files = {
            file.removeprefix(prefix): data
            for file, data in parcel.items()
            if file.startswith(prefix)
        }
        value = _read(name, files, budget) if files else checks.Missing(name)
        why = missing.get(cell["grade_id"])
        if why and checks.is_unanswered(value):  # tried, and failed
            value = checks.NotUsable(name, why)
        given[name] = value
    return given


def _read(name: str, files: dict[str, bytes], budget: snapshot.Budget) -> object:
    try:
        value = snapshot.load(files, budget)
    except snapshot.SnapshotError as error:
        return checks.NotUsable(name, f"what was written down of it cannot be read: {error}")
    if isinstance(value, snapshot.NotData):
        return checks.NotUsable(name, value.reason)
    return value
