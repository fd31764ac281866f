from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from autograder.checks import convolve2d, max_pool, output_shape

from .cases import (
    CHANNELS,
    DILATED_PADDED_BY_1,
    DILATED_SAME,
    IMAGE,
    ONES,
    POOLED,
    SAME,
    VALID,
)

small = st.integers(-9, 9)
images = st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(1, 3)).flatmap(
    lambda shape: arrays(np.int64, shape, elements=small)
)


def brute_force(image: Any, kernel: Any, pad: int, stride: int, rate: int) -> list[list[int]]:
    """The definition, pixel by pixel: what lies outside the image counts as zero."""
    height, width, channels = image.shape
    rows, columns = kernel.shape[:2]

    def pixel(y: int, x: int, c: int) -> int:
        return int(image[y, x, c]) if 0 <= y < height and 0 <= x < width else 0

    return [
        [
            sum(
                pixel(top + rate * i, left + rate * j, c) * int(kernel[i, j, c])
                for i, j, c in product(range(rows), range(columns), range(channels))
            )
            for left in range(-pad, width + pad - rate * (columns - 1), stride)
        ]
        for top in range(-pad, height + pad - rate * (rows - 1), stride)
    ]


@pytest.mark.parametrize(
    "options, expected",
    [
        ({}, VALID),
        ({"padding": "same"}, SAME),
        ({"padding": 1}, SAME),
        ({"padding": "same", "dilation_rate": 2}, DILATED_SAME),
        ({"padding": 2, "dilation_rate": 2}, DILATED_SAME),
        ({"padding": 1, "dilation_rate": 2}, DILATED_PADDED_BY_1),
    ],
)
def test_the_questions_convolutions(options: dict[str, Any], expected: list[list[int]]) -> None:
    """The numbers that come out by hand."""
    assert convolve2d(IMAGE, ONES, **options).tolist() == expected


@given(
    images,
    st.sampled_from([(1, 1), (2, 2), (3, 3), (1, 3), (3, 2)]),
    st.integers(0, 3),
    st.integers(1, 3),
    st.integers(1, 3),
    st.data(),
)
def test_convolution_is_its_definition(
    image: Any, size: tuple[int, int], pad: int, stride: int, rate: int, data: st.DataObject
) -> None:
    """Any image, filter, border, stride and rate agree with the sum written out."""
    spans = [rate * (k - 1) + 1 for k in size]
    assume(all(n + 2 * pad >= span for n, span in zip(image.shape, spans, strict=False)))
    kernel = data.draw(arrays(np.int64, (*size, image.shape[2]), elements=small))
    result = convolve2d(image, kernel, padding=pad, strides=stride, dilation_rate=rate)
    assert result.tolist() == brute_force(image, kernel, pad, stride, rate)


@given(images, st.integers(1, 4), st.integers(1, 3), st.sampled_from(["valid", "same", 0, 2]))
def test_the_output_shape_is_the_results(image: Any, size: int, stride: int, padding: Any) -> None:
    """`output_shape` predicts what `convolve2d` returns."""
    options = {"padding": padding, "strides": stride}
    try:
        result = convolve2d(image, np.ones((size, size)), **options)
    except ValueError:
        with pytest.raises(ValueError, match="does not fit"):
            output_shape(image.shape, 5, size, **options)
    else:
        assert output_shape(image.shape, 5, size, **options) == (*result.shape, 5)


@given(images, st.sampled_from([1, 3, 5]), st.integers(1, 3))
def test_same_padding_keeps_the_size(image: Any, size: int, rate: int) -> None:
    """With stride 1, "same" returns as many rows and columns as the image has."""
    result = convolve2d(image, np.ones((size, size)), padding="same", dilation_rate=rate)
    assert result.shape == image.shape[:2]


def test_same_padding_puts_the_odd_zero_last() -> None:
    """As Keras: an even filter sees the image's first pixel at its own first weight."""
    first = np.array([[1, 0], [0, 0]])
    assert convolve2d(ROW_AND_COLUMN, first, padding="same").tolist() == ROW_AND_COLUMN.tolist()


ROW_AND_COLUMN = np.arange(12).reshape(3, 4)


def test_the_filter_is_not_flipped() -> None:
    """A filter whose only weight is at its lower right sees the lower right pixel."""
    corner = np.zeros((2, 2), int)
    corner[1, 1] = 1
    result = convolve2d(ROW_AND_COLUMN, corner)
    assert result.tolist() == ROW_AND_COLUMN[1:, 1:].tolist()


@pytest.mark.parametrize(
    "options, expected",
    [
        ({}, (126, 126, 16)),
        ({"strides": 2}, (63, 63, 16)),
        ({"padding": "same"}, (128, 128, 16)),
        ({"padding": "same", "strides": 2}, (64, 64, 16)),
        ({"dilation_rate": 2}, (124, 124, 16)),
    ],
)
def test_the_questions_output_shapes(options: dict[str, Any], expected: tuple[int, ...]) -> None:
    """128×128×32 and 16 filters of 3×3×32."""
    assert output_shape((128, 128, 32), 16, 3, **options) == expected


def test_the_questions_pooling() -> None:
    """2×2 windows, each channel by itself."""
    pooled = max_pool(IMAGE, 2)
    assert {name: pooled[..., c].tolist() for c, name in enumerate(CHANNELS)} == POOLED


@given(images, st.integers(1, 3), st.integers(1, 3))
def test_pooling_takes_each_windows_largest_value(image: Any, size: int, stride: int) -> None:
    """Window by window, channel by channel; what does not fill a window is left out."""
    assume(min(image.shape[:2]) >= size)
    pooled = max_pool(image, size, strides=stride)
    rows, columns = ((n - size) // stride + 1 for n in image.shape[:2])
    assert pooled.shape == (rows, columns, image.shape[2])
    for r, c in product(range(rows), range(columns)):
        window = image[r * stride : r * stride + size, c * stride : c * stride + size]
        assert (pooled[r, c] == window.max(axis=(0, 1))).all()


@pytest.mark.parametrize(
    "image, kernel, options, message",
    [
        (IMAGE, np.ones((5, 5)), {}, r"window of \(5, 5\) does not fit into \(4, 4\) pixels"),
        (IMAGE, ONES, {"dilation_rate": 2}, r"window of \(5, 5\) does not fit"),
        (IMAGE, np.ones((3, 3, 2)), {}, r"expected \(kh, kw\) or \(kh, kw, 3\)"),
        (IMAGE[0, 0], ONES, {}, r"image: expected \(height, width, channels\), received \(3,\)"),
        (IMAGE, ONES, {"padding": "full"}, "padding: expected .* received 'full'"),
        (IMAGE, ONES, {"padding": -1}, "padding: expected .* received -1"),
        (IMAGE, ONES, {"strides": 0}, "at least 1; received 0"),
    ],
)
def test_what_cannot_be_convolved_is_refused(
    image: Any, kernel: Any, options: dict[str, Any], message: str
) -> None:
    """One line says what was expected and what was received."""
    with pytest.raises(ValueError, match=message):
        convolve2d(image, kernel, **options)
