"""Ranges of counts, in words and as shares."""

from typing import Any

import pytest

from autograder.checks import Amount, at_least, at_most, between
from autograder.checks.amounts import amount

EXACTLY_TWO = Amount(2, 2)


@pytest.mark.parametrize(
    "wanted, words",
    [
        (at_least(2), "at least 2 layers"),
        (at_least(1), "at least 1 layer"),
        (at_most(3), "at most 3 layers"),
        (between(0, 1), "at most 1 layer"),
        (between(1, 2), "1 to 2 layers"),
        (EXACTLY_TWO, "exactly 2 layers"),
        (at_most(2_000), "at most 2,000 layers"),
        (at_most(0), "no layer"),
        (at_least(0), "any number of layers"),
    ],
)
def test_an_amount_agrees_with_its_noun(wanted: Amount, words: str) -> None:
    """Its last number decides between one and several."""
    assert wanted.of("layer") == words


def test_an_odd_plural_is_given() -> None:
    """Where an s does not do."""
    assert at_least(2).of("class", "classes") == "at least 2 classes"


@pytest.mark.parametrize(
    "wanted, count, share",
    [
        (at_least(4), 4, 1),
        (at_least(4), 3, 0.75),
        (at_least(4), 0, 0),
        (at_most(3), 4, 0.75),
        (at_most(0), 2, 0),
        (EXACTLY_TWO, 8, 0.25),
    ],
)
def test_a_count_off_by_more_earns_less(wanted: Amount, count: int, share: float) -> None:
    """Too few and too many."""
    assert wanted.share(count) == share


@pytest.mark.parametrize("wrong", [1.5, True, "2"])
def test_only_whole_numbers_are_amounts(wrong: Any) -> None:
    """An author's mistake is told at once."""
    with pytest.raises(TypeError, match="expected whole numbers"):
        amount(wrong)
    with pytest.raises(ValueError, match="expected 0 <= least <= most"):
        between(3, 1)
