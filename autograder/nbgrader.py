"""What plain `nbgrader` commands and formgrader's buttons call; course_config.py names them.

    Autograde.sanitize_preprocessors: Sanitise
    Autograde.autograde_preprocessors: ExecuteAndGrade, …, SaveAutoGrades
    GenerateFeedback.preprocessors: …, HideTests

They use the pipeline's own functions, so that a notebook scores the same whichever way it comes.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import BaseConverter
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearMarkScheme,
    NbGraderPreprocessor,
)
from nbgrader.preprocessors import SaveAutoGrades as NbgraderSaveAutoGrades

from autograder.course import Course, HandIn
from autograder.data import open_nursery
from autograder.engines.slots import Slots, find_slots
from autograder.execution.nursery import Nursery
from autograder.execution.runs import load_cells
from autograder.grading.autograded import autograded
from autograder.grading.database import patient_url
from autograder.grading.gradebook import enter_scores
from autograder.grading.scores import NotebookScores, load
from autograder.isolation import NO_WALLS, Slot, Walls, survey
from autograder.notebook.plan import make_plan
from autograder.notebook.sanitise import Sanitised, sanitise
from autograder.pipeline import Assignment, PipelineError, Prepared, uses_framework


class Sanitise(NbGraderPreprocessor):  # type: ignore[misc]
    """In place of nbgrader's sanitisers, which stop at some of what students do to a notebook."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Restore what the student was not to change."""
        assignment = _session(self, resources).assignment
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
        session, notebook = _session(self, resources), resources["nbgrader"]["notebook"]
        assignment = session.assignment
        hand_in = _hand_in(assignment.course, resources)
        prepared = Prepared(Sanitised(nb, ()), make_plan(nb), assignment.files(hand_in))
        slot = _slot(session, notebook)
        result = assignment.work_on(prepared, hand_in, notebook, session.nursery, slot)
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
        course = _session(self, resources).assignment.course
        scores = load(course.run(_hand_in(course, resources), known["notebook"]) / "scores.json")
        tests = {test.grade_id: test for test in (scores or NotebookScores("", ())).tests}
        with Gradebook(patient_url(course)) as gradebook:
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


@dataclass(frozen=True)
class _Session:
    """What all notebooks of one `nbgrader autograde`, or of one press of the button, share."""

    assignment: Assignment
    nursery: Nursery
    slots: Slots


# A Jupyter server may live for weeks, while source/ and settings change: nothing is kept for longer
# than the converter that uses it.
_SESSIONS: WeakKeyDictionary[BaseConverter, _Session] = WeakKeyDictionary()


def _session(preprocessor: NbGraderPreprocessor, resources: dict[str, Any]) -> _Session:
    converter = preprocessor.parent.parent  # through nbconvert's exporter
    if converter not in _SESSIONS:
        course = Course(Path(converter.coursedir.root))
        assignment = Assignment(course, resources["nbgrader"]["assignment"])
        slots = find_slots(course.settings, items=1)
        nursery = open_nursery(
            course, assignment.name, _walls(course), preprocessor.log.info, slots.common
        )
        weakref.finalize(converter, _end, assignment, nursery)
        _SESSIONS[converter] = _Session(assignment, nursery, slots)
    return _SESSIONS[converter]


def _end(assignment: Assignment, nursery: Nursery) -> None:
    nursery.close()
    assignment.sweep()


def _walls(course: Course) -> Walls:
    walls = survey() if course.settings.isolation else NO_WALLS
    if course.settings.isolation and walls.refuses:
        raise PipelineError(
            f"this machine puts no walls around files and network ({walls.summary()}); "
            "set c.Autograder.isolation = False to run student code unprotected"
        )
    return walls


def _slot(session: _Session, notebook: str) -> Slot:
    """nbgrader has one notebook at work at a time: on a GPU where there is one and it uses it."""
    fast = session.slots.accelerated if uses_framework(session.assignment, notebook) else ()
    return (*fast, *session.slots.plain)[0]


def _hand_in(course: Course, resources: dict[str, Any]) -> HandIn:
    known = resources["nbgrader"]
    folder = course.path("submitted", known["student"], known["assignment"])
    return HandIn(known["student"], known["assignment"], folder)
