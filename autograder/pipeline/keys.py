"""What a run and a score were made of: digests by name, in one line of text.

    the student's cells 2f6a…; files beside the notebook 90c1…; data sets 77ab…

Two keys are equal if and only if all their parts are; where they are not, their difference says
what has changed, in words for a person.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import autograder
from autograder.course import digest
from autograder.notebook.plan import Plan, Step

JUDGES = ("artifacts", "checks", "datasets", "graphs", "grading", "snapshot")  # decide a score
_LENGTH = 32  # hexadecimal digits of a digest: 128 bits
_PART = re.compile(r"(.+) ([0-9a-f]+)")


def key(parts: Mapping[str, Iterable[bytes | str]]) -> str:
    """One line for `parts`, by name."""
    return "; ".join(f"{name} {digest(*data)[:_LENGTH]}" for name, data in parts.items())


def changed(old: str, new: str) -> str:
    """The names of the parts that differ between two keys; "" where none do."""
    before, now = _parts(old), _parts(new)
    names = [name for name in now if now[name] != before.get(name)]
    return ", ".join(names or before.keys() - now.keys())


def _parts(made: str) -> dict[str, str]:
    found = (_PART.fullmatch(part) for part in made.split("; "))
    return {match[1]: match[2] for match in found if match}


def of_cells(plan: Plan) -> dict[str, list[bytes | str]]:
    """The parts that say what the sandbox runs: together they decide `plan.execution()`."""
    theirs = [[step.index, step.source] for step in plan.steps if step.kind == "student"]
    ours = [_released(step) for step in plan.steps if step.kind in ("instructor", "test")]
    order = [(step.index, step.kind) for step in plan.steps if step.kind != "text"]
    return {
        "the student's cells": [json.dumps(theirs)],
        "the assignment's cells": [json.dumps(ours)],
        "the order of cells": [json.dumps(order)],
    }


def _released(step: Step) -> list[object]:
    """What students see of an instructor's cell; of a test, what it reads."""
    return [step.grade_id, sorted(step.reads)] if step.kind == "test" else [step.source]


def flat(named: Mapping[str, bytes] | Mapping[str, str]) -> list[bytes | str]:
    """Names and contents one after the other, sorted by name."""
    return [part for name in sorted(named) for part in (name, named[name])]


@functools.cache
def judges_digest() -> str:
    """The digest of the kit's code that decides a score: when it changes, all is graded again."""
    package = Path(autograder.__file__).parent
    files = sorted(path for name in JUDGES for path in (package / name).rglob("*.py"))
    return digest(*(path.read_bytes() for path in files))
