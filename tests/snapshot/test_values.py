"""Plain values cross exactly; what is not a finite number or sound text does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.snapshot import SnapshotError, load

from .crossing import BUDGET, crossed, forged, refused, same

SHOULD_PASS: dict[str, object] = {
    "None": None,
    "Ellipsis": ...,
    "True": True,
    "False": False,
    "zero": 0,
    "negative": -7,
    "4096 bits": (1 << 4096) - 1,
    "float": 63.5,
    "integral float": 45.0,
    "negative zero": -0.0,
    "smallest float": 5e-324,
    "largest float": 1.7976931348623157e308,
    "complex": 1 - 2.5j,
    "text": "a window of fixed size",
    "empty text": "",
    "any text": 'quote " backslash \\ newline \n nul \0 é 漢 😀',
    "numpy bool": np.True_,
    "int8": np.int8(-128),
    "uint64": np.uint64(2**64 - 1),
    "float16": np.float16(0.1),
    "float32": np.float32(0.1),
    "float64": np.float64(0.1),
    "complex64": np.complex64(0.1 + 1j),
    "complex128": np.complex128(-0.1j),
}

SHOULD_FAIL: dict[str, tuple[object, str]] = {
    "NaN": (float("nan"), "the value is NaN; an answer must be a finite number"),
    "infinity": (float("-inf"), "the value is infinite; an answer must be a finite number"),
    "complex NaN": (complex(0, float("nan")), "the value is NaN"),
    "numpy NaN": (np.float32("nan"), "the value is NaN"),
    "numpy infinity": (np.complex128(complex("inf")), "the value is an infinite value"),
    "4097 bits": (1 << 4096, "the value is an int of 4,097 bits; 4,096 are allowed"),
    "a million digits": (1 << 4_000_000, "is an int of 4,000,001 bits"),
    "lone surrogate": ("\ud800", "half a character"),
    "numpy text": (np.str_("a"), "numpy.str_, a subclass of str; convert it with str(...)"),
    "numpy date": (np.datetime64("2020"), "numpy.datetime64, which is not a number"),
    "bytes": (b"45", "is of type bytes; hand in text with .decode()"),
}


@pytest.mark.parametrize("value", SHOULD_PASS.values(), ids=SHOULD_PASS)
def test_should_pass(value: object) -> None:
    """The grader gets an equal value of the same type."""
    assert same(crossed(value), value)


@pytest.mark.parametrize(("value", "reason"), SHOULD_FAIL.values(), ids=SHOULD_FAIL)
def test_should_fail(value: object, reason: str) -> None:
    """The grader gets the reason instead."""
    assert reason in refused(value)


def test_long_doubles_cross_as_float64() -> None:
    """An extended float has no layout that all machines share."""
    assert same(crossed(np.longdouble(0.5)), np.float64(0.5))
    assert same(crossed(np.clongdouble(0.5j)), np.complex128(0.5j))


FORGED: dict[str, tuple[Any, str]] = {
    "bool for int": ({"kind": "int", "value": True}, "value: expected int, received bool"),
    "int for bool": ({"kind": "bool", "value": 1}, "value: expected bool, received int"),
    "int for float": ({"kind": "float", "value": 1}, "value: expected float, received int"),
    "text for int": ({"kind": "int", "value": "1"}, "value: expected int, received str"),
    "list for text": ({"kind": "str", "value": []}, "value: expected str, received list"),
    "too many bits": ({"kind": "int", "value": 1 << 4096}, "int of 4097 bits"),
    "lone surrogate": ({"kind": "str", "value": "\udfff"}, "lone surrogate"),
    "value of None": ({"kind": "none", "value": 0}, r"expected the fields \[\]"),
    "no value": ({"kind": "int"}, r"expected the fields \['value'\], received \[\]"),
    "field too many": ({"kind": "complex", "real": 0.0, "imag": 0.0, "x": 0}, "expected the fi"),
    "dtype object": ({"kind": "numpy scalar", "dtype": "|O", "value": 1}, r"dtype '\|O'"),
    "int8 300": ({"kind": "numpy scalar", "dtype": "|i1", "value": 300}, "out of range"),
    "uint8 -1": ({"kind": "numpy scalar", "dtype": "|u1", "value": -1}, "out of range"),
    "float for int8": ({"kind": "numpy scalar", "dtype": "|i1", "value": 1.0}, "expected int"),
    "float16 1e9": ({"kind": "numpy scalar", "dtype": "<f2", "value": 1e9}, "hold exactly"),
    "float32 0.1": ({"kind": "numpy scalar", "dtype": "<f4", "value": 0.1}, "hold exactly"),
    "complex of ints": ({"kind": "numpy scalar", "dtype": "<c8", "value": [1, 2]}, "two floats"),
}


@pytest.mark.parametrize(("document", "error"), FORGED.values(), ids=FORGED)
def test_forged_documents_are_refused(document: object, error: str) -> None:
    """A field of the wrong type or out of range is an error that says so."""
    with pytest.raises(SnapshotError, match=error):
        load(forged(document), BUDGET)
