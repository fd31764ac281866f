import decimal
import enum
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.checks import Missing, NotAnArray, NotUsable, as_array


class FakeTensor:
    """As a framework's tensor: it hands out an array and is none itself."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def numpy(self) -> Any:
        return self.values

    def cpu(self) -> Any:
        raise AssertionError("TensorFlow's cpu() is deprecated and writes so to stderr")


class FakeTorchTensor:
    """As a tensor on a GPU that needs its gradient: detach, then cpu, then numpy."""

    def __init__(self, steps: tuple[str, ...] = ()) -> None:
        self.steps = steps

    def detach(self) -> "FakeTorchTensor":
        return FakeTorchTensor((*self.steps, "detach"))

    def cpu(self) -> "FakeTorchTensor":
        return FakeTorchTensor((*self.steps, "cpu"))

    def numpy(self) -> Any:
        if self.steps != ("detach", "cpu"):
            raise RuntimeError("cannot convert")
        return np.array([[1.0, 2.0]], dtype=np.float32)


class ArrayLike:
    """As JAX's arrays and pandas' frames: only `__array__`."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array([[1, 2]])


class Hostile:
    """Fails in every way it can, its errors' text included."""

    class BadError(Exception):
        def __str__(self) -> str:
            raise ValueError("no text either")

    def __getattribute__(self, name: str) -> Any:
        raise Hostile.BadError

    def __len__(self) -> int:
        raise Hostile.BadError


class Masked(np.ndarray):
    """A subclass, which may compare as it likes."""


class Level(enum.IntEnum):
    ONE = 1


def cyclic() -> list[Any]:
    items: list[Any] = [1]
    items.append(items)
    return items


def shared(width: int, depth: int, leaf: Any) -> Any:
    """A few lists that stand for width ** depth entries."""
    for _ in range(depth):
        leaf = [leaf] * width
    return leaf


should_pass: dict[str, Any] = {
    "nested lists": [[1, 2]],
    "tuples": ((1, 2),),
    "integral floats": [[1.0, 2.0]],
    "an int array": np.array([[1, 2]]),
    "an unsigned byte array": np.array([[1, 2]], dtype=np.uint8),
    "a half array": np.array([[1, 2]], dtype=np.float16),
    "a big-endian array": np.array([[1, 2]], dtype=">i4"),
    "a list of arrays": [np.array([1, 2])],
    "a list of numpy numbers": [[np.int32(1), np.float32(2)]],
    "a list of 0-d arrays": [[np.array(1), np.array(2.0)]],
    "a tensor": FakeTensor(np.array([[1, 2]], dtype=np.float32)),
    "a list of scalar tensors": [[FakeTensor(np.float32(1)), FakeTensor(np.array(2))]],
    "a tensor with a gradient": FakeTorchTensor(),
    "an object with __array__": ArrayLike(),
}

