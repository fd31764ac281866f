"""Safetensors files, honest and forged."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.artifacts import NotDataError
from autograder.snapshot.safetensors import (
    DTYPES,
    StoredTensors,
    TensorsError,
    read_header,
    to_safetensors,
)

ONE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def file_of(header: object, body: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return (len(text) if length is None else length).to_bytes(8, "little") + text + body


arrays = st.sampled_from(list(DTYPES.values())).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, max_side=4))
)


@given(st.dictionaries(st.text("abcdefgh_0123456789", min_size=1), arrays, min_size=1, max_size=5))
def test_what_is_written_is_read(tensors: dict[str, Any]) -> None:
    """Bit for bit, and as the library itself reads it."""
    data = to_safetensors(tensors)
    found = read_header(data)
    assert found.keys() == tensors.keys()
    library = safetensors.numpy.load(data)
    for name, array in tensors.items():
        read = found[name].array()
        assert (read.dtype, read.shape) == (array.dtype, array.shape)
        assert read.tobytes() == array.tobytes() == library[name].tobytes()


def test_equal_arrays_make_equal_bytes() -> None:
    """In whichever order they come, so that a store keeps them once."""
    bias, kernel = np.ones(3, np.float32), np.zeros((2, 3), np.float32)
    one = to_safetensors({"kernel": kernel, "bias": bias})
    assert one == to_safetensors({"bias": bias.copy(), "kernel": kernel.copy()})


def test_arrays_are_checked_when_they_are_taken() -> None:
    """One that is not finite raises then; the others can be used. None can be written to."""
    stored = read_header(to_safetensors({"a": np.array([1, np.nan]), "b": np.ones(2)}))
    tensors = StoredTensors(stored)
    assert list(tensors) == ["a", "b"]
    assert len(tensors) == 2
    assert np.array_equal(tensors["b"], [1, 1])
    assert not tensors["b"].flags.writeable
    with pytest.raises(NotDataError, match="has weights in a that are no finite numbers"):
        tensors["a"]


should_fail: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not a safetensors file"),
    "a zip file": (b"PK\x03\x04" + bytes(100), "a header of another length"),
    "an HDF5 file": (b"\x89HDF\r\n\x1a\n" + bytes(100), "a header of another length"),
    "a header of 2**60": (file_of({"a": ONE}, bytes(8), 2**60), "another length"),
    "a header to behind the end": (file_of({"a": ONE}, bytes(8), 10**4), "another length"),
    "a header that is not padded": (file_of({"a": ONE}, bytes(8), 7), "another length"),
    "a large header": (file_of({"a" * 200_000: ONE}, bytes(8)), "another length"),
    "not JSON": (file_of(b"{'a': 1}"), "not JSON in ASCII"),
    "not ASCII": (file_of(b'{"\xff": 1}'), "not JSON in ASCII"),
    "deep": (file_of(b"[" * 99_000), "not JSON in ASCII"),
    "a long number": (file_of(b'{"a": ' + b"1" * 5_000 + b"}"), "not JSON in ASCII"),
    "a list": (file_of([1]), "no object"),
    "empty": (file_of({}), "0 arrays"),
    "many": (file_of({f"{i}": ONE for i in range(101)}), "101 arrays"),
    "metadata": (file_of({"__metadata__": {"a": "b"}}), "without dtype, shape"),
    "a name twice": (
        file_of(b'{"a": %b, "a": %b}' % (json.dumps(ONE).encode(), json.dumps(ONE).encode())),
        "the same name twice",
    ),
    "a field too many": (file_of({"a": {**ONE, "x": 1}}, bytes(8)), "without dtype, shape"),
    "an unknown dtype": (
        file_of({"a": {**ONE, "dtype": "BF16"}}, bytes(8)),
        "a dtype that is none",
    ),
    "a dtype that is a list": (file_of({"a": {**ONE, "dtype": []}}, bytes(8)), "a dtype that is"),
    "a negative shape": (file_of({"a": {**ONE, "shape": [-2]}}, bytes(8)), "a shape that"),
    "a shape of bools": (file_of({"a": {**ONE, "shape": [True]}}, bytes(8)), "a shape that"),
    "a long shape": (file_of({"a": {**ONE, "shape": [1] * 9}}, bytes(8)), "a shape that"),
    "a huge shape": (file_of({"a": {**ONE, "shape": [2**62, 4]}}, bytes(8)), "a shape that"),
    "offsets that are bools": (
        file_of({"a": {**ONE, "data_offsets": [False, 8]}}, bytes(8)),
        "data_offsets that",
    ),
    "three offsets": (
        file_of({"a": {**ONE, "data_offsets": [0, 8, 8]}}, bytes(8)),
        "data_offsets that",
    ),
    "offsets behind the end": (
        file_of({"a": {**ONE, "data_offsets": [2**40, 2**40 + 8]}}, bytes(8)),
        "data_offsets that",
    ),
    "offsets turned round": (
        file_of({"a": {**ONE, "data_offsets": [8, 0]}}, bytes(8)),
        "do not fit to its shape",
    ),
    "too few bytes": (file_of({"a": ONE}, bytes(4)), "-4 bytes behind the last array"),
    "trailing bytes": (file_of({"a": ONE}, bytes(9)), "1 bytes behind the last array"),
    "a gap": (
        file_of({"a": {**ONE, "data_offsets": [8, 16]}}, bytes(16)),
        "overlap or leave a gap",
    ),
    "overlapping": (file_of({"a": ONE, "b": ONE}, bytes(8)), "overlap or leave a gap"),
    "half overlapping": (
        file_of({"a": ONE, "b": {**ONE, "data_offsets": [4, 12]}}, bytes(12)),
        "overlap or leave a gap",
    ),
    "a bool of 2": (
        file_of({"a": {"dtype": "BOOL", "shape": [2], "data_offsets": [0, 2]}}, b"\0\2"),
        "neither 0 nor 1",
    ),
}


@pytest.mark.parametrize("name", should_fail)
def test_forged_files(name: str) -> None:
    """Each is refused in one line, and nothing is made of it."""
    data, message = should_fail[name]
    with pytest.raises(TensorsError, match=message):
        read_header(data)


@given(st.binary(max_size=200), st.integers(0, 200))
def test_damaged_files(noise: bytes, place: int) -> None:
    """Bytes changed anywhere give a file of the same pattern or the one error."""
    data = to_safetensors({"kernel": np.ones((2, 3), np.float32), "bias": np.ones(3, np.int8)})
    changed = data[:place] + noise + data[place + len(noise) :]
    with contextlib.suppress(TensorsError):
        for stored in read_header(changed).values():
            assert stored.array().nbytes <= len(changed)
