"""Convolution and pooling of small images in plain NumPy: the reference for computed answers."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Array = npt.NDArray[Any]
Padding = Literal["valid", "same"] | int
Pair = int | tuple[int, int]


def convolve2d(
    image: npt.ArrayLike,
    kernel: npt.ArrayLike,
    *,
    padding: Padding = "valid",
    strides: Pair = 1,
    dilation_rate: Pair = 1,
) -> Array:
    """One filter's feature map, (rows, columns): what Conv2D computes, without flipping the filter.

    `image` is (height, width) or (height, width, channels); `kernel` (kh, kw, channels), or
    (kh, kw) for the same weights in every channel. `padding` as Keras', or the width of a border
    of zeros. ValueError when the filter does not fit.
    """
    volume = _with_channels(image)  # (height, width, channels)
    weights = np.asarray(kernel)
    if weights.ndim == 2:
        weights = np.repeat(weights[..., None], volume.shape[2], axis=2)  # (kh, kw, channels)
    if weights.ndim != 3 or weights.shape[2] != volume.shape[2]:
        raise ValueError(
            f"kernel: expected (kh, kw) or (kh, kw, {volume.shape[2]}), received {weights.shape}"
        )
    steps, rates = _pair(strides), _pair(dilation_rate)
    borders = [
        _border(volume.shape[axis], weights.shape[axis], padding, steps[axis], rates[axis])
        for axis in (0, 1)
    ]
    padded = np.pad(volume, [*borders, (0, 0)])
    spans = [_span(weights.shape[axis], rates[axis]) for axis in (0, 1)]
    _check_fits(padded.shape[:2], spans)
    windows = sliding_window_view(padded, spans, axis=(0, 1))  # (rows, columns, channels, *spans)
    windows = windows[:: steps[0], :: steps[1], :, :: rates[0], :: rates[1]]
    return np.asarray(np.einsum("rcdij,ijd->rc", windows, weights))


def max_pool(image: npt.ArrayLike, pool_size: Pair = 2, strides: Pair | None = None) -> Array:
    """Each channel's maximum per window, without padding; `strides` defaults to `pool_size`.

    (height, width, channels) → (rows, columns, channels); a single plane stays one.
    """
    windows = pooling_windows(image, pool_size, strides)
    return np.asarray(windows.max(axis=(-2, -1)))


def pooling_windows(
    image: npt.ArrayLike, pool_size: Pair = 2, strides: Pair | None = None
) -> Array:
    """The windows that pooling reduces, the window's rows and columns as the last two axes."""
    plane = np.asarray(image)
    size = _pair(pool_size)
    steps = size if strides is None else _pair(strides)
    _check_fits(plane.shape[:2], size)
    windows = sliding_window_view(plane, size, axis=(0, 1))
    return np.asarray(windows[:: steps[0], :: steps[1]])


def output_shape(
    input_shape: tuple[int, int, int],
    filters: int,
    kernel_size: Pair,
    *,
    padding: Padding = "valid",
    strides: Pair = 1,
    dilation_rate: Pair = 1,
) -> tuple[int, int, int]:
    """The shape (height, width, filters) of Conv2D's output; `input_shape` is channels last."""
    kernel, steps, rates = _pair(kernel_size), _pair(strides), _pair(dilation_rate)
    rows, columns = (
        _length(input_shape[axis], kernel[axis], padding, steps[axis], rates[axis])
        for axis in (0, 1)
    )
    return rows, columns, filters


def _length(size: int, kernel: int, padding: Padding, step: int, rate: int) -> int:
    padded = size + sum(_border(size, kernel, padding, step, rate))
    span = _span(kernel, rate)
    _check_fits([padded], [span])
    return (padded - span) // step + 1


def _border(size: int, kernel: int, padding: Padding, step: int, rate: int) -> tuple[int, int]:
    """Zeros before and after one axis; where "same" needs an odd number, the end has one more."""
    if isinstance(padding, int) and padding >= 0:
        return padding, padding
    if padding == "valid":
        return 0, 0
    if padding != "same":
        raise ValueError(f'padding: expected "valid", "same" or an int ≥ 0, received {padding!r}')
    total = max((-(-size // step) - 1) * step + _span(kernel, rate) - size, 0)
    return total // 2, total - total // 2


def _span(kernel: int, rate: int) -> int:
    """How many pixels a dilated filter reaches over."""
    return rate * (kernel - 1) + 1


def _check_fits(sizes: Any, spans: Any) -> None:
    if any(span > size for size, span in zip(sizes, spans, strict=True)):
        raise ValueError(f"a window of {tuple(spans)} does not fit into {tuple(sizes)} pixels")


def _with_channels(image: npt.ArrayLike) -> Array:
    array = np.asarray(image)
    if array.ndim == 2:
        return array[..., None]
    if array.ndim != 3:
        raise ValueError(f"image: expected (height, width, channels), received {array.shape}")
    return array


def _pair(value: Pair) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else value
    if min(pair) < 1:
        raise ValueError(f"sizes, strides and rates are at least 1; received {value}")
    return pair
