"""Where work runs."""

from autograder.engines.contract import Engine, Finished, Item, Slot
from autograder.engines.local import LocalEngine

__all__ = ["Engine", "Finished", "Item", "LocalEngine", "Slot"]
