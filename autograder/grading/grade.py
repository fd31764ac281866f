"""One run through the grader: stored answers and the instructor's cells become scores."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.checks import COMPUTING
from autograder.execution.answers import holds_a_model, load_answers
from autograder.execution.runs import Run, load_cells
from autograder.grading.features import MOST_MB_AT_ONCE, FeatureFolder
from autograder.grading.scores import NOT_GRADED, NotebookScores, TestScore, save, test_score
from autograder.isolation import Limits, Slot, WarmProcess
from autograder.notebook.plan import Plan, Step
from autograder.settings import Autograder

_TASK = "autograder.grading.child:task"
_NOWHERE = Slot()  # in particular
_LONGEST = 300
_DISK_MB = 64  # for what tests write, beside the files that they are given
_NOT_REACHED = "the notebook was stopped before this test: {why}"
_GRADER_STOPPED = "the grader was stopped: {why}"


def grade(
    warm: WarmProcess,
    plan: Plan,
    run: Run,
    folder: Path,
    settings: Autograder,
    key: str,
    features: FeatureFolder,
    beside: Mapping[str, bytes] | None = None,
    slot: Slot = _NOWHERE,
) -> NotebookScores:
    """Score the test cells of `plan` from the run in `folder`; also written to scores.json there.

    features: where what was computed of the data is kept for other gradings. beside: the files that
    tests find in their working directory, by relative path. slot: where it runs. Raises
    IsolationError where the walls could not be built.
    """
    beside = beside or {}
    tests = {step.grade_id: step for step in plan.steps if step.kind == "test"}
    answers = load_answers(folder)
    request = {
        "cells": plan.grading(),
        "files": answers.files,
        "missing": _why_missing(plan, load_cells(folder)),
        "answer_bytes": settings.answer_mb << 20,
        "feature_bytes": MOST_MB_AT_ONCE << 20,
        "beside": list(beside),
        "gpu_memory_fraction": slot.memory_fraction,
    }
    parcel = {"request.json": json.dumps(request).encode()}
    parcel |= {f"object/{name}": data for name, data in answers.pieces.items()}
    parcel |= {f"beside/{number}": data for number, data in enumerate(beside.values())}
    claims: dict[str, dict[str, Any]] = {}

    def receive(name: str, data: bytes) -> None:
        if name.startswith("features/"):
            features.add(name.removeprefix("features/"), data)
            return
        claim = _claim(data)
        if name == "score" and claim.get("grade_id") in tests:
            claims.setdefault(claim["grade_id"], claim)

    bounds = _limits(settings, run, beside)
    ending = warm.run(_TASK, parcel, bounds, receive, reserved=True, environment=slot.environment)
    scores = []
    for grade_id, step in tests.items():
        if grade_id not in run.reached:
            scores.append(
                _unscored(step, _NOT_REACHED.format(why=run.stopped or "no answers came"))
            )
        elif grade_id not in claims:
            scores.append(_unscored(step, _GRADER_STOPPED.format(why=ending.detail or "no score")))
        else:
            scores.append(test_score(step.points or 0.0, claims[grade_id]))
    result = NotebookScores(key, tuple(scores))
    save(folder / "scores.json", result)
    return result


def needed_frameworks(plan: Plan, folder: Path) -> tuple[str, ...]:
    """What grading the run in `folder` will import although no cell says so.

    Keras, where a test cell computes with models and there is one. It brings its own backend.
    """
    tests = "\n".join(step.source for step in plan.steps if step.kind == "test")
    computes = re.search(rf"\b(?:{'|'.join(COMPUTING)})\s*\(", tests)
    return ("keras",) if computes and holds_a_model(folder) else ()


def grade_unrun(plan: Plan, outcome: str, message: str, folder: Path, key: str) -> NotebookScores:
    """The scores of a notebook that was never run: no points, `outcome` throughout."""
    tests = [step for step in plan.steps if step.kind == "test"]
    scores = [
        TestScore(str(step.grade_id), 0.0, step.points or 0.0, outcome, message) for step in tests
    ]
    result = NotebookScores(key, tuple(scores))
    save(folder / "scores.json", result)
    return result


def _claim(data: bytes) -> dict[str, Any]:
    """What the child sent, if it is an object with a text for its grade_id; else an empty one."""
    try:
        claim = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    is_claim = isinstance(claim, dict) and isinstance(claim.get("grade_id"), str)
    return claim if is_claim else {}


def _limits(settings: Autograder, run: Run, beside: Mapping[str, bytes]) -> Limits:
    """At least the memory that the run had: what it has built is built again."""
    given_mb = sum(map(len, beside.values())) >> 20
    run_mb = run.limits.memory_mb if run.limits else 0
    return Limits(
        wall_s=settings.grading_timeout_s,
        step_s=settings.grading_timeout_s,
        memory_mb=max(settings.memory_mb, run_mb),
        disk_mb=_DISK_MB + given_mb,
        file_mb=_DISK_MB + given_mb,
        outbox_mb=64 + MOST_MB_AT_ONCE,
    )


def _unscored(step: Step, message: str) -> TestScore:
    return TestScore(str(step.grade_id), 0.0, step.points or 0.0, NOT_GRADED, message)


def _why_missing(plan: Plan, cells: dict[int, dict[str, Any]]) -> dict[str, str]:
    """For each test cell whose student's cells were edited and raised: which did, and what."""
    reasons: dict[str, str] = {}
    error = ""
    for step in plan.steps:
        if step.kind == "student" and (raised := cells.get(step.index, {}).get("error")):
            error = _raised(step.index + 1, *raised)
        if step.kind == "test":
            if error and not step.unedited:
                reasons[str(step.grade_id)] = error
            error = ""
    return reasons


def _raised(number: int, name: str, text: str) -> str:
    if name == "KeyboardInterrupt":
        return f"cell {number} of the notebook ran over its time and was interrupted"
    return f"cell {number} of the notebook raised {name}: {text}"[:_LONGEST].removesuffix(": ")
