"""Arrays cross bit by bit, whatever their layout; forged .npy files do not."""

from __future__ import annotations

import io
import tracemalloc
import warnings
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from autograder.snapshot import Budget, NotData, SnapshotError, load, save, write
from autograder.snapshot.npy import DTYPES

from .crossing import BUDGET, crossed, forged, named, npy, refused, same

GRID = np.arange(24, dtype=np.int32).reshape(2, 3, 4)

SHOULD_PASS: dict[str, Any] = {
    **{f"dtype {name}": np.array([[0, 1], [1, 0]], dtype) for name, dtype in DTYPES.items()},
    "no axes": np.array(3.5),
    "no entries": np.empty((0, 3), np.float32),
    "Fortran order": np.asfortranarray(GRID),
    "transposed": GRID.T,
    "every other": GRID[:, ::2, ::-1],
    "broadcast": np.broadcast_to(np.uint8(7), (5, 5)),
    "read-only": np.frombuffer(b"abc", np.uint8),
    "negative zero": np.array([-0.0, 0.0]),
}


@pytest.mark.parametrize("value", SHOULD_PASS.values(), ids=SHOULD_PASS)
def test_should_pass(value: Any) -> None:
    """The grader gets an equal array of the same dtype and shape, writable, its own."""
    found = crossed(value)
    assert same(found, value)
    assert found.tobytes() == value.tobytes()
    assert found.flags.writeable and found.flags.owndata and found.flags.c_contiguous


def test_conversions_should_pass() -> None:
    """Other byte orders and widths cross as the nearest of the dtypes that can."""
    assert same(crossed(np.array([1.5], ">f8")), np.array([1.5], "<f8"))
    assert same(crossed(np.array([258], ">u2")), np.array([258], "<u2"))
    assert same(crossed(np.array([1.5], np.longdouble)), np.array([1.5]))
    assert same(crossed(np.array([1.5j], np.clongdouble)), np.array([1.5j]))
    assert same(crossed(np.array([1.5], ml_dtypes.bfloat16)), np.array([1.5], np.float32))
    assert same(crossed(np.array([-3], ml_dtypes.int4)), np.array([-3], np.int8))


def subclass() -> Any:
    class Forged(np.ndarray[Any, Any]):
        def __eq__(self, other: object) -> Any:
            return True

    return np.zeros(3).view(Forged)


def matrix() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return np.matrix([[1]])


SHOULD_FAIL: dict[str, tuple[Any, str]] = {
    "NaN": (np.array([[1, 2], [np.nan, 4]]), "holds NaN, first at index [1, 0]; every entry"),
    "infinity": (np.array([1, -np.inf], np.float16), "holds an infinite value, first at index [1]"),
    "complex NaN": (np.array([0, complex(0, np.nan)]), "holds NaN, first at index [1]"),
    "NaN without axes": (np.array(np.nan), "the value is NaN; an answer must be a finite number"),
    "bfloat16 NaN": (np.array([np.nan], ml_dtypes.bfloat16), "holds NaN, first at index [0]"),
    "ragged rows": (np.array([[1], [1, 2]], object), "array of Python objects (dtype=object)"),
    "text": (np.array(["a"]), "is an array of text; hand in a list of str"),
    "bytes": (np.array([b"a"]), "is an array of bytes"),
    "structured": (np.zeros(1, [("a", "f4")]), "is a structured array"),
    "raw": (np.zeros(1, "V8"), "is a structured array"),
    "dates": (np.array(["2020"], "M8[D]"), "is an array of dates"),
    "differences": (np.array([1], "m8[s]"), "is an array of time differences"),
    "subclass": (subclass(), "Forged, a subclass of numpy.ndarray; convert it with numpy.array("),
    "matrix": (matrix(), "is a numpy.matrix; convert it with numpy.asarray(...)"),
    "masked": (np.ma.masked_array([1], [True]), "is a masked array; fill the gaps with .filled("),
    "record": (np.rec.array([(1,)], dtype=[("a", "f4")]), "recarray, a subclass of numpy.ndarray"),
    "33 axes": (np.zeros((1,) * 33), "is an array of 33 axes; 32 are allowed"),
}


@pytest.mark.parametrize(("value", "reason"), SHOULD_FAIL.values(), ids=SHOULD_FAIL)
def test_should_fail(value: Any, reason: str) -> None:
    """The grader gets the reason instead."""
    assert reason in refused(value)


def test_equal_arrays_make_equal_bytes() -> None:
    """Neither layout nor byte order shows in the files."""
    files = save(write(GRID, BUDGET))
    assert save(write(np.asfortranarray(GRID), BUDGET)) == files
    assert save(write(GRID.astype(">i4"), BUDGET)) == files


@pytest.mark.parametrize("value", [GRID, np.asfortranarray(GRID), np.array(1.5), np.zeros((0, 2))])
def test_files_are_numpys_own(value: Any) -> None:
    """np.load reads what is written, and what np.save wrote is read."""
    files = save(write(value, BUDGET))
    (name,) = files.keys() - {"value.json"}
    assert same(np.load(io.BytesIO(files[name]), allow_pickle=False), value)
    buffer = io.BytesIO()
    np.save(buffer, value, allow_pickle=False)
    assert same(load({**files, name: buffer.getvalue()}, BUDGET), value)


