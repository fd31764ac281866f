"""Answers of a class on disk, read back one at a time: any may be a megabyte long."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import overload

from autograder.marking.contract import Answer

_BEGINNING = 600  # characters


@dataclass(frozen=True)
class Line:
    """What is kept in memory of an answer.

    digest: of its text; beginning: its first characters; length: in characters.
    """

    key: str
    student: str
    digest: str
    beginning: str
    length: int
    is_empty: bool


class Spool(Sequence[Answer]):
    """A sequence of answers in a temporary file, which is gone when nobody holds it any more."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._file = tempfile.TemporaryFile(prefix="autograder-mark-")  # noqa: SIM115 - kept open
        self._ends = [0]
        lines = []
        for answer in answers:
            self._file.write(json.dumps(asdict(answer)).encode())
            self._ends.append(self._file.tell())
            lines.append(_line(answer))
        self._file.flush()
        self.lines = tuple(lines)
        self.at = {line.key: number for number, line in enumerate(lines)}

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[Answer]:
        return map(self._read, range(len(self)))

    @overload
    def __getitem__(self, at: int) -> Answer: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Answer]: ...
    def __getitem__(self, at: int | slice) -> Answer | Sequence[Answer]:
        numbers = range(len(self))[at]
        return self._read(numbers) if isinstance(numbers, int) else list(map(self._read, numbers))

    def __del__(self) -> None:
        if file := self.__dict__.get("_file"):
            file.close()

    def _read(self, number: int) -> Answer:
        begin, end = self._ends[number : number + 2]
        # Unlike seek and read, one call: requests are answered in several threads.
        return Answer(**json.loads(os.pread(self._file.fileno(), end - begin, begin)))


def _line(answer: Answer) -> Line:
    text = answer.text.encode(errors="replace")
    return Line(
        key=answer.key,
        student=answer.student,
        digest=hashlib.sha256(text).hexdigest(),
        beginning=answer.text[:_BEGINNING],
        length=len(answer.text),
        is_empty=answer.is_empty,
    )
