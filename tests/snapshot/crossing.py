"""Helpers: a value sent across, and forged documents and files."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from autograder.snapshot import Budget, NotData, load, save, write
from autograder.snapshot.npy import MAGIC

BUDGET = Budget(max_bytes=100_000, max_elements=10_000, max_depth=5, max_items=500)


def crossed(value: object, budget: Budget = BUDGET) -> Any:
    """Returns what the grader gets of `value`, by way of files."""
    return load(save(write(value, budget)), budget)


def refused(value: object, budget: Budget = BUDGET) -> str:
    """Returns why `value` is not data, as the grader reads it."""
    found = crossed(value, budget)
    assert type(found) is NotData, f"crossed as {found!r}"
    return found.reason


def named(number: int) -> str:
    """Returns a blob's name, one for each number; reading does not ask what it is the digest of."""
    return f"{number:064x}.npy"


def forged(document: object, **blobs: bytes) -> dict[str, bytes]:
    """Returns files with any document; `blob_0=…` is stored as `named(0)`."""
    files = {named(int(name.removeprefix("blob_"))): data for name, data in blobs.items()}
    return {"value.json": json.dumps(document).encode(), **files}


def npy(header: str, entries: bytes = b"", magic: bytes = MAGIC) -> bytes:
    """Returns a .npy file with any header."""
    text = header.encode() + b"\n"
    return magic + len(text).to_bytes(2, "little") + text + entries


def same(one: object, other: object) -> bool:
    """Whether both are equal, of the same type and, for arrays, of the same dtype, all through."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        assert isinstance(other, np.ndarray)
        return one.dtype == other.dtype and one.shape == other.shape and bool((one == other).all())
    if isinstance(one, list | tuple):
        assert isinstance(other, list | tuple)
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        assert isinstance(other, dict)
        return same(list(one), list(other)) and same(list(one.values()), list(other.values()))
    return repr(one) == repr(other) if isinstance(one, float | complex) else one == other
