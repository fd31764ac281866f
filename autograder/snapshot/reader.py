"""The trusted side's eye: walks a document that may be forged and believes nothing in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from autograder.snapshot.budget import Meter
from autograder.snapshot.kind import Document, Kind
from autograder.snapshot.outcome import SnapshotError, as_sentence
from autograder.snapshot.scribe import place

MAX_ERROR = 400  # characters


@dataclass
class Reader:
    """Reads one document; made anew for each.

    Attributes:
        kinds: The kinds that can cross, by name.
        meter: What has been spent so far.
        blobs: The binary files, by name.
        path: The steps from the answer to the value being read, such as `[2]`.
        used: The names of the blobs that something has referred to.
    """

    kinds: Mapping[str, Kind]
    meter: Meter
    blobs: Mapping[str, bytes]
    path: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def read(self, document: object, step: str = "") -> object:
        """Returns the value of `document`, which lies one `step` below the present place.

        Raises:
            SnapshotError: The document is not one that `write` makes.
            OverBudgetError: It is too large.
            RefusedError: It is sound, but its value is not data; `place()` then says where.
        """
        self.path.append(step)
        self.meter.check_depth(len(self.path) - 1)
        self.meter.spend_item()
        if type(document) is not dict:
            self.fail(f"expected an object, received {type(document).__name__}")
        value = self._kind_of(document).read(document, self)
        self.path.pop()
        return value

    def fields(self, document: Document, **types: type) -> tuple[Any, ...]:
        """Returns the fields besides "kind", which must be exactly these, of exactly these types.

        `fields(document, dtype=str, blob=str)` returns `(dtype, blob)`.
        """
        if document.keys() != {"kind", *types}:
            self.fail(f"expected the fields {sorted(types)}, received {_names(document)}")
        for name, expected in types.items():
            received = type(document[name])
            if expected is not object and received is not expected:
                self.fail(f"{name}: expected {expected.__name__}, received {received.__name__}")
        return tuple(document[name] for name in types)

    def blob(self, name: str, suffix: str) -> bytes:
        """Returns the blob `name`, which must end in `suffix`.

        Its bytes are spent each time that something refers to it: each may become a copy.
        """
        if not name.endswith(suffix):
            self.fail(f"blob {quoted(name)}: expected a name that ends in {suffix}")
        if name not in self.blobs:
            self.fail(f"blob {quoted(name)} does not exist")
        self.meter.spend_bytes(len(self.blobs[name]))
        self.used.add(name)
        return self.blobs[name]

    def place(self) -> str:
        """Where the reader stands, as a sentence's subject: `the value` or `element [2]["R"]`."""
        return place(self.path)

    def fail(self, text: str) -> NoReturn:
        """Raises SnapshotError, saying where the reader stands."""
        raise SnapshotError(as_sentence(f"snapshot, {self.place()}: {text}", MAX_ERROR))

    def _kind_of(self, document: Document) -> Kind:
        name = document.get("kind")
        if type(name) is not str or name not in self.kinds:
            self.fail(f"unknown kind {quoted(name)}")
        return self.kinds[name]


def quoted(value: object) -> str:
    """A forged name or number, made safe to show."""
    if type(value) is str:
        return ascii(value if len(value) <= 40 else value[:39] + "…")
    return f"of type {type(value).__name__}"


def _names(document: Document) -> str:
    names = [quoted(name) for name in list(document)[:5] if name != "kind"]
    return "[" + ", ".join(names) + ("]" if len(document) <= 5 else ", …]")
