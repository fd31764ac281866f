"""The single writer: scores into nbgrader's gradebook and autograded/, one transaction a notebook.

Only automatic scores and comments are written, and what a bonus earned as extra credit. What a
person entered (manual scores, comments, extra credit) is never touched; a test with a manual score
is marked for another look, as nbgrader does.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import BaseCell, InvalidEntry, MissingEntry, SubmittedNotebook
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from autograder.course import Course, HandIn, digest
from autograder.execution.runs import load_cells
from autograder.files import write_atomic
from autograder.grading.autograded import autograded
from autograder.grading.database import (
    GradebookError,
    gradebook_name,
    make_gradebook,
    open_gradebook,
    patient_url,
)
from autograder.grading.extra_credit import enter_bonus
from autograder.grading.scores import NotebookScores, TestScore
from autograder.grading.submissions import enter_submission, hold_notebook, known_notebooks
from autograder.grading.timestamps import read_timestamp
from autograder.notebook.master import Master
from autograder.notebook.reading import write_notebook

State = Literal["graded", "missing", "unreadable"]  # what became of a notebook
_TRIES = 3


class Record:
    """An open gradebook and the writing of results into it.

    Raises GradebookError when the assignment is not in it as it stands in source/, and for whatever
    the database refuses.
    """

    def __init__(self, course: Course, assignment: str, masters: Mapping[str, Master]) -> None:
        self._course = course
        self._assignment = assignment
        with contextlib.ExitStack() as stack:
            self._gradebook = stack.enter_context(open_gradebook(course))
            self._check(masters)
            make_gradebook(course)  # one that was made before this version lacks the indexes
            self._late = known_notebooks(self._gradebook, assignment)
            # What is read stays read: every save asks anew for all that a person may have changed.
            self._gradebook.db().expire_on_commit = False
            self._cells = self._gradebook.db.query(BaseCell).all()
            self._due = self._gradebook.find_assignment(assignment).duedate
            self._gradebook.db.commit()  # no transaction is left open while hand-ins are run
            self._open = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def save(
        self,
        hand_in: HandIn,
        notebook: str,
        restored: NotebookNode,
        scores: NotebookScores,
        notes: tuple[str, ...],
        state: State,
    ) -> None:
        """Write one notebook's scores, unless they are in the gradebook already.

        restored: the notebook as it was planned. notes: what feedback should say on top.
        state: "graded", "missing" or "unreadable".
        """
        folder = self._course.run(hand_in, notebook)
        marker = digest(
            json.dumps(restored, sort_keys=True),
            (folder / "run.json").read_bytes(),
            json.dumps(dataclasses.asdict(scores), sort_keys=True),
            json.dumps(notes),
            state,
            str(read_timestamp(hand_in.folder).time),
            str(self._due),
        )
        recorded = folder / "recorded"
        late = self._late.get((hand_in.student, notebook))
        is_shown = self._autograded(hand_in, notebook).is_file() or state == "missing"
        is_recorded = recorded.is_file() and recorded.read_text() == marker
        if late is not None and is_shown and is_recorded:
            if late:  # the penalty may depend on what a person has marked since
                self._penalise(hand_in, notebook)
            return
        if state == "missing":
            self._autograded(hand_in, notebook).unlink(missing_ok=True)
        else:
            self._write_autograded(hand_in, notebook, restored, scores, notes)
        self._write_scores(hand_in, notebook, restored, scores, state)
        write_atomic(recorded, marker.encode())

    def _check(self, masters: Mapping[str, Master]) -> None:
        """Compare the gradebook's cells with source/."""
        stale = f"run `autograder release {self._assignment}` first"
        try:
            assignment = self._gradebook.find_assignment(self._assignment)
        except MissingEntry:
            raise GradebookError(
                f"{gradebook_name(self._course)}: assignment {self._assignment!r} is not in the "
                f"gradebook; {stale}"
            ) from None
        kept = {
            notebook.name: {cell.name: cell.checksum for cell in notebook.source_cells}
            for notebook in assignment.notebooks
        }
        wanted = {
            name: {
                grade_id: cell.metadata.nbgrader["checksum"] for grade_id, cell in m.cells.items()
            }
            for name, m in masters.items()
        }
        for name in sorted(kept.keys() | wanted.keys()):
            if kept.get(name) != wanted.get(name):
                raise GradebookError(
                    f"{self._course.source(self._assignment) / name}.ipynb has changed since it "
                    f"was released; {stale}"
                )

    def _write_scores(
        self,
        hand_in: HandIn,
        notebook: str,
        restored: NotebookNode,
        scores: NotebookScores,
        state: State,
    ) -> None:
        for left in reversed(range(_TRIES)):
            try:
                if self._write_once(hand_in, notebook, restored, scores, state):
                    self._penalise(hand_in, notebook)
                return
            except (IntegrityError, InvalidEntry):  # entered by another program at the same moment
                if not left:
                    raise

    def _write_once(
        self,
        hand_in: HandIn,
        notebook: str,
        restored: NotebookNode,
        scores: NotebookScores,
        state: State,
    ) -> bool:
        """Whether there is, or was, a late penalty to compute."""
        with contextlib.ExitStack() as undo:
            undo.callback(self._gradebook.db.rollback)
            stamp = read_timestamp(hand_in.folder).time
            submission = enter_submission(self._gradebook, self._assignment, hand_in.student, stamp)
            entry = hold_notebook(self._gradebook, submission, notebook)
            enter_scores(entry, restored, {test.grade_id: test for test in scores.tests}, state)
            is_late = submission.total_seconds_late > 0
            has_penalty = is_late or entry.late_submission_penalty is not None
            self._gradebook.db.commit()
            undo.pop_all()
        return has_penalty

    def _penalise(self, hand_in: HandIn, notebook: str) -> None:
        """nbgrader's late penalty, by the course's plugin."""
        resources = {
            "nbgrader": {
                "student": hand_in.student,
                "assignment": self._assignment,
                "notebook": notebook,
                "db_url": patient_url(self._course),
            }
        }
        empty = NotebookNode(nbformat=4, nbformat_minor=5, metadata=NotebookNode(), cells=[])
        try:
            AssignLatePenalties(config=self._course.config).preprocess(empty, resources)
        except SQLAlchemyError:
            raise
        except Exception as error:  # the plugin is the course's own
            raise GradebookError(
                f"{hand_in.student}, {notebook}: the late penalty could not be computed: "
                f"{type(error).__name__}: {error}; mend the course's "
                "AssignLatePenalties.plugin_class"
            ) from error

    def _autograded(self, hand_in: HandIn, notebook: str) -> Path:
        folder = self._course.path("autograded", hand_in.student, hand_in.assignment)
        return folder / f"{notebook}.ipynb"

    def _write_autograded(
        self,
        hand_in: HandIn,
        notebook: str,
        restored: NotebookNode,
        scores: NotebookScores,
        notes: tuple[str, ...],
    ) -> None:
        path = self._autograded(hand_in, notebook)
        path.parent.mkdir(parents=True, exist_ok=True)
        cells = load_cells(self._course.run(hand_in, notebook))
        shown = autograded(restored, cells, scores.tests, notes)
        write_notebook(shown, path)
        if read_timestamp(hand_in.folder).time:
            shutil.copy(hand_in.folder / "timestamp.txt", path.parent)


