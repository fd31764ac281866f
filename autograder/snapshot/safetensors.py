"""Weights as safetensors files (https://huggingface.co/docs/safetensors), one for each layer.

Written by the library, which makes equal bytes of equal arrays. Read by a strict pattern, without
the library: eight bytes with the header's length, a JSON header that says of each array its dtype,
its shape and where it lies, and the arrays, which fill the rest without gaps. No array is looked at
before it is taken.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.artifacts import NotDataError
from autograder.snapshot.npy import Array

START = 8  # bytes before the header
MAX_HEADER = 100_000
MAX_TENSORS = 100  # in one layer
MAX_AXES = 8
MAX_LENGTH = 10**9
DTYPES = {
    "BOOL": np.dtype("|b1"),
    **{
        f"{letter}{8 * size}": np.dtype(f"<{letter.lower()}{size}")
        for letter in "IU"
        for size in (1, 2, 4, 8)
    },
    **{f"F{8 * size}": np.dtype(f"<f{size}") for size in (2, 4, 8)},
}
NOT_FINITE = "has weights in {name} that are no finite numbers"


class TensorsError(Exception):
    """Raised when bytes are not such a file, in one line."""


@dataclass(frozen=True)
class Stored:
    """One array in the bytes of a file."""

    data: bytes
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int

    def array(self) -> Array:
        """The entries, read-only, without a copy."""
        count = math.prod(self.shape)
        return np.frombuffer(self.data, self.dtype, count, self.offset).reshape(self.shape)


@dataclass(frozen=True, eq=False)
class StoredTensors(Mapping[str, Array]):
    """Arrays by name, each checked when it is first taken: then it raises NotDataError."""

    stored: Mapping[str, Stored]
    _taken: dict[str, Array] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        if name not in self._taken:
            array = self.stored[name].array()
            if not np.isfinite(array).all():
                raise NotDataError(NOT_FINITE.format(name=name))
            self._taken[name] = array
        return self._taken[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.stored)

    def __len__(self) -> int:
        return len(self.stored)


def to_safetensors(tensors: Mapping[str, Array]) -> bytes:
    """Untrusted side: the file of a layer's arrays, whose dtypes are in DTYPES."""
    from safetensors.numpy import save

    return bytes(save(dict(tensors)))


def read_header(data: bytes) -> dict[str, Stored]:
    """Trusted side: the arrays of a file that may have been forged, by name, none of them taken.

    Raises:
        TensorsError: It is not a file of this pattern.
    """
    if len(data) < START:
        raise TensorsError("not a safetensors file")
    length = int.from_bytes(data[:START], "little")
    if length > min(MAX_HEADER, len(data) - START) or length % START:
        raise TensorsError("a header of another length than safetensors files have")
    entries = _parsed(data[START : START + length])
    if not entries or len(entries) > MAX_TENSORS:
        raise TensorsError(f"{len(entries)} arrays, expected 1 to {MAX_TENSORS}")
    found = {name: _stored(entry, data, START + length) for name, entry in entries.items()}
    _check_gapless(found.values(), START + length, len(data))
    return found


def _parsed(header: bytes) -> dict[str, Any]:
    try:
        entries = json.loads(header.decode("ascii"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise TensorsError("a header that is not JSON in ASCII") from error
    if type(entries) is not dict:
        raise TensorsError("a header that is no object")
    return entries


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise TensorsError("the same name twice")
    return entries


def _stored(entry: Any, data: bytes, start: int) -> Stored:
    if type(entry) is not dict or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise TensorsError("an array without dtype, shape and data_offsets")
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not (_are_lengths(shape, MAX_LENGTH) and len(shape) <= MAX_AXES):
        raise TensorsError("a shape that no array of weights has")
    if not (_are_lengths(offsets, len(data)) and len(offsets) == 2):
        raise TensorsError("data_offsets that are no two numbers within the file")
    dtype = DTYPES.get(entry["dtype"]) if type(entry["dtype"]) is str else None
    if dtype is None:
        raise TensorsError(f"a dtype that is none of {', '.join(DTYPES)}")
    if offsets[1] - offsets[0] != math.prod(shape) * dtype.itemsize:
        raise TensorsError("an array whose bytes do not fit to its shape")
    if dtype.kind == "b" and data[start + offsets[0] : start + offsets[1]].strip(b"\0\1"):
        raise TensorsError("a bool that is neither 0 nor 1")
    return Stored(data, dtype, tuple(shape), start + offsets[0])


def _are_lengths(value: Any, most: int) -> bool:
    return type(value) is list and all(type(each) is int and 0 <= each <= most for each in value)


def _check_gapless(found: Any, start: int, end: int) -> None:
    """That the arrays follow one another from the header to the end: no byte twice or never."""
    for each in sorted(found, key=lambda stored: stored.offset):
        if each.offset != start:
            raise TensorsError("arrays that overlap or leave a gap")
        start += math.prod(each.shape) * each.dtype.itemsize
    if start != end:
        raise TensorsError(f"{end - start} bytes behind the last array")
