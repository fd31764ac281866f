"""The trusted side, inside walls of its own: run the instructor's cells on a student's answers.

The cells and the checks are ours; the answers are data that somebody else wrote. A bomb hidden in
them costs this process and this grading, nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from autograder import checks, snapshot
from autograder.grading.semantics import has_scorecard, judge
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
            answers = _answers(parcel, cell, budget)
            given = _explained(answers, request["missing"].get(cell["grade_id"], ""))
            _bind(shell.namespace, given if has_scorecard(cell) else answers, cell)
            line.begin_step(cell["grade_id"])
            record = shell.run(cell["source"], _OUTPUT_LIMIT)
            line.end_step(cell["grade_id"])
            claim = judge(cell, record, given)
            line.send("score", json.dumps(claim).encode())


def _answers(
    parcel: dict[str, bytes], cell: dict[str, Any], budget: snapshot.Budget
) -> dict[str, object]:
    """The values of the names that the test cell reads; Missing or NotUsable where there is none.

    Each test cell has its own copies: what an earlier one did to a value is not seen here.
    """
    answers: dict[str, object] = {}
    for name in cell["names"]:
        prefix = f"answers/{cell['grade_id']}/{name}/"
        files = {
            file.removeprefix(prefix): data
            for file, data in parcel.items()
            if file.startswith(prefix)
        }
        answers[name] = _read(name, files, budget) if files else checks.Missing(name)
    return answers


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
