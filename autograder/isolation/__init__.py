"""Walls around untrusted code: a warm process forks a walled-in child for each task.

Knows nothing of notebooks; both the untrusted and the trusted side run behind it.
"""

from autograder.isolation.client import WarmProcess
from autograder.isolation.frames import Line
from autograder.isolation.limits import Ending, IsolationError, Limits, Slot, WarmProcessDied
from autograder.isolation.walls import NO_WALLS, Wall, Walls, survey

__all__ = [
    "NO_WALLS",
    "Ending",
    "IsolationError",
    "Limits",
    "Line",
    "Slot",
    "Wall",
    "Walls",
    "WarmProcess",
    "WarmProcessDied",
    "survey",
]
