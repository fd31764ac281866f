"""What stays open while an assignment is marked: questions, answers read once, groups made once."""

from __future__ import annotations

import gc
import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.course import Course
from autograder.errors import UserError
from autograder.marking.contract import Answer, Group, Question, Rubric, Suggestion
from autograder.marking.marks import Entry, Mark, Saved, Undone, Wish
from autograder.marking.spool import Line, Spool
from autograder.marking.store import Store

_LONGEST_COMMENT = 10_000  # characters


class MarkingError(UserError):
    """What a marker asked for cannot be done; one line, shown on the page."""


@dataclass(frozen=True)
class Sources:
    """Where questions, answers, groups and suggestions come from."""

    questions: Callable[[Course, str], tuple[Question, ...]]
    answers: Callable[[Course, str, Question], Iterable[Answer]]
    groups: Callable[[Sequence[Answer]], tuple[Group, ...]]
    suggestions: Callable[[Rubric, str], tuple[Suggestion, ...]]


def usual_sources() -> Sources:
    """The kit's own; importing what makes groups takes a second."""
    from autograder.marking.answers import answers
    from autograder.marking.groups import groups
    from autograder.marking.questions import questions
    from autograder.marking.suggestions import suggestions

    return Sources(questions, answers, groups, suggestions)


@dataclass(frozen=True)
class Opened:
    """A question's answers. groups: of keys, largest first, the empty answers last of all.

    empties: the number of the group of empty answers, or None. seen: the keys of the answers that
    have been shown alone.
    """

    spool: Spool
    groups: tuple[tuple[str, ...], ...]
    empties: int | None
    by_student: Mapping[str, Line]
    seen: set[str] = field(default_factory=set)

    def line(self, key: str) -> Line:
        return self.spool.lines[self.number(key)]

    def answer(self, key: str) -> Answer:
        return self.spool[self.number(key)]

    def number(self, key: str) -> int:
        """Raises MarkingError for a key of no answer."""
        try:
            return self.spool.at[key]
        except KeyError:
            raise MarkingError("this answer is no longer there; load the page again") from None


class Desk:
    """An assignment on a marker's desk. Its methods may be called from several threads.

    Raises whatever `sources.questions` finds wrong with the mark schemes.
    """

    def __init__(self, course: Course, assignment: str, store: Store, sources: Sources) -> None:
        self.course = course
        self.assignment = assignment
        self.store = store
        self.questions = sources.questions(course, assignment)
        self._sources = sources
        self._opened: dict[int, Opened] = {}
        self._locks = [threading.Lock() for _ in self.questions]

    def question(self, number: int) -> Question:
        """Raises MarkingError for a number of no question."""
        if not 0 <= number < len(self.questions):
            raise MarkingError(f"expected a question from 1 to {len(self.questions)}")
        return self.questions[number]

    def open(self, number: int) -> Opened:
        """The answers to a question, read and grouped at the first call."""
        question = self.question(number)
        with self._locks[number]:
            if number not in self._opened:
                answers = self._sources.answers(self.course, self.assignment, question)
                self._opened[number] = _opened(Spool(answers), self._sources.groups)
                # What stays is not looked through again: it would hold up a request for 0.2 s.
                gc.collect()
                gc.freeze()
            return self._opened[number]

    def read_again(self, number: int) -> None:
        """Forget the answers to a question: somebody has handed in or been graded since."""
        with self._locks[number]:
            self._opened.pop(number, None)

    def entries(self, number: int, keys: Sequence[str] | None = None) -> dict[str, Entry]:
        """How these answers, or all, stand, by key; those not in the gradebook are left out."""
        opened = self.open(number)
        students = None if keys is None else {opened.line(key).student for key in keys}
        entries = self.store.entries(self.question(number), students)
        by_student = opened.by_student
        return {by_student[s].key: entry for s, entry in entries.items() if s in by_student}

    def suggestions(self, number: int, answer: Answer, longest: int) -> tuple[Suggestion, ...]:
        """From the first `longest` characters of the answer."""
        text = answer.text[:longest]
        return self._sources.suggestions(self.question(number).rubric, text)

    def save(self, number: int, seen: Mapping[str, str], mark: Mark) -> Saved:
        """Give `mark` to all answers whose keys are in `seen`, as what each was seen to be.

        Raises MarkingError for a mark that the question does not have; ConflictError,
        NotGradedError.
        """
        question, opened = self.question(number), self.open(number)
        checked = check(mark, question)
        lines = {key: opened.line(key) for key in seen}
        wishes = [
            Wish(line.student, checked, seen[key], line.digest) for key, line in lines.items()
        ]
        return self.store.save(question, wishes)

    def undo(self, number: int, batch: str) -> Undone:
        return self.store.undo(self.question(number), batch)


def check(mark: Mark, question: Question) -> Mark:
    """`mark` with its comment made fit for a database. Raises MarkingError for what cannot be."""
    most = question.max_points
    if mark.points is not None and not (math.isfinite(mark.points) and 0 <= mark.points <= most):
        raise MarkingError(f"points: expected 0 to {most:g}, received {mark.points:g}")
    criteria = question.rubric.criteria
    fits = len(mark.steps) == len(criteria) and all(
        step in criterion.steps for step, criterion in zip(mark.steps, criteria, strict=True)
    )
    if mark.steps and not fits:
        raise MarkingError("the mark scheme has changed; start `autograder mark` again")
    return Mark(mark.points, mark.steps, fit(mark.comment))


def fit(text: str) -> str:
    """A comment without what databases and pages choke on. Raises MarkingError for a long one."""
    if len(text) > _LONGEST_COMMENT:
        raise MarkingError(
            f"comment: expected at most {_LONGEST_COMMENT} characters, received {len(text)}"
        )
    return plain(text).strip()


def plain(text: str) -> str:
    """`text` with � for control characters and halves of characters."""
    whole = text.encode("utf-8", "replace").decode().replace("\r\n", "\n")
    return "".join(c if c.isprintable() or c in _KEPT or c > "\x9f" else "�" for c in whole)


_KEPT = "\n\t"


def _opened(spool: Spool, grouped: Callable[[Sequence[Answer]], tuple[Group, ...]]) -> Opened:
    groups = tuple(group.keys for group in grouped(spool))
    known = {key for keys in groups for key in keys}
    left = [line for line in spool.lines if line.key not in known]
    alone = tuple((line.key,) for line in left if not line.is_empty)
    empty = tuple(line.key for line in left if line.is_empty)
    every = groups + alone + ((empty,) if empty else ())
    by_student = {line.student: line for line in spool.lines}
    return Opened(spool, every, len(every) - 1 if empty else None, by_student)
