"""What stands in nbgrader's gradebook after a grading, and what a person entered there."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Grade, Gradebook
from support import (
    ASSIGNMENT,
    RIGHT,
    autograder,
    copy_graded,
    copy_released,
    edit,
    gradebook,
    hand_in,
    scores,
)

UNEDITED: dict[str, str] = {}
WRONG = {**RIGHT, "a": "a = [6, 8]", "b": "b = 5"}
CRASH = {**RIGHT, "a": "import os\nos._exit(1)"}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One student of each kind."""
    root = copy_released(tmp_path_factory.mktemp("gradebook"))
    for student, answers in {
        "right": RIGHT,
        "wrong": WRONG,
        "unedited": UNEDITED,
        "crash": CRASH,
    }.items():
        hand_in(root, student, answers)
    (hand_in(root, "half") / "one.ipynb").unlink()
    assert autograder("grade", course=root).code == 1
    return root


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Released; the student s handed in and was graded."""
    return copy_graded(tmp_path)


def _grade(book: Gradebook, student: str, grade_id: str) -> Grade:
    notebook = "two" if grade_id == "test_b" else "one"
    return book.find_grade(grade_id, notebook, ASSIGNMENT, student)


def _again(course: Path, code: int = 0) -> str:
    said = autograder("grade", course=course)
    assert said.code == code, said.text
    return said.text


@pytest.mark.parametrize(
    ("student", "grade_id", "score", "waits"),
    [
        ("right", "test_a", 2.0, False),
        ("right", "test_b", 1.0, False),
        ("right", "why", None, True),  # an explanation waits to be marked
        ("wrong", "test_a", 0.0, False),
        ("wrong", "test_b", 0.0, False),
        ("unedited", "test_a", 0.0, False),
        ("unedited", "test_b", 0.0, False),
        ("unedited", "why", 0.0, False),  # nothing there to mark
        ("crash", "test_a", None, True),  # nobody knows what it would have been
        ("crash", "test_b", 1.0, False),
        ("half", "test_a", 0.0, False),
        ("half", "why", 0.0, False),
        ("half", "test_b", 1.0, False),
    ],
)
def test_automatic_scores(
    student: str, grade_id: str, score: float | None, waits: bool, graded: Path
) -> None:
    """A score, or nothing and a person to look at it."""
    with gradebook(graded) as book:
        grade = _grade(book, student, grade_id)
        assert (grade.auto_score, grade.needs_manual_grade) == (score, waits)
        assert grade.manual_score is None


def test_maximum_scores(graded: Path) -> None:
    """As the source gives them, also where nothing was handed in."""
    with gradebook(graded) as book:
        for student in ("right", "half"):
            submission = book.find_submission(ASSIGNMENT, student)
            assert submission.max_score == 6
            assert submission.max_code_score == 3
            assert submission.max_written_score == 3


def test_an_unedited_explanation_says_so(graded: Path) -> None:
    """As nbgrader's own autograding comments it; an answer has no such comment."""
    with gradebook(graded) as book:
        for student, expected in {"unedited": "No response.", "right": None}.items():
            comment = book.find_comment("why", "one", ASSIGNMENT, student)
            assert comment.auto_comment == expected


def test_scores_table(graded: Path) -> None:
    """The sums per student are those of the gradebook."""
    said = autograder("scores", "--format", "csv", course=graded)
    assert said.text.splitlines() == [
        "student,tests,marked,late_penalty,total,max_points,waiting",
        "crash,1.0,0.0,0.0,1.0,6.0,2",
        "half,1.0,0.0,0.0,1.0,6.0,0",
        "right,3.0,0.0,0.0,3.0,6.0,1",
        "unedited,0.0,0.0,0.0,0.0,6.0,0",
        "wrong,0.0,0.0,0.0,0.0,6.0,1",
    ]


def _mark(course: Path) -> None:
    """Enter what a person enters in formgrader, in the way it does."""
    with gradebook(course) as book:
        why = _grade(book, "s", "why")
        why.manual_score, why.extra_credit, why.needs_manual_grade = 2.5, 0.5, False
        test = _grade(book, "s", "test_a")
        test.manual_score, test.needs_manual_grade = 1.5, False
        book.find_comment("why", "one", ASSIGNMENT, "s").manual_comment = "Good thinking!"
        book.db.commit()


def _is_marked(course: Path) -> None:
    with gradebook(course) as book:
        why, test = _grade(book, "s", "why"), _grade(book, "s", "test_a")
        assert (why.manual_score, why.extra_credit) == (2.5, 0.5)
        assert test.manual_score == 1.5
        comment = book.find_comment("why", "one", ASSIGNMENT, "s")
        assert comment.manual_comment == "Good thinking!"


