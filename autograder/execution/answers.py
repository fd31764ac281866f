"""The answers of one run: taken in as a student's process sends them, and read for grading.

    object/<SHA-256>.<suffix>                      a binary piece, sent once
    answers/<grade_id>/<name>/value.json           an answer's document
    answers/<grade_id>/<name>/<SHA-256>.<suffix>   empty: the answer has that piece

The answers on disk have the pieces beside their documents, under the same names.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.execution.objects import Objects, link
from autograder.snapshot import DOCUMENT, blob_name, is_blob_name, is_named_rightly

_PIECES = "objects"  # while the run goes on
_MOST_FILES = 50_000  # of one run: each takes an entry on the disk, however small
_MOST_COPIED = 4 << 30  # bytes of one run, where the file system makes no links


class Intake:
    """Writes answers into a run's folder. What makes no sense is passed over.

    expected: the names that may be answered, for each grade_id. objects: shared by all runs.
    """

    def __init__(
        self, folder: Path, expected: Mapping[str, frozenset[str]], objects: Objects
    ) -> None:
        self._folder = folder
        self._expected = expected
        self._objects = objects
        self._pieces: set[str] = set()
        self._files_left = _MOST_FILES
        self._bytes_left = _MOST_COPIED

    def receive(self, name: str, data: bytes) -> None:
        """One frame, named as above; whatever its name or data."""
        parts = name.split("/")
        if parts[0] == "object" and len(parts) == 2:
            self._take_piece(parts[1], data)
        elif parts[0] == "answers" and len(parts) == 4:
            _, grade_id, answer, file = parts
            if answer in self._expected.get(grade_id, frozenset()):
                self._take_file(self._folder / name, file, data)

    def close(self) -> None:
        """Once all has come: what no answer has taken is let go."""
        shutil.rmtree(self._folder / _PIECES, ignore_errors=True)

    def _take_piece(self, name: str, data: bytes) -> None:
        """Only what is named by its content: it may be linked to by everybody's answers."""
        if name in self._pieces or not is_named_rightly(name, data) or not self._has_room():
            return
        path = self._folder / _PIECES / name
        path.parent.mkdir(exist_ok=True)
        self._objects.put(name, data, path)
        self._pieces.add(name)

    def _take_file(self, path: Path, file: str, data: bytes) -> None:
        # a piece that this run has not sent is somebody else's: knowing its digest gives no right
        if file != DOCUMENT and (data or file not in self._pieces):
            return
        if path.exists() or not self._has_room():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if file == DOCUMENT:
            path.write_bytes(data)
        else:
            self._link(self._folder / _PIECES / file, path)

    def _link(self, piece: Path, path: Path) -> None:
        if link(piece, path):
            return
        self._bytes_left -= piece.stat().st_size
        if self._bytes_left >= 0:
            shutil.copyfile(piece, path)

    def _has_room(self) -> bool:
        self._files_left -= 1
        return self._files_left >= 0


@dataclass(frozen=True)
class Answers:
    """All answers of a run; what several of them hold is there once.

    files: for each "<grade_id>/<name>" its files, and under which name in `pieces` their bytes are.
    """

    files: dict[str, dict[str, str]] = field(default_factory=dict)
    pieces: dict[str, bytes] = field(default_factory=dict)


def load_answers(folder: Path) -> Answers:
    """The answers of the run in `folder`; each piece is in memory once, however many have it."""
    answers = Answers()
    for path in sorted((folder / "answers").glob("*/*/*")):
        grade_id, name, file = path.parts[-3:]
        piece = file
        if not is_blob_name(file):
            data = path.read_bytes()
            piece = blob_name(data, path.suffix)
            answers.pieces[piece] = data
        elif piece not in answers.pieces:
            answers.pieces[piece] = path.read_bytes()
        answers.files.setdefault(f"{grade_id}/{name}", {})[file] = piece
    return answers


def holds_a_model(folder: Path) -> bool:
    """Whether an answer of the run in `folder` has a model's weights."""
    return any((folder / "answers").glob("*/*/*.safetensors"))
