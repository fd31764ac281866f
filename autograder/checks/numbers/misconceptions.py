"""The wrong answers that known misconceptions lead to, computed from a question's own numbers."""

from collections.abc import Iterable, Iterator
from itertools import product

import numpy as np
import numpy.typing as npt

from autograder.checks.findings import Mistake
from autograder.checks.numbers import lessons
from autograder.checks.numbers.convolution import (
    Array,
    Padding,
    Pair,
    convolve2d,
    max_pool,
    output_shape,
    pooling_windows,
)

RGB = ("R", "G", "B")

# Of an axis with one position too many at either end: these keep, add or drop one at an end.
_OFF_BY_ONE = (
    slice(1, -1),
    slice(0, -1),
    slice(1, None),
    slice(0, -2),
    slice(2, None),
    slice(1, -2),
    slice(2, -1),
)


def convolution_mistakes(
    image: npt.ArrayLike,
    kernel: npt.ArrayLike,
    *,
    padding: Padding = "valid",
    dilation_rate: int = 1,
) -> tuple[Mistake, ...]:
    """Wrong results of convolving `image` (height, width, channels) with one filter, stride 1.

    Where two misconceptions give the same numbers, the more telling one comes first and stays.
    """
    volume, weights = np.asarray(image), _deep(kernel, np.asarray(image).shape[-1])
    right = convolve2d(volume, weights, padding=padding, dilation_rate=dilation_rate)
    size = weights.shape[0]
    border = _border(size, padding, dilation_rate)
    return _distinct(
        right,
        _padding_mistakes(volume, weights, padding, dilation_rate),
        _dilation_mistakes(volume, weights, padding, dilation_rate) if dilation_rate > 1 else (),
        _channel_mistakes(volume, weights, border, dilation_rate),
        _scale_mistakes(right, weights),
        _border_mistakes(volume, weights, border, dilation_rate),
    )


def output_shape_mistakes(
    input_shape: tuple[int, int, int],
    filters: int,
    kernel_size: int,
    *,
    padding: Padding = "valid",
    strides: int = 1,
) -> tuple[Mistake, ...]:
    """Wrong answers to “what shape (height, width, depth) comes out of this convolution?”"""
    right = output_shape(input_shape, filters, kernel_size, padding=padding, strides=strides)
    ignored = output_shape(input_shape, filters, kernel_size, padding=padding)
    return _distinct(
        np.array(right),
        _floor_mistakes(ignored, filters, strides) if padding != "same" else (),
        _size_mistakes(input_shape, filters, kernel_size, padding, strides),
        [lessons.STRIDE_IGNORED.mistake(ignored)],
        _depth_mistakes(right, input_shape[2]),
        _count_mistakes(right),
    )


def pooling_mistakes(image: npt.ArrayLike, pool_size: Pair = 2) -> tuple[Mistake, ...]:
    """Wrong results of max pooling `image` (height, width, channels), stride as the window."""
    volume = np.asarray(image)
    right = max_pool(volume, pool_size)
    windows = pooling_windows(volume, pool_size)  # (rows, columns, channels, *pool_size)
    across = [right.max(axis=2), volume.max(axis=2), max_pool(volume.sum(axis=2), pool_size)]
    return _distinct(
        right,
        [lessons.OVERLAPPING_POOLING.mistake(max_pool(volume, pool_size, strides=1))],
        [lessons.MEAN_POOLING.mistake(windows.mean(axis=(-2, -1)))],
        [lessons.MIN_POOLING.mistake(windows.min(axis=(-2, -1)))],
        [lessons.CHANNELS_FIRST.mistake(np.moveaxis(right, -1, 0))],
        [lessons.POOLING_ACROSS_CHANNELS.mistake(plane) for plane in across],
        [lessons.POOLING_ACROSS_CHANNELS.mistake(plane[..., None]) for plane in across],
        [
            lessons.ONE_CHANNEL_POOLED.mistake(right[..., channel], _channel(channel, right))
            for channel in range(right.shape[-1])
        ],
    )


def _distinct(right: Array, *groups: Iterable[Mistake]) -> tuple[Mistake, ...]:
    """The mistakes in order, without those that are no mistake and those already explained."""
    seen = {_entries(right)}
    kept = []
    for mistake in (mistake for group in groups for mistake in group):
        wrong = np.asarray(mistake.wrong_answer)
        if wrong.size and (entries := _entries(wrong)) not in seen:
            seen.add(entries)
            kept.append(mistake)
    return tuple(kept)


def _entries(array: Array) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """What two arrays share that `np.array_equal` calls equal."""
    return array.shape, tuple(array.ravel().tolist())


