"""Checks of answers that are numbers: do they have the expected form, are they right?"""

from collections.abc import Sequence
from itertools import islice

import numpy as np

from autograder.checks.findings import Finding, Mistake, Outcome, incorrect
from autograder.checks.numbers.reading import Array, NotAnArray, as_channels
from autograder.checks.subjects import no_data
from autograder.checks.wording import Shape, fits, noun, opening, place, sentences, skeleton

MAX_ENTRIES_NAMED = 6
MAX_ENTRIES_NAMED_BESIDE_A_MISTAKE = 3

ADVICE_UNUSABLE = "Give plain numbers: a number, a nested list or a NumPy array."
ADVICE_CHANNELS = (
    "Give an array with the channels last, or a dict with one plane of numbers per channel."
)
ADVICE_SCALAR = "Write one number, without brackets."
ADVICE_EXTRA_AXIS = "It has an axis of length 1 too many: np.squeeze(...) takes it away."
ADVICE_CHANNELS_LAST = (
    "The channels come first here; they belong last: np.moveaxis(answer, 0, -1) moves them."
)
ADVICE_ENTRIES = "Work one of these entries out by hand, step by step, and compare."
ADVICE_SHAPE = "Work out first how many rows and columns the result has, then its entries."


def form(
    answer: object,
    shape: Shape | list[Shape],
    channels: Sequence[str] | None = None,
    what: str = "the answer",
) -> Finding:
    """Whether the answer is made of numbers and has the expected shape; says nothing of values.

    form(q1, shape=(2, 2))                  # an array or nested list of 2 rows, 2 columns
    form(q1, shape=(None, None))            # any number of rows and columns
    form(q3, shape=[(2, 2), (4, 4)])        # either
    form(q9, shape=())                      # a single number
    form(q11, shape=(2, 2, 3), channels=("R", "G", "B"))
                                            # channels last, or a dict of three (2, 2) planes
    """
    shapes = _shapes(shape)
    expected = " or ".join(_expected(each, channels) for each in shapes)
    asked = f"{what} is {expected}"
    array = _read(answer, channels, asked)
    if isinstance(array, Finding):
        return array
    received = f"Received {noun(array.shape)}"
    if any(fits(array.shape, each) for each in shapes):
        return Finding(Outcome.CORRECT, asked, sentences(received))
    advice = _form_advice(array.shape, shapes, channels)
    return incorrect(asked, f"{received}; expected {expected}", advice)


def equal(
    answer: object,
    expected: object,
    *,
    accept: tuple[object, ...] = (),
    mistakes: Sequence[Mistake] = (),
    partial: bool = False,
    channels: Sequence[str] | None = None,
    atol: float = 0.0,
    what: str = "the answer",
) -> Finding:
    """Whether the answer is exactly right; 45 and 45.0 are the same, an array and a list too.

        equal(q1, [[45, 45], [54, 54]])          # all the points or none
        equal(q1, expected, partial=True)        # the share of entries that are right
        equal(q3, padded_by_2, accept=(padded_by_1,))       # two right answers
        equal(q1, expected, mistakes=convolution_mistakes(image, kernel, padding="valid"))
        equal(q9, 0.333, atol=0.001)             # within 0.001

    A wrong answer is told which entries are wrong, never what they should be, and which of the
    known `mistakes` explains it. ValueError when `expected` or `accept` holds no numbers.
    """
    asked = f"{what} is right"
    rights = _right_answers(expected, accept, channels)
    array = _read(answer, channels, asked)
    if isinstance(array, Finding):
        return array
    comparable = [right for right in rights if right.shape == array.shape]
    wrong = min((_differs(array, right, atol) for right in comparable), key=np.sum, default=None)
    if wrong is not None and not wrong.any():
        return Finding(Outcome.CORRECT, asked, "All of it is right.")
    mistake = next((m for m in mistakes if _explains(m, array, atol)), None)
    entries = _wrong_entries(array, wrong, channels, mistake)
    found = sentences(mistake.what_happened if mistake else "", entries)
    advice = ADVICE_SHAPE if wrong is None else ADVICE_ENTRIES
    share = 1 - float(wrong.mean()) if partial and wrong is not None else None
    return Finding(
        Outcome.PARTLY_CORRECT if share else Outcome.INCORRECT,
        asked,
        found,
        mistake.advice if mistake else advice,
        share,
        mistake.slug if mistake else None,
    )


