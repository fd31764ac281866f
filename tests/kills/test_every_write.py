"""Killed at every single write, a grading that is started again ends as if nothing had happened."""

from __future__ import annotations

import select
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import RIGHT, autograder, copy_released, hand_in

from kills.grader import Grader, Grading, done, left_behind

QUICK = "c.Autograder.warm_imports = []"  # what these notebooks need not wait for
LANES = 2  # experiments at a time


@dataclass(frozen=True)
class Case:
    """A course that waits to be graded, and what there is afterwards if nothing goes wrong."""

    course: Path
    code: int
    writes: int
    expected: dict[str, object]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, grading: Grader) -> Case:
    """One student is new with a notebook missing, one has a new answer, one has changed nothing."""
    course = copy_released(tmp_path_factory.mktemp("kills") / "course", QUICK)
    for student in ("ann", "bob"):
        hand_in(course, student)
    assert grading.grade(course).outcome().code == 0
    hand_in(course, "bob", RIGHT | {"b": "b = 5"})
    (hand_in(course, "cid") / "two.ipynb").unlink()
    twin = _copy(course, "undisturbed")
    outcome = grading.grade(twin).outcome()
    assert "3 hand-ins, 6 notebooks: 2 run, 3 graded" in outcome.text
    assert outcome.code is not None
    return Case(course, outcome.code, outcome.writes, left_behind(twin))


@pytest.mark.timeout(900)
def test_a_kill_at_any_write_changes_nothing(case: Case, grading: Grader) -> None:
    """Same scores, comments and notebooks, and what was done before the kill is not done again."""
    assert case.writes > 40
    waiting = iter(range(1, case.writes + 1))
    problems: list[str] = []
    flying: dict[Grading, tuple[int, Iterator[Grading]]] = {}
    while True:
        for number in waiting:
            steps = _experiment(case, grading, number, problems)
            flying[next(steps)] = (number, steps)
            if len(flying) == LANES:
                break
        if not flying:
            break
        for ended in select.select(list(flying), [], [], 120)[0]:
            number, steps = flying.pop(ended)
            if (following := next(steps, None)) is not None:
                flying[following] = (number, steps)
    assert problems == []


def _experiment(case: Case, grading: Grader, number: int, problems: list[str]) -> Iterator[Grading]:
    """Kill a grading at write `number`, then grade again; yields each grading to be waited for."""
    course = _copy(case.course, f"killed-{number}")
    killed = grading.grade(course, kill_at=number)
    yield killed
    if killed.outcome().code is not None:
        problems.append(f"write {number}: nothing was killed")
    before = done(course, case.expected)
    again = grading.grade(course)
    yield again
    outcome, found, after = again.outcome(), left_behind(course), done(course, case.expected)
    if outcome.code != case.code:
        problems.append(f"write {number}: ended with {outcome.code}: {outcome.text}")
    different = {name for name, _ in found.items() ^ case.expected.items()}
    problems += [f"write {number}: {name} differs" for name in sorted(different)]
    twice = [name for name, file in before.items() if after.get(name) != file]
    problems += [f"write {number}: {name} was run again" for name in twice]
    shutil.rmtree(course)


def _copy(course: Path, name: str) -> Path:
    return Path(shutil.copytree(course, course.with_name(name)))


def test_the_course_is_the_same_when_nothing_is_due(case: Case, grading: Grader) -> None:
    """What is compared does not depend on time: a second grading writes no result."""
    twin = _copy(case.course, "twice")
    for _ in range(2):
        assert grading.grade(twin).outcome().code == case.code
    assert left_behind(twin) == case.expected
    said = autograder("grade", course=twin)
    assert "0 run, 0 graded" in said.text