def _padding_mistakes(
    image: Array, kernel: Array, padding: Padding, rate: int
) -> Iterator[Mistake]:
    size = kernel.shape[0]
    border = _border(size, padding, rate)
    if border == 0:
        yield from _results(lessons.SAME_INSTEAD_OF_VALID, image, kernel, ["same"], [rate])
    elif padding == "same":
        yield from _results(lessons.VALID_INSTEAD_OF_SAME, image, kernel, [0], [rate])
    else:
        yield from _results(lessons.PADDING_FORGOTTEN, image, kernel, [0], [rate])
    reach = rate * (size - 1)
    wider = [width for width in (size // 2, reach // 2, border + 1, reach) if width > border]
    yield from _results(lessons.PADDING_ADDED, image, kernel, wider, [rate])
    for mode in ("edge", "reflect") if border else ():
        padded = np.pad(image, [(border, border), (border, border), (0, 0)], mode=mode)
        yield from _results(lessons.BORDER_NOT_ZERO, padded, kernel, [0], [rate])


def _dilation_mistakes(
    image: Array, kernel: Array, padding: Padding, rate: int
) -> Iterator[Mistake]:
    """With the border that was asked for, and with those that the slip itself suggests."""
    border = _border(kernel.shape[0], padding, rate)
    borders = [padding, kernel.shape[0] // 2, border, 0]
    yield from _results(lessons.DILATION_IGNORED, image, kernel, borders, [1])
    yield from _results(lessons.DILATION_OFF_BY_ONE, image, kernel, borders, [rate + 1])


def _channel_mistakes(image: Array, kernel: Array, border: int, rate: int) -> Iterator[Mistake]:
    maps = [
        convolve2d(image[..., c], kernel[..., c], padding=border, dilation_rate=rate)
        for c in range(image.shape[-1])
    ]
    yield lessons.CHANNELS_NOT_SUMMED.mistake(np.stack(maps, axis=-1))
    yield lessons.CHANNELS_NOT_SUMMED.mistake(np.stack(maps))
    for channel, one in enumerate(maps):
        yield lessons.ONE_CHANNEL_ONLY.mistake(one, _channel(channel, image))


def _scale_mistakes(right: Array, kernel: Array) -> Iterator[Mistake]:
    rows, columns, channels = kernel.shape
    yield lessons.CHANNELS_AVERAGED.mistake(right / channels)
    yield lessons.MEAN_FILTER.mistake(right / (rows * columns))
    yield lessons.MEAN_FILTER.mistake(right / (rows * columns * channels))


def _border_mistakes(image: Array, kernel: Array, border: int, rate: int) -> Iterator[Mistake]:
    wider = convolve2d(image, kernel, padding=border + 1, dilation_rate=rate)
    for rows, columns in product(_OFF_BY_ONE, _OFF_BY_ONE):
        yield lessons.BORDER_OFF_BY_ONE.mistake(wider[rows, columns])


def _floor_mistakes(ignored: tuple[int, int, int], filters: int, strides: int) -> Iterator[Mistake]:
    """`ignored` is the shape for stride 1: one more than the pixels the filter can travel."""
    if all((size - 1) % strides == 0 for size in ignored[:2]):
        return
    exact = [(size - 1) / strides + 1 for size in ignored[:2]]
    up = [-(-(size - 1) // strides) + 1 for size in ignored[:2]]
    yield lessons.FLOOR_FORGOTTEN.mistake((*up, filters), "the result was rounded up")
    for first in (0, 1):  # with the first position, and with that forgotten too
        fractions = (*(size - first for size in exact), filters)
        yield lessons.FLOOR_FORGOTTEN.mistake(fractions, "a fraction of a pixel was kept")


def _size_mistakes(
    input_shape: tuple[int, int, int],
    filters: int,
    kernel_size: int,
    padding: Padding,
    strides: int,
) -> Iterator[Mistake]:
    same = output_shape(input_shape, filters, kernel_size, padding="same", strides=strides)
    valid = output_shape(input_shape, filters, kernel_size, padding="valid", strides=strides)
    if padding in ("valid", 0):
        yield lessons.SAME_INSTEAD_OF_VALID.mistake(same)
    elif padding == "same":
        yield lessons.VALID_INSTEAD_OF_SAME.mistake(valid)
    else:
        yield lessons.PADDING_FORGOTTEN.mistake(valid)


def _depth_mistakes(right: tuple[int, int, int], channels: int) -> Iterator[Mistake]:
    rows, columns, filters = right
    yield lessons.DEPTH_OF_INPUT.mistake((rows, columns, channels))
    yield lessons.DEPTH_MULTIPLIED.mistake((rows, columns, filters * channels))
    yield lessons.DEPTH_FORGOTTEN.mistake((rows, columns))
    yield lessons.DEPTH_FORGOTTEN.mistake((rows, columns, 1))
    yield lessons.CHANNELS_FIRST.mistake((filters, rows, columns))


def _count_mistakes(right: tuple[int, int, int]) -> Iterator[Mistake]:
    rows, columns, filters = right
    for more_rows, more_columns in product((0, -1, 1), repeat=2):
        wrong = (rows + more_rows, columns + more_columns, filters)
        yield lessons.BORDER_OFF_BY_ONE.mistake(wrong)


def _results(
    lesson: lessons.Lesson,
    image: Array,
    kernel: Array,
    paddings: Iterable[Padding],
    rates: Iterable[int],
) -> Iterator[Mistake]:
    """The lesson with the result of every combination in which the filter fits into the image."""
    for padding, rate in product(paddings, rates):
        try:
            wrong = convolve2d(image, kernel, padding=padding, dilation_rate=rate)
        except ValueError:
            continue
        yield lesson.mistake(wrong)


def _border(size: int, padding: Padding, rate: int) -> int:
    """The width of the border of zeros around the image, for a filter of odd size."""
    if isinstance(padding, int):
        return padding
    return rate * (size - 1) // 2 if padding == "same" else 0


def _deep(kernel: npt.ArrayLike, channels: int) -> Array:
    weights = np.asarray(kernel)
    if weights.ndim == 2:
        weights = np.repeat(weights[..., None], channels, axis=2)
    if weights.shape[0] % 2 == 0 or weights.shape[0] != weights.shape[1]:
        raise ValueError(f"kernel: expected a square of odd size, received {weights.shape}")
    return weights  # (kh, kw, channels)


def _channel(number: int, image: Array) -> str:
    name = RGB[number] if image.shape[-1] == len(RGB) else str(number + 1)
    return f"channel {name}"
