"""What a class's accuracies are held against: thresholds, and the author's own solution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autograder.checks.predictions.thresholds import FILE, Threshold, read_thresholds
from autograder.course import REHEARSAL, Course
from autograder.errors import UserError
from autograder.grading.scores import load
from autograder.report.class_report.outcomes import Key, Measured, read_measured
from autograder.report.class_report.spread import Spread

_SOLUTION = "solution"


class ThresholdsError(UserError):
    """thresholds.json cannot be read; the message is one line."""


@dataclass(frozen=True)
class Compared:
    """One model of the class. floor, full, reference: accuracies in [0, 1], None where not known.

    sd: of the reference over seeds, 0 where it was run once.
    """

    name: str
    accuracies: Spread
    images: int
    guessing: float
    floor: float | None = None
    full: float | None = None
    reference: float | None = None
    sd: float = 0.0


def compared(
    course: Course, assignment: str, measured: Mapping[str, Measured], order: list[Key]
) -> list[Compared]:
    """The measured accuracies, in the order of the questions. Raises ThresholdsError."""
    thresholds = _thresholds(course, assignment)
    solutions = _solutions(course, assignment, {notebook for notebook, _ in order})
    notebooks = list(dict.fromkeys(notebook for notebook, _ in order))
    known = {name: number for number, name in enumerate(notebooks)}
    names = sorted(measured, key=lambda name: (known.get(name.split("/")[0], len(known)), name))
    return [_one(name, measured[name], thresholds.get(name), solutions.get(name)) for name in names]


def _one(
    name: str, found: Measured, threshold: Threshold | None, solution: float | None
) -> Compared:
    mean = threshold.mean if threshold else None
    return Compared(
        name=name,
        accuracies=found.accuracies,
        images=found.images,
        guessing=1 / found.classes,
        floor=threshold.floor if threshold else None,
        full=threshold.full if threshold else None,
        reference=solution if mean is None else mean,
        sd=(threshold.sd or 0.0) if threshold and mean is not None else 0.0,
    )


def _thresholds(course: Course, assignment: str) -> Mapping[str, Threshold]:
    path = course.source(assignment) / FILE
    if not path.is_file():
        return {}
    try:
        return read_thresholds(path).get(course.settings.profile, {})
    except ValueError as error:
        raise ThresholdsError(str(error)) from None


def _solutions(course: Course, assignment: str, notebooks: set[str]) -> dict[str, float]:
    """What the solution reached when the assignment was released, by threshold or question."""
    found: dict[str, float] = {}
    for notebook in notebooks:
        place = course.runs(assignment) / REHEARSAL / assignment / _SOLUTION / notebook
        scores = load(place / "scores.json")
        for test in scores.tests if scores else ():
            for row in test.rows:
                if one := read_measured(row):
                    found.setdefault(one[0] or f"{notebook}/{test.grade_id}", one[1])
    return found
