"""Several programs at one gradebook: nothing that anybody enters is lost or there twice."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from nbgrader.api import Gradebook, SubmittedAssignment
from support import ASSIGNMENT, RIGHT, autograder, copy_graded, environment, gradebook, hand_in

from autograder.grading.submissions import enter_submission, hold_notebook

STUDENTS = ("s", "t", "u", "v")
# Marks everybody as formgrader does, over and over, until its stdin is closed.
MARKER = """import select, sys
from nbgrader.api import Gradebook
url, assignment, *students = sys.argv[1:]
rounds = 0
with Gradebook(url, "deep-learning") as book:
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        rounds += 1
        for student in students:
            why = book.find_grade("why", "one", assignment, student)
            why.manual_score, why.extra_credit, why.needs_manual_grade = rounds, 0.5, False
            book.db.commit()
            comment = book.find_comment("why", "one", assignment, student)
            comment.manual_comment = f"round {rounds}"
            book.db.commit()
        print(rounds, flush=True)
"""


def test_a_marker_at_work_loses_nothing(tmp_path: Path) -> None:
    """Nor does the grading that goes on meanwhile; neither of the two is sent away."""
    root = copy_graded(tmp_path)
    for student in STUDENTS[1:]:
        hand_in(root, student, {**RIGHT, "a": "a = [6, 8]"})
    assert autograder("grade", course=root).code == 0
    for student in STUDENTS:
        hand_in(root, student, {**RIGHT, "b": f"b = 4  # {student}", "a": "a = [6.0, 7.0]"})
    url = f"sqlite:///{root}/gradebook.db"
    with subprocess.Popen(
        [sys.executable, "-c", MARKER, url, ASSIGNMENT, *STUDENTS],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as marker:
        assert marker.stdout is not None
        assert marker.stdout.readline() == "1\n"
        said = autograder("grade", course=root)
        rounds, _ = marker.communicate(timeout=100)
    assert (said.code, marker.returncode) == (0, 0), said.text
    assert "8 run, 8 graded" in said.text
    last = int(rounds.split()[-1])
    with gradebook(root) as book:
        for student in STUDENTS:
            why = book.find_grade("why", "one", ASSIGNMENT, student)
            assert (why.manual_score, why.extra_credit) == (last, 0.5)
            comment = book.find_comment("why", "one", ASSIGNMENT, student)
            assert comment.manual_comment == f"round {last}"
            assert book.find_grade("test_a", "one", ASSIGNMENT, student).auto_score == 2


def test_a_notebook_is_held_as_it_stands_now(tmp_path: Path) -> None:
    """What a person entered since the hand-in was read is seen, though the session had read it."""
    root = copy_graded(tmp_path)
    with gradebook(root) as ours, gradebook(root) as theirs:
        ours.db().expire_on_commit = False
        submission = enter_submission(ours, ASSIGNMENT, "new", None)
        stale = hold_notebook(ours, submission, "one")
        assert {grade.manual_score for grade in stale.grades} == {None}
        ours.db.commit()
        grade = theirs.find_grade("test_a", "one", ASSIGNMENT, "new")
        grade.manual_score, grade.extra_credit = 1.5, 0.25
        theirs.db.commit()
        held = hold_notebook(ours, submission, "one")
        seen = {grade.name: (grade.manual_score, grade.extra_credit) for grade in held.grades}
        assert seen == {"test_a": (1.5, 0.25), "why": (None, None)}


def test_two_gradings_enter_a_student_once(tmp_path: Path) -> None:
    """However they meet: one hand-in, with each of its notebooks once."""
    root = copy_graded(tmp_path)
    names = [f"new-{number}" for number in range(20)]
    together = Barrier(2)

    def enter() -> None:
        with gradebook(root) as book:
            for name in names:
                together.wait(timeout=60)
                enter_submission(book, ASSIGNMENT, name, None)
                book.db.commit()

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(enter) for _ in range(2)]:
            done.result()
    with gradebook(root) as book:
        entered = _entered(book)
    assert entered == {name: ["one", "two"] for name in ("s", *names)}


def _entered(book: Gradebook) -> dict[str, list[str]]:
    return {
        submission.student_id: sorted(notebook.name for notebook in submission.notebooks)
        for submission in book.db.query(SubmittedAssignment)
    }
