"""Arrays as .npy files (https://numpy.org/neps/nep-0001-npy-format.html), version 1.0.

Files are written by rule, so that equal arrays make equal bytes, and read by a strict pattern:
no Python literal is evaluated, no object is unpickled, and nothing is allocated before the shape
has been found to fit the bytes that are there.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MAGIC = b"\x93NUMPY\x01\x00"
START = len(MAGIC) + 2  # the header's length stands in two bytes before it
ALIGNMENT = 64
MAX_AXES = 32
MAX_HEADER = 1_000
DTYPES = {
    name: np.dtype(name)
    for name in (
        *("|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8"),
        *("<f2", "<f4", "<f8", "<c8", "<c16"),
    )
}

_LENGTH = rb"(?:0|[1-9][0-9]{0,18})"
_SHAPE = rb"\((?:|" + _LENGTH + rb",|" + _LENGTH + rb"(?:, " + _LENGTH + rb")+)\)"
_HEADER = re.compile(
    rb"\{'descr': '([|<][a-z][0-9]{1,2})', 'fortran_order': (True|False), "
    rb"'shape': (" + _SHAPE + rb"), \} *\n"
)


class NpyError(ValueError):
    """Raised when bytes are not a .npy file of this pattern, in one line."""


@dataclass(frozen=True)
class Header:
    """What a .npy file says of its array; `offset` is where the entries begin, in bytes."""

    dtype: np.dtype[Any]
    fortran_order: bool
    shape: tuple[int, ...]
    offset: int


def to_npy(array: Array) -> bytes:
    """Returns the .npy file of an array whose dtype is in DTYPES and whose entries are in C order.

    Raises:
        NpyError: It has more than 32 axes.
    """
    if array.ndim > MAX_AXES:
        raise NpyError(f"array of {array.ndim} axes, expected at most {MAX_AXES}")
    text = f"{{'descr': '{array.dtype.str}', 'fortran_order': False, 'shape': {array.shape}, }}"
    header = text.encode("ascii")
    length = -(-(START + len(header) + 1) // ALIGNMENT) * ALIGNMENT - START
    head = MAGIC + length.to_bytes(2, "little") + header.ljust(length - 1) + b"\n"
    return b"".join((head, array.reshape(-1).view(np.uint8).data))


def read_header(data: bytes) -> Header:
    """Returns the header of a .npy file, once its shape and dtype fit its size exactly.

    Raises:
        NpyError: Another format or version, a dtype that is not in DTYPES, or a wrong size.
    """
    if not data.startswith(MAGIC) or len(data) < START:
        raise NpyError("not a .npy file of version 1.0")
    length = int.from_bytes(data[len(MAGIC) : START], "little")
    match = _HEADER.fullmatch(data[START : START + min(length, MAX_HEADER)])
    if match is None or length > MAX_HEADER:
        raise NpyError("malformed .npy header")
    descr, fortran_order, shape = (group.decode("ascii") for group in match.groups())
    if descr not in DTYPES:
        raise NpyError(f"dtype {descr}, expected one of {', '.join(DTYPES)}")
    lengths = tuple(int(text) for text in shape.strip("()").split(",") if text.strip())
    header = Header(DTYPES[descr], fortran_order == "True", lengths, START + length)
    _check_size(header, len(data))
    return header


def read_array(data: bytes, header: Header) -> Array:
    """Returns the entries as an array of its own, writable, in native layout.

    Raises:
        NpyError: A bool is neither 0 nor 1.
    """
    if math.prod(header.shape) == 0:
        return np.empty(header.shape, header.dtype)
    raw = np.frombuffer(data, np.uint8, offset=header.offset)
    if header.dtype.kind == "b" and raw.max() > 1:
        raise NpyError("a bool that is neither 0 nor 1")
    order: Literal["C", "F"] = "F" if header.fortran_order else "C"
    # A copy: as in the student's notebook, a test cell may change the array in place.
    return raw.view(header.dtype).reshape(header.shape, order=order).copy()


def _check_size(header: Header, size: int) -> None:
    if len(header.shape) > MAX_AXES:
        raise NpyError(f"array of {len(header.shape)} axes, expected at most {MAX_AXES}")
    expected = math.prod(header.shape) * header.dtype.itemsize
    if size - header.offset != expected:
        raise NpyError(
            f"{size - header.offset} bytes of entries, expected {expected} "
            f"for {header.dtype.str} of {len(header.shape)} axes"
        )
