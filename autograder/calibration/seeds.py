"""The solutions, run behind the walls and graded once for each seed.

    runs/<assignment>/.calibration/<profile>/<assignment>/seed-<n>/<notebook>/

The source notebooks, with their solutions, are handed in as they are. Runs are kept by the keys
that all grading has: a killed calibration goes on where it was, and a changed test trains nothing
again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.checks import Outcome
from autograder.checks.findings import Measurement
from autograder.course import Course, HandIn
from autograder.engines import Slot
from autograder.errors import UserError
from autograder.execution.nursery import Nursery
from autograder.pipeline import Assignment, Result, only_one
from autograder.solutions import open_own_nursery, raised_in, side_by_side

LEAST_SEEDS = 5  # of fewer the standard deviation is a guess
_FOLDER = ".calibration"


@dataclass(frozen=True)
class Seed:
    """What the solutions came to with one seed.

    measured: what was counted, by the name of the threshold; the least where a name was measured
    more than once. lost: a line for each test that is not fully right, and for each notebook that a
    person should look at.
    """

    number: int
    measured: dict[str, Measurement]
    points: float
    max_points: float
    lost: tuple[str, ...]


def refuse_too_few(seeds: int, write: bool) -> None:
    """Raises UserError for thresholds that are to be written and would know of no spread."""
    if write and seeds < 2:
        raise UserError(
            f"--write: expected --seeds of at least 2, received {seeds}: one seed says nothing "
            f"about the spread; {LEAST_SEEDS} or more are to be advised"
        )


def run_seeds(
    root: Path, assignment: str, count: int, profile: str, say: Callable[[str], None]
) -> list[Seed]:
    """Run and grade the solutions of an assignment with AUTOGRADER_SEED = 0 … count - 1.

    root: the course directory. say: told what begins and what has ended. Raises UserError.
    """
    runs = Course(root).runs(assignment) / _FOLDER / profile
    with only_one(runs, say):
        return [_run(_Run(root, runs, profile, assignment, n), say) for n in range(count)]


@dataclass(frozen=True)
class _Run:
    """All that tells one seed's run."""

    root: Path
    runs: Path
    profile: str
    assignment: str
    seed: int

    def course(self) -> Course:
        environment = {"AUTOGRADER_SEED": str(self.seed), "AUTOGRADER_PROFILE": self.profile}
        return Course(self.root, self.runs, environment)

    def hand_in(self, course: Course) -> HandIn:
        return HandIn(f"seed-{self.seed}", self.assignment, course.source(self.assignment))


def _run(run: _Run, say: Callable[[str], None]) -> Seed:
    course = run.course()
    assignment = Assignment(course, run.assignment)
    hand_in = run.hand_in(course)
    with open_own_nursery(course, run.assignment, say) as nursery:

        def work(notebook: str, slot: Slot) -> Result:
            return _timed(assignment, hand_in, notebook, nursery, slot, say)

        results = side_by_side(assignment, work)
    assignment.sweep()
    return _seed(run.seed, results)


def _timed(
    assignment: Assignment,
    hand_in: HandIn,
    notebook: str,
    nursery: Nursery,
    slot: Slot,
    say: Callable[[str], None],
) -> Result:
    say(f"{hand_in.student}, {notebook}: begins")
    begun = time.monotonic()
    prepared = assignment.prepare(hand_in, notebook)
    # that its test cells are not those of the release, which lack the hidden tests, is no news
    prepared = replace(prepared, sanitised=replace(prepared.sanitised, remarks=()))
    result = assignment.work_on(prepared, hand_in, notebook, nursery, slot)
    done = "run and graded" if result.executed else "graded" if result.graded else "unchanged"
    say(f"{hand_in.student}, {notebook}: {done}, {time.monotonic() - begun:.0f} s")
    place = assignment.course.run(hand_in, notebook)
    raised = raised_in(prepared.sanitised.notebook, place)  # a lost part may have its reason there
    accidents = [f"{cell.where} raises {cell.name}: {cell.text}" for cell in raised]
    return replace(result, remarks=(*result.remarks, *accidents))


def _seed(number: int, results: list[Result]) -> Seed:
    tests = [test for result in results for test in result.scores.tests]
    return Seed(
        number,
        _measured(row for test in tests for row in test.rows),
        math.fsum(test.points for test in tests),
        math.fsum(test.max_points for test in tests),
        tuple(line for result in results for line in _lost(result)),
    )


def _measured(rows: Iterable[dict[str, object]]) -> dict[str, Measurement]:
    found: dict[str, Measurement] = {}
    for row in rows:
        data = row.get("measured")
        if not isinstance(data, dict) or not data["threshold"]:
            continue
        each = Measurement(**data)
        before = found.get(each.threshold, each)
        found[each.threshold] = min(before, each, key=lambda one: one.accuracy)
    return found


def _lost(result: Result) -> list[str]:
    return [f"{result.notebook}: {remark}" for remark in result.remarks] + [
        f"{result.notebook}, {test.grade_id}: {test.points + test.bonus:g} of "
        f"{test.max_points + test.max_bonus:g}, {test.outcome}: {test.message}"
        for test in result.scores.tests
        if test.outcome != Outcome.CORRECT
    ]
