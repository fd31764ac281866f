"""The questions of an assignment that people mark, as they stand in source/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode
from nbgrader import utils

from autograder.course import Course
from autograder.marking.contract import Question
from autograder.marking.rubrics import RubricError, rubric, split_scheme
from autograder.notebook.master import Master, load_master

_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_BOLD = re.compile(r"\*\*([^*\n]{1,80})\*\*")
_POINTS = re.compile(r"\s*\(\s*[\d.,]+ points?[^()]*\)", re.IGNORECASE)


def questions(course: Course, assignment: str) -> tuple[Question, ...]:
    """The cells that are graded by hand, by notebook, in their order.

    Raises CourseError and NotebookError for what is wrong with source/, RubricError for all mark
    schemes that do not add up, in one line.
    """
    found, problems = _read(course, assignment)
    if problems:
        raise RubricError("; ".join(problems))
    return found


def rubric_problems(course: Course, assignment: str) -> tuple[str, ...]:
    """What is wrong with the mark schemes of an assignment, a line each."""
    return _read(course, assignment)[1]


def _read(course: Course, assignment: str) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    found: list[Question] = []
    problems: list[str] = []
    for path in course.notebooks(assignment):
        for made in _questions(course, path):
            if isinstance(made, RubricError):
                problems.append(str(made))
            else:
                found.append(made)
    return tuple(found), tuple(problems)


def _questions(course: Course, path: Path) -> Iterator[Question | RubricError]:
    """The question to each answer's cell is the text above it; a task's stands in itself."""
    master = load_master(path, course.config)
    heading, is_asked = "", False
    asking: NotebookNode | None = None
    for cell in master.graded.cells:
        if is_by_hand(cell):
            above = None if utils.is_task(cell) else asking
            try:
                yield _question(course, master, path, cell, above, is_asked, heading)
            except RubricError as error:
                yield error
            is_asked = True
        elif cell.cell_type == "markdown" and not utils.is_solution(cell):
            heading = _last(_HEADING.findall(cell.source)) or heading
            waits = asking is not None and not is_asked and _scheme(course, asking)
            if not waits or _scheme(course, cell):  # else it is a note below the question
                asking, is_asked = cell, False


def _scheme(course: Course, cell: NotebookNode) -> str:
    return split_scheme(cell.source, course.config)[1]


def is_by_hand(cell: NotebookNode) -> bool:
    """Whether people give the points of a cell."""
    is_text = cell.cell_type == "markdown"
    return bool(
        utils.is_task(cell) or (utils.is_grade(cell) and (utils.is_solution(cell) or is_text))
    )


def _question(
    course: Course,
    master: Master,
    path: Path,
    cell: NotebookNode,
    asking: NotebookNode | None,
    is_asked: bool,
    heading: str,
) -> Question:
    """asking: the text above; None for a task. is_asked: another answer's mark scheme stands there.

    Raises RubricError.
    """
    grade_id = str(cell.metadata.nbgrader["grade_id"])
    points = float(cell.metadata.nbgrader["points"])
    own, scheme = split_scheme(cell.source, course.config)
    prompt = own
    if not utils.is_task(cell):
        prompt, above = split_scheme(asking.source, course.config) if asking else ("", "")
        scheme = scheme or ("" if is_asked else above)
    shown = cell if utils.is_task(cell) else asking
    return Question(
        notebook=master.notebook_id,
        grade_id=grade_id,
        title=_title(prompt, heading) or grade_id,
        prompt=prompt,
        max_points=points,
        rubric=rubric(scheme, points, f"{path}, cell '{grade_id}'"),
        is_task=bool(utils.is_task(cell)),
        attachments=shown.get("attachments", {}) if shown else {},
    )


def _title(prompt: str, heading: str) -> str:
    """The prompt's last heading; where it has none, its first bold words below the one above."""
    title = _last(_HEADING.findall(prompt))
    if not title:
        bold = _BOLD.search(prompt)
        title = " · ".join(part for part in (heading, bold[1] if bold else "") if part)
    return _POINTS.sub("", title).replace("*", "").strip()


def _last(found: list[str]) -> str:
    return found[-1] if found else ""
