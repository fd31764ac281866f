"""One hand-in's notebook through the sandbox: a plan and files go in, a run comes out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.execution.objects import Objects
from autograder.execution.runs import Recorder, Run
from autograder.isolation import Limits, WarmProcess
from autograder.settings import Autograder

if TYPE_CHECKING:  # it imports nbgrader, and whoever starts warm processes should not wait
    from autograder.notebook.plan import Plan

# Whatever a task imports is imported before: some walls keep it from Python's own library.
WARM_UP = ("autograder.execution.child", "autograder.notebook.warm:notebook_shell")
_TASK = "autograder.execution.child:task"
_MEGABYTE = 1 << 20


def execute(
    warm: WarmProcess,
    plan: Plan,
    files: Mapping[str, bytes],
    settings: Autograder,
    place: Path,
    key: str,
    objects: Objects,
) -> Run:
    """Run the student's cells of `plan` behind the walls of `warm`; the run lies in `place`.

    files: the hand-in's other files by relative path. key: the digest of all that decides the run.
    objects: where the assignment's runs share what is large. Raises IsolationError where the walls
    could not be built; then `place` is as it was.
    """
    request = {
        "cells": plan.execution(),
        "files": list(files),  # paths may be longer than the name of a piece
        "output_bytes": settings.cell_output_mb * _MEGABYTE,
        "answer_bytes": settings.answer_mb * _MEGABYTE,
    }
    parcel = {"request.json": json.dumps(request).encode()}
    parcel |= {f"file/{number}": data for number, data in enumerate(files.values())}
    expected = {
        step.grade_id: step.reads for step in plan.steps if step.kind == "test" and step.grade_id
    }
    with Recorder(place, expected, cells=len(plan.steps), objects=objects) as recorder:
        bounds = limits(settings)
        ending = warm.run(_TASK, parcel, bounds, recorder.receive)
        return recorder.finish(key, warm.walls.summary(), bounds, ending)


def limits(settings: Autograder) -> Limits:
    """What a student's notebook may use."""
    return Limits(
        wall_s=settings.notebook_timeout_s,
        step_s=settings.cell_timeout_s,
        cpu_s=int(settings.notebook_timeout_s * settings.slots) + 60,
        memory_mb=settings.memory_mb,
        disk_mb=settings.disk_mb,
        file_mb=settings.disk_mb,
        processes=settings.processes,
        outbox_mb=settings.answers_mb,
    )
