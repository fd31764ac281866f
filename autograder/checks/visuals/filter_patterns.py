"""Checks the pictures that a student has made to excite filters: does each excite its own?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.artifacts import NotDataError
from autograder.checks.amounts import Amount, amount, at_least
from autograder.checks.findings import Finding, Outcome, incorrect
from autograder.checks.numbers.reading import NotAnArray
from autograder.checks.subjects import model_data, no_data
from autograder.checks.visuals import layerwise, reference
from autograder.checks.visuals.excitation import Excitation, Patterns
from autograder.checks.visuals.pictures import Floats, as_floats
from autograder.checks.wording import count, sizes

if TYPE_CHECKING:
    import keras

FULL_FROM, NOTHING_BELOW = 0.6, 0.45  # shares of the patterns that excite their own filter most
SIDES = (4, 512)

FOUR_OR_MORE = at_least(4)

ADVICE = (
    "Start from grey noise, take the gradient of the mean of one filter's output with respect to "
    "the picture, and move the picture along it for 20 steps or more."
)
ADVICE_SILENT = "Take the mean of the filter's output before its ReLU, or choose other filters."
ADVICE_FORM = "Hand in an array (n, height, width, 3), one pattern per filter."
ADVICE_LAYER = "Give the layer's name, or a number that counts the convolutions."
ADVICE_RANGE = "Bring the patterns to the range that is asked for with np.clip or by scaling them."
FORM = "The patterns have the shape {shape}; expected (n, height, width, {channels})."
SIDE = "The patterns are {height}×{width}; expected 4 to 512 pixels a side."
FILTERS = "The layer has {count}, numbered 0 to {last}; a pattern is given for another number."
NO_NUMBERS = "The filters are not given by their numbers, such as [0, 3, 5]."
RANGE = "The values lie in {low:.3g} to {high:.3g}; expected {value_range}."
NUMBER = "There are {count}; expected {wanted}."
NOT_JUDGED = "{silent} of {count} filters are silent for grey noise, so too few can be judged."
FOUND = "{good} of {judged} patterns excite their own filter beyond noise and beyond the others."
NOTED = " Not counted: {count} more, silent for grey noise."


def filter_patterns(
    patterns: object,
    model: object,
    layer: object,
    filters: Sequence[int] | None = None,
    *,
    value_range: tuple[float, float] = (0.0, 1.0),
    inputs: tuple[float, float] = (0.0, 1.0),
    number: int | Amount = FOUR_OR_MORE,
) -> Finding:
    """Whether pictures excite the filters that they were made for.

        filter_patterns(patterns, cnn, "conv2d_2")                  # filters 0, 1, 2, …
        filter_patterns(patterns, cnn, -1, filters=[3, 7, 8, 12])   # of the last convolution
        filter_patterns(patterns, cnn, layer, value_range=(0, 255)) # as a picture is stored

    patterns: (n, height, width, channels), a list of (height, width, channels), or a dict from
    filters to these. Their size may be another than the model's. layer: a name, or a number that
    counts the convolutions. value_range: of the patterns; they are brought to `inputs`, the range
    that the model takes. number: how many patterns there should be; 16 of them are judged, of
    large ones fewer, and the 96×96 pixels in the middle.

    A pattern is right if the mean of its filter's output is
    - beyond the 95th percentile of that for 100 noise images, the pattern's own numbers in random
      order, so of the same mean and spread; or at least 0.8 of what reference.filter_patterns
      reaches, since a filter for a plain colour has a plain picture; and
    - greater than for any other of the patterns, or 0.9 of the greatest, counted from grey noise.
    Filters that are silent for grey noise give plain gradient ascent no slope; they count only
    where their pattern is right. All points from 60 % right patterns, none below 45 %, that share
    of them between. Measured on small CNNs, the reference's and plain ascent's patterns come to
    75–100 %; those of another model, layer or filter, and noise, to 0–43 %.
    """
    asked = "each pattern excites its own filter"
    data = model_data(model, asked)
    if isinstance(data, Finding):
        return data
    if finding := no_data(patterns, asked, ADVICE_FORM) or no_data(layer, asked, ADVICE_LAYER):
        return finding
    given = _read(patterns, filters)
    if isinstance(given, str):
        return incorrect(asked, given, ADVICE_FORM)
    try:
        kmodel = layerwise.live(data)
        name = layerwise.layer_id(layerwise.graph_of(data), layer)
        if found := _misfit(given, kmodel, name, amount(number)):
            return incorrect(asked, found, ADVICE_FORM)
        if found := _out_of_range(given.pictures, value_range):
            return incorrect(asked, found, ADVICE_RANGE)
        scaled = given.fitted(kmodel, name).chosen().scaled(value_range, inputs)
        return _judged(Excitation(scaled, kmodel, name, inputs), asked)
    except NotDataError as error:
        return incorrect(asked, f"The model {error}")


def _read(patterns: Any, filters: Sequence[int] | None) -> Patterns | str:
    """The patterns and their filters' numbers, or a sentence on what is wrong with them."""
    if isinstance(patterns, dict):
        filters = list(patterns) if filters is None else filters
        patterns = list(patterns.values())
    array = as_floats(patterns)
    if isinstance(array, NotAnArray):
        return f"The answer {array.reason}"
    if array.ndim != 4:
        return FORM.format(shape=sizes(array.shape), channels="channels")
    chosen = range(len(array)) if filters is None else filters
    if not isinstance(chosen, list | tuple | range | np.ndarray) or not all(
        type(each) is int or isinstance(each, np.integer) for each in chosen
    ):
        return NO_NUMBERS
    if len(set(chosen)) != len(array):
        return f"There are {count(len(array), 'pattern')} for {count(len(set(chosen)), 'filter')}."
    return Patterns(array, [int(each) for each in chosen])


