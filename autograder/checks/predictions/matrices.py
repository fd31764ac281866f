"""Confusion matrices: read however they are written down, and what may be wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts import NotDataError
from autograder.artifacts.table import columns_of, is_table
from autograder.checks.numbers.reading import NotAnArray, as_array
from autograder.checks.predictions.conventions import Convention
from autograder.checks.wording import count

LEAST_MOVED = 2  # images that may be counted in another column, however few there are
MOST_MOVED = 0.01  # of the images
SHARE_SLACK = 0.02  # shares that were rounded to two decimals sum to 1 within this

NORMALISED = "these are shares that sum to {total}; expected counts"
ADVICE_NORMALISED = 'Count the images: leave normalize="true" or the division by the sums away.'
NO_COUNTS = "an entry is {entry:g}; counts are whole numbers from 0"
ADVICE_COUNTS = "Count how many images of each class are taken for each class."
OTHER_IMAGES = "it counts {counted}; there are {images:,}"
ADVICE_OTHER_IMAGES = "Count every test image once, and no training or validation image."
TRANSPOSED = "rows and columns have changed places: a row is a true class"
ADVICE_TRANSPOSED = "Give the true classes first: confusion_matrix(true_classes, predicted)."
REVERSED = "the classes stand in reversed order: the first row and column are those of class 0"
ADVICE_REVERSED = "Give rows and columns in the order of the labels: 0, 1, and so on."
ONE_COLUMN = "all images are counted for class {column}; the model says more than that"
ADVICE_ONE_UNIT = (
    "One sigmoid unit gives one number for each image: its class is (outputs > 0.5), for argmax "
    "and int() make 0 of all."
)
ADVICE_ONE_COLUMN = "Look at the classes that you predict: np.unique(predicted)."
OTHER_ROWS = "row {row} counts {counted} of class {label}; there are {images:,}"
OTHER_ORDER = (
    "as many images are taken for each class as the model takes, but they stand in other rows"
)
ADVICE_OTHER_ORDER = (
    "Labels and predictions come in different orders: a data set that is shuffled gives another "
    "order each time, so take images and labels from one pass, or do not shuffle."
)
OTHER_MODEL = (
    "{moved} in another column than the model puts them; {claimed:.1f} % would be right, of the "
    "model {right:.1f} % are"
)
ADVICE_OTHER_MODEL = (
    "Predict with the model that you hand in, on images fed as the question says, and count anew."
)

Counts = NDArray[Any]


class Wrong(NamedTuple):
    """What is wrong with a matrix; mistake: its slug, or None."""

    found: str
    advice: str
    mistake: str | None = None


@dataclass(frozen=True, eq=False)
class Given:
    """The matrix that a student gives and the one that was counted, (classes, classes) both."""

    matrix: Counts
    counted: Counts
    outputs: Sequence[Convention]

    @property
    def images(self) -> int:
        return int(self.counted.sum())

    @property
    def moved(self) -> int:
        """How many images stand in another column of the same row."""
        return round(float(np.abs(self.matrix - self.counted).sum()) / 2)

    @property
    def may_move(self) -> int:
        return max(LEAST_MOVED, int(MOST_MOVED * self.images))

    def agrees(self, matrix: Counts) -> bool:
        """Whether a matrix is the counted one but for images at the edge."""
        same_rows = (matrix.sum(axis=1) == self.counted.sum(axis=1)).all()
        moved = np.abs(matrix - self.counted).sum() / 2
        return bool(same_rows and moved <= self.may_move)


def read_matrix(answer: object) -> Counts | NotAnArray:
    """The numbers of a matrix. A DataFrame, or what crossed of one, loses its index."""
    try:
        table = columns_of(answer) if is_table(answer) else answer
    except NotDataError as error:
        return NotAnArray(f"it {error}")
    if not isinstance(table, Mapping):
        return as_array(answer)
    columns = dict(table)
    names = list(columns)
    if len(names) > 1 and _is_index(columns[names[0]], names):
        del columns[names[0]]
    try:
        rows = [list(cells) for cells in zip(*columns.values(), strict=True)]
    except (TypeError, ValueError):
        return NotAnArray("the columns are not lists of one length")
    return as_array(rows)


def _is_index(cells: object, names: Sequence[object]) -> bool:
    """Whether the first column is the classes' names, as pandas.crosstab puts them in front."""
    is_text = isinstance(cells, list) and any(isinstance(cell, str) for cell in cells)
    numbers = [isinstance(name, int | np.integer) for name in names]
    return is_text or (not numbers[0] and all(numbers[1:]))


