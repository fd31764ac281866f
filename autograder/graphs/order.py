"""What comes after what."""

from collections.abc import Callable, Collection, Hashable, Mapping
from typing import TypeVar

from autograder.graphs.errors import GraphError
from autograder.graphs.reading import show

Key = TypeVar("Key", bound=Hashable)


def after_needs(needs: Mapping[Key, Collection[Key]], name_of: Callable[[Key], str]) -> list[Key]:
    """The keys, each after all that it needs, else in the order given.

    Every need is itself a key. GraphError names one that waits for itself.
    """
    waiting = {key: len(needed) for key, needed in needs.items()}
    consumers: dict[Key, list[Key]] = {key: [] for key in needs}
    for key, needed in needs.items():
        for need in needed:
            consumers[need].append(key)
    order = [key for key, count in waiting.items() if not count]
    for key in order:  # grows while it is walked
        for consumer in consumers[key]:
            waiting[consumer] -= 1
            if not waiting[consumer]:
                order.append(consumer)
    if len(order) != len(needs):
        circle = name_of(next(key for key, count in waiting.items() if count))
        raise GraphError(f"the layers form a circle: {show(circle)} waits for its own output")
    return order
