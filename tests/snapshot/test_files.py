"""A folder of files is bounded and named before anything in it is read."""

from __future__ import annotations

import hashlib
import tracemalloc
from typing import Any

import numpy as np
import pytest

from autograder.snapshot import (
    Budget,
    NotData,
    Snapshot,
    SnapshotError,
    blob_name,
    is_blob_name,
    is_named_rightly,
    load,
    read,
    save,
    write,
)
from autograder.snapshot.npy import to_npy as npy_of

from .crossing import BUDGET, forged, named, refused, same

NONE = b'{"kind":"none"}'


def test_files_of_a_value() -> None:
    """A document without spaces, and one file for each array, named by its content."""
    files = save(write([np.zeros(1), np.ones(1)], BUDGET))
    document, zeros, ones = files
    assert document == "value.json"
    assert files["value.json"].decode() == (
        f'{{"items":[{{"blob":"{zeros}","kind":"array"}},{{"blob":"{ones}","kind":"array"}}],'
        '"kind":"list"}'
    )
    for name in (zeros, ones):
        assert name == hashlib.sha256(files[name]).hexdigest() + ".npy"


def test_equal_arrays_are_one_file() -> None:
    """And two arrays again when they are read: changing one does not change the other."""
    files = save(write([np.zeros(3), np.zeros(3)], BUDGET))
    assert len(files) == 2
    one, two = load(files, BUDGET)  # type: ignore[misc]
    one[0] = 1.0
    assert two[0] == 0.0


def test_a_file_counts_each_time_that_it_is_referred_to() -> None:
    """One small file cannot stand for ten thousand arrays: neither written nor read."""
    roomy = Budget(max_bytes=BUDGET.max_bytes, max_items=20_000)
    assert "goes beyond the 100,000 bytes" in refused([np.zeros(500, np.uint8)] * 200, roomy)
    array = {"kind": "array", "blob": named(0)}
    files = forged({"kind": "list", "items": [array] * 900}, blob_0=npy_of(np.zeros(500)))
    tracemalloc.start()
    with pytest.raises(SnapshotError, match="goes beyond the 100,000 bytes"):
        load(files, roomy)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * roomy.max_bytes


def test_ten_thousand_references_to_one_file_are_refused() -> None:
    """Each makes an array, and there may be only so much of them, however small."""
    array = {"kind": "array", "blob": named(0)}
    files = forged({"kind": "list", "items": [array] * 10_000}, blob_0=npy_of(np.zeros(500)))
    budget = Budget(max_bytes=2_000_000, max_items=20_000)
    with pytest.raises(SnapshotError, match="goes beyond the 2,000,000 bytes"):
        load(files, budget)


def test_a_file_that_two_arrays_name_may_be_read_twice() -> None:
    """That is how equal arrays are written."""
    array = {"kind": "array", "blob": named(0)}
    files = forged({"kind": "tuple", "items": [array, array]}, blob_0=npy_of(np.ones(2)))
    assert same(load(files, BUDGET), (np.ones(2), np.ones(2)))


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("0" * 64 + ".npy", True),
        ("f" * 64 + ".safetensors", True),
        ("F" * 64 + ".npy", False),
        ("0" * 63 + ".npy", False),
        ("0" * 64 + ".npy\n", False),
        ("0" * 64 + ".", False),
        ("0" * 64 + "." + "a" * 13, False),
        ("0" * 64 + ".np\u0661", False),
        ("0" * 62 + "..", False),
    ],
)
def test_names_of_blobs(name: str, is_one: bool) -> None:
    """64 hexadecimal digits and a suffix of up to twelve letters; no path fits."""
    assert is_blob_name(name) is is_one
    assert not is_named_rightly(name, b"")
    assert is_named_rightly(blob_name(b"", ".png"), b"")


FORGED: dict[str, tuple[dict[Any, Any], str]] = {
    "no document": ({}, "expected a file value.json"),
    "a path": ({"value.json": NONE, "../0.npy": b""}, "unexpected file '../0.npy'"),
    "a number": ({"value.json": NONE, "0.npy": b""}, "unexpected file '0.npy'"),
    "a newline": ({"value.json": NONE, f"{named(0)}\n": b""}, "unexpected file '000"),
    "a long name": ({"value.json": NONE, "a" * 999: b""}, "…'"),
    "no name": ({"value.json": NONE, 0: b""}, "unexpected file of type int"),
    "no bytes": ({"value.json": "{}"}, "value.json: expected bytes, received str"),
    "too many": ({"value.json": NONE, **{named(i): b"" for i in range(501)}}, "502 files"),
    "too large": (
        {"value.json": NONE, named(0): bytes(60_000), named(1): bytes(60_000)},
        "120,015 bytes in all, expected at most 100,000",
    ),
}


@pytest.mark.parametrize(("files", "error"), FORGED.values(), ids=FORGED)
def test_forged_folders_are_refused(files: dict[str, bytes], error: str) -> None:
    """One line names the file, and the bound that it breaks."""
    with pytest.raises(SnapshotError) as raised:
        load(files, BUDGET)
    assert error.replace("…", ascii("…")[1:-1]) in str(raised.value)
    assert len(str(raised.value)) < 300


def test_a_description_crosses() -> None:
    """The grader gets the reason that the student's side gave."""
    snapshot = write(float("nan"), BUDGET)
    reason = "the value is NaN; an answer must be a finite number"
    assert snapshot == Snapshot({"kind": "not data", "reason": reason})
    assert snapshot.reason == reason
    assert load(save(snapshot), BUDGET) == NotData(reason)
    assert write(1, BUDGET).reason is None


def test_a_description_fits_the_smallest_budget() -> None:
    """However little is allowed, the reason gets through."""
    tiny = Budget(max_bytes=1_000, max_elements=1, max_depth=1, max_items=1)
    snapshot = write({"\U0001f600" * 10_000: object()}, tiny)
    assert type(load(save(snapshot), tiny)) is NotData


@pytest.mark.parametrize(
    "reason",
    ["x" * 301, "two\nlines", "\x1b[31m", "\u202e", 5, None],
    ids=ascii,
)
def test_a_forged_description_is_refused(reason: object) -> None:
    """A reason is one printable line of at most 300 characters."""
    with pytest.raises(SnapshotError, match="reason"):
        load(forged({"kind": "not data", "reason": reason}), BUDGET)


@pytest.mark.parametrize("blobs", [{named(0): "text"}, {0: b""}], ids=str)
def test_blobs_are_bytes_by_name(blobs: Any) -> None:
    """What a caller passes by mistake is named as well."""
    with pytest.raises(SnapshotError, match="expected blobs to be bytes by name"):
        read({"kind": "none"}, blobs, BUDGET)


def test_blobs_beyond_the_budget_are_refused() -> None:
    """`read` bounds its blobs also when nothing went through `load`."""
    array = {"kind": "array", "blob": named(0)}
    with pytest.raises(SnapshotError, match="goes beyond the 100,000 bytes"):
        read(array, {named(0): npy_of(np.zeros(100_000, np.uint8))}, BUDGET)
