"""The students' feedback pages, made by nbgrader from autograded/."""

from __future__ import annotations

import glob
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from nbgrader.converters import GenerateFeedback
from traitlets import Integer
from traitlets.config import Config

from autograder.converters import convert
from autograder.course import Course, CourseError
from autograder.grading.database import open_gradebook

_NBGRADERS = ("timestamp.txt", "submission_secret.txt")
_ANYBODY = "@anybody@"
_WORTH_A_PROCESS = 60  # notebooks; a process takes seconds to import nbgrader


class FeedbackShare(GenerateFeedback):  # type: ignore[misc]
    """nbgrader's converter, for every so-manieth student.

    A student's pages are written into a folder beside their place, which they take when all are
    there. So a run that is killed leaves each student the earlier pages or the new ones.
    """

    number = Integer(0, help="Which of the shares, from 0 on.").tag(config=True)
    shares = Integer(1, help="Into how many the class is cut.").tag(config=True)

    assignments: dict[str, list[str]]  # notebooks by their folder

    def init_notebooks(self) -> None:
        """Find the class, keep this share of it."""
        super().init_notebooks()
        chosen = sorted(self.assignments)[self.number :: self.shares]
        self.assignments = {folder: self.assignments[folder] for folder in chosen}

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Of the files beside the notebooks, those that `nbgrader release_feedback` asks for."""
        source = Path(self._format_source(assignment_id, student_id))
        stage = Path(self._format_dest(assignment_id, student_id))
        stage.mkdir(parents=True, exist_ok=True)
        for name in _NBGRADERS:
            if (source / name).is_file():
                shutil.copy(source / name, stage)

    def set_permissions(self, assignment_id: str, student_id: str) -> None:
        """nbgrader's last step with a student: the pages are there."""
        super().set_permissions(assignment_id, student_id)
        place = Path(super()._format_dest(assignment_id, student_id))
        earlier = place.with_name(f".{place.name}.earlier")
        shutil.rmtree(earlier, ignore_errors=True)
        if place.exists():
            os.rename(place, earlier)
        os.rename(self._format_dest(assignment_id, student_id), place)
        shutil.rmtree(earlier, ignore_errors=True)

    def _format_dest(self, assignment_id: str, student_id: str, escape: bool = False) -> str:
        place = Path(super()._format_dest(assignment_id, student_id, escape))
        return str(place.with_name(f".{place.name}.new"))


def write_feedback(course: Course, assignment: str) -> list[Path]:
    """Write feedback/<student>/<assignment>/<notebook>.html for all that is graded.

    Returns the pages. Raises CourseError where nothing is graded yet, GradebookError where the
    gradebook cannot be read.
    """
    notebooks = len(course.notebooks(assignment))
    with open_gradebook(course):
        pass  # a gradebook that cannot be read is told here, in one line
    students = _folders(course, "autograded", assignment)
    if not students:
        raise CourseError(
            f"{course.path('autograded', '<student>', assignment)}: nothing is graded yet; "
            f"run `autograder grade {assignment}` first"
        )
    shares = min(_processes(course), -(-len(students) * notebooks // _WORTH_A_PROCESS))
    if shares == 1:
        _write_share(course.root, assignment, 0, 1)
    else:
        _write_shares(course.root, assignment, shares)
    folders = _folders(course, "feedback", assignment)
    return sorted(page for folder in folders for page in folder.glob("*.html"))


def _write_shares(root: Path, assignment: str, shares: int) -> None:
    """Each in a process of its own, begun anew: a fork would share this one's gradebook."""
    with ProcessPoolExecutor(shares, mp_context=get_context("spawn")) as processes:
        made = [
            processes.submit(_write_share, root, assignment, number, shares)
            for number in range(shares)
        ]
    for share in made:
        share.result()


def _write_share(root: Path, assignment: str, number: int, shares: int) -> None:
    settings = Config()
    settings.FeedbackShare.number, settings.FeedbackShare.shares = number, shares
    convert(FeedbackShare, Course(root), assignment, settings=settings)


def _processes(course: Course) -> int:
    """What the course sets as workers; one for each processor if it sets none."""
    return int(course.settings.workers) or len(os.sched_getaffinity(0))


def _folders(course: Course, step: str, assignment: str) -> list[Path]:
    """The students' folders of a step that are there."""
    places = glob.escape(str(course.path(step, _ANYBODY, assignment)))
    return sorted(Path(found) for found in glob.glob(places.replace(_ANYBODY, "*")))
