"""What the tests of a class came to: outcomes, diagnoses, measured accuracies, what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from autograder.checks import Outcome
from autograder.grading.scores import NotebookScores, TestScore
from autograder.report.class_report.spread import Spread

MOST_NAMES = 40
MOST_FAILURES = 200
Key = tuple[str, str]  # notebook, grade_id


@dataclass
class Mistaken:
    """A diagnosed misconception. advice: what students were told; where: students by question."""

    advice: str = ""
    students: int = 0
    where: Counter[Key] = field(default_factory=Counter)
    names: list[str] = field(default_factory=list)  # the first MOST_NAMES


@dataclass
class Measured:
    """The accuracies of the class's models in one place. classes: 1 / classes is guessing."""

    classes: int
    images: int
    accuracies: Spread = field(default_factory=Spread)


@dataclass(frozen=True)
class Failure:
    """A test that could not be graded, and why."""

    student: str
    notebook: str
    grade_id: str
    reason: str


@dataclass
class Outcomes:
    """Running tallies over scores.json.

    failures: the first MOST_FAILURES; failed: all of them. settled: those that are none any more,
    as a person has given the points.
    """

    tests: dict[Key, Counter[str]] = field(default_factory=dict)
    mistakes: dict[str, Mistaken] = field(default_factory=dict)
    measured: dict[str, Measured] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    failed: int = 0
    settled: int = 0

    def take(
        self,
        student: str,
        scores: Iterable[tuple[str, NotebookScores]],
        settled: Collection[tuple[str, str, str]] = (),
    ) -> None:
        """The scores of all notebooks of one student, by notebook.

        settled: student, notebook and grade_id of what a person has given points.
        """
        seen: set[str] = set()
        for notebook, found in scores:
            for test in found.tests:
                self._take_test(student, notebook, test, seen)
                if test.outcome == Outcome.COULD_NOT_BE_GRADED:
                    is_settled = (student, notebook, test.grade_id) in settled
                    self._take_failure(student, notebook, test, is_settled=is_settled)

    def _take_test(self, student: str, notebook: str, test: TestScore, seen: set[str]) -> None:
        key = notebook, test.grade_id
        self.tests.setdefault(key, Counter())[test.outcome] += 1
        slugs: set[str] = set()
        for row in test.rows:
            slug = row.get("mistake")
            if isinstance(slug, str) and slug not in slugs:
                slugs.add(slug)
                self._take_mistake(slug, row, key, student, is_new=slug not in seen)
            self._take_measured(row, key)
        seen |= slugs

    def _take_failure(
        self, student: str, notebook: str, test: TestScore, *, is_settled: bool
    ) -> None:
        self.settled += is_settled
        self.failed += not is_settled
        if not is_settled and len(self.failures) < MOST_FAILURES:
            self.failures.append(Failure(student, notebook, test.grade_id, test.message))

    def _take_mistake(
        self, slug: str, row: dict[str, Any], key: Key, student: str, *, is_new: bool
    ) -> None:
        found = self.mistakes.setdefault(slug, Mistaken(str(row.get("advice", ""))))
        found.where[key] += 1
        found.students += is_new
        if is_new and len(found.names) < MOST_NAMES:
            found.names.append(student)

    def _take_measured(self, row: dict[str, Any], key: Key) -> None:
        one = read_measured(row)
        if one is None:
            return
        name, accuracy, images, classes = one
        found = self.measured.setdefault(name or "/".join(key), Measured(classes, images))
        found.accuracies.add(accuracy)


def read_measured(row: dict[str, Any]) -> tuple[str, float, int, int] | None:
    """threshold, accuracy, images and classes of a row in which an accuracy was counted.

    None for any other row.
    """
    data: Any = row.get("measured")
    try:
        accuracy = float(data["accuracy"])
        if not 0 <= accuracy <= 1:  # nor nan
            return None
        return (
            str(data["threshold"]),
            accuracy,
            int(data["images"]),
            max(int(data["classes"]), 1),
        )
    except (KeyError, TypeError, ValueError):
        return None
