"""What an engine is: items go in, in the order in which they should begin; they come back done.

An item is one notebook of one hand-in. What it reads and what becomes of it are files, so an engine
only decides where and when the work is done, and finds out that it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from autograder.isolation import Slot

__all__ = ["Engine", "Finished", "Item", "Slot"]

Value = TypeVar("Value")


@dataclass(frozen=True)
class Item:
    """One notebook of one hand-in. expected_s: how long it is likely to take, by past runs.

    accelerated: whether it uses a GPU where there is one.
    """

    student: str
    notebook: str
    expected_s: float = 60.0
    accelerated: bool = False


@dataclass(frozen=True)
class Finished(Generic[Value]):
    """An item that needs no more work. problem: why the engine gave it up, then without a value."""

    item: Item
    value: Value | None = None
    problem: str = ""


class Engine(Protocol[Value]):
    """Has items worked on, somewhere."""

    def run(self, items: Iterable[Item]) -> Iterator[Finished[Value]]:
        """Each of `items` once it is done, in whatever order. Closing it gives up the rest."""
        ...
