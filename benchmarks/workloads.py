"""Classes that do not exist: who handed in what, and how long it really takes to grade.

The times are by docs/speed.md and the solutions' own runs on two processors (small), and assumed
for a GPU (full); students differ from the author and each other by a log-normal factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from autograder.engines import Item
from autograder.engines.schedule import Expectations, ordered

KNOWN = 0.7  # of the hand-ins were graded before
ABSURD = 0.001  # of the times of then were measured while a machine slept
RUNAWAY = 0.005  # of the notebooks run into their limit
UNFINISHED = 0.1  # of the notebooks stop halfway
SPREAD = 0.35  # standard deviation of the logarithm of a time
AGAIN = 0.1  # the same between two runs of one notebook

Key = tuple[str, str]


@dataclass(frozen=True)
class Kind:
    """A notebook: its usual time, the longest that it may take, whether it uses a GPU."""

    usual_s: float
    limit_s: float
    accelerated: bool = False


Notebooks = Mapping[str, Kind]
SMALL: Notebooks = {
    "theory": Kind(1.0, 300.0),
    "cats_and_dogs": Kind(200.0, 1200.0),
    "cifar10": Kind(115.0, 1200.0),
}
FULL: Notebooks = {
    "theory": Kind(1.0, 300.0),
    "cats_and_dogs": Kind(420.0, 3600.0, accelerated=True),
    "cifar10": Kind(600.0, 3600.0, accelerated=True),
}


@dataclass(frozen=True)
class Workload:
    """items: in the order in which they should begin. wall_s: what they will take."""

    items: list[Item]
    wall_s: dict[Item, float]

    def total_s(self, accelerated: bool) -> float:
        return sum(s for item, s in self.wall_s.items() if item.accelerated == accelerated)

    def bound_s(self, slots: int, gpu_slots: int = 0) -> float:
        """No scheduler ends before this: of each lane, all its work or its longest item."""
        if not gpu_slots:
            return max(sum(self.wall_s.values()) / slots, *self.wall_s.values())
        lanes_s = self.total_s(True) / gpu_slots, self.total_s(False) / slots
        return max(*lanes_s, *self.wall_s.values())


def make(students: int, notebooks: Notebooks, random: Random, known: float = KNOWN) -> Workload:
    """A class of `students`, one hand-in each of every notebook; `known` of them graded before."""
    wall_s = {
        (f"student-{number:05}", name): _time(kind, random)
        for number in range(students)
        for name, kind in notebooks.items()
    }
    solutions = {name: kind.usual_s for name, kind in notebooks.items()}
    expectations = Expectations(_past(wall_s, known, random), solutions)
    items = {
        (student, name): Item(
            student,
            name,
            expectations.expected_s(student, name),
            notebooks[name].accelerated,
        )
        for student, name in wall_s
    }
    return Workload(ordered(items.values()), {items[key]: wall_s[key] for key in wall_s})


def _time(kind: Kind, random: Random) -> float:
    if random.random() < RUNAWAY:
        return kind.limit_s
    part = random.random() if random.random() < UNFINISHED else 1.0
    return min(kind.limit_s, part * kind.usual_s * random.lognormvariate(0.0, SPREAD))


def _past(wall_s: Mapping[Key, float], known: float, random: Random) -> dict[Key, float]:
    """What is known of earlier runs: near the truth, but for a clock that went mad."""
    before = [key for key in wall_s if random.random() < known]
    again = {key: wall_s[key] * random.lognormvariate(0.0, AGAIN) for key in before}
    return {key: 1e9 if random.random() < ABSURD else s for key, s in again.items()}
