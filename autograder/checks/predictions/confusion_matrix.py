"""The check of a confusion matrix: counted again from the model on the same images."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts.models.features import Fed
from autograder.checks.answers import is_unanswered
from autograder.checks.findings import Finding, Outcome, incorrect
from autograder.checks.numbers.reading import NotAnArray
from autograder.checks.positions import NotPositionsError, Positions, read_positions
from autograder.checks.predictions.conventions import Output, conventions_for
from autograder.checks.predictions.feeding import SCALINGS, check_inputs
from autograder.checks.predictions.matrices import Counts, Given, diagnose, read_matrix
from autograder.checks.predictions.measuring import predicted_classes
from autograder.checks.subjects import ADVICE_NOT_ANSWERED, no_data
from autograder.checks.wording import count, opening, sentences

_ALL = object()

ADVICE_MATRIX = (
    "Count with np.add.at(matrix, (true_classes, predicted_classes), 1), or take "
    "sklearn.metrics.confusion_matrix(true_classes, predicted_classes)."
)
ADVICE_SHAPE = "Make a row and a column for each class, also for one that is never predicted."
ADVICE_ONE_CLASS = (
    "One class alone is predicted: look at np.unique(predicted). The class of one sigmoid unit is "
    "(outputs > 0.5), not argmax or int()."
)
ADVICE_TOTALS = "Leave the row and the column of totals away."
ADVICE_MODEL = "Hand in the trained Keras model whose predictions you have counted."
NO_POSITIONS = "Which images are counted has not been chosen yet."
EDGE = "{images} may lie on the edge between two classes, or be counted otherwise by chance"


def confusion_matrix(
    answer: object,
    model: object,
    images: NDArray[np.uint8],
    labels: object,
    *,
    positions: object = _ALL,
    inputs: str = "0..1",
    output: Output = None,
    what: str = "the confusion matrix",
) -> Finding:
    """Whether a matrix counts what the model makes of these images.

        confusion_matrix(confusion, cnn, *cifar10.load()[1])
        confusion_matrix(confusion, cnn, images, labels, positions=test_indices)
        confusion_matrix(confusion, vgg, images, labels, positions=test_indices, inputs="vgg16")

    answer: whole numbers, (classes, classes), row = true class, column = predicted class: lists, an
    array, a tensor, or a DataFrame as pandas.crosstab makes it. images: (n, height, width, 3),
    uint8, and labels: their classes, (n,), from 0, both the author's. positions: which of them were
    counted, where the student has chosen. inputs, output: as for `accuracy`; hidden images are not
    needed, so it may stand in a visible test.

    Of n images, n / 100 (two at least) may be counted in another column, because another processor
    or precision decides otherwise at the edge; the rows must be right. What else is wrong is told:

        rows and columns changed places      transposed
        the last class first                 reversed
        shares in place of counts            normalised
        another number of images             other-images
        one column holds all                 one-column, such as argmax over one sigmoid unit
        columns right, places not            other-order: labels in another order than predictions

    ValueError where the images, labels or `inputs` are not what a question can state.
    """
    known = _labels(images, labels)
    check_inputs(inputs)
    classes = max(int(known.max()) + 1, 2)
    conventions = conventions_for(classes, output)
    asked = f"{what} counts what the model makes of the images: a row for each true class"
    if finding := no_data(answer, asked, ADVICE_MATRIX):
        return finding
    matrix = _read(answer, classes, asked, what)
    if isinstance(matrix, Finding):
        return matrix
    if positions is not _ALL:
        places = _places(positions, len(known), asked)
        if isinstance(places, Finding):
            return places
        images, known = images[places], known[places]
    predicted = predicted_classes(model, _fed(images, inputs), conventions, asked, "the model")
    if isinstance(predicted, Finding):
        return replace(predicted, advice=predicted.advice or ADVICE_MODEL)
    counted = np.zeros((classes, classes), np.int64)
    np.add.at(counted, (known, predicted), 1)
    return _finding(Given(matrix, counted, conventions), asked, what)


def _labels(images: NDArray[Any], labels: object) -> NDArray[np.intp]:
    known = np.asarray(labels)
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8 or not len(images):
        raise ValueError(
            "images: expected uint8 of shape (n, height, width, 3), "
            f"received {images.dtype} of shape {images.shape}"
        )
    if known.shape != images.shape[:1] or known.dtype.kind not in "iu" or known.min() < 0:
        raise ValueError(f"labels: expected {len(images)} whole numbers from 0")
    return known.astype(np.intp)


def _places(positions: object, images: int, asked: str) -> Positions | Finding:
    if is_unanswered(positions):
        return Finding(Outcome.NOT_ATTEMPTED, asked, NO_POSITIONS, ADVICE_NOT_ANSWERED)
    try:
        return read_positions(positions, images)
    except NotPositionsError as error:
        return incorrect(asked, f"The positions of the images {error}", error.advice)


def _read(answer: object, classes: int, asked: str, what: str) -> Counts | Finding:
    matrix = read_matrix(answer)
    if isinstance(matrix, NotAnArray):
        return incorrect(asked, f"{opening(what)}: {matrix.reason}", ADVICE_MATRIX)
    if matrix.shape == (classes, classes):
        return matrix
    given = " × ".join(map(str, matrix.shape)) or "a single number"
    found = f"{opening(what)} is {given}; expected {classes} × {classes}"
    advice = {(classes + 1,) * 2: ADVICE_TOTALS, (classes, 1): ADVICE_ONE_CLASS}
    return incorrect(asked, found, advice.get(matrix.shape, ADVICE_SHAPE))


def _fed(images: NDArray[np.uint8], inputs: str) -> Fed:
    digest = hashlib.sha256(np.ascontiguousarray(images).data)
    return Fed(images, SCALINGS[inputs], f"{digest.hexdigest()} {images.shape} {inputs}")


def _finding(given: Given, asked: str, what: str) -> Finding:
    wrong = diagnose(given)
    if wrong is not None:
        found = sentences(opening(wrong.found))
        return Finding(Outcome.INCORRECT, asked, found, wrong.advice, mistake=wrong.mistake)
    right = np.trace(given.matrix) / given.images
    found = f"{opening(what)} counts {count(given.images, 'image')}; {100 * right:.1f} % are right"
    moved = given.moved
    edge = EDGE.format(images=count(moved, "image")) if moved else ""
    return Finding(Outcome.CORRECT, asked, sentences(found, edge))
