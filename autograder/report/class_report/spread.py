"""Numbers of a class, added one at a time: eight bytes each, and no more is kept."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence


class Spread:
    """How numbers are spread. What it is asked for is defined where there is at least one."""

    def __init__(self) -> None:
        self._numbers = array("d")
        self._is_sorted = True

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, number: float) -> None:
        self._numbers.append(number)
        self._is_sorted = False

    @property
    def sum(self) -> float:
        return math.fsum(self._numbers)

    @property
    def mean(self) -> float:
        return self.sum / len(self)

    def quantile(self, share: float) -> float:
        """The number that `share` of them, in [0, 1], do not exceed; between two, evenly."""
        numbers = self._sorted()
        place = share * (len(numbers) - 1)
        below = math.floor(place)
        above = min(below + 1, len(numbers) - 1)
        return numbers[below] + (place - below) * (numbers[above] - numbers[below])

    @property
    def least(self) -> float:
        return self.quantile(0)

    @property
    def median(self) -> float:
        return self.quantile(0.5)

    @property
    def most(self) -> float:
        return self.quantile(1)

    def counts(self, edges: Sequence[float]) -> list[int]:
        """How many lie in [edge, next edge), the last bin with its end; those outside: in the
        nearest bin."""
        found = [0] * (len(edges) - 1)
        for number in self._numbers:
            place = sum(number >= edge for edge in edges[1:-1])
            found[place] += 1
        return found

    def _sorted(self) -> Sequence[float]:
        if not self._is_sorted:
            self._numbers = array("d", sorted(self._numbers))
            self._is_sorted = True
        return self._numbers
