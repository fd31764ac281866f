"""CIFAR-10's batches: pickles of Python 2, read without trusting them, and written.

A batch is a dictionary of `data`, an array (n, 3072) of uint8 whose rows are the red, the green
and the blue plane of 32 x 32 pixels, of `labels` in 0..9, `filenames` and `batch_label`.
https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

import io
import pickle
import pickletools
import struct
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from autograder.datasets.errors import DataError

CLASSES = 10
ROW_BYTES = 3072
MAX_BYTES = 64 * 2**20

_AGAIN = "fetch the archive again"
_MAX_REFERENCES = 16  # shared tuples inside tuples take exponential time to hash
_RECONSTRUCT = ("numpy.core.multiarray", "_reconstruct")
_OPCODES = """
    PROTO FRAME STOP MARK NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1
    SHORT_BINSTRING BINSTRING SHORT_BINBYTES BINBYTES SHORT_BINUNICODE BINUNICODE
    EMPTY_DICT EMPTY_LIST EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 APPEND APPENDS SETITEM
    SETITEMS GLOBAL STACK_GLOBAL REDUCE BUILD BINPUT LONG_BINPUT MEMOIZE BINGET
    LONG_BINGET
"""


@dataclass(frozen=True, eq=False)
class Batch:
    """`data` is (n, 3072) uint8: the planes R, G, B, row-major; `labels` are n ints in 0..9."""

    data: np.ndarray
    labels: list[int]
    filenames: list[str]
    batch_label: str


def read_batch(data: bytes, where: str) -> Batch:
    """The batch in a pickle; `where` names the file in the DataError that anything else raises."""
    found = _read_dict(data, where, ("data", "labels", "filenames", "batch_label"))
    pixels, labels, names = found["data"], found["labels"], found["filenames"]
    if isinstance(pixels, _Array):
        pixels = pixels.value
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 2 or pixels.shape[1] != ROW_BYTES:
        shape = pixels.shape if isinstance(pixels, np.ndarray) else type(pixels).__name__
        _refuse(where, f"data of shape (n, {ROW_BYTES})", str(shape))
    if not isinstance(labels, list) or not all(
        type(label) is int and 0 <= label < CLASSES for label in labels
    ):
        _refuse(where, f"labels: a list of ints in 0..{CLASSES - 1}", _strange_label(labels))
    if not isinstance(names, list):
        _refuse(where, "filenames: a list", type(names).__name__)
    if not len(pixels) == len(labels) == len(names):
        _refuse(
            where,
            "as many labels and filenames as rows",
            f"{len(pixels)} rows, {len(labels)} labels, {len(names)} filenames",
        )
    return Batch(
        data=pixels,
        labels=labels,
        filenames=[_text(name, where, "filenames") for name in names],
        batch_label=_text(found["batch_label"], where, "batch_label"),
    )


def read_meta(data: bytes, where: str) -> tuple[str, ...]:
    """The ten names of the classes, from batches.meta; raises DataError."""
    names = _read_dict(data, where, ("label_names",))["label_names"]
    if not isinstance(names, list) or len(names) != CLASSES:
        found = f"{len(names)}" if isinstance(names, list) else type(names).__name__
        _refuse(where, f"label_names: a list of {CLASSES}", found)
    return tuple(_text(name, where, "label_names") for name in names)


def _read_dict(data: bytes, where: str, keys: tuple[str, ...]) -> dict[str, object]:
    found = _unpickle(data, where)
    if not isinstance(found, dict):
        _refuse(where, "a dictionary", type(found).__name__)
    named = {_text(key, where, "the keys"): value for key, value in found.items()}
    missing = [key for key in keys if key not in named]
    if missing:
        there = ", ".join(sorted(named))[:200] or "none"
        _refuse(where, f"the keys {', '.join(keys)}", there)
    return named


def _text(value: object, where: str, what: str) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if not isinstance(value, str):
        _refuse(where, f"{what}: text", type(value).__name__)
    return value


def _strange_label(labels: object) -> str:
    if not isinstance(labels, list):
        return type(labels).__name__
    strange = (x for x in labels if type(x) is not int or not 0 <= x < CLASSES)
    value = next(strange)
    return str(value) if type(value) is int and abs(value) < 2**63 else type(value).__name__


def _refuse(where: str, expected: str, found: str) -> NoReturn:
    line = "".join(c if c.isprintable() else " " for c in found)[:300]
    raise DataError(f"{where}: expected {expected}, found {line}; {_AGAIN}")


# ---- reading


def _unpickle(data: bytes, where: str) -> object:
    if len(data) > MAX_BYTES:
        _refuse(where, f"a batch of at most {MAX_BYTES} bytes", f"{len(data)} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # escapes in a damaged file
            _check_opcodes(data)
            return _Unpickler(io.BytesIO(data), encoding="bytes").load()
    except _RefusedError as error:
        _refuse(where, "a pickle of one array, lists and text", str(error))
    except MemoryError:
        raise
    except Exception as error:  # a damaged pickle raises nearly any
        _refuse(where, "a whole pickle", f"it damaged ({type(error).__name__}: {error})")


class _RefusedError(Exception):
    """The pickle asks for what no batch needs."""


def _check_opcodes(data: bytes) -> None:
    """Before anything is built: no memo of 2**32 places, no structure that explodes."""
    references = 0
    allowed = frozenset(_OPCODES.split())
    for count, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        if opcode.name == "INST":
            raise _RefusedError(str(argument).replace(" ", "."))
        if opcode.name not in allowed:
            raise _RefusedError(f"the opcode {opcode.name}")
        if opcode.name in ("BINPUT", "LONG_BINPUT") and int(argument or 0) > count:
            raise _RefusedError(f"{opcode.name} {argument}")
        references += opcode.name.endswith("GET")
        if references > _MAX_REFERENCES:
            raise _RefusedError(f"more than {_MAX_REFERENCES} references")


class _Unpickler(pickle.Unpickler):
    """Builds dictionaries, lists, tuples, text, ints, and stand-ins of NumPy's three names."""

    def find_class(self, module: str, name: str, /) -> Any:
        if (module.replace("._core.", ".core."), name) == _RECONSTRUCT:
            return _Reconstruct()
        if (module, name) == ("numpy", "ndarray"):
            return _ArrayName()
        if (module, name) == ("numpy", "dtype"):
            return _DtypeName()
        raise _RefusedError(f"{module}.{name}")

    def persistent_load(self, pid: object) -> NoReturn:
        raise _RefusedError("a persistent id")


