"""What a test cell may ask of an answer."""

from autograder.checks.accuracy import accuracy
from autograder.checks.activations import activations
from autograder.checks.amounts import Amount, at_least, at_most, between
from autograder.checks.answers import Missing, NotAnAnswer, NotUsable, explain, is_unanswered
from autograder.checks.architecture import architecture
from autograder.checks.arrays import equal, form
from autograder.checks.augmentation import augmented
from autograder.checks.computing import COMPUTING
from autograder.checks.convolution import convolve2d, max_pool, output_shape
from autograder.checks.figure import figure
from autograder.checks.filter_patterns import filter_patterns
from autograder.checks.findings import Finding, Mistake, Outcome
from autograder.checks.generators import generators
from autograder.checks.gradcam import gradcam
from autograder.checks.history import history
from autograder.checks.misconceptions import (
    convolution_mistakes,
    output_shape_mistakes,
    pooling_mistakes,
)
from autograder.checks.reading import NotAnArray, as_array
from autograder.checks.reported import reported
from autograder.checks.scorecard import Row, Scorecard, scorecard
from autograder.checks.table import table
from autograder.checks.transfer import fine_tuned, frozen

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
    "pooling_mistakes",
    "reported",
    "scorecard",
    "table",
]
