"""NumPy arrays and NumPy scalars, of bool, integer, floating and complex dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.snapshot.kind import Document, Kind
from autograder.snapshot.npy import (
    DTYPES,
    MAX_AXES,
    Array,
    NpyError,
    read_array,
    read_header,
    to_npy,
)
from autograder.snapshot.outcome import RefusedError
from autograder.snapshot.reader import Reader, quoted
from autograder.snapshot.scribe import Scribe
from autograder.snapshot.typenames import is_genuine, names_of

SCALAR_TYPES = tuple({np.dtype(code).type for code in "?bBhHiIlLqQefdgFDG"})
UNUSABLE_DTYPES = {
    "O": "is an array of Python objects (dtype=object), which rows of unequal length often make; "
    "make the rows equally long, or convert it with .astype(float)",
    "U": "is an array of text; hand in a list of str",
    "S": "is an array of bytes; hand in a list of str",
    "T": "is an array of text; hand in a list of str",
    "V": "is a structured array; hand in its columns as a dict of arrays",
    "M": "is an array of dates; hand in numbers or text",
    "m": "is an array of time differences; hand in numbers",
}
NOT_FINITE = "holds {found}, first at index {index}; every entry must be a finite number"


def _write_array(value: Array, scribe: Scribe) -> Document:
    dtype = crossing_dtype(value.dtype)
    # Before anything is copied: a strided view may claim far more entries than are in memory.
    scribe.meter.spend_shape(value.shape)
    scribe.meter.check_bytes(value.size * dtype.itemsize)
    if value.ndim > MAX_AXES:
        raise RefusedError(f"is an array of {value.ndim} axes; {MAX_AXES} are allowed")
    with np.errstate(over="ignore"):  # a long double that becomes infinite is found below
        array = value.astype(dtype, order="C", copy=False)
    check_finite(array)
    return {"blob": scribe.blob(to_npy(array), ".npy")}


def _read_array(document: Document, reader: Reader) -> Array:
    (name,) = reader.fields(document, blob=str)
    data = reader.blob(name, ".npy")
    try:
        header = read_header(data)
        reader.meter.spend_shape(header.shape)
        array = read_array(data, header)
    except NpyError as error:
        reader.fail(f"{name}: {error}")
    check_finite(array)
    return array


def _write_scalar(value: np.generic, scribe: Scribe) -> Document:
    with np.errstate(over="ignore"):
        array = np.asarray(value).astype(crossing_dtype(value.dtype))
    check_finite(array)
    number = array.item()
    if type(number) is complex:
        return {"dtype": array.dtype.str, "value": [number.real, number.imag]}
    return {"dtype": array.dtype.str, "value": number}


def _read_scalar(document: Document, reader: Reader) -> object:
    name, value = reader.fields(document, dtype=str, value=object)
    if name not in DTYPES:
        reader.fail(f"dtype {quoted(name)}, expected one of {', '.join(DTYPES)}")
    dtype = DTYPES[name]
    number = _number(dtype, value, reader)
    try:
        with np.errstate(over="ignore"):
            scalar: Any = dtype.type(number)
    except OverflowError:
        reader.fail(f"number out of range for {name}")
    if not np.isfinite(scalar) or scalar.item() != number:
        reader.fail(f"number that {name} does not hold exactly")
    return scalar


def _number(dtype: np.dtype[Any], value: object, reader: Reader) -> bool | int | float | complex:
    expected = {"b": bool, "i": int, "u": int, "f": float, "c": list}[dtype.kind]
    if type(value) is not expected:
        reader.fail(f"{dtype.str}: expected {expected.__name__}, received {type(value).__name__}")
    if type(value) is not list:
        return value  # type: ignore[return-value]
    if [type(part) for part in value] != [float, float]:
        reader.fail(f"{dtype.str}: expected two floats")
    return complex(*value)


def crossing_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Returns the little-endian dtype of at most 16 bytes that entries of `dtype` cross as.

    bfloat16 and the other small floats of ml_dtypes cross as float32, its small integers as int8,
    long doubles as float64.

    Raises:
        RefusedError: Entries of `dtype` are not numbers.
    """
    if dtype.kind in "biufc":
        wide = {"f": "<f8", "c": "<c16"}.get(dtype.kind)
        name = dtype.newbyteorder("<").str
        return DTYPES[name] if name in DTYPES or wide is None else DTYPES[wide]
    module, name = names_of(dtype.type)
    if module == "ml_dtypes" and is_genuine(dtype.type):
        return DTYPES["|i1" if name.startswith(("int", "uint")) else "<f4"]
    raise RefusedError(UNUSABLE_DTYPES.get(dtype.kind, f"is an array of dtype {dtype.kind}"))


def check_finite(array: Array) -> None:
    """Raises RefusedError, with the first place, if an entry is NaN or infinite."""
    if array.dtype.kind in "biu":
        return
    finite = np.isfinite(array)
    if finite.all():
        return
    index = tuple(int(i) for i in np.unravel_index(int(finite.argmin()), array.shape))
    found = "NaN" if np.isnan(array[index]) else "an infinite value"
    if not index:
        raise RefusedError(f"is {found}; an answer must be a finite number")
    raise RefusedError(NOT_FINITE.format(found=found, index=list(index)))


def _is_scalar(value: object) -> bool:
    cls = type(value)
    return any(cls is scalar for scalar in SCALAR_TYPES)


ARRAY = Kind("array", lambda value: type(value) is np.ndarray, _write_array, _read_array)
NUMPY_SCALAR = Kind("numpy scalar", _is_scalar, _write_scalar, _read_scalar)
