"""All answers of a class to one question, one after the other."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    Gradebook,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import select

from autograder.course import Course, digest
from autograder.grading.database import open_gradebook
from autograder.marking.contract import Answer, Question
from autograder.notebook.master import Master, load_master
from autograder.notebook.reading import NotebookError, read_notebook
from autograder.notebook.sanitise import sanitise

UNREADABLE = "The notebook that was handed in cannot be read."
READ = 8_000  # characters of an answer that groups and suggestions look at
_KEY = 12  # hexadecimal digits: two of 10,000 students share a key once in five million questions

Pictures = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class _Source:
    """Where the answers to a question are found; stub: what students were given to fill in."""

    course: Course
    assignment: str
    question: Question
    master: Master
    stub: str

    def is_untouched(self, found: _Found) -> bool:
        return not found.pictures and _squeezed(found.text) in ("", self.stub)


@dataclass(frozen=True)
class _Found:
    text: str = ""
    pictures: Pictures = field(default_factory=dict)
    is_code: bool = False


def answers(course: Course, assignment: str, question: Question) -> Iterator[Answer]:
    """The answer of every student whose hand-in the gradebook knows, in the order of their keys.

    What was graded is read (autograded/), where there is none what was handed in (submitted/); one
    notebook at a time is in memory. Raises GradebookError and NotebookError (of source/).
    """
    path = course.source(assignment) / f"{question.notebook}.ipynb"
    master = load_master(path, course.config)
    stub = "" if question.is_task else master.release_cells[question.grade_id].source
    source = _Source(course, assignment, question, master, _squeezed(stub))
    with open_gradebook(course) as gradebook:
        students = _students(gradebook, assignment, question)
    for student in sorted(students, key=lambda name: key(assignment, question, name)):
        yield _answer(source, student, is_open=students[student])


def key(assignment: str, question: Question, student: str) -> str:
    """What stands for a student in one question. It hides a name from the eye, not from a search.

    So that it is the same for all who mark, today and tomorrow, no secret is in it.
    """
    return digest(assignment, question.notebook, question.grade_id, student)[:_KEY]


def text_for_reading(text: str) -> str:
    """The beginning of an answer, at most `READ` characters: what groups and suggestions look at.

    A place in it is the same place in the answer.
    """
    return text[:READ]


def visible(text: str) -> str:
    """`text` without characters that show nothing (zero width, directions, controls), in NFC."""
    normal = unicodedata.normalize("NFC", text)
    return "".join(c for c in normal if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf"))


def _students(gradebook: Gradebook, assignment: str, question: Question) -> dict[str, bool]:
    """The students with a grade for the question: whether the autograder left it to a person."""
    rows = gradebook.db.execute(
        select(SubmittedAssignment.student_id, Grade.auto_score)
        .select_from(Grade)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(
            Assignment.name == assignment,
            Notebook.name == question.notebook,
            BaseCell.name == question.grade_id,
        )
    )
    return {student: score is None for student, score in rows}


def _answer(source: _Source, student: str, is_open: bool) -> Answer:
    """is_open: the autograder gave no points. It gives 0 to what it saw untouched.

    So an untouched answer without points comes from a notebook that it could not grade: what was
    handed in is read instead.
    """
    graded, submitted = (
        source.course.path(step, student, source.assignment) / f"{source.question.notebook}.ipynb"
        for step in ("autograded", "submitted")
    )
    found = _read(graded, source) if graded.is_file() else None
    if found is None or (is_open and source.is_untouched(found)):
        found = _handed_in(submitted, source) if submitted.is_file() else found or _Found()
    return Answer(
        key(source.assignment, source.question, student),
        student,
        found.text,
        found.pictures,
        is_empty=source.is_untouched(found),
        is_code=found.is_code,
    )


def _read(path: Path, source: _Source) -> _Found:
    try:
        return _in(read_notebook(path).cells, source.question)
    except NotebookError:
        return _Found(UNREADABLE)


def _handed_in(path: Path, source: _Source) -> _Found:
    try:
        restored = sanitise(read_notebook(path), source.master).notebook
    except NotebookError:
        return _Found(UNREADABLE)
    return _in(restored.cells, source.question)


def _in(cells: list[NotebookNode], question: Question) -> _Found:
    for number, cell in enumerate(cells):
        if cell.metadata.get("nbgrader", {}).get("grade_id") == question.grade_id:
            if question.is_task:
                return _of_task(cells[number + 1 :])
            return _Found(cell.source, cell.get("attachments", {}), cell.cell_type == "code")
    return _Found()


def _of_task(cells: list[NotebookNode]) -> _Found:
    """The student's own cells up to the assignment's next, as one markdown text."""
    texts: list[str] = []
    pictures: dict[str, Mapping[str, str]] = {}
    for cell in cells:
        if _is_marked(cell):
            break
        text = cell.source
        for name, picture in cell.get("attachments", {}).items():
            free = name if pictures.get(name, picture) == picture else f"{len(pictures)}-{name}"
            text = text.replace(f"attachment:{name}", f"attachment:{free}")
            pictures[free] = picture
        texts.append(_fenced(text) if cell.cell_type == "code" and text.strip() else text)
    return _Found("\n\n".join(text for text in texts if text.strip()), pictures)


def _is_marked(cell: NotebookNode) -> bool:
    kinds = (utils.is_grade, utils.is_solution, utils.is_locked, utils.is_task)
    return any(is_kind(cell) for is_kind in kinds)


def _fenced(code: str) -> str:
    """Code as markdown shows it, whatever fences stand in it."""
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}python\n{code}\n{fence}"


def _squeezed(text: str) -> str:
    return " ".join(visible(text).split())