def test_grading_again_changes_nothing_that_a_person_entered(course: Path) -> None:
    """Nor does it ask for another look while nothing has changed."""
    _mark(course)
    _again(course)
    _is_marked(course)
    with gradebook(course) as book:
        assert not _grade(book, "s", "why").needs_manual_grade
        assert book.find_submission(ASSIGNMENT, "s").score == 1.5 + 3.0 + 1.0


@pytest.mark.parametrize("answers", [WRONG, CRASH, UNEDITED], ids=["wrong", "crash", "unedited"])
def test_a_new_hand_in_keeps_what_a_person_entered(answers: dict[str, str], course: Path) -> None:
    """The automatic score is new; the manual one stands, and a person is asked to look again."""
    _mark(course)
    hand_in(course, "s", answers)
    _again(course, code=1 if answers is CRASH else 0)
    _is_marked(course)
    with gradebook(course) as book:
        test = _grade(book, "s", "test_a")
        assert test.auto_score == (None if answers is CRASH else 0.0)
        assert test.score == 1.5
        assert test.needs_manual_grade


def test_an_unreadable_hand_in_keeps_what_a_person_entered(course: Path) -> None:
    """Also when there is nothing left to grade."""
    _mark(course)
    (course / "submitted" / "s" / ASSIGNMENT / "one.ipynb").write_text("broken")
    _again(course, code=1)
    _is_marked(course)


def test_a_notebook_that_was_taken_back_keeps_what_a_person_entered(course: Path) -> None:
    """What was marked was there; the gradebook does not forget it, and somebody looks again."""
    _mark(course)
    (course / "submitted" / "s" / ASSIGNMENT / "one.ipynb").unlink()
    _again(course, code=1)
    _is_marked(course)
    with gradebook(course) as book:
        assert _grade(book, "s", "test_a").needs_manual_grade
    assert not (course / "autograded" / "s" / ASSIGNMENT / "one.ipynb").exists()


def test_scores_with_marks(course: Path) -> None:
    """A manual score on a test counts in place of the automatic one, extra credit on top."""
    _mark(course)
    said = autograder("scores", "--format", "csv", course=course)
    assert said.text.splitlines()[1] == "s,1.0,4.5,0.0,5.5,6.0,0"


def test_a_resubmission_replaces_the_first(course: Path) -> None:
    """One submission a student, with the scores of what lies there now."""
    hand_in(course, "s", WRONG)
    said = _again(course)
    assert "2 run, 2 graded" in said
    with gradebook(course) as book:
        assert len(book.assignment_submissions(ASSIGNMENT)) == 1
        assert _grade(book, "s", "test_a").auto_score == 0
    shown = nbformat.read(course / "autograded" / "s" / ASSIGNMENT / "one.ipynb", as_version=4)
    assert WRONG["a"] in [cell.source for cell in shown.cells]


def test_an_unchanged_class_is_not_touched(course: Path) -> None:
    """Nothing is run, nothing graded, nothing written."""
    kept = [*(course / "autograded").rglob("*.ipynb"), *(course / "runs").rglob("*.json")]
    before = {path: path.stat().st_mtime_ns for path in kept}
    assert len(before) > 4
    assert ": 0 run, 0 graded, 2 unchanged" in _again(course)
    assert {path: path.stat().st_mtime_ns for path in kept} == before


