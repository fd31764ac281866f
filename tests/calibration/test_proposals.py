"""What follows from measured accuracies: thresholds that good solutions reach."""

from __future__ import annotations

import math

import pytest

from autograder.calibration import Proposal, Seed, propose
from autograder.checks.findings import Measurement


def proposal(*accuracies: float, images: int = 1000, classes: int = 2) -> Proposal:
    return Proposal("one/a", dict(enumerate(accuracies)), images, classes)


@pytest.mark.parametrize(
    ("accuracies", "images", "classes", "floor", "full"),
    [
        # by hand: 0.8 − 0 − 1.645·√(0.16/1000) = 0.7792
        ((0.8, 0.8), 1000, 2, 0.63, 0.77),
        # 0.8 − 3·0.02 − 1.645·√(0.16/1000) = 0.7192
        ((0.78, 0.8, 0.82), 1000, 2, 0.6, 0.71),
        # the fewer images, the less is asked: 1.645·√(0.16/100) = 0.0658
        ((0.78, 0.8, 0.82), 100, 2, 0.58, 0.67),
        # guessing gets a tenth of CIFAR-10: (0.1 + 0.71) / 2
        ((0.78, 0.8, 0.82), 1000, 10, 0.4, 0.71),
        # all right every time: nothing is left to chance
        ((1.0, 1.0), 1000, 2, 0.75, 1.0),
    ],
)
def test_floor_and_full(
    accuracies: tuple[float, ...], images: int, classes: int, floor: float, full: float
) -> None:
    """full = mean − 3·sd − 1.645·√(p(1−p)/n), floor halfway to it from guessing, rounded down."""
    found = proposal(*accuracies, images=images, classes=classes)
    assert (found.floor, found.full) == (floor, full)
    assert found.threshold is not None
    assert found.threshold.seeds == len(accuracies)
    assert found.problem == ""


@pytest.mark.parametrize(
    ("accuracies", "problem"),
    [
        ((0.9,), "one seed says nothing about the spread"),
        ((0.5, 0.51), "the solutions cannot be told from guessing (0.5)"),
        ((0.9, 0.5, 0.9), "the solutions cannot be told from guessing (0.5)"),
    ],
)
def test_nothing_is_proposed(accuracies: tuple[float, ...], problem: str) -> None:
    """From one seed, or where the spread reaches down to what guessing gives."""
    found = proposal(*accuracies)
    assert found.threshold is None
    assert found.problem == problem


def test_one_seed_has_no_spread() -> None:
    """The standard deviation is that of a sample: of one it is not 0, it is unknown."""
    assert math.isnan(proposal(0.9).sd)
    assert proposal(0.8, 0.9).sd == pytest.approx(0.0707, abs=1e-4)


def test_accuracies_are_collected_by_name_and_seed() -> None:
    """A seed that did not measure a part leaves a gap, and does not shift the others."""
    seeds = [
        Seed(0, {"b": Measurement("b", 0.5, 100, 2), "a": Measurement("a", 0.7, 200, 2)}, 1, 1, ()),
        Seed(1, {"a": Measurement("a", 0.8, 200, 2)}, 1, 1, ()),
        Seed(2, {"b": Measurement("b", 0.6, 100, 2)}, 1, 1, ()),
    ]
    first, second = propose(seeds)
    assert (first.name, first.accuracies, first.images) == ("a", {0: 0.7, 1: 0.8}, 200)
    assert (second.name, second.accuracies, second.images) == ("b", {0: 0.5, 2: 0.6}, 100)