def enter_scores(
    entry: SubmittedNotebook,
    notebook: NotebookNode,
    tests: Mapping[str, TestScore],
    state: State = "graded",
) -> None:
    """Set automatic scores and comments of a notebook in the gradebook, as nbgrader would.

    A test that could not be graded has no automatic score and waits for a person, as an explanation
    does. An explanation that was left as it was released scores 0. A bonus is extra credit in a
    cell of 0 points.
    """
    cells = {
        cell.metadata.nbgrader["grade_id"]: cell
        for cell in notebook.cells
        if utils.is_grade(cell) or utils.is_solution(cell) or utils.is_task(cell)
    }
    for grade in entry.grades:
        score = None if state == "unreadable" else _automatic(cells.get(grade.name), tests, state)
        grade.auto_score = score
        grade.needs_manual_grade = score is None or grade.manual_score is not None
    earned = {t.grade_id: t.bonus for t in tests.values() if t.max_bonus and not t.needs_person}
    enter_bonus(entry, earned if state == "graded" else {})
    for comment in entry.comments:
        cell = cells.get(comment.name)
        is_empty = state != "unreadable" and (cell is None or _is_unchanged(cell))
        comment.auto_comment = "No response." if is_empty else None


def _automatic(
    cell: NotebookNode | None, tests: Mapping[str, TestScore], state: State
) -> float | None:
    if state == "missing" or cell is None:
        return 0.0
    test = tests.get(cell.metadata.nbgrader["grade_id"])
    if test is not None:
        return None if test.needs_person else test.points
    return 0.0 if _is_unchanged(cell) and not utils.is_task(cell) else None


def _is_unchanged(cell: NotebookNode) -> bool:
    settings: dict[str, Any] = cell.metadata.nbgrader
    return not utils.is_task(cell) and settings.get("checksum") == utils.compute_checksum(cell)
