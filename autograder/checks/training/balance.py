"""Whether the classes of a part of a data set are as many as they should be."""

from __future__ import annotations

import math
from collections.abc import Mapping

from autograder.checks.wording import count, listed

CHANCE = 3.5  # standard deviations of a random draw
MAX_CLASSES_NAMED = 10


def is_balanced(counts: Mapping[int, int], shares: Mapping[int, float], balance: float) -> bool:
    """Whether each class has its share of the images, give or take `balance`.

    counts: images by class. shares: what they should be, each in (0, 1), summing to 1. balance=0.1
    allows 0.4 to 0.6 of two classes and 0.08 to 0.12 of ten: a fifth of an equal share, either way.
    What a random draw of so many images does is allowed in any case.
    """
    total = sum(counts.values())
    return all(
        abs(counts.get(label, 0) / total - share) <= _allowed(share, total, balance)
        for label, share in shares.items()
    )


def equal_shares(classes: int) -> dict[int, float]:
    """0: 0.5 and 1: 0.5"""
    return dict.fromkeys(range(classes), 1 / classes)


def in_words(counts: Mapping[int, int]) -> str:
    """0 (40 times) and 1 (20 times)"""
    times = (f"{label} ({count(number, 'time')})" for label, number in counts.items())
    return listed(times, MAX_CLASSES_NAMED)


def _allowed(share: float, images: int, balance: float) -> float:
    by_chance = CHANCE * math.sqrt(share * (1 - share) / images)
    return max(2 * share * balance, by_chance)