def _read(answer: object, channels: Sequence[str] | None, asked: str) -> Array | Finding:
    """The answer as an array, or the finding that ends the check."""
    if finding := no_data(answer, asked, ADVICE_UNUSABLE):
        return finding
    array = as_channels(answer, channels)
    if isinstance(array, NotAnArray):
        advice = ADVICE_CHANNELS if channels else ADVICE_UNUSABLE
        return incorrect(asked, opening(array.reason), advice)
    return array


def _shapes(shape: Shape | list[Shape]) -> list[Shape]:
    shapes = shape if isinstance(shape, list) else [shape]
    if not shapes or not all(isinstance(each, tuple) for each in shapes):
        raise ValueError(f"shape is a tuple such as (2, 2), or a list of tuples; received {shape}")
    return shapes


def _expected(shape: Shape, channels: Sequence[str] | None) -> str:
    if not channels:
        return noun(shape)
    keys = ", ".join(repr(name) for name in channels)
    planes = noun(shape[:-1]).removeprefix("an array of ")
    return f"{noun(shape)}, channels last, or a dict with the keys {keys} (each of {planes})"


def _form_advice(
    shape: tuple[int, ...], shapes: list[Shape], channels: Sequence[str] | None
) -> str:
    if any(fits([size for size in shape if size != 1], each) for each in shapes):
        return ADVICE_EXTRA_AXIS
    if channels and any(fits((*shape[1:], *shape[:1]), each) for each in shapes):
        return ADVICE_CHANNELS_LAST
    if shapes == [()]:
        return ADVICE_SCALAR
    typed = skeleton(shapes[0])
    return f"Write it as {typed}, for example." if typed else ""


def _right_answers(
    expected: object, accept: tuple[object, ...], channels: Sequence[str] | None
) -> list[Array]:
    if not isinstance(accept, tuple):  # a list would pass for one answer's rows unnoticed
        raise ValueError("accept is a tuple of further right answers, such as accept=(other,)")
    rights = []
    for right in (expected, *accept):
        array = as_channels(right, channels)
        if isinstance(array, NotAnArray):
            raise ValueError(f"the expected answer cannot be compared: {array.reason}")
        rights.append(array)
    return rights


def _differs(array: Array, right: Array, atol: float) -> Array:
    """Which entries are wrong, as booleans of the answer's shape."""
    differs: Array = np.abs(array - right) > atol if atol else array != right
    return np.asarray(differs)


def _explains(mistake: Mistake, array: Array, atol: float) -> bool:
    """Whether the answer is the one that the mistake leads to; rounding is no reason to miss it."""
    wrong_answer = as_channels(mistake.wrong_answer, None)
    if isinstance(wrong_answer, NotAnArray):
        raise ValueError(f"mistake {mistake.slug!r} cannot be compared: {wrong_answer.reason}")
    return wrong_answer.shape == array.shape and np.allclose(
        array, wrong_answer, rtol=1e-9, atol=max(atol, 1e-12)
    )


def _wrong_entries(
    array: Array,
    wrong: Array | None,
    channels: Sequence[str] | None,
    mistake: Mistake | None,
) -> str:
    """Which entries are wrong, by their places; `wrong` is None where the shape is."""
    if wrong is None:
        return f"The right answer does not have this form: {noun(array.shape)}"
    limit = MAX_ENTRIES_NAMED_BESIDE_A_MISTAKE if mistake else MAX_ENTRIES_NAMED
    indices = [tuple(map(int, index)) for index in np.argwhere(wrong)]
    named = []
    for index in islice(indices, limit):
        where = place(index, channels)
        named.append(f"{where}{': ' if where else ''}{array[index]:.6g} is not right")
    rest = len(indices) - len(named)
    more = f"; and {rest} more" if rest else ""
    return opening("; ".join(named) + more)
