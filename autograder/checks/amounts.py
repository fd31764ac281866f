"""How many of something a question asks for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Amount:
    """A range of counts; `most` None stands for no bound."""

    least: int = 0
    most: int | None = None

    def __post_init__(self) -> None:
        bounds = [self.least] if self.most is None else [self.least, self.most]
        if any(isinstance(each, bool) or not isinstance(each, int) for each in bounds):
            raise TypeError(f"expected whole numbers, received {self.least!r} and {self.most!r}")
        if self.least < 0 or (self.most is not None and self.most < self.least):
            raise ValueError(f"expected 0 <= least <= most, received {self.least} and {self.most}")

    def allows(self, count: int) -> bool:
        return self.least <= count and (self.most is None or count <= self.most)

    def share(self, count: int) -> float:
        """How near a count comes, in [0, 1]: 3 to "at least 4" is 0.75, and 4 to "at most 3"."""
        if self.allows(count):
            return 1.0
        return count / self.least if count < self.least else (self.most or 0) / count

    def of(self, one: str, several: str = "") -> str:
        """at least 2 layers · exactly 1 layer · no layer · any number of layers"""
        several = several or f"{one}s"
        if self.most == 0:
            return f"no {one}"
        if self.most is None and not self.least:
            return f"{self} of {several}"
        return f"{self} {one if (self.most or self.least) == 1 else several}"

    def __str__(self) -> str:
        """at least 2 · at most 3 · 1 to 2 · exactly 1 · none · any number"""
        if self.most is None:
            return f"at least {self.least:,}" if self.least else "any number"
        if self.most == 0:
            return "none"
        if self.least == self.most:
            return f"exactly {self.least:,}"
        return f"{self.least:,} to {self.most:,}" if self.least else f"at most {self.most:,}"


def at_least(least: int) -> Amount:
    """at_least(2)      # two or more"""
    return Amount(least)


def at_most(most: int) -> Amount:
    """at_most(2)       # none, one or two"""
    return Amount(0, most)


def between(least: int, most: int) -> Amount:
    """between(1, 3)    # one, two or three"""
    return Amount(least, most)


def amount(value: int | Amount) -> Amount:
    """An Amount as it is, a number as exactly that many."""
    return value if isinstance(value, Amount) else Amount(value, value)
