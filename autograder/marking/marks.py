"""Marks as data: what a person gives, what the gradebook holds, and when the two disagree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

FORMGRADER = "formgrader"  # or whatever else wrote into the gradebook past the kit


@dataclass(frozen=True)
class Mark:
    """What a person gives for an answer.

    points: in [0, the question's]; None takes the mark back, so that the answer waits again.
    steps: the points ticked for each criterion; comment: markdown, "" for none.
    """

    points: float | None
    steps: tuple[float, ...] = ()
    comment: str = ""


@dataclass(frozen=True)
class Entry:
    """An answer's place in the gradebook as it stands.

    auto_points: the automatic score; 0.0 where the answer was left as it was released.
    mark: the manual score and comment; its steps are empty where something else than the kit wrote
    them. waits: whether a person has yet to look. seen: what a save must name, so that it
    overwrites nothing else. marker, marked_at (UTC): the last to change it; "" and None for nobody.
    digest: of the answer's text that was marked, or "".
    """

    student: str
    mark: Mark
    auto_points: float | None
    waits: bool
    seen: str
    marker: str = ""
    marked_at: datetime | None = None
    digest: str = ""

    @property
    def is_marked(self) -> bool:
        return self.mark.points is not None and not self.waits


@dataclass(frozen=True)
class Wish:
    """That `mark` be saved for a student. seen: the Entry's that the person had before them."""

    student: str
    mark: Mark
    seen: str
    digest: str = ""


@dataclass(frozen=True)
class Saved:
    """What was written at once, under the name by which it can be undone."""

    batch: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Undone:
    """What stands after an undo; `kept` has been changed by somebody since, and stays."""

    entries: tuple[Entry, ...]
    kept: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Progress:
    """The answers to a question, counted: marked, waiting for a person, nothing to mark."""

    marked: int = 0
    waiting: int = 0
    empty: int = 0

    @property
    def total(self) -> int:
        return self.marked + self.waiting + self.empty


@dataclass(frozen=True)
class Phrase:
    """A comment kept for a question, to be used again."""

    number: int
    text: str


class ConflictError(Exception):
    """Somebody has changed answers since they were looked at; nothing was written.

    entries: how they stand now.
    """

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        super().__init__(f"{len(entries)} changed meanwhile")
        self.entries = entries


class NotGradedError(Exception):
    """The gradebook has no row for a student's answer; students: whose."""

    def __init__(self, students: tuple[str, ...]) -> None:
        super().__init__(f"{len(students)} not in the gradebook")
        self.students = students
