"""One value as data: a document that JSON can hold, and binary files beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.snapshot.budget import Budget, Meter, OverBudgetError
from autograder.snapshot.document import to_text
from autograder.snapshot.kind import Document
from autograder.snapshot.kinds import KINDS
from autograder.snapshot.outcome import (
    MAX_REASON,
    NotData,
    RefusedError,
    SnapshotError,
    as_sentence,
)
from autograder.snapshot.reader import Reader
from autograder.snapshot.scribe import Scribe
from autograder.snapshot.typenames import type_name

NOT_DATA = "not data"
FAILED = "could not be turned into data: {error} was raised on the way"


@dataclass(frozen=True)
class Snapshot:
    """A value that has been written down.

    Attributes:
        document: What `json.dumps` takes; its "kind" is one of `KINDS`, or "not data".
        blobs: The binary files that the document names, each by the digest of its content.
    """

    document: Document
    blobs: dict[str, bytes] = field(default_factory=dict)

    @property
    def reason(self) -> str | None:
        """Why the value is not data, or None if it is."""
        return self.document["reason"] if self.document["kind"] == NOT_DATA else None


def write(value: object, budget: Budget) -> Snapshot:
    """Untrusted side: writes a value down, or says in one sentence why it is not data.

    Runs among the student's objects and calls no method that a student can have written. It never
    raises: whatever goes wrong, an interrupt included, becomes the reason.
    """
    scribe = Scribe(KINDS, Meter(budget))
    try:
        document = scribe.write(value)
        _check_total(document, scribe.blobs, budget)
        return Snapshot(document, scribe.blobs)
    except (RefusedError, OverBudgetError) as reason:
        return not_data(f"{scribe.place()} {reason}")
    except BaseException as error:
        return not_data(f"{scribe.place()} {FAILED.format(error=type_name(type(error)))}")


def not_data(reason: str) -> Snapshot:
    """Returns the snapshot of a value that cannot cross; `reason` is cut to 300 characters."""
    return Snapshot({"kind": NOT_DATA, "reason": as_sentence(reason)})


def read(document: object, blobs: Mapping[str, bytes], budget: Budget) -> object:
    """Trusted side: returns the plain Python or NumPy value of a document that may be forged.

    Tensors come back as arrays; arrays are writable and belong to the caller alone.

    Returns:
        The value, or NotData(reason) if the student's side said so or an array holds NaN or an
        infinity.

    Raises:
        SnapshotError: The document or a blob is not what `write` makes, or exceeds the budget.
    """
    reader = Reader({kind.name: kind for kind in KINDS}, Meter(budget), blobs)
    try:
        return _read(document, reader)
    except RefusedError as reason:
        return NotData(as_sentence(f"{reader.place()} {reason}"))
    except OverBudgetError as error:
        reader.fail(str(error))
    except SnapshotError:
        raise
    except Exception as error:  # a forged file must never look like a fault of the grader
        raise SnapshotError(f"snapshot: could not be read ({type(error).__name__})") from error


def _read(document: Any, reader: Reader) -> object:
    for name, data in reader.blobs.items():
        if type(name) is not str or type(data) is not bytes:
            reader.fail("expected blobs to be bytes by name")
    if type(document) is dict and document.get("kind") == NOT_DATA:
        value: object = _read_not_data(document, reader)
    else:
        value = reader.read(document)
    if unused := len(reader.blobs) - len(reader.used):
        reader.fail(f"{unused} blobs that nothing refers to")
    return value


def _read_not_data(document: Document, reader: Reader) -> NotData:
    (reason,) = reader.fields(document, reason=str)
    if len(reason) > MAX_REASON or reason != as_sentence(reason):
        reader.fail(f"expected a reason of one line and at most {MAX_REASON} characters")
    return NotData(reason)


def _check_total(document: Document, blobs: dict[str, bytes], budget: Budget) -> None:
    meter = Meter(budget)
    meter.spend_bytes(len(to_text(document)) + sum(map(len, blobs.values())))