should_fail: dict[str, tuple[Any, str]] = {
    "text": ("45", r"the answer is text \('45'\), not a number: write it without quotes"),
    "text in a list": ([[1, "2"]], r"row 1, column 2 is text \('2'\)"),
    "bytes": (b"45", "is text"),
    "a text array": (np.array(["a"]), r"is text \('a'\)"),
    "booleans": ([[True, 1]], "row 1, column 1 is True or False"),
    "a boolean array": (np.array([True]), "is True or False"),
    "complex": (1j, "is a complex number"),
    "NaN": ([[1, float("nan")]], r"row 1, column 2 is NaN \(not a number\)"),
    "NaN in an array": (np.array([[1, np.nan]]), r"row 1, column 2 is NaN"),
    "infinity": (float("inf"), "the answer is infinite"),
    "a long double beyond float64": (np.longdouble("1e4000"), "the answer is infinite"),
    "ragged": ([[1, 2], [3]], "entry 2 does not have the same length as the one before it"),
    "numbers beside lists": ([1, [2]], "entry 2 does not have the same length"),
    "an empty list": ([], "the answer has no entries"),
    "an empty row": ([[1], []], "entry 2 has no entries"),
    "an empty array": (np.zeros((0, 2)), "has no entries"),
    "a blank left in a list": ([[1, None]], r"row 1, column 2 is still empty \(None\)"),
    "dots left in a list": ([1, ...], r"entry 2 is still empty \(Ellipsis\)"),
    "a missing name in a list": ([1, Missing("q2")], r"entry 2 is still empty \(<q2 is not"),
    "no data in a list": (
        [1, NotUsable("q2", "a lambda")],
        "entry 2 holds no data: q2 .* a lambda",
    ),
    "an object array": (np.array([1, None]), "is of type object, not numbers"),
    "a structured array": (np.zeros(2, dtype=[("a", int)]), "not numbers"),
    "dates": (np.array(["2024-01-01"], dtype="datetime64[D]"), r"is of type datetime64\[D\]"),
    "a dict": ({"R": 1}, "is of type dict, not numbers"),
    "a set": ({1, 2}, "is of type set"),
    "a generator": ((i for i in range(3)), "is of type generator"),
    "a class": (np.ndarray, "is of type type"),
    "a decimal": (decimal.Decimal(1), "is of type Decimal"),
    "a matrix": (np.ones((2, 2)).view(np.matrix), r"matrix.*np\.array\(\.\.\.\)"),
    "a masked array": (np.ma.masked_array([1, 2]), "MaskedArray, a special kind of array"),
    "a subclass": (np.ones(2).view(Masked), "is a Masked, a special kind of array"),
    "a subclass from a tensor": (FakeTensor(np.ones(2).view(Masked)), "type FakeTensor"),
    "a tensor that fails": (FakeTorchTensor(("x",)), "RuntimeError: cannot convert"),
    "a hostile object": (Hostile(), "could not be converted to an array"),
    "hostile objects in a list": ([Hostile()], "could not be converted to an array"),
    "a huge integer": (10**30, "too large to be stored"),
    "a huge unsigned integer": (np.uint64(2**63), "too large to be stored"),
    "a huge list": ([0] * 1_000_001, "more than 1,000,000 entries"),
    "a huge array": (np.zeros(1_000_001), "more than 1,000,000 entries"),
    "a bomb of shared lists": (shared(1001, 7, 1), "more than 1,000,000 entries"),
    "a bomb of empty lists": (shared(1000, 7, []), "has no entries"),
    "a cycle": (cyclic(), "nested more than 8 deep"),
    "deep lists": (shared(1, 5000, 1), "nested more than 8 deep"),
}


@pytest.mark.parametrize("value", should_pass.values(), ids=should_pass.keys())
def test_numbers_are_read_however_they_are_written(value: Any) -> None:
    """Every way of writing [[1, 2]] gives the same array, of plain int64 or float64."""
    array = as_array(value)
    assert not isinstance(array, NotAnArray), array
    assert type(array) is np.ndarray
    assert array.dtype in (np.int64, np.float64)
    assert array.tolist() == [[1, 2]]


@pytest.mark.parametrize("value, reason", should_fail.values(), ids=should_fail.keys())
@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_what_is_no_array_of_numbers_gets_a_reason(value: Any, reason: str) -> None:
    """Anything else is refused with one sentence for the student, never a traceback."""
    refused = as_array(value)
    assert isinstance(refused, NotAnArray)
    assert re.search(reason, refused.reason), refused.reason
    assert "\n" not in refused.reason
    assert len(refused.reason) < 250


def test_single_numbers_have_no_axes() -> None:
    """A number is an array of shape (), whatever its type."""
    for value in (63, 63.0, np.int8(63), np.array(63), Level.ONE * 63, FakeTensor(np.float64(63))):
        array = as_array(value)
        assert not isinstance(array, NotAnArray)
        assert array.shape == ()
        assert array == 63


def test_the_array_is_a_copy() -> None:
    """What is read does not change when the answer is changed afterwards."""
    answer = np.array([1, 2])
    array = as_array(answer)
    answer[0] = 9
    assert not isinstance(array, NotAnArray)
    assert array.tolist() == [1, 2]


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
)


@given(junk)
def test_reading_never_raises(value: object) -> None:
    """Whatever is nested in whatever: an array of finite numbers, or a reason."""
    array = as_array(value)
    assert isinstance(array, NotAnArray) or np.isfinite(array).all()
