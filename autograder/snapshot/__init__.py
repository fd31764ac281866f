"""What crosses from a student's namespace to the grader: data, never objects.

The untrusted side writes (`write`, `save`), the trusted side reads (`read`, `load`).
"""

from autograder.snapshot.blobs import blob_name, is_blob_name, is_named_rightly
from autograder.snapshot.budget import Budget
from autograder.snapshot.files import DOCUMENT, load, save
from autograder.snapshot.kind import Kind
from autograder.snapshot.kinds import KINDS
from autograder.snapshot.outcome import NotData, SnapshotError
from autograder.snapshot.reader import Reader
from autograder.snapshot.scribe import Scribe
from autograder.snapshot.snapshot import Snapshot, read, write

__all__ = [
    "DOCUMENT",
    "KINDS",
    "Budget",
    "Kind",
    "NotData",
    "Reader",
    "Scribe",
    "Snapshot",
    "SnapshotError",
    "blob_name",
    "is_blob_name",
    "is_named_rightly",
    "load",
    "read",
    "save",
    "write",
]
