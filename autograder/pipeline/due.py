"""What a grading would do, and why, without doing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from autograder.engines import Item
from autograder.pipeline.assignment import Look
from autograder.pipeline.grading import Grading

Action = Literal["run", "grade", "nothing"]


@dataclass(frozen=True)
class Due:
    """What would be done with one notebook; "run" means that it is graded after that as well."""

    item: Item
    action: Action
    why: str


def what_is_due(grading: Grading, walled: bool) -> Iterator[Due]:
    """By notebook, in the order in which a grading would begin. Reads files, runs nothing.

    walled: whether student code is to run behind walls.
    """
    assignment = grading.assignment
    for item in grading.items:
        hand_in = grading.hand_ins[item.student]
        prepared = assignment.prepare(hand_in, item.notebook)
        look = assignment.look(prepared, hand_in, item.notebook, walled, only_look=True)
        yield Due(item, _action(look), look.why_run or look.why_grade)


def _action(look: Look) -> Action:
    if look.scores is not None:
        return "nothing"
    return "run" if look.why_run else "grade"