def _misfit(given: Patterns, model: keras.Model, layer: str, wanted: Amount) -> str:
    """What does not fit to the model or to what is asked for; "" for nothing."""
    patterns, height, width, channels = given.pictures.shape
    expected = layerwise.input_size(model)[2]
    if expected not in (None, channels):
        return FORM.format(shape=sizes(given.pictures.shape), channels=expected)
    if not all(SIDES[0] <= side <= SIDES[1] for side in (height, width)):
        return SIDE.format(height=height, width=width)
    if not wanted.allows(patterns):
        return NUMBER.format(count=count(patterns, "pattern"), wanted=wanted)
    found = reference.filter_count(model, layer)
    if not all(0 <= each < found for each in given.filters):
        return FILTERS.format(count=count(found, "filter"), last=found - 1)
    return ""


def _out_of_range(pictures: Floats, value_range: tuple[float, float]) -> str:
    low, high = float(pictures.min()), float(pictures.max())
    slack = 1e-3 * (value_range[1] - value_range[0])
    if value_range[0] - slack <= low and high <= value_range[1] + slack:
        return ""
    expected = f"{value_range[0]:g} to {value_range[1]:g}"
    return RANGE.format(low=low, high=high, value_range=expected)


def _judged(excited: Excitation, asked: str) -> Finding:
    problems, filters = excited.problems, excited.given.filters
    counted = [
        number
        for number, problem in enumerate(problems)
        if not problem or not excited.silent[number]
    ]
    silent = len(problems) - len(counted)
    if len(counted) < max(1, len(problems) / 4):
        found = NOT_JUDGED.format(silent=silent, count=len(problems))
        return incorrect(asked, found, ADVICE_SILENT)
    good = sum(not problems[each] for each in counted)
    share = good / len(counted)
    found = FOUND.format(good=good, judged=len(counted))
    found += NOTED.format(count=count(silent, "filter")) if silent else ""
    details = tuple(
        f"Filter {filters[each]}: {problems[each]}." for each in counted if problems[each]
    )
    if share >= FULL_FROM:
        return Finding(Outcome.CORRECT, asked, found, details=details)
    if share >= NOTHING_BELOW:
        return Finding(Outcome.PARTLY_CORRECT, asked, found, ADVICE, share, details=details)
    return Finding(Outcome.INCORRECT, asked, found, ADVICE, 0.0, details=details)
