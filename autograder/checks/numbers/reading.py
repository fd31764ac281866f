"""Reading an answer as an array of numbers, however the student wrote it down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from autograder.checks.answers import NotUsable, explain, is_unanswered
from autograder.checks.wording import legible, place

Array = npt.NDArray[Any]

MAX_ENTRIES = 1_000_000
MAX_DEPTH = 8

SUBCLASS = "is a {kind}, a special kind of array: convert it with np.array(...)"
TEXT = "is text ({text}), not a number: write it without quotes"
EMPTY = "has no entries"
UNFILLED = "is still empty ({text})"
BOOLEAN = "is True or False, not a number"
COMPLEX = "is a complex number; a real one is expected"
NOT_FINITE = "is {text}, which is no answer: a calculation before it went wrong"
TOO_LARGE_NUMBER = "is an integer too large to be stored in 64 bits"
TOO_MANY = f"has more than {MAX_ENTRIES:,} entries"
TOO_DEEP = f"has lists nested more than {MAX_DEPTH} deep"
RAGGED = "does not have the same length as the one before it: every row needs the same length"
NOT_NUMBERS = "is of type {kind}, not numbers: write a nested list or an array"
FAILED = "is of type {kind} and could not be converted to an array ({problem})"


@dataclass(frozen=True)
class NotAnArray:
    """An answer that holds no array of numbers, and why, in a sentence for the student."""

    reason: str


class _UnreadableError(Exception):
    """Where reading stopped (an index, () for the whole answer) and a predicate that says why."""

    def __init__(self, index: tuple[int, ...], why: str) -> None:
        super().__init__(f"{place(index) or 'the answer'} {why}")


def as_array(value: object) -> Array | NotAnArray:
    """The answer as an int64 or float64 array, or the reason why it is none. Never raises.

    Reads arrays, numpy numbers, int and float, nested lists and tuples of these, and live tensors
    (TensorFlow, PyTorch, JAX, Keras). Refuses text, booleans, complex numbers, NaN and infinities,
    ragged or empty lists, subclasses of ndarray, and any other object.
    """
    return as_channels(value, None)


def as_channels(value: object, channels: Sequence[str] | None) -> Array | NotAnArray:
    """As `as_array`; with `channels`, a dict of planes under these names is stacked channels last.

    The names' case does not matter.
    """
    try:
        if channels is not None and isinstance(value, dict):
            return _read_planes(value, channels)
        return _read(value, ())
    except _UnreadableError as problem:
        return NotAnArray(str(problem))
    except Exception as problem:  # a live object can fail in any way when it is looked at
        return NotAnArray(str(_failed(value, (), problem)))


def converted(tensor: object) -> Any:
    """What a tensor of any framework, known by its methods, makes of itself for NumPy, or None.

    Raises whatever those methods raise.
    """
    if callable(detach := getattr(tensor, "detach", None)):
        tensor = detach().cpu()  # PyTorch's alone: TensorFlow's cpu() warns on stderr
    convert = getattr(tensor, "numpy", None) or getattr(tensor, "__array__", None)
    return convert() if callable(convert) else None


def _read_planes(planes: dict[object, object], channels: Sequence[str]) -> Array | NotAnArray:
    named = {str(key).strip().lower(): plane for key, plane in planes.items()}
    if len(named) != len(planes) or set(named) != {name.lower() for name in channels}:
        keys = legible(", ".join(repr(key) for key in list(planes)[:8]), 80) or "(none)"
        wanted = ", ".join(repr(name) for name in channels)
        return NotAnArray(f"the dict has the keys {keys} where {wanted} are expected")
    arrays: list[Array] = []
    for name in channels:
        array = as_array(named[name.lower()])
        if isinstance(array, NotAnArray):
            return NotAnArray(f"in channel {name}, {array.reason}")
        if arrays and array.shape != arrays[0].shape:
            return NotAnArray(f"channels {channels[0]} and {name} do not have the same shape")
        arrays.append(array)
    return np.stack(arrays, axis=-1)


def _read(value: object, index: tuple[int, ...]) -> Array:
    kind = type(value)
    if issubclass(kind, list | tuple):
        return _read_sequence(value, index)  # type: ignore[arg-type]
    if kind is np.ndarray or issubclass(kind, np.generic | int | float | complex):
        return _numbers(value, index)
    if issubclass(kind, np.ndarray):
        raise _UnreadableError(index, SUBCLASS.format(kind=kind.__name__))
    if issubclass(kind, str | bytes):
        raise _UnreadableError(index, TEXT.format(text=legible(repr(value), 40)))
    if isinstance(value, NotUsable):
        raise _UnreadableError(index, f"holds no data: {explain(value)}")
    if is_unanswered(value):
        raise _UnreadableError(index, UNFILLED.format(text=legible(repr(value), 80)))
    return _read_tensor(value, index)


def _read_sequence(items: Sequence[object], index: tuple[int, ...]) -> Array:
    if len(index) >= MAX_DEPTH:
        raise _UnreadableError((), TOO_DEEP)
    parts: list[Array] = []
    for position, item in enumerate(items):
        part = _read(item, (*index, position))
        if parts and part.shape != parts[0].shape:
            raise _UnreadableError((*index, position), RAGGED)
        if part.size * len(items) > MAX_ENTRIES:  # before a list of shared lists is read in full
            raise _UnreadableError((), TOO_MANY)
        parts.append(part)
    if not parts:
        raise _UnreadableError(index, EMPTY)
    return np.stack(parts)


def _read_tensor(value: object, index: tuple[int, ...]) -> Array:
    try:
        array = converted(value)
    except Exception as problem:
        raise _failed(value, index, problem) from None
    if type(array) is not np.ndarray and not isinstance(array, np.generic):
        raise _UnreadableError(index, NOT_NUMBERS.format(kind=type(value).__name__))
    return _numbers(array, index)


def _numbers(value: object, index: tuple[int, ...]) -> Array:
    """An array, or one number, as finite int64 or float64."""
    array = np.array(value)
    if array.dtype.kind == "V" and "float" in array.dtype.name:  # bfloat16 and float8 of tensors
        array = array.astype(np.float64)
    _check_type(array, index)
    if array.size == 0:
        raise _UnreadableError(index, EMPTY)
    if array.size > MAX_ENTRIES:
        raise _UnreadableError(index, TOO_MANY)
    if array.dtype.kind in "iu":
        if array.dtype == np.uint64 and array.max() > np.iinfo(np.int64).max:
            raise _UnreadableError(index, TOO_LARGE_NUMBER)
        return array.astype(np.int64)
    with np.errstate(over="ignore"):  # a long double may overflow; infinity is refused below
        array = array.astype(np.float64)
    unusable = np.argwhere(~np.isfinite(array))
    if len(unusable):
        where = tuple(map(int, unusable[0]))
        text = "NaN (not a number)" if np.isnan(array[where]) else "infinite"
        raise _UnreadableError((*index, *where), NOT_FINITE.format(text=text))
    return array


def _check_type(array: Array, index: tuple[int, ...]) -> None:
    match array.dtype.kind:
        case "i" | "u" | "f":
            return
        case "b":
            raise _UnreadableError(index, BOOLEAN)
        case "c":
            raise _UnreadableError(index, COMPLEX)
        case "U" | "S":
            first = array.flat[0] if array.size else ""
            raise _UnreadableError(index, TEXT.format(text=legible(repr(str(first)), 40)))
        case "O" if array.ndim == 0 and isinstance(array.item(), int):
            raise _UnreadableError(index, TOO_LARGE_NUMBER)
        case _:
            raise _UnreadableError(index, NOT_NUMBERS.format(kind=array.dtype))


def _failed(value: object, index: tuple[int, ...], problem: Exception) -> _UnreadableError:
    """For an object that raised while it was converted; even its message may raise."""
    try:
        text = legible(str(problem), 100)
    except Exception:
        text = ""
    name = type(problem).__name__
    shown = f"{name}: {text}" if text else name
    return _UnreadableError(index, FAILED.format(kind=type(value).__name__, problem=shown))
