"""Lists, tuples, dicts and sets cross with their order, their types and their places."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest

from autograder.snapshot import SnapshotError, load, save, write

from .crossing import BUDGET, crossed, forged, refused, same

Point = namedtuple("Point", "x y")

SHOULD_PASS: dict[str, object] = {
    "nested lists": [[45, 45], [54, 54]],
    "tuple": (126, 126, 16),
    "empty ones": [[], (), {}, set(), frozenset()],
    "channels": {"R": [[1, 1]], "G": [[2, 2]], "B": np.array([[2, 4]])},
    "keys of all kinds": {"a": 1, 2: 2, True: 3, 0.5: 4, (1, "b"): 5, None: 6},
    "order kept": {"b": 1, "a": 2, "c": 3},
    "set": {1, "a", 2.5, (1, 2)},
    "frozenset": frozenset({"pool", "conv"}),
    "the same list twice": [[1], [1]],
    "arrays within": [{"x": (np.arange(3), [np.ones((2, 2), bool)])}],
}

SHOULD_FAIL: dict[str, tuple[object, str]] = {
    "bad item": ([1, 2, {"R": float("nan")}], 'element [2]["R"] is NaN'),
    "bad item of an array": ({"R": np.array([1, np.inf])}, 'element ["R"] holds an infinite value'),
    "bytes key": ({b"R": 1}, "has a key of type bytes; use str, int, bool, float or tuples"),
    "nested tuple key": ({((1,),): 1}, "has a key of type tuple"),
    "NaN key": ([{float("nan"): 1}], "element [0][a key] is NaN"),
    "bytes member": ({b"R"}, "is a set with a member of type bytes"),
    "namedtuple": (Point(1, 2), "is of type snapshot"),
    "OrderedDict": (OrderedDict(a=1), "OrderedDict, a subclass of dict; convert it with dict(...)"),
}


@pytest.mark.parametrize("value", SHOULD_PASS.values(), ids=SHOULD_PASS)
def test_should_pass(value: object) -> None:
    """The grader gets an equal value of the same types, dicts in the same order."""
    assert same(crossed(value), value)


@pytest.mark.parametrize(("value", "reason"), SHOULD_FAIL.values(), ids=SHOULD_FAIL)
def test_should_fail(value: object, reason: str) -> None:
    """One bad element makes the whole value not data, and its place is named."""
    assert reason.replace("snapshot", "") in refused(value).replace("tests.Point", "")


def test_a_namedtuple_is_told_to_become_a_tuple() -> None:
    """Its class is named."""
    assert refused([Point(1, 2)]).endswith("Point, a subclass of tuple; convert it with tuple(...)")


def cycle_of_lists() -> object:
    value: list[object] = [1]
    value.append([value])
    return value


def cycle_of_dicts() -> object:
    value: dict[str, object] = {}
    value["me"] = (value,)
    return value


@pytest.mark.parametrize(
    ("value", "place"),
    [(cycle_of_lists(), "element [1][0]"), (cycle_of_dicts(), 'element ["me"][0]')],
    ids=["lists", "dict and tuple"],
)
def test_cycles_are_refused(value: object, place: str) -> None:
    """A value that contains itself is named as such, where it closes."""
    assert refused(value) == f"{place} contains itself; an answer must end somewhere"


def test_a_long_place_is_cut() -> None:
    """Keys of a student's choice cannot fill the reason, nor break its line."""
    reason = refused({"k" * 10_000: {"\n" * 500: {("t" * 999,): {"z" * 99: [b""]}}}})
    assert len(reason) <= 300
    assert reason.isprintable()
    assert "is of type bytes" in reason


@pytest.mark.parametrize("value", [{"b", "a", "c", 1, 2.0}, frozenset("xyz")], ids=str)
def test_a_set_makes_the_same_bytes_in_any_order(value: set[object]) -> None:
    """Members are sorted by their text, not by their hashes."""
    items = write(value, BUDGET).document["items"]
    assert items == sorted(items, key=lambda item: (item["kind"], str(item["value"])))


def test_dicts_in_another_order_are_other_values() -> None:
    """A dict's order is part of it."""
    assert save(write({"a": 1, "b": 2}, BUDGET)) != save(write({"b": 2, "a": 1}, BUDGET))


def number(value: int) -> dict[str, Any]:
    return {"kind": "int", "value": value}


ONE = number(1)
FORGED: dict[str, tuple[Any, str]] = {
    "items no list": ({"kind": "list", "items": {}}, "items: expected list, received dict"),
    "item no object": ({"kind": "tuple", "items": [1]}, r"element \[0\]: expected an object"),
    "unknown kind": ({"kind": "pickle", "data": ""}, "unknown kind 'pickle'"),
    "kind no text": ({"kind": ["list"]}, "unknown kind of type list"),
    "no kind": ({}, "unknown kind of type NoneType"),
    "not data within": (
        {"kind": "list", "items": [{"kind": "not data", "reason": ""}]},
        "unknown kind 'not data'",
    ),
    "more keys": ({"kind": "dict", "keys": [ONE], "values": []}, "1 keys and 0 values"),
    "key twice": ({"kind": "dict", "keys": [ONE, ONE], "values": [ONE, ONE]}, "twice"),
    "equal keys": (
        {"kind": "dict", "keys": [ONE, {"kind": "bool", "value": True}], "values": [ONE, ONE]},
        "the same key or member twice",
    ),
    "list as key": (
        {"kind": "dict", "keys": [{"kind": "list", "items": []}], "values": [ONE]},
        r"\[a key\] of type list",
    ),
    "list as member": ({"kind": "set", "items": [{"kind": "list", "items": []}]}, "type list"),
    "member twice": ({"kind": "frozenset", "items": [ONE, ONE]}, "twice"),
    "colliding members": (
        {"kind": "set", "items": [number(i * (2**61 - 1)) for i in range(1, 150)]},
        "made to collide",
    ),
}


@pytest.mark.parametrize(("document", "error"), FORGED.values(), ids=FORGED)
def test_forged_documents_are_refused(document: object, error: str) -> None:
    """The error names the place and what was expected there."""
    with pytest.raises(SnapshotError, match=error):
        load(forged(document), BUDGET)


def test_forged_items_beyond_the_bound_are_refused() -> None:
    """What `write` would not have written is not read either."""
    with pytest.raises(SnapshotError, match="500 Python values"):
        load(forged({"kind": "list", "items": [ONE] * 500}), BUDGET)


def test_forged_depth_beyond_the_bound_is_refused() -> None:
    """Seven levels where five are allowed, which the text alone does not show."""
    document: object = ONE
    for _ in range(6):
        document = {"kind": "list", "items": [document]}
    with pytest.raises(SnapshotError, match="nested more than 5 levels"):
        load(forged(document), BUDGET)


def test_numpy_integers_as_keys_become_ints() -> None:
    """Such as np.argsort gives; to whoever looks them up they are the same."""
    found = crossed({np.int64(3): "c", np.uint8(1): "a"})
    assert found == {3: "c", 1: "a"}
    assert [type(key) for key in found] == [int, int]
