"""What the class report tells, gathered from a class one student after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course import Course, HandIn
from autograder.errors import UserError
from autograder.grading.scores import NotebookScores, load
from autograder.report.class_report.accuracies import Compared, compared
from autograder.report.class_report.architectures import Architectures
from autograder.report.class_report.gallery import Gallery
from autograder.report.class_report.handed import answers
from autograder.report.class_report.marks import Marks, read_marks
from autograder.report.class_report.outcomes import Outcomes
from autograder.report.class_report.questions import Outline, outline
from autograder.report.class_report.times import Times


class NoClassError(UserError):
    """Nothing of the assignment is graded; the message is one line."""


@dataclass
class Gathered:
    """Running tallies of a class. ungraded: folders in submitted/ without grades, and why."""

    outline: Outline
    marks: Marks
    outcomes: Outcomes = field(default_factory=Outcomes)
    architectures: Architectures = field(default_factory=Architectures)
    gallery: Gallery = field(default_factory=Gallery)
    times: dict[str, Times] = field(default_factory=dict)
    accuracies: list[Compared] = field(default_factory=list)
    ungraded: list[tuple[str, str]] = field(default_factory=list)


def gather(course: Course, assignment: str) -> Gathered:
    """Go through the class once. Raises CourseError, GradebookError and other one-line errors."""
    told = outline(course, assignment)
    marks = read_marks(course, assignment)
    if not marks.students:
        raise NoClassError(
            f"{course.path('submitted', '<student>', assignment)}: nothing is graded yet, so there "
            f"is no class to report on; run `autograder grade {assignment}` first"
        )
    found = Gathered(told, marks)
    for student in marks.students:
        _take(found, course, HandIn(student, assignment, Path()))
    order = [question.key for question in told.questions]
    found.accuracies = compared(course, assignment, found.outcomes.measured, order)
    found.ungraded = list(_ungraded(course, assignment, frozenset(marks.students)))
    return found


def _take(found: Gathered, course: Course, hand_in: HandIn) -> None:
    """Add one student's runs and scores."""
    scores: list[tuple[str, NotebookScores]] = []
    for notebook in found.outline.notebooks:
        place = course.run(hand_in, notebook)
        if graded := load(place / "scores.json"):
            scores.append((notebook, graded))
        found.times.setdefault(notebook, Times()).take(hand_in.student, place)
        _take_answers(found, hand_in.student, notebook, place, graded)
    found.outcomes.take(hand_in.student, scores, found.marks.settled)


def _take_answers(
    found: Gathered, student: str, notebook: str, place: Path, graded: NotebookScores | None
) -> None:
    questions = {q.grade_id: q for q in found.outline.questions if q.notebook == notebook}
    visuals = {name: kind for q in questions.values() for name, kind in q.visuals.items()}
    tests = {test.grade_id: test for test in graded.tests} if graded else {}
    for handed in answers(place, questions):
        found.architectures.take(student, notebook, handed)
        found.gallery.take(student, notebook, handed, visuals, tests.get(handed.grade_id))


def _ungraded(course: Course, assignment: str, graded: frozenset[str]) -> Iterator[tuple[str, str]]:
    hand_ins, refusals = course.hand_ins(assignment)
    for refusal in refusals:
        yield refusal.folder, refusal.reason
    for hand_in in hand_ins:
        if hand_in.student not in graded:
            yield hand_in.student, f"not graded yet; run `autograder grade {assignment}`"
