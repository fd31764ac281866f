"""thresholds.json of an assignment: read for those who set thresholds, and written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograder.calibration.proposals import Proposal
from autograder.calibration.seeds import Seed
from autograder.checks.predictions.thresholds import FILE, Threshold, read_thresholds
from autograder.course import Course
from autograder.errors import UserError
from autograder.files import write_atomic


class CalibrationError(UserError):
    """The thresholds cannot be what they should be; the message is one line."""


def thresholds_of(course: Course, assignment: str) -> dict[str, dict[str, Threshold]]:
    """An assignment's thresholds by profile and name; none where there is no file.

    Raises CalibrationError for a file that is none.
    """
    path = course.source(assignment) / FILE
    if not path.exists():
        return {}
    try:
        return read_thresholds(path)
    except ValueError as error:
        raise CalibrationError(str(error)) from error


def write_thresholds(
    course: Course,
    assignment: str,
    profile: str,
    seeds: Sequence[Seed],
    proposals: Iterable[Proposal],
) -> Path:
    """Put all proposals into thresholds.json; what it says of others stays. Gives its path.

    Raises CalibrationError where a part was not measured with each seed, or nothing can be proposed
    for it; then the file is as it was.
    """
    path = course.source(assignment) / FILE
    thresholds_of(course, assignment)  # a file that is none is not written over
    proposed = list(proposals)
    if problems := [line for each in proposed for line in _problems(each, seeds)]:
        raise CalibrationError(f"{path}: not written: {'; '.join(problems)}; mend the solutions")
    if not proposed:
        raise CalibrationError(
            f"{path}: not written: no test measured an accuracy; expected accuracy(…, "
            'threshold="NOTEBOOK/PART") in a test cell'
        )
    data = _data(path)
    data[profile] = data.get(profile, {}) | {each.name: _entry(each) for each in proposed}
    text = json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False)
    write_atomic(path, f"{text}\n".encode())
    return path


def _problems(proposal: Proposal, seeds: Sequence[Seed]) -> list[str]:
    missing = [str(s.number) for s in seeds if s.number not in proposal.accuracies]
    if missing:
        return [f"{proposal.name} was not measured with seed {', '.join(missing)}"]
    return [f"{proposal.name}: {proposal.problem}"] if proposal.problem else []


def _data(path: Path) -> dict[str, dict[str, Any]]:
    return dict(json.loads(path.read_bytes())) if path.exists() else {}


def _entry(proposal: Proposal) -> dict[str, Any]:
    assert proposal.threshold is not None
    return asdict(proposal.threshold)
