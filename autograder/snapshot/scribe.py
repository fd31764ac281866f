"""The untrusted side's pen: walks a value and keeps its budget, its place and its blobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from autograder.snapshot.blobs import blob_name
from autograder.snapshot.budget import Meter
from autograder.snapshot.kind import Document, Kind
from autograder.snapshot.outcome import RefusedError
from autograder.snapshot.reasons import why_not_data

DOCUMENT_BYTES = 20  # the least that one value takes in JSON; the exact size is checked at the end
MAX_PLACE = 100  # characters


@dataclass
class Scribe:
    """Writes one value; made anew for each.

    Attributes:
        kinds: The kinds that can cross; the first that matches writes.
        meter: What has been spent so far.
        blobs: The binary files made so far, by name.
        path: The steps from the answer to the value being written, such as `[2]`.
    """

    kinds: Sequence[Kind]
    meter: Meter
    blobs: dict[str, bytes] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    _open: set[int] = field(default_factory=set)

    def write(self, value: object, step: str = "") -> Document:
        """Returns the document of `value`, which lies one `step` below the present place.

        Raises:
            RefusedError: It is not data; `place()` then still says where.
            OverBudgetError: It is too large.
        """
        self.path.append(step)
        self.meter.check_depth(len(self.path) - 1)
        self.meter.spend_item()
        self.meter.spend_bytes(DOCUMENT_BYTES)
        if id(value) in self._open:
            raise RefusedError("contains itself; an answer must end somewhere")
        self._open.add(id(value))
        kind = self._kind_of(value)
        document = {"kind": kind.name, **kind.write(value, self)}
        self._open.discard(id(value))
        self.path.pop()
        return document

    def blob(self, data: bytes, suffix: str) -> str:
        """Returns the name under which `data` will be stored: its SHA-256 and `suffix`.

        Equal pieces are stored once, but spend the budget each time, as when they are read.
        """
        self.meter.spend_bytes(len(data))
        name = blob_name(data, suffix)
        self.blobs[name] = data
        return name

    def place(self) -> str:
        """Where the scribe stands, as a sentence's subject: `the value` or `element [2]["R"]`."""
        return place(self.path)

    def _kind_of(self, value: object) -> Kind:
        for kind in self.kinds:
            if kind.matches(value):
                return kind
        raise RefusedError(why_not_data(value))


def place(path: Sequence[str]) -> str:
    steps = "".join(path)
    if not steps:
        return "the value"
    return "element " + (steps if len(steps) <= MAX_PLACE else steps[: MAX_PLACE - 1] + "…")