def diagnose(given: Given) -> Wrong | None:
    """What is wrong with the matrix; None where nothing is."""
    return _no_counts(given) or (
        None
        if given.agrees(given.matrix)
        else _other_images(given)
        or _transposed(given)
        or _reversed(given)
        or _one_column(given)
        or _other_rows(given)
        or _other_order(given)
        or _other_model(given)
    )


def _no_counts(given: Given) -> Wrong | None:
    matrix = given.matrix
    wrong = matrix[(matrix < 0) | (matrix != np.floor(matrix))]
    for total in (1, 100) if len(wrong) else (1,):
        if _all_near(matrix, total) and given.images != matrix.sum():
            text = NORMALISED.format(total=f"{total} %" if total == 100 else total)
            return Wrong(text, ADVICE_NORMALISED, "normalised")
    return Wrong(NO_COUNTS.format(entry=wrong[0]), ADVICE_COUNTS) if len(wrong) else None


def _all_near(matrix: Counts, total: int) -> bool:
    """Whether all of it, each row or each column sums to `total`."""
    slack = SHARE_SLACK * total
    return bool((matrix >= 0).all()) and any(
        bool((np.abs(matrix.sum(axis=axis) - total) <= slack).all()) for axis in (None, 0, 1)
    )


def _other_images(given: Given) -> Wrong | None:
    total = int(given.matrix.sum())
    if total == given.images:
        return None
    text = OTHER_IMAGES.format(counted=count(total, "image"), images=given.images)
    return Wrong(text, ADVICE_OTHER_IMAGES, "other-images")


def _transposed(given: Given) -> Wrong | None:
    if not given.agrees(given.matrix.T):
        return None
    return Wrong(TRANSPOSED, ADVICE_TRANSPOSED, "transposed")


def _reversed(given: Given) -> Wrong | None:
    if not given.agrees(given.matrix[::-1, ::-1]):
        return None
    return Wrong(REVERSED, ADVICE_REVERSED, "reversed")


def _one_column(given: Given) -> Wrong | None:
    filled = np.flatnonzero(given.matrix.any(axis=0))
    if len(filled) != 1:
        return None
    is_one_unit = any(each.units == 1 for each in given.outputs) and not filled[0]
    advice = ADVICE_ONE_UNIT if is_one_unit else ADVICE_ONE_COLUMN
    return Wrong(ONE_COLUMN.format(column=filled[0]), advice, "one-column")


def _other_rows(given: Given) -> Wrong | None:
    rows, wanted = given.matrix.sum(axis=1), given.counted.sum(axis=1)
    places = np.flatnonzero(rows != wanted)
    if not len(places):
        return None
    first = int(places[0])
    text = OTHER_ROWS.format(
        row=first + 1, counted=count(rows[first], "image"), label=first, images=wanted[first]
    )
    return Wrong(text, ADVICE_OTHER_IMAGES, "other-images")


def _other_order(given: Given) -> Wrong | None:
    columns, wanted = given.matrix.sum(axis=0), given.counted.sum(axis=0)
    fewer_right = np.trace(given.counted) - np.trace(given.matrix)
    if np.abs(columns - wanted).sum() / 2 > given.may_move or fewer_right <= given.may_move:
        return None
    return Wrong(OTHER_ORDER, ADVICE_OTHER_ORDER, "other-order")


def _other_model(given: Given) -> Wrong:
    text = OTHER_MODEL.format(
        moved=f"{count(given.moved, 'image')} {'is' if given.moved == 1 else 'are'}",
        claimed=100 * np.trace(given.matrix) / given.images,
        right=100 * np.trace(given.counted) / given.images,
    )
    return Wrong(text, ADVICE_OTHER_MODEL)
