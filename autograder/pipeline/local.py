"""Work on an assignment's hand-ins on this machine."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.course import HandIn
from autograder.engines import Item, LocalEngine, Slot
from autograder.engines.slots import Slots
from autograder.execution.nursery import Nursery
from autograder.pipeline.assignment import Assignment, Result

# For each slot: one runs a student's code (see Nursery.slots) while another grades, since much of
# both is waiting for the kernel to put up walls.
_THREADS = 2


def local_engine(
    assignment: Assignment, hand_ins: Mapping[str, HandIn], nursery: Nursery, slots: Slots
) -> LocalEngine[Result]:
    """Work in processes of `nursery`. hand_ins: by student."""

    def work(item: Item, slot: Slot) -> Result:
        return assignment.work(hand_ins[item.student], item.notebook, nursery, slot)

    return LocalEngine(work, slots.plain * _THREADS, slots.accelerated)
