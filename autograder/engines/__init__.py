"""Where work runs."""

from autograder.engines.local import LocalEngine

__all__ = ["LocalEngine"]
