"""One hand-in's notebook through the sandbox: a plan and files go in, a run comes out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.execution.objects import Objects
from autograder.execution.runs import Recorder, Run
from autograder.isolation import Limits, Slot, WarmProcess
from autograder.settings import BUDGETS, Autograder

if TYPE_CHECKING:  # it imports nbgrader, and whoever starts warm processes should not wait
    from autograder.notebook.plan import Plan

# Whatever a task imports is imported before: some walls keep it from Python's own library.
WARM_UP = ("autograder.execution.child", "autograder.notebook.warm:notebook_shell")
_TASK = "autograder.execution.child:task"
_MEGABYTE = 1 << 20
_NOWHERE = Slot()  # in particular
_MOST_PROCESSORS = 256  # of any machine: the time on the clock is what ends a notebook


def execute(
    warm: WarmProcess,
    plan: Plan,
    files: Mapping[str, bytes],
    settings: Autograder,
    place: Path,
    key: str,
    objects: Objects,
    notebook: str = "",
    slot: Slot = _NOWHERE,
) -> Run:
    """Run the student's cells of `plan` behind the walls of `warm`; the run lies in `place`.

    files: the hand-in's other files by relative path. key: the digest of all that decides the run.
    objects: where the assignment's runs share what is large. notebook: its name, for its budget in
    the settings. slot: where it runs. Raises IsolationError where the walls could not be built;
    then `place` is as it was.
    """
    request = {
        "cells": plan.execution(),
        "files": list(files),  # paths may be longer than the name of a piece
        "output_bytes": settings.cell_output_mb * _MEGABYTE,
        "answer_bytes": settings.answer_mb * _MEGABYTE,
        "gpu_memory_fraction": slot.memory_fraction,
    }
    parcel = {"request.json": json.dumps(request).encode()}
    parcel |= {f"file/{number}": data for number, data in enumerate(files.values())}
    expected = {
        step.grade_id: step.reads for step in plan.steps if step.kind == "test" and step.grade_id
    }
    with Recorder(place, expected, cells=len(plan.steps), objects=objects) as recorder:
        bounds = limits(settings, notebook, plan)
        ending = warm.run(_TASK, parcel, bounds, recorder.receive, environment=slot.environment)
        return recorder.finish(key, warm.walls.summary(), bounds, ending, slot.gpu)


def limits(settings: Autograder, notebook: str = "", plan: Plan | None = None) -> Limits:
    """What a student's notebook may use: its own budget's word first, then what holds for all.

    plan: whose cells may have a time of their own. The same on every machine, because a notebook
    that was stopped is run again when its limits change.
    """
    budget = {name: getattr(settings, name) for name in BUDGETS}
    budget |= settings.budgets.get(notebook, {})
    return Limits(
        wall_s=float(budget["notebook_timeout_s"]),
        step_s=float(budget["cell_timeout_s"]),
        cpu_s=int(budget["notebook_timeout_s"] * _MOST_PROCESSORS) + 60,
        memory_mb=budget["memory_mb"],
        disk_mb=settings.disk_mb,
        file_mb=settings.disk_mb,
        processes=settings.processes,
        outbox_mb=settings.answers_mb,
        steps_s={
            f"cell {step.index + 1}": step.timeout_s  # as the child calls it
            for step in (plan.steps if plan else ())
            if step.timeout_s is not None
        },
    )
