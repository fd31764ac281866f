"""Numbers of a class."""

from __future__ import annotations

import pytest

from autograder.report.class_report.spread import Spread


def made(*numbers: float) -> Spread:
    spread = Spread()
    for number in numbers:
        spread.add(number)
    return spread


def test_quantiles_lie_between_numbers() -> None:
    """Evenly, whatever the order in which they came."""
    spread = made(4, 1, 3, 2)
    assert (spread.least, spread.median, spread.most) == (1, 2.5, 4)
    assert spread.quantile(0.25) == 1.75
    assert spread.mean == 2.5


def test_of_one_number_every_quantile_is_that_number() -> None:
    """A class of one has a median."""
    assert {made(7).quantile(share) for share in (0, 0.25, 0.5, 1)} == {7}


def test_numbers_after_a_quantile_count_too() -> None:
    """It may be asked while the class is still passing."""
    spread = made(1, 2)
    assert spread.most == 2
    spread.add(9)
    assert spread.most == 9


@pytest.mark.parametrize(
    ("number", "bin_"), [(-5, 0), (0, 0), (9.99, 0), (10, 1), (20, 1), (25, 1)]
)
def test_every_number_is_in_one_bin(number: float, bin_: int) -> None:
    """The last bin has its end; what lies outside is in the nearest."""
    counts = made(number).counts([0, 10, 20])
    assert counts == [int(bin_ == 0), int(bin_ == 1)]
