"""A snapshot as a small folder of bounded files: value.json, and <SHA-256>.npy, … beside it."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.snapshot.blobs import is_blob_name
from autograder.snapshot.budget import Budget
from autograder.snapshot.document import parse, to_text
from autograder.snapshot.outcome import SnapshotError
from autograder.snapshot.reader import quoted
from autograder.snapshot.snapshot import Snapshot, read

DOCUMENT = "value.json"


def save(snapshot: Snapshot) -> dict[str, bytes]:
    """Untrusted side: returns the files of a snapshot by name; equal values make equal bytes."""
    return {DOCUMENT: to_text(snapshot.document).encode("ascii"), **snapshot.blobs}


def load(files: Mapping[str, bytes], budget: Budget) -> object:
    """Trusted side: returns the value of files that may have been forged byte by byte.

    Bound each file's size when reading it from disk, too: here they are in memory already. A blob's
    name is taken as it is; who stores blobs sees to it that it tells their content.

    Returns:
        What `read` returns.

    Raises:
        SnapshotError: The files are not what `save` makes, or exceed the budget together.
    """
    _check_files(files, budget)
    blobs = {name: data for name, data in files.items() if name != DOCUMENT}
    try:
        document = parse(files[DOCUMENT], budget)
    except SnapshotError as error:
        raise SnapshotError(f"{DOCUMENT}: {error}") from error
    return read(document, blobs, budget)


def _check_files(files: Mapping[str, bytes], budget: Budget) -> None:
    if DOCUMENT not in files:
        raise SnapshotError(f"expected a file {DOCUMENT}")
    if len(files) > budget.max_items + 1:
        raise SnapshotError(f"{len(files):,} files, expected at most {budget.max_items + 1:,}")
    for name, data in files.items():
        if type(name) is not str or (name != DOCUMENT and not is_blob_name(name)):
            raise SnapshotError(f"unexpected file {quoted(name)}")
        if type(data) is not bytes:
            raise SnapshotError(f"{name}: expected bytes, received {type(data).__name__}")
    total = sum(map(len, files.values()))
    if total > budget.max_bytes:
        raise SnapshotError(f"{total:,} bytes in all, expected at most {budget.max_bytes:,}")
