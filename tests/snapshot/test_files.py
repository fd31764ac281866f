"""A folder of files is bounded and named before anything in it is read."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.snapshot import Budget, NotData, Snapshot, SnapshotError, load, read, save, write

from .crossing import BUDGET, forged

NONE = b'{"kind":"none"}'


def test_files_of_a_value() -> None:
    """A document without spaces, and one file for each array."""
    import numpy as np

    files = save(write([np.zeros(1), np.ones(1)], BUDGET))
    assert list(files) == ["value.json", "0.npy", "1.npy"]
    assert files["value.json"] == (
        b'{"items":[{"blob":"0.npy","kind":"array"},{"blob":"1.npy","kind":"array"}],"kind":"list"}'
    )


FORGED: dict[str, tuple[dict[Any, Any], str]] = {
    "no document": ({}, "expected a file value.json"),
    "a path": ({"value.json": NONE, "../0.npy": b""}, "unexpected file '../0.npy'"),
    "a leading zero": ({"value.json": NONE, "00.npy": b""}, "unexpected file '00.npy'"),
    "a newline": ({"value.json": NONE, "0.npy\n": b""}, r"unexpected file '0.npy\n'"),
    "a long name": ({"value.json": NONE, "a" * 999: b""}, "…'"),
    "no name": ({"value.json": NONE, 0: b""}, "unexpected file of type int"),
    "no bytes": ({"value.json": "{}"}, "value.json: expected bytes, received str"),
    "too many": ({"value.json": NONE, **{f"{i}.npy": b"" for i in range(501)}}, "502 files"),
    "too large": (
        {"value.json": NONE, "0.npy": bytes(60_000), "1.npy": bytes(60_000)},
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


@pytest.mark.parametrize("blobs", [{"0.npy": "text"}, {0: b""}], ids=str)
def test_blobs_are_bytes_by_name(blobs: Any) -> None:
    """What a caller passes by mistake is named as well."""
    with pytest.raises(SnapshotError, match="expected blobs to be bytes by name"):
        read({"kind": "none"}, blobs, BUDGET)


def test_blobs_beyond_the_budget_are_refused() -> None:
    """`read` bounds its blobs also when nothing went through `load`."""
    with pytest.raises(SnapshotError, match="goes beyond the 100,000 bytes"):
        read({"kind": "none"}, {"0.npy": bytes(60_000), "1.npy": bytes(60_000)}, BUDGET)
