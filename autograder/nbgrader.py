"""What plain `nbgrader` commands and formgrader's buttons call; course_config.py names them.

    Autograde.sanitize_preprocessors: Sanitise
    Autograde.autograde_preprocessors: ExecuteAndGrade, …, SaveAutoGrades
    GenerateFeedback.preprocessors: …, HideTests

They use the pipeline's own functions, so that a notebook scores the same whichever way it comes.
"""

from __future__ import annotations

import atexit
import functools
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearMarkScheme,
    NbGraderPreprocessor,
)
from nbgrader.preprocessors import SaveAutoGrades as NbgraderSaveAutoGrades

from autograder.course import Course, HandIn
from autograder.execution.nursery import Nursery
from autograder.execution.runs import load_cells
from autograder.grading.autograded import autograded
from autograder.grading.gradebook import enter_scores
from autograder.grading.scores import NotebookScores, load
from autograder.isolation import NO_WALLS, survey
from autograder.notebook.plan import make_plan
from autograder.notebook.sanitise import Sanitised, sanitise
from autograder.pipeline import Assignment, PipelineError, Prepared


class Sanitise(NbGraderPreprocessor):  # type: ignore[misc]
    """In place of nbgrader's sanitisers, which stop at some of what students do to a notebook."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Restore what the student was not to change."""
        assignment = _assignment(self, resources)
        restored = sanitise(nb, assignment.masters[resources["nbgrader"]["notebook"]])
        for remark in restored.remarks:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], remark)
        return restored.notebook, resources


class ExecuteAndGrade(NbGraderPreprocessor):  # type: ignore[misc]
    """In place of nbgrader's Execute: runs the notebook behind walls, grades it from its data."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Give every cell its outputs and every test its card; `nb` has been sanitised."""
        assignment, notebook = _assignment(self, resources), resources["nbgrader"]["notebook"]
        hand_in = _hand_in(assignment.course, resources)
        prepared = Prepared(Sanitised(nb, ()), make_plan(nb), assignment.files(hand_in))
        nursery = _nursery(assignment.course.root)
        result = assignment.work_on(prepared, hand_in, notebook, nursery)
        for remark in result.remarks:
            self.log.warning("%s, %s: %s", hand_in.student, notebook, remark)
        cells = load_cells(assignment.course.run(hand_in, notebook))
        return autograded(nb, cells, result.scores.tests, result.remarks), resources


class SaveAutoGrades(NbgraderSaveAutoGrades):  # type: ignore[misc]
    """nbgrader's, with the kit's scores: what could not be graded waits for a person."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Enter the scores that ExecuteAndGrade left in scores.json."""
        known = resources["nbgrader"]
        course = _assignment(self, resources).course
        scores = load(course.run(_hand_in(course, resources), known["notebook"]) / "scores.json")
        tests = {test.grade_id: test for test in (scores or NotebookScores("", ())).tests}
        with Gradebook(known["db_url"]) as gradebook:
            entry = gradebook.find_submission_notebook(
                known["notebook"], known["assignment"], known["student"]
            )
            enter_scores(entry, nb, tests)
            gradebook.db.commit()
        return nb, resources


class HideTests(NbGraderPreprocessor):  # type: ignore[misc]
    """Takes hidden tests and mark schemes out of what students get to see."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Clear the regions that nbgrader's ClearHiddenTests and ClearMarkScheme clear."""
        for clear in (ClearHiddenTests, ClearMarkScheme):
            nb, resources = clear(parent=self, enforce_metadata=False).preprocess(nb, resources)
        return nb, resources


def _assignment(preprocessor: NbGraderPreprocessor, resources: dict[str, Any]) -> Assignment:
    root = Path(preprocessor.parent.coursedir.root)
    return _loaded(root, resources["nbgrader"]["assignment"])


@functools.cache
def _loaded(root: Path, name: str) -> Assignment:
    """An assignment of a course, loaded once in each nbgrader command."""
    return Assignment(Course(root), name)


@functools.cache
def _nursery(root: Path) -> Nursery:
    """The warm processes of this nbgrader command; they end with it."""
    settings = Course(root).settings
    walls = survey() if settings.isolation else NO_WALLS
    if settings.isolation and walls.refuses:
        raise PipelineError(
            f"this machine puts no walls around files and network ({walls.summary()}); "
            "set c.Autograder.isolation = False to run student code unprotected"
        )
    nursery = Nursery(settings, walls, [root])
    atexit.register(nursery.close)
    return nursery


def _hand_in(course: Course, resources: dict[str, Any]) -> HandIn:
    known = resources["nbgrader"]
    folder = course.path("submitted", known["student"], known["assignment"])
    return HandIn(known["student"], known["assignment"], folder)
