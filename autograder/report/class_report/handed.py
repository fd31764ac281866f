"""The documents of a run's answers: what was handed in under which name, its arrays unread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.snapshot import DOCUMENT, Budget, SnapshotError, is_blob_name
from autograder.snapshot.document import parse

_LARGEST = 2_000_000  # bytes of a document; a model's weights and a figure's pixels are in others
_BUDGET = Budget(max_bytes=_LARGEST)


@dataclass(frozen=True)
class Handed:
    """One answer. folder: where its document and its binary pieces lie."""

    grade_id: str
    name: str
    folder: Path
    document: dict[str, Any]


def answers(run: Path, grade_ids: Iterable[str]) -> Iterator[Handed]:
    """The answers of the run in a folder, those to earlier questions first.

    A name that several tests read comes once. What cannot be read is passed over.
    """
    seen: set[str] = set()
    for grade_id in grade_ids:
        for path in sorted((run / "answers" / grade_id).glob(f"*/{DOCUMENT}")):
            name = path.parent.name
            document = None if name in seen else _document(path)
            if document is not None:
                seen.add(name)
                yield Handed(grade_id, name, path.parent, document)


def piece(handed: Handed, name: object) -> bytes:
    """A binary piece of an answer. Raises SnapshotError where there is none of that name."""
    if not isinstance(name, str) or not is_blob_name(name):
        raise SnapshotError("no name of a piece")
    try:
        return (handed.folder / name).read_bytes()
    except OSError as error:
        raise SnapshotError(f"{name}: {error.strerror}") from error


def _document(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        document = parse(path.read_bytes(), _BUDGET)
    except (OSError, SnapshotError):
        return None
    return document if isinstance(document, dict) else None
