"""The contract of a kind: one sort of value that can cross."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.snapshot.reader import Reader
    from autograder.snapshot.scribe import Scribe

Document = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One sort of value that can cross; `kinds.KINDS` lists them.

    Attributes:
        name: What a document's "kind" says.
        matches: Untrusted side: whether a value is of this kind, judged by `type(value) is …`
            alone, since every method of the value may be the student's own.
        write: Untrusted side: the fields of the value's document, "kind" left out. Raises
            RefusedError where this particular value is not data.
        read: Trusted side: the value of a document that may be forged. Raises SnapshotError (by
            `reader.fail`), or RefusedError where the document is sound but the value is not data.
    """

    name: str
    matches: Callable[[object], bool]
    write: Callable[[Any, Scribe], Document]
    read: Callable[[Document, Reader], object]
