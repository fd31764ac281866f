"""Positions of images in a data set, as a student hands them in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autograder.checks.answers import NotUsable, explain
from autograder.checks.numbers.reading import BOOLEAN, TOO_MANY, NotAnArray, as_array
from autograder.checks.wording import count, sizes

Positions = NDArray[np.intp]

ADVICE_POSITIONS = "Hand in a list or an array of whole numbers that count from 0."
ADVICE_MASK = "np.flatnonzero(mask) gives the positions where a mask is True."
ADVICE_IMAGES = "Hand in where the images stand, not the images themselves."
ADVICE_FLAT = "np.ravel(positions) makes one list of it; np.flatnonzero gives one at once."
ADVICE_RANGE = "The first image has the position 0, the last one {last:,}."
ADVICE_BY_REASON = ((BOOLEAN, ADVICE_MASK), (TOO_MANY, ADVICE_IMAGES))


class NotPositionsError(Exception):
    """What was handed in is not positions: a predicate that says why, and what to do."""

    def __init__(self, why: str, advice: str = ADVICE_POSITIONS) -> None:
        super().__init__(why)
        self.advice = advice


def read_positions(answer: object, images: int) -> Positions:
    """Positions from 0 to images - 1, (n,), n at least 1. Raises NotPositionsError."""
    if isinstance(answer, NotUsable):
        raise NotPositionsError(f"cannot be used: {explain(answer)}")
    array = as_array(answer)
    if isinstance(array, NotAnArray):
        advice = next((text for why, text in ADVICE_BY_REASON if why in array.reason), "")
        raise NotPositionsError(f"are no positions: {array.reason}", advice or ADVICE_POSITIONS)
    if array.ndim != 1:
        advice = ADVICE_FLAT if array.ndim < 3 else ADVICE_IMAGES
        raise NotPositionsError(f"have the shape {sizes(array.shape)}; expected one list", advice)
    positions = array.astype(np.intp)
    if (positions != array).any():
        raise NotPositionsError("are not whole numbers")
    outside = positions[(positions < 0) | (positions >= images)]
    if len(outside):
        raise NotPositionsError(
            f"hold {outside[0]}; expected positions from 0 to {images - 1:,} "
            f"({count(images, 'image')})",
            ADVICE_RANGE.format(last=images - 1),
        )
    return positions
