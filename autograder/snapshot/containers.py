"""Lists, tuples, dicts and sets, of whatever else can cross."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from types import NoneType
from typing import Any

import numpy as np

from autograder.snapshot.document import to_text
from autograder.snapshot.kind import Document, Kind
from autograder.snapshot.outcome import RefusedError
from autograder.snapshot.reader import Reader
from autograder.snapshot.scribe import Scribe
from autograder.snapshot.typenames import type_name

KEY = "[a key]"
MEMBER = "[a member]"
MAX_STEP = 40  # characters
MAX_SAME_HASH = 100  # honest numbers share one hash at most some 70 times
# What np.argsort and its like give as keys; they equal and hash as the int does.
NUMPY_INTEGERS = tuple({np.dtype(code).type for code in "bBhHiIlLqQ"})
BAD_KEY = "has a key of type {name}; use str, int, bool, float or tuples of these"
BAD_MEMBER = "is a set with a member of type {name}; use str, numbers or tuples of these"


def _write_items(value: Sequence[object], scribe: Scribe) -> Document:
    scribe.meter.check_items(len(value))
    return {"items": [scribe.write(item, f"[{index}]") for index, item in enumerate(value)]}


def _read_items(document: Document, reader: Reader) -> list[object]:
    (items,) = reader.fields(document, items=list)
    reader.meter.check_items(len(items))
    return [reader.read(item, f"[{index}]") for index, item in enumerate(items)]


def _read_tuple(document: Document, reader: Reader) -> tuple[object, ...]:
    return tuple(_read_items(document, reader))


def _write_dict(value: dict[Any, object], scribe: Scribe) -> Document:
    scribe.meter.check_items(2 * len(value))
    keys, values = [], []
    for key, item in value.items():
        key = int(key) if any(type(key) is number for number in NUMPY_INTEGERS) else key
        if not _is_hashable(key):
            raise RefusedError(BAD_KEY.format(name=type_name(type(key))))
        keys.append(scribe.write(key, KEY))
        values.append(scribe.write(item, _step(key)))
    return {"keys": keys, "values": values}


def _read_dict(document: Document, reader: Reader) -> dict[Any, object]:
    keys, values = reader.fields(document, keys=list, values=list)
    if len(keys) != len(values):
        reader.fail(f"dict of {len(keys)} keys and {len(values)} values")
    names = _read_hashables(keys, KEY, reader)
    return {
        name: reader.read(value, _step(name)) for name, value in zip(names, values, strict=True)
    }


def _write_set(value: Collection[object], scribe: Scribe) -> Document:
    scribe.meter.check_items(len(value))
    members = []
    for member in value:
        if not _is_hashable(member):
            raise RefusedError(BAD_MEMBER.format(name=type_name(type(member))))
        members.append(scribe.write(member, MEMBER))
    # A set's order changes from run to run with the hashes of its strings.
    return {"items": sorted(members, key=to_text)}


def _read_set(document: Document, reader: Reader) -> set[object]:
    (items,) = reader.fields(document, items=list)
    return set(_read_hashables(items, MEMBER, reader))


def _read_frozenset(document: Document, reader: Reader) -> frozenset[object]:
    return frozenset(_read_set(document, reader))


def _read_hashables(documents: list[Any], step: str, reader: Reader) -> list[Any]:
    """Returns keys or members that differ and cannot have been forged to collide."""
    reader.meter.check_items(len(documents))
    values = [reader.read(document, step) for document in documents]
    for value in values:
        if not _is_hashable(value):
            reader.fail(f"{step} of type {type(value).__name__}")
    # Counting hashes takes linear time whatever they are; a dict of colliding keys would not.
    if values and max(Counter(map(hash, values)).values()) > MAX_SAME_HASH:
        reader.fail("keys or members that have been made to collide")
    if len(set(values)) != len(values):
        reader.fail("the same key or member twice")
    return values


def _is_hashable(value: object) -> bool:
    return _is_scalar(value) or (type(value) is tuple and all(map(_is_scalar, value)))


def _is_scalar(value: object) -> bool:
    cls = type(value)
    return any(cls is plain for plain in (str, int, bool, float, complex, NoneType))


def _step(key: object) -> str:
    """Returns `["R"]` for the key "R"; `key` has passed `_is_hashable` and has been written."""
    if type(key) is str:
        text = '"' + "".join(c if c.isprintable() else "?" for c in key[:MAX_STEP]) + '"'
    else:
        text = repr(key)
    return f"[{text if len(text) <= MAX_STEP else text[: MAX_STEP - 1] + '…'}]"


LIST = Kind("list", lambda value: type(value) is list, _write_items, _read_items)
TUPLE = Kind("tuple", lambda value: type(value) is tuple, _write_items, _read_tuple)
DICT = Kind("dict", lambda value: type(value) is dict, _write_dict, _read_dict)
SET = Kind("set", lambda value: type(value) is set, _write_set, _read_set)
FROZENSET = Kind("frozenset", lambda value: type(value) is frozenset, _write_set, _read_frozenset)