def test_a_deleted_gradebook_is_filled_without_running_anything(
    course: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Scores are files; the gradebook takes them in anew."""
    before = scores(course)
    fresh = copy_released(tmp_path_factory.mktemp("fresh")) / "gradebook.db"
    shutil.copy(fresh, course / "gradebook.db")
    assert ": 0 run, 0 graded" in _again(course)
    with gradebook(course) as book:
        assert _grade(book, "s", "test_a").auto_score == 2
        assert _grade(book, "s", "why").needs_manual_grade
    assert scores(course) == before


def test_a_deleted_autograded_notebook_is_written_again(course: Path) -> None:
    """As the gradebook is."""
    path = course / "autograded" / "s" / ASSIGNMENT / "one.ipynb"
    before = path.read_bytes()
    path.unlink()
    assert ": 0 run, 0 graded" in _again(course)
    assert path.read_bytes() == before


LATE = """
from nbgrader.plugins import BasePlugin

class Hourly(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return min(score, 0.25 * (total_seconds_late // 3600))

c.AssignLatePenalties.plugin_class = Hourly
"""


def _due(course: Path, duedate: datetime | None) -> None:
    with gradebook(course) as book:
        book.update_or_create_assignment(ASSIGNMENT, duedate=duedate)


def _penalties(course: Path, student: str) -> list[float | None]:
    with gradebook(course) as book:
        submission = book.find_submission(ASSIGNMENT, student)
        notebooks = sorted(submission.notebooks, key=lambda notebook: notebook.name)
        return [notebook.late_submission_penalty for notebook in notebooks]


def test_a_late_hand_in_is_penalised_by_the_courses_plugin(tmp_path: Path) -> None:
    """Two hours and a half late: twice 0.25 points off each notebook, as nbgrader counts."""
    root = copy_released(tmp_path, LATE)
    _due(root, datetime(2026, 1, 31, 12))
    for student, time in {"late": "14:30:00", "early": "11:59:59"}.items():
        folder = hand_in(root, student)
        (folder / "timestamp.txt").write_text(f"2026-01-31 {time} UTC")
    hand_in(root, "unknown")
    _again(root)
    assert _penalties(root, "late") == [0.5, 0.5]
    assert _penalties(root, "early") == _penalties(root, "unknown") == [None, None]
    said = autograder("scores", "--format", "csv", course=root)
    assert "late,3.0,0.0,1.0,2.0,6.0,1" in said.text.splitlines()


def test_a_later_due_date_takes_the_penalty_back(tmp_path: Path) -> None:
    """Without running or grading anything again."""
    root = copy_released(tmp_path, LATE)
    _due(root, datetime(2026, 1, 31, 12))
    (hand_in(root, "s") / "timestamp.txt").write_text("2026-01-31 14:30:00 UTC")
    _again(root)
    _due(root, datetime(2026, 2, 1, 12))
    assert ": 0 run, 0 graded" in _again(root)
    assert _penalties(root, "s") == [None, None]


def test_a_penalty_follows_what_was_marked_meanwhile(tmp_path: Path) -> None:
    """nbgrader's "zero" takes all points off; also those that a person gave since."""
    root = copy_released(tmp_path, "c.LateSubmissionPlugin.penalty_method = 'zero'")
    _due(root, datetime(2026, 1, 31, 12))
    (hand_in(root, "s") / "timestamp.txt").write_text("2026-01-31 14:30:00 UTC")
    _again(root)
    assert _penalties(root, "s") == [2.0, 1.0]
    _mark(root)
    assert ": 0 run, 0 graded" in _again(root)
    assert _penalties(root, "s") == [1.5 + 3.0, 1.0]


def test_a_penalty_plugin_that_fails_is_the_courses_mistake(tmp_path: Path) -> None:
    """One line with what to mend; the scores are in the gradebook."""
    root = copy_released(tmp_path, LATE.replace("return min", "return minimum"))
    _due(root, datetime(2026, 1, 31, 12))
    (hand_in(root, "s") / "timestamp.txt").write_text("2026-01-31 14:30:00 UTC")
    said = autograder("grade", course=root)
    assert said.code == 2
    assert "the late penalty could not be computed: NameError" in said.text
    assert "AssignLatePenalties.plugin_class" in said.text


def test_a_timestamp_that_says_nothing_is_told(tmp_path: Path) -> None:
    """The student is graded and not late, and somebody is asked to look."""
    root = copy_released(tmp_path, LATE)
    _due(root, datetime(2026, 1, 31, 12))
    (hand_in(root, "s") / "timestamp.txt").write_text("too late")
    said = autograder("grade", course=root)
    assert said.code == 1
    assert "s, one: timestamp.txt: expected a time" in said.text
    assert _penalties(root, "s") == [None, None]
    assert scores(root)["s", "test_a"]["points"] == 2


def test_a_changed_answer_runs_that_notebook_alone(course: Path) -> None:
    """The other notebook of the student, and all other students, are left alone."""
    hand_in(course, "t")
    _again(course)
    edit(course / "submitted" / "s" / ASSIGNMENT / "two.ipynb", "b", "b = 5")
    assert "2 hand-ins, 4 notebooks: 1 run, 1 graded, 3 unchanged" in _again(course)
    assert scores(course)["s", "test_b"]["points"] == 0


def test_a_changed_explanation_runs_nothing(course: Path) -> None:
    """Text is not code; but markers see the new text, and it waits for them."""
    edit(course / "submitted" / "s" / ASSIGNMENT / "one.ipynb", "why", "On second thoughts: no.")
    assert ": 0 run" in _again(course)
    shown = nbformat.read(course / "autograded" / "s" / ASSIGNMENT / "one.ipynb", as_version=4)
    assert "On second thoughts: no." in [cell.source for cell in shown.cells]


def test_an_explanation_that_is_there_now_waits_to_be_marked(tmp_path: Path) -> None:
    """Handed in again with an explanation, it is no longer "No response."."""
    root = copy_released(tmp_path)
    hand_in(root, "s", UNEDITED)
    _again(root)
    hand_in(root, "s", {"why": RIGHT["why"]})
    _again(root)
    with gradebook(root) as book:
        grade = _grade(book, "s", "why")
        assert (grade.auto_score, grade.needs_manual_grade) == (None, True)
        assert book.find_comment("why", "one", ASSIGNMENT, "s").auto_comment is None