def header(descr: str = "<f8", order: object = False, shape: str = "(2,)") -> str:
    return f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}"


TWO = np.array([1.0, 2.0]).tobytes()
FORGED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not a .npy file"),
    "magic alone": (b"\x93NUMPY\x01\x00", "not a .npy file"),
    "pickle": (b"\x80\x04]\x94.", "not a .npy file"),
    "version 2": (npy(header(), TWO, b"\x93NUMPY\x02\x00"), "not a .npy file of version 1.0"),
    "no header": (npy("", TWO), "malformed .npy header"),
    "cut header": (npy(header(), TWO)[:40], "malformed .npy header"),
    "long header": (npy(header() + " " * 2_000, TWO), "malformed .npy header"),
    "code in header": (npy(header(shape="(__import__('os').abort(),)")), "malformed .npy header"),
    "second dict": (npy(header() + header(), TWO), "malformed .npy header"),
    "object dtype": (npy(header("|O"), TWO), "malformed .npy header"),
    "object of 8 bytes": (npy(header("|o8"), TWO), "dtype |o8, expected one of"),
    "text dtype": (npy(header("<u9"), TWO), "dtype <u9, expected one of"),
    "wide dtype": (npy(header("<c32"), TWO + TWO), "dtype <c32"),
    "big-endian": (npy(header(">f8"), TWO), "malformed .npy header"),
    "negative length": (npy(header(shape="(-2,)"), TWO), "malformed .npy header"),
    "float length": (npy(header(shape="(2.0,)"), TWO), "malformed .npy header"),
    "int as shape": (npy(header(shape="(2)"), TWO), "malformed .npy header"),
    "order 1": (npy(header(order=1), TWO), "malformed .npy header"),
    "bytes too few": (npy(header(), TWO[:-1]), "15 bytes of entries, expected 16"),
    "bytes too many": (npy(header(), TWO + b"\0"), "17 bytes of entries, expected 16"),
    "shape bomb": (npy(header(shape=f"({10**18}, {10**18})"), TWO), "16 bytes of entries"),
    "empty shape bomb": (npy(header(shape=f"(0, {10**18})")), "array entries"),
    "axes": (npy(header(shape="(" + "1, " * 32 + "1)"), TWO[:8]), "array of 33 axes"),
    "bool 2": (npy(header("|b1"), b"\x01\x02"), "a bool that is neither 0 nor 1"),
}


@pytest.mark.parametrize(("data", "error"), FORGED.values(), ids=FORGED)
def test_forged_files_are_refused(data: bytes, error: str) -> None:
    """The error names the file and what is wrong with it; nothing large is allocated."""
    tracemalloc.start()
    with pytest.raises(SnapshotError) as raised:
        load(forged({"kind": "array", "blob": named(0)}, blob_0=data), BUDGET)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error in str(raised.value)
    assert peak < 500_000


@pytest.mark.parametrize("entry", [np.nan, np.inf])
def test_forged_nan_is_not_data(entry: float) -> None:
    """A file that the student's side would not have written is judged again."""
    files = forged(
        {"kind": "list", "items": [{"kind": "array", "blob": named(0)}]},
        blob_0=npy(header(), np.array([0.0, entry]).tobytes()),
    )
    found = load(files, BUDGET)
    assert type(found) is NotData
    assert found.reason.startswith("element [0] holds ")
    assert "first at index [1]" in found.reason


ARRAY = {"kind": "array", "blob": named(0)}
GOOD = npy(header(), TWO)
REFERENCES: dict[str, tuple[Any, dict[str, bytes], str]] = {
    "dangling": (ARRAY, {}, "blob '0000.*' does not exist"),
    "never": ({"kind": "none"}, {"blob_0": GOOD}, "1 blobs that nothing refers to"),
    "the document": ({"kind": "array", "blob": "value.json"}, {}, "name that ends in .npy"),
    "a path": ({"kind": "array", "blob": "../../0.npy"}, {}, "does not exist"),
    "a number": ({"kind": "array", "blob": 0}, {}, "blob: expected str, received int"),
}


@pytest.mark.parametrize(("document", "blobs", "error"), REFERENCES.values(), ids=REFERENCES)
def test_forged_references_are_refused(
    document: object, blobs: dict[str, bytes], error: str
) -> None:
    """Each blob is there, and referred to."""
    with pytest.raises(SnapshotError, match=error):
        load(forged(document, **blobs), BUDGET)


def test_fortran_order_is_respected() -> None:
    """The same bytes mean another array in Fortran order."""
    data = npy(header("|u1", True, "(2, 3)"), bytes(range(6)))
    found = load(forged(ARRAY, blob_0=data), Budget())
    assert same(found, np.array([[0, 2, 4], [1, 3, 5]], np.uint8))
