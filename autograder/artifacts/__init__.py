"""What programming answers are made of, as data: models, figures, batches of images.

The same on both sides: made of a live object in a student's kernel, and read from a snapshot where
hand-ins are graded. Nothing here imports a framework until it must compute.
"""

from autograder.artifacts.errors import NotDataError
from autograder.artifacts.figures.figure import FigureData
from autograder.artifacts.generators.batches import BatchesData
from autograder.artifacts.models.model import ModelData

__all__ = ["BatchesData", "FigureData", "ModelData", "NotDataError"]
