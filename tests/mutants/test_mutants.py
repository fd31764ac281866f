"""Solutions that are wrong on purpose lose their points for the right reason; others lose none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from . import cats_and_dogs, cifar10
from .bench import NOTEBOOKS, Bench
from .cases import Case

if TYPE_CHECKING:  # else pytest takes it for a class of tests
    from autograder.grading.scores import TestScore

TRAINING_S = 1500  # the first test waits until all models are trained
NEAR = 0.005  # of a point

MODULES = {"cats_and_dogs": cats_and_dogs, "cifar10": cifar10}


def _parameters(kind: str) -> list[object]:
    return [
        pytest.param(notebook, case, id=f"{notebook}-{case.name}")
        for notebook, module in MODULES.items()
        for case in getattr(module, kind)
    ]


@pytest.mark.timeout(TRAINING_S)
@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_solutions_score_full_marks(bench: Bench, notebook: str) -> None:
    """Unchanged, as they stand in source/."""
    case = Case("the solution", (), tests=tuple(bench.tests(notebook)))
    assert _lost(bench.judge(notebook, case).scores) == {}


@pytest.mark.timeout(TRAINING_S)
@pytest.mark.parametrize(("notebook", "case"), _parameters("MUTANTS"))
def test_mutants_lose_points_for_their_own_reason(bench: Bench, notebook: str, case: Case) -> None:
    """As many points as they must lose, in the tests that they must lose them in."""
    judged = bench.judge(notebook, case)
    lost = _lost(judged.scores)
    assert lost.keys() == case.loses.keys(), _told(judged.scores)
    for test, points in case.loses.items():
        least, most = points if isinstance(points, tuple) else (points, points)
        assert least - NEAR <= lost[test] <= most + NEAR, _told(judged.scores)
    assert re.search(case.says, _told(judged.scores)), _told(judged.scores)


@pytest.mark.timeout(TRAINING_S)
@pytest.mark.parametrize(("notebook", "case"), _parameters("VARIANTS"))
def test_variants_keep_full_marks(bench: Bench, notebook: str, case: Case) -> None:
    """What is right in another way is as right."""
    judged = bench.judge(notebook, case)
    assert judged.raised == ""
    assert judged.scores.keys() == set(case.judged)
    assert _lost(judged.scores) == {}, _told(judged.scores)


@pytest.mark.timeout(TRAINING_S)
@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_cases_leave_nothing_behind(bench: Bench, notebook: str) -> None:
    """After all of them the solution still scores full marks."""
    case = Case("the solution again", (), tests=tuple(bench.tests(notebook)))
    assert _lost(bench.judge(notebook, case).scores) == {}


def test_there_are_enough() -> None:
    """At least 30 mutants and 12 variants, no name twice."""
    for kind, least in (("MUTANTS", 30), ("VARIANTS", 12)):
        names = [
            (notebook, case.name)
            for notebook, module in MODULES.items()
            for case in getattr(module, kind)
        ]
        assert len(set(names)) == len(names) >= least


def _lost(scores: dict[str, TestScore]) -> dict[str, float]:
    """Points lost by test cell, where any are; a bonus can be lost like other points."""
    lost = {
        name: score.max_points + score.max_bonus - score.points - score.bonus
        for name, score in scores.items()
    }
    return {name: points for name, points in lost.items() if points > NEAR}


def _told(scores: dict[str, TestScore]) -> str:
    """What the cards say of that which is not right."""
    lines = []
    for name, score in scores.items():
        rows = [row for row in score.rows if row["outcome"] != "correct"]
        lines.append(f"{name}: {score.points:g} of {score.max_points:g}, {score.outcome}")
        if not score.rows:
            lines.append(score.message)
        lines += [" ".join([r["found"], *r["details"], r["advice"]]) for r in rows]
    return "\n".join(lines)
