"""An auto-graded deep-learning course kit on nbgrader."""

__version__ = "0.1.0"
