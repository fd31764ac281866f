"""Which of a class's pictures are shown: a fair choice of each answer's, chosen as they pass."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.grading.scores import TestScore
from autograder.report.class_report.handed import Handed

MOST = 24  # pictures of one answer
FIGURE = "figure"
Place = tuple[str, str, str]  # notebook, grade_id, the answer's name


@dataclass(frozen=True)
class Hung:
    """One student's answer that is shown. kind: what it is a picture of."""

    student: str
    kind: str
    handed: Handed
    outcome: str
    points: float
    max_points: float


@dataclass
class Wall:
    """The pictures of one answer: those chosen, as (digest, picture), and how many there are."""

    chosen: list[tuple[int, Hung]] = field(default_factory=list)
    handed_in: int = 0

    @property
    def pictures(self) -> list[Hung]:
        """The chosen ones, those with more points first."""
        order = sorted(self.chosen, key=lambda each: (-each[1].points, each[0]))
        return [picture for _, picture in order]


@dataclass
class Gallery:
    """A wall for each answer that is a picture, in the order in which they first came."""

    walls: dict[Place, Wall] = field(default_factory=dict)

    def take(
        self,
        student: str,
        notebook: str,
        handed: Handed,
        visuals: Mapping[str, str],
        test: TestScore | None,
    ) -> None:
        """Hang an answer if it is a picture, or if its test looks at it as one.

        visuals: what such answers are pictures of, by name. test: what the answer came to.
        """
        kind = visuals.get(handed.name, "")
        if handed.document.get("kind") == FIGURE:
            kind = kind or FIGURE
        elif handed.document.get("kind") not in ("array", "dict", "list", "tuple"):
            kind = ""
        if not kind:
            return
        wall = self.walls.setdefault((notebook, handed.grade_id, handed.name), Wall())
        wall.handed_in += 1
        outcome, points, most = "", 0.0, 0.0
        if test is not None:
            outcome, points, most = test.outcome, test.points + test.bonus, test.max_points
            most += test.max_bonus
        picture = Hung(student, kind, handed, outcome, points, most)
        _keep(wall.chosen, _number(student, handed.name), picture)


def _keep(chosen: list[tuple[int, Hung]], number: int, picture: Hung) -> None:
    """Keep the MOST with the smallest numbers: a choice that nobody's place in a list decides."""
    entry = (-number, picture)  # the largest number is what the heap gives away
    if len(chosen) < MOST:
        heapq.heappush(chosen, entry)
    else:
        heapq.heappushpop(chosen, entry)


def _number(student: str, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{student}\n{name}".encode()).digest()[:8])
