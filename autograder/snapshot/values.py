"""Plain values: None, Ellipsis, bool, int, float, complex, str."""

from __future__ import annotations

import math
from types import EllipsisType, NoneType
from typing import Any

from autograder.snapshot.kind import Document, Kind
from autograder.snapshot.outcome import RefusedError
from autograder.snapshot.reader import Reader
from autograder.snapshot.scribe import Scribe

MAX_INT_BITS = 4096
NOT_FINITE = "is {found}; an answer must be a finite number"


def _none_of(value: None, scribe: Scribe) -> Document:
    return {}


def _read_none(document: Document, reader: Reader) -> None:
    reader.fields(document)


def _read_ellipsis(document: Document, reader: Reader) -> EllipsisType:
    reader.fields(document)
    return ...


def _write_bool(value: bool, scribe: Scribe) -> Document:
    return {"value": value}


def _read_bool(document: Document, reader: Reader) -> bool:
    (value,) = reader.fields(document, value=bool)
    return bool(value)


def _write_int(value: int, scribe: Scribe) -> Document:
    if value.bit_length() > MAX_INT_BITS:
        raise RefusedError(
            f"is an int of {value.bit_length():,} bits; {MAX_INT_BITS:,} are allowed"
        )
    scribe.meter.spend_bytes(value.bit_length() // 3)
    return {"value": value}


def _read_int(document: Document, reader: Reader) -> int:
    (value,) = reader.fields(document, value=int)
    if value.bit_length() > MAX_INT_BITS:
        reader.fail(f"int of {value.bit_length()} bits, expected at most {MAX_INT_BITS}")
    return int(value)


def _write_float(value: float, scribe: Scribe) -> Document:
    return {"value": finite(value)}


def _read_float(document: Document, reader: Reader) -> float:
    (value,) = reader.fields(document, value=float)
    if not math.isfinite(value):
        reader.fail("float that is not finite")
    return float(value)


def _write_complex(value: complex, scribe: Scribe) -> Document:
    return {"real": finite(value.real), "imag": finite(value.imag)}


def _read_complex(document: Document, reader: Reader) -> complex:
    real, imag = reader.fields(document, real=float, imag=float)
    if not (math.isfinite(real) and math.isfinite(imag)):
        reader.fail("complex number that is not finite")
    return complex(real, imag)


def _write_str(value: str, scribe: Scribe) -> Document:
    scribe.meter.spend_bytes(len(value))
    if not _is_text(value):
        raise RefusedError("is text with half a character in it (a lone surrogate)")
    return {"value": value}


def _read_str(document: Document, reader: Reader) -> str:
    (value,) = reader.fields(document, value=str)
    reader.meter.spend_bytes(len(value))
    if not _is_text(value):
        reader.fail("text with a lone surrogate")
    return str(value)


def finite(value: float) -> float:
    """Returns `value`; raises RefusedError if it is NaN or infinite."""
    if not math.isfinite(value):
        found = "NaN" if math.isnan(value) else "infinite"
        raise RefusedError(NOT_FINITE.format(found=found))
    return value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _kind(name: str, cls: type, write: Any, read: Any) -> Kind:
    return Kind(name, lambda value: type(value) is cls, write, read)


NONE = _kind("none", NoneType, _none_of, _read_none)
ELLIPSIS = _kind("ellipsis", EllipsisType, _none_of, _read_ellipsis)
BOOL = _kind("bool", bool, _write_bool, _read_bool)
INT = _kind("int", int, _write_int, _read_int)
FLOAT = _kind("float", float, _write_float, _read_float)
COMPLEX = _kind("complex", complex, _write_complex, _read_complex)
STR = _kind("str", str, _write_str, _read_str)
