"""A budget bounds what is written, before it is written."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from autograder.snapshot import Budget

from .crossing import crossed, refused, same


@pytest.mark.parametrize(
    "bounds",
    [{"max_bytes": 999}, {"max_elements": 0}, {"max_depth": 0}, {"max_items": -1}],
    ids=str,
)
def test_a_budget_that_holds_nothing_is_refused(bounds: dict[str, int]) -> None:
    """A bound too small is named, with what was expected and received."""
    with pytest.raises(ValueError, match=rf"{next(iter(bounds))}: expected at least .* received"):
        Budget(**bounds)


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def test_depth_up_to_the_bound_should_pass() -> None:
    """A value of exactly max_depth levels crosses."""
    assert same(crossed(nested(5)), nested(5))


def test_depth_beyond_the_bound_should_fail() -> None:
    """One more level does not, and the place is named."""
    assert refused(nested(6)) == ("element [0][0][0][0][0][0] is nested more than 5 levels deep")


def test_a_very_deep_value_should_fail() -> None:
    """Nesting far beyond Python's recursion limit is a description like any other."""
    assert "nested more than 5 levels" in refused(nested(100_000))


def test_items_up_to_the_bound_should_pass() -> None:
    """The list itself counts as one of its 500 items."""
    assert crossed([0] * 499) == [0] * 499


def test_items_beyond_the_bound_should_fail() -> None:
    """A long list is told to become an array."""
    assert "500 Python values" in refused([0] * 500)
    assert "put numbers into a NumPy array" in refused([0] * 500)


def test_shared_lists_count_each_time() -> None:
    """A few lists that contain each other doubly cannot stand for a billion."""
    value: list[object] = [1] * 10
    for _ in range(4):
        value = [value] * 10
    assert "500 Python values" in refused(value)


def test_entries_up_to_the_bound_should_pass() -> None:
    """10,000 entries cross, in one array or in several."""
    assert crossed(np.zeros(10_000, np.uint8)).shape == (10_000,)
    assert len(crossed([np.zeros(5_000, np.uint8)] * 2)) == 2


def test_entries_beyond_the_bound_should_fail() -> None:
    """All arrays of a value count together."""
    assert "shape (10001,)" in refused(np.zeros(10_001, np.uint8))
    reason = refused([np.zeros(5_000, np.uint8), np.zeros(5_001, np.uint8)])
    assert reason.startswith("element [1] has the shape (5001,), which goes beyond the 10,000")


def test_bytes_up_to_the_bound_should_pass() -> None:
    """Text and arrays that fill most of the bytes cross."""
    assert len(crossed("a" * 99_000)) == 99_000
    assert crossed(np.zeros(10_000)).nbytes == 80_000


@pytest.mark.parametrize(
    "value",
    [
        "a" * 100_001,
        "é" * 50_000,
        [np.zeros(5_000, complex), np.zeros(5_000, complex)],
        ["a" * 60_000] * 2,
    ],
    ids=["text", "text that JSON writes longer", "two arrays", "two texts"],
)
def test_bytes_beyond_the_bound_should_fail(value: object) -> None:
    """All files of a value count together, in the size that they really have."""
    assert "goes beyond the 100,000 bytes" in refused(value)


@pytest.mark.parametrize("shape", [(100_000, 100_000), (1 << 40,), (3, 1 << 30, 1 << 20)], ids=str)
def test_a_huge_view_is_never_copied(shape: tuple[int, ...]) -> None:
    """An array that claims terabytes by its strides is refused without allocating."""
    value = np.broadcast_to(np.float64(1.0), shape)
    tracemalloc.start()
    reason = refused([value], Budget())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reason.startswith(f"element [0] has the shape {shape}")
    assert peak < 1_000_000


def test_an_empty_array_of_impossible_shape_is_refused() -> None:
    """No entries, but an axis that no budget allows."""
    assert "shape (0, 1000000000)" in refused(np.empty((0, 1_000_000_000)))
