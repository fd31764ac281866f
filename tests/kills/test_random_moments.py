"""Killed a hundred times at any moment, gradings end as if nothing had happened."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from support import RIGHT, copy_released, hand_in

from kills.grader import Grader, Grading, done, grader, left_behind

KILLS = 50  # in each lane
LANES = 2
MOST_WARM_KILLS = 2  # in one grading: a third could meet the same notebook, which is then given up


@dataclass(frozen=True)
class Case:
    """A class to be graded, how long that takes, and what there is afterwards."""

    course: Path
    grading_s: float
    expected: dict[str, object]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, grading: Grader) -> Case:
    """Six students, some of whom are wrong or have handed in one notebook."""
    folder = tmp_path_factory.mktemp("moments")
    course = copy_released(folder / "course", "c.Autograder.warm_imports = []")
    for number, student in enumerate(("ann", "bob", "cid", "dee", "eva", "fay")):
        place = hand_in(course, student, RIGHT | {"b": f"b = {number + 1}"})
        if student == "cid":
            (place / "one.ipynb").unlink()
    twin = Path(shutil.copytree(course, folder / "undisturbed"))
    began = time.monotonic()
    assert grading.grade(twin).outcome().code == 1  # cid's notebook needs a person
    return Case(course, time.monotonic() - began, left_behind(twin))


@pytest.mark.timeout(900)
def test_kills_at_random_moments_change_nothing(case: Case) -> None:
    """Of the grading or of its warm process: same scores, and nothing that was done is done again.

    The moments are drawn (seeded); where they fall depends on the machine.
    """
    with ThreadPoolExecutor(LANES) as lanes:
        killed = list(lanes.map(lambda seed: _kill_on(case, seed), range(LANES)))
    assert sum(killed) >= LANES * KILLS


def _kill_on(case: Case, seed: int) -> int:
    """Grade, kill and grade again until the class is done; anew until there were enough kills."""
    chance, kills, rounds = random.Random(seed), 0, 0
    with grader() as mine:
        while kills < KILLS:
            rounds += 1
            name = f"lane-{seed}-{rounds}"
            course = Path(shutil.copytree(case.course, case.course.with_name(name)))
            kills += _grade_with_kills(case, course, mine, chance)
            assert left_behind(course) == case.expected
            shutil.rmtree(course)
    return kills


def _grade_with_kills(case: Case, course: Path, mine: Grader, chance: random.Random) -> int:
    kills, before = 0, done(course, case.expected)
    while True:
        at_work = mine.grade(course)
        kills += _disturb(at_work, case.grading_s, chance)
        outcome = at_work.outcome()
        after = done(course, case.expected)
        assert before.items() <= after.items(), "what was done has been done again"
        before = after
        if outcome.code is not None:
            assert outcome.code == 1, outcome.text
            return kills


def _disturb(at_work: Grading, grading_s: float, chance: random.Random) -> int:
    """Kill its warm process at most twice, then it; the number of kills until it has ended."""
    kills = 0
    while not at_work.ends_within(chance.uniform(0, grading_s)):
        warm = psutil.Process(at_work.pid).children()
        if warm and kills < MOST_WARM_KILLS and chance.random() < 0.5:
            victim = chance.choice(warm).pid
        else:
            victim = at_work.pid
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
            kills += 1
        if victim == at_work.pid:
            break
    return kills
