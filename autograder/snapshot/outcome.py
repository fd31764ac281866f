"""What a crossing may come to, besides the value itself."""

from __future__ import annotations

from dataclasses import dataclass

MAX_REASON = 300  # characters


@dataclass(frozen=True)
class NotData:
    """A value that could not cross as data.

    Attributes:
        reason: One printable sentence of at most 300 characters, addressed to the student; it may
            contain names that the student chose, so escape it before it goes into HTML.
    """

    reason: str


class SnapshotError(ValueError):
    """Raised by the trusted side: the files are not what `write` makes. The message is one line."""


class RefusedError(Exception):
    """Raised inside a kind: this value is not data. The text continues "the value …"."""


def as_sentence(text: str, limit: int = MAX_REASON) -> str:
    """Returns `text` on one line, printable, cut to `limit` characters."""
    line = "".join(c if c.isprintable() else " " for c in text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 1] + "…"
