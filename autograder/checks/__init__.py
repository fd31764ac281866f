"""What a test cell may ask of an answer."""

from autograder.checks.amounts import Amount, at_least, at_most, between
from autograder.checks.answers import Missing, NotAnAnswer, NotUsable, explain, is_unanswered
from autograder.checks.architectures.architecture import architecture
from autograder.checks.architectures.parameter_counts import parameter_counts
from autograder.checks.computing import COMPUTING
from autograder.checks.figures.figure import figure
from autograder.checks.figures.table import table
from autograder.checks.findings import Finding, Mistake, Outcome
from autograder.checks.numbers.arrays import equal, form
from autograder.checks.numbers.convolution import convolve2d, max_pool, output_shape
from autograder.checks.numbers.misconceptions import (
    convolution_mistakes,
    output_shape_mistakes,
    pooling_mistakes,
)
from autograder.checks.numbers.reading import NotAnArray, as_array
from autograder.checks.predictions.accuracy import accuracy
from autograder.checks.predictions.confusion_matrix import confusion_matrix
from autograder.checks.predictions.reported import reported
from autograder.checks.scorecard import Row, Scorecard, scorecard
from autograder.checks.training.augmentation import augmented
from autograder.checks.training.generators import generators
from autograder.checks.training.history import history
from autograder.checks.training.split import split
from autograder.checks.training.transfer import fine_tuned, frozen
from autograder.checks.visuals import reference
from autograder.checks.visuals.activations import activations
from autograder.checks.visuals.filter_patterns import filter_patterns
from autograder.checks.visuals.gradcam import gradcam

__all__ = [
    "COMPUTING",
    "Amount",
    "Finding",
    "Missing",
    "Mistake",
    "NotAnAnswer",
    "NotAnArray",
    "NotUsable",
    "Outcome",
    "Row",
    "Scorecard",
    "accuracy",
    "activations",
    "architecture",
    "as_array",
    "at_least",
    "at_most",
    "augmented",
    "between",
    "confusion_matrix",
    "convolution_mistakes",
    "convolve2d",
    "equal",
    "explain",
    "figure",
    "filter_patterns",
    "fine_tuned",
    "form",
    "frozen",
    "generators",
    "gradcam",
    "history",
    "is_unanswered",
    "max_pool",
    "output_shape",
    "output_shape_mistakes",
    "parameter_counts",
    "pooling_mistakes",
    "reference",
    "reported",
    "scorecard",
    "split",
    "table",
]