class _ArrayName:
    """Stands for numpy.ndarray; without a dictionary, a pickle can set nothing on it."""

    __slots__ = ()


class _Reconstruct:
    """Stands for numpy's _reconstruct: an empty array, whatever shape is asked for."""

    __slots__ = ()

    def __call__(self, kind: object, shape: object, code: object) -> _Array:
        if not isinstance(kind, _ArrayName):
            raise _RefusedError("an array of another type")
        return _Array()


class _DtypeName:
    """Stands for numpy.dtype, of which a batch needs uint8 alone."""

    __slots__ = ()

    def __call__(self, code: object, align: object = False, copy: object = True) -> _Dtype:
        if code not in (b"u1", "u1"):
            raise _RefusedError(f"an array of dtype {_short(code)}")
        return _Dtype()


class _Dtype:
    """Stands for a dtype of uint8; byte order and the rest of its state mean nothing there."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) not in (8, 9) or any(state[2:5]):
            raise _RefusedError("a dtype with fields or a shape")


class _Array:
    """Stands for an array until its state comes; `value` is the real one."""

    __slots__ = ("value",)

    value: np.ndarray | None

    def __init__(self) -> None:
        self.value = None

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise _RefusedError("an array of another form")
        _, shape, dtype, fortran, raw = state
        if not isinstance(dtype, _Dtype) or not isinstance(raw, bytes):
            raise _RefusedError("an array of another dtype")
        if (
            not isinstance(shape, tuple)
            or len(shape) != 2
            or not all(type(length) is int and 0 <= length <= MAX_BYTES for length in shape)
            or shape[0] * shape[1] != len(raw)
        ):
            raise _RefusedError(f"an array of shape {_short(shape)} in {len(raw)} bytes")
        flat = np.frombuffer(raw, np.uint8)
        self.value = np.array(flat.reshape(shape, order="F" if fortran else "C"), order="C")


def _short(value: object) -> str:
    """A repr that is short however long, deep or shared the value is."""
    if isinstance(value, tuple):
        return f"({', '.join(_short(item) for item in value)})" if _flat(value) else "tuple"
    if isinstance(value, int) and abs(value) < 2**63:
        return str(value)
    return repr(value[:20]) if isinstance(value, bytes | str) else type(value).__name__


def _flat(value: tuple[object, ...]) -> bool:
    return len(value) <= 4 and not any(isinstance(item, tuple) for item in value)


# ---- writing


def write_batch(batch: Batch) -> bytes:
    """The pickle of protocol 2, as Python 2 with NumPy wrote it; equal batches give equal bytes.

    `pickle.load(file, encoding="bytes")` gives the keys as bytes, "latin1" as text.
    """
    data = np.ascontiguousarray(batch.data)
    if data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != ROW_BYTES:
        raise ValueError(f"expected (n, {ROW_BYTES}) uint8, found {data.shape} {data.dtype}")
    if not len(data) == len(batch.labels) == len(batch.filenames):
        raise ValueError("expected as many labels and filenames as rows")
    return _pickled_dict(
        (
            ("batch_label", _pickled_text(batch.batch_label)),
            ("labels", _pickled_list(_pickled_int(int(label)) for label in batch.labels)),
            ("data", _pickled_array(data)),
            ("filenames", _pickled_list(_pickled_text(name) for name in batch.filenames)),
        )
    )


def write_meta(label_names: Iterable[str], num_cases_per_batch: int) -> bytes:
    """The pickle of batches.meta."""
    return _pickled_dict(
        (
            ("num_cases_per_batch", _pickled_int(num_cases_per_batch)),
            ("label_names", _pickled_list(map(_pickled_text, label_names))),
            ("num_vis", _pickled_int(ROW_BYTES)),
        )
    )


def _pickled_dict(items: Iterable[tuple[str, bytes]]) -> bytes:
    body = b"".join(_pickled_text(key) + value for key, value in items)
    # Python 2 also numbered what it wrote (BINPUT), for references that a batch does not have.
    return b"\x80\x02}(" + body + b"u."


def _pickled_list(items: Iterable[bytes]) -> bytes:
    return b"](" + b"".join(items) + b"e"


def _pickled_int(value: int) -> bytes:
    if 0 <= value < 2**8:
        return b"K" + struct.pack("<B", value)
    if 0 <= value < 2**16:
        return b"M" + struct.pack("<H", value)
    return b"J" + struct.pack("<i", value)


def _pickled_text(text: str) -> bytes:
    return _pickled_string(text.encode("latin-1"))


def _pickled_string(data: bytes) -> bytes:
    """A `str` of Python 2."""
    if len(data) < 2**8:
        return b"U" + struct.pack("<B", len(data)) + data
    return b"T" + struct.pack("<i", len(data)) + data


def _pickled_array(data: np.ndarray) -> bytes:
    """As numpy.ndarray.__reduce__ gave it: _reconstruct(ndarray, (0,), "b") and a state.

    `numpy.core.multiarray` is the original's name. NumPy 2 keeps it for old pickles, without a
    warning for `_reconstruct`; NumPy 1 knows no `numpy._core`. The original passes dtype's align
    and copy as the ints 0 and 1, of which NumPy 2.4.0 warns: here they are False and True.
    """
    dtype = (
        b"cnumpy\ndtype\n"
        + _pickled_string(b"u1")
        + b"\x89\x88\x87R"
        # version 3, byte order, no subarray, names or fields, itemsize, alignment, flags
        + b"(K\x03"
        + _pickled_string(b"|")
        + b"NNN"
        + _pickled_int(-1) * 2
        + b"K\x00tb"
    )
    shape = b"".join(map(_pickled_int, data.shape)) + b"\x86"
    state = b"(K\x01" + shape + dtype + b"\x89" + _pickled_string(data.tobytes()) + b"t"
    start = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    return start + state + b"b"
