"""Reading arrays of picture size: activations, patterns, heatmaps and the image they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograder.checks.findings import Finding, incorrect
from autograder.checks.numbers.reading import NotAnArray, as_array, converted
from autograder.checks.subjects import no_data
from autograder.checks.visuals import layerwise
from autograder.checks.wording import fits, shown, sizes

if TYPE_CHECKING:
    import keras

Floats = NDArray[np.float32]

MAX_ENTRIES = 50_000_000
MAX_PARTS = 1_000
MAX_SIDE = 1_024  # of an image

TOO_MANY = f"has more than {MAX_ENTRIES:,} entries"
NO_PICTURE = "is of type {kind}, not an array of numbers"
NOT_REAL = "holds values of type {dtype}, not numbers"
NOT_FINITE = "holds NaN or infinite values: a calculation before it went wrong"
EMPTY = "has no entries"
UNEQUAL = "is a list of arrays of different shapes, such as {first} and {other}"
WRONG_IMAGE = "The image has the shape {given}; expected {wanted}, as the model takes it."
ADVICE_IMAGE = "Give the image as it is fed to the model, (height, width, channels)."


def as_floats(value: object) -> Floats | NotAnArray:
    """An answer as a finite float32 array of at most MAX_ENTRIES; a predicate says why it is none.

    Reads arrays, live tensors of any framework, lists of these of one shape, and nested lists.
    Never raises.
    """
    try:
        return _checked(_array(value))
    except _NoPictureError as problem:
        return NotAnArray(str(problem))
    except Exception as problem:  # a live object can fail in any way when it is looked at
        return NotAnArray(f"could not be read ({type(problem).__name__})")


def read_image(image: object, model: keras.Model, asked: str) -> NDArray[Any] | Finding:
    """The image (1, height, width, channels) as it is fed to a model, or what is wrong with it."""
    if finding := no_data(image, asked, ADVICE_IMAGE):
        return finding
    array = as_floats(image)
    if isinstance(array, NotAnArray):
        return incorrect(asked, f"The image {array.reason}", ADVICE_IMAGE)
    batch = array[np.newaxis] if array.ndim == 3 else array
    wanted = layerwise.input_size(model)
    if fits(batch.shape, (1, *wanted)) and max(batch.shape) <= MAX_SIDE:
        return batch
    found = WRONG_IMAGE.format(given=sizes(array.shape), wanted=sizes(wanted))
    return incorrect(asked, found, ADVICE_IMAGE)


def correlation(first: Floats, second: Floats) -> float:
    """Pearson's correlation of two arrays of one shape; 0 where one of them is constant."""
    a, b = first.ravel().astype(np.float64), second.ravel().astype(np.float64)
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(np.clip(a @ b / scale, -1, 1)) if scale > 0 else 0.0


class _NoPictureError(Exception):
    """Why there is no array: a predicate."""


def _array(value: object, depth: int = 0) -> NDArray[Any]:
    kind = type(value)
    if isinstance(value, list | tuple):
        first = value[0] if value else None
        if depth > 2 or isinstance(first, int | float | np.generic | list | tuple | None):
            return _small(value)
        return _stacked(value, depth)
    if kind is np.ndarray:
        return value  # type: ignore[return-value]
    if isinstance(value, str | bytes | dict | set) or value is None:
        raise _NoPictureError(NO_PICTURE.format(kind=shown(kind.__name__)))
    array = converted(value)
    if type(array) is not np.ndarray:
        raise _NoPictureError(NO_PICTURE.format(kind=shown(kind.__name__)))
    return array


def _stacked(parts: list[Any] | tuple[Any, ...], depth: int) -> NDArray[Any]:
    if len(parts) > MAX_PARTS:
        raise _NoPictureError(TOO_MANY)
    arrays: list[NDArray[Any]] = []
    for part in parts:
        arrays.append(_array(part, depth + 1))
        if arrays[-1].shape != arrays[0].shape:
            shapes = {"first": sizes(arrays[0].shape), "other": sizes(arrays[-1].shape)}
            raise _NoPictureError(UNEQUAL.format(**shapes))
        if arrays[0].size * len(parts) > MAX_ENTRIES:
            raise _NoPictureError(TOO_MANY)
    return np.stack(arrays)


def _small(value: object) -> NDArray[Any]:
    """A nested list."""
    array = as_array(value)
    if isinstance(array, NotAnArray):
        raise _NoPictureError(f"is no array of numbers: {array.reason}")
    return array


def _checked(array: NDArray[Any]) -> Floats:
    if array.size > MAX_ENTRIES:
        raise _NoPictureError(TOO_MANY)
    if not array.size:
        raise _NoPictureError(EMPTY)
    bfloat16 = array.dtype.kind == "V" and "float" in array.dtype.name
    if array.dtype.kind not in "iuf" and not bfloat16:
        raise _NoPictureError(NOT_REAL.format(dtype=array.dtype))
    with np.errstate(over="ignore"):
        floats = array.astype(np.float32)
    if not np.isfinite(floats).all():
        raise _NoPictureError(NOT_FINITE)
    return floats
