"""What a test cell may ask of an answer."""

from autograder.checks.answers import Missing, NotAnAnswer, NotUsable, explain, is_unanswered
from autograder.checks.arrays import equal, form
from autograder.checks.convolution import convolve2d, max_pool, output_shape
from autograder.checks.findings import Finding, Mistake, Outcome
from autograder.checks.misconceptions import (
    convolution_mistakes,
    output_shape_mistakes,
    pooling_mistakes,
)
from autograder.checks.reading import NotAnArray, as_array
from autograder.checks.scorecard import Row, Scorecard, scorecard

__all__ = [
    "Finding",
    "Missing",
    "Mistake",
    "NotAnAnswer",
    "NotAnArray",
    "NotUsable",
    "Outcome",
    "Row",
    "Scorecard",
    "as_array",
    "convolution_mistakes",
    "convolve2d",
    "equal",
    "explain",
    "form",
    "is_unanswered",
    "max_pool",
    "output_shape",
    "output_shape_mistakes",
    "pooling_mistakes",
    "scorecard",
]
