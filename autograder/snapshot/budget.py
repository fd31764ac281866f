"""How much one value may take up, counted alike when it is written and when it is read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

MIN_BYTES = 1_000  # room for a description of what could not cross


@dataclass(frozen=True)
class Budget:
    """The bounds of one snapshot.

    Attributes:
        max_bytes: Bytes of all its files together, at least 1,000.
        max_elements: Entries of all its arrays together.
        max_depth: How deep lists, tuples and dicts may be nested; a plain number has depth 0.
        max_items: Python values in all: a list of three numbers counts as four.

    Raises:
        ValueError: A bound is too small to hold anything.
    """

    max_bytes: int = 256_000_000
    max_elements: int = 64_000_000
    max_depth: int = 20
    max_items: int = 100_000

    def __post_init__(self) -> None:
        if self.max_bytes < MIN_BYTES:
            raise ValueError(f"max_bytes: expected at least {MIN_BYTES}, received {self.max_bytes}")
        for name in ("max_elements", "max_depth", "max_items"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: expected at least 1, received {getattr(self, name)}")


class OverBudgetError(Exception):
    """Raised when a value outgrows its budget. The text continues "the value …"."""


@dataclass
class Meter:
    """Counts what a value has used of its budget; raises OverBudgetError before it is exceeded."""

    budget: Budget
    items: int = 0
    elements: int = 0
    bytes: int = 0

    def spend_item(self) -> None:
        self.check_items(1)
        self.items += 1

    def check_items(self, more: int) -> None:
        """Raises if `more` items would be too many, so that they need not be walked through."""
        if self.items + more > self.budget.max_items:
            raise OverBudgetError(
                f"goes beyond the {self.budget.max_items:,} Python values that an answer may hold; "
                "put numbers into a NumPy array"
            )

    def spend_shape(self, shape: Iterable[int]) -> None:
        self.check_shape(shape)
        self.elements += _entries(shape)

    def check_shape(self, shape: Iterable[int]) -> None:
        """Raises if an array of this shape would have too many entries, without making it."""
        if self.elements + _entries(shape) > self.budget.max_elements:
            raise OverBudgetError(
                f"has the shape {_short(shape)}, which goes beyond the "
                f"{self.budget.max_elements:,} array entries that an answer may hold"
            )

    def spend_bytes(self, count: int) -> None:
        self.check_bytes(count)
        self.bytes += count

    def check_bytes(self, more: int) -> None:
        """Raises if `more` bytes would be too many, so that they need not be made."""
        if self.bytes + more > self.budget.max_bytes:
            raise OverBudgetError(
                f"goes beyond the {self.budget.max_bytes:,} bytes that an answer may take"
            )

    def check_depth(self, depth: int) -> None:
        if depth > self.budget.max_depth:
            raise OverBudgetError(f"is nested more than {self.budget.max_depth} levels deep")


def _entries(shape: Iterable[int]) -> int:
    """An axis of length 0 counts as 1: (0, 10**18) is empty, yet no array that can be made."""
    return math.prod(max(length, 1) for length in shape)


def _short(shape: Iterable[int]) -> str:
    text = str(tuple(shape))
    return text if len(text) <= 60 else text[:59] + "…"
