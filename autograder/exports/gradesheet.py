"""An assignment's grades as every format gets them: questions, students, one rule for what lacks.

An answer that nobody has scored has no points yet, and a total without it would be a wrong grade:
both are left empty. `missing="zero"` counts them 0, and with them who handed in nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Literal

from autograder.exports.marks import Question, StudentMarks
from autograder.exports.options import Exports
from autograder.exports.safe import number

Missing = Literal["empty", "zero"]
Messages = Callable[[str, str], Mapping[str, str]]  # of (student, notebook), by grade_id


@dataclass(frozen=True)
class Gradesheet:
    """What a format writes. students: begins the reading anew at each call."""

    assignment: str
    questions: tuple[Question, ...]
    students: Callable[[], Iterator[StudentMarks]]
    messages: Messages
    options: Exports
    missing: Missing = "empty"

    @cached_property
    def max_points(self) -> float:
        """What the questions give together; extra credit is on top of it."""
        return sum(question.max_points for question in self.questions)

    @cached_property
    def notebooks(self) -> dict[str, tuple[Question, ...]]:
        """The questions of each notebook, in its order."""
        grouped = groupby(self.questions, attrgetter("notebook"))
        return {name: tuple(questions) for name, questions in grouped}

    def total(self, student: StudentMarks) -> float | int | None:
        """The grade; None while it is not known."""
        is_final = student.handed_in and self.sum(student, self.questions) is not None
        is_known = self.missing == "zero" or is_final
        return number(student.total(self.questions)) if is_known else None

    def points(self, student: StudentMarks, question: Question) -> float | int | None:
        """The points in one question; None while they are not known."""
        mark = student.marks.get(question.cell)
        if mark is None or mark.points is None:
            return 0 if self.missing == "zero" else None
        return number(mark.points)

    def sum(self, student: StudentMarks, questions: tuple[Question, ...]) -> float | int | None:
        """The points in some questions; None while one of them is not known."""
        if any(self.points(student, question) is None for question in questions):
            return None
        return number(student.points(questions))
