"""Whatever a student's notebook does, it earns no point by it, learns no secret, harms nobody."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
import support

from hostile import quiz
from hostile.attacks import ATTACKS, FRAMES
from hostile.conftest import HONEST, Graded
from hostile.edits import EDITS

pytestmark = pytest.mark.timeout(300)

FOLDERS = {"hands-in-links": {}, "is-a-link": {}, "hands-in-modules": quiz.POINTS}
HOSTILE = [*ATTACKS, *EDITS, *FOLDERS]
SCRIPT = "<script>alert(1)"
OUTCOMES = {"correct", "partly correct", "incorrect", "not attempted", "could not be graded"}


@pytest.mark.parametrize("student", HOSTILE)
def test_no_point_is_gained_that_was_not_earned(graded: Graded, student: str) -> None:
    """Each test gives what the answer deserves, and nothing where there is none."""
    earned = ATTACKS[student].earned if student in ATTACKS else FOLDERS.get(student, {})
    assert graded.points(student) == {**dict.fromkeys(quiz.POINTS, 0.0), **earned}


@pytest.mark.parametrize("student", HOSTILE)
def test_no_secret_is_learned(graded: Graded, student: str) -> None:
    """Nothing that a hidden test, a solution, another hand-in or the gradebook holds came back."""
    places = (graded.run(student), graded.course / "feedback" / student)
    for path in (path for place in places for path in place.rglob("*") if path.is_file()):
        found = [secret for secret in quiz.SECRETS if secret.encode() in path.read_bytes()]
        assert not found, path


@pytest.mark.parametrize("student", HOSTILE)
def test_the_grading_has_a_result_for_everybody(graded: Graded, student: str) -> None:
    """Every test has one of the five outcomes, and the gradebook has the student's hand-in."""
    rows = [graded.scores[student, name] for name in quiz.POINTS]
    assert {row["outcome"] for row in rows} <= OUTCOMES
    with support.gradebook(graded.course) as gradebook:
        gradebook.find_submission_notebook("quiz", support.ASSIGNMENT, student)


@pytest.mark.parametrize("student", HONEST)
def test_nobody_else_is_harmed(graded: Graded, student: str) -> None:
    """Honest hand-ins before, between and after the hostile ones get full marks."""
    assert graded.points(student) == quiz.POINTS
    assert f"{student}, quiz" not in graded.said.text


@pytest.mark.parametrize("student", [*HONEST, *HOSTILE])
def test_what_is_shown_is_a_notebook(graded: Graded, student: str) -> None:
    """The graded notebook is valid, whatever was sent as a cell's output."""
    path = graded.course / "autograded" / student / support.ASSIGNMENT / "quiz.ipynb"
    nbformat.validate(nbformat.read(path, as_version=4))


@pytest.mark.parametrize("student", [*HONEST, *HOSTILE])
def test_everybody_gets_feedback(graded: Graded, student: str) -> None:
    """Whatever was sent, nbgrader makes a page of it; a script that a test quotes is text there."""
    assert graded.said_then.code == 0
    assert "Question 1" in graded.page(student) or "could not be graded" in graded.page(student)
    assert SCRIPT not in graded.page(student)


def test_the_command_says_that_somebody_must_look(graded: Graded) -> None:
    """It ends as it does when hand-ins need a person; no control characters reach the terminal."""
    assert graded.said.code == 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", graded.said.text)


@pytest.mark.parametrize("student", sorted(FRAMES))
def test_the_line_was_found(graded: Graded, student: str) -> None:
    """The attack really held the line: a record was forged, or it says so, or the line broke."""
    forged = '"outputs": \\[(?!.*on the line).*"execution_count": null'
    broken = "was sent|all is well|exit code 1"
    assert re.search(
        f"on the line: True|{forged}|{broken}",
        graded.cells(student) + graded.message(student, "test_q1"),
    )


@pytest.mark.parametrize(
    ("student", "words"),
    [
        ("ipython-hooks", '"error": null'),
        ("patched-checks", '"error": null'),
        ("poisons-the-well", "Read-only file system"),
        ("reads-the-course", "No such file or directory"),
        ("reads-its-own-memory", "looked through the memory"),
        ("looks-up-the-stack", "found"),
        ("looks-around", "/home/student"),
        ("reads-other-processes", "/proc/1/"),
        ("reads-inherited-files", "socket:"),
        ("calls-out", "Network is unreachable|Permission denied"),
        ("links-at-run-time", "No such file or directory"),
        ("disk-bomb", "No space left on device"),
        ("thread-bomb", "can't start new thread"),
        ("leaves-a-process", '"index": 0'),
    ],
)
def test_the_attack_was_carried_out(graded: Graded, student: str, words: str) -> None:
    """It was refused, and not stopped by a mistake of its own."""
    assert re.search(words, graded.cells(student))


def test_a_listener_on_this_machine_hears_nothing(graded: Graded) -> None:
    """Neither TCP, nor UDP, nor a socket in the abstract namespace leads out."""
    assert graded.heard == []
    assert "sent" not in graded.cells("calls-out")


def test_no_process_is_left_behind(graded: Graded) -> None:
    """What a notebook started ends with it."""
    commands = [
        path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _is_readable(path)
    ]
    assert not [command for command in commands if b"LEFTOVER" in command]


def _is_readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def test_nothing_is_written_outside(graded: Graded) -> None:
    """Neither into Python, nor into the kit, nor into the course."""
    assert "wrote" not in graded.cells("poisons-the-well")


@pytest.mark.parametrize("student", HOSTILE)
def test_a_run_holds_its_own_files_only(graded: Graded, student: str) -> None:
    """Names on the line make no paths but those of the answers that were asked for."""
    names = {
        path.relative_to(graded.run(student)).as_posix() for path in graded.run(student).rglob("*")
    }
    allowed = re.compile(
        r"run\.json|scores\.json|recorded|cells\.jsonl|answers"
        r"|answers/test_(q[1-4])(/\1(/value\.json|/[0-9a-f]{64}\.npy)?)?"
    )
    assert [name for name in names if not allowed.fullmatch(name)] == []
    assert not list(graded.run(student).parent.glob(".*"))


@pytest.mark.parametrize(
    ("student", "grade_id", "words"),
    [
        ("equal-to-everything", "test_q1", "q1 cannot be used as an answer"),
        ("array-subclass", "test_q1", "q1 cannot be used as an answer"),
        ("array-for-a-number", "test_q3", "which is no score"),
        ("number-of-many-digits", "test_q3", "0 of 2 points|no score"),
        ("raised-before-the-answer", "test_q4", "ZeroDivisionError"),
        ("not-data", "test_q4", "q4 cannot be used as an answer"),
        ("cycle", "test_q1", "contains itself"),
        ("deep", "test_q1", "nested more than"),
        ("huge", "test_q1", "goes beyond"),
        ("hangs-and-ignores", "test_q2", "did not stop"),
        ("memory-bomb", "test_q1", "256 MB of memory"),
        ("segfault", "test_q1", "SIGSEGV"),
        ("floods-the-line", "test_q1", "more was sent than may be"),
        ("garbage-on-the-line", "test_q1", "no frame"),
        ("snapshot-bombs", "test_q1", "cannot be read"),
        ("patched-snapshot", "test_q1", "unknown kind"),
        ("shape-bomb", "test_q1", "cannot be read"),
        ("colliding-keys", "test_q1", "cannot be read"),
        ("one-piece-for-all", "test_q2", "goes beyond the 4,194,304 bytes"),
        ("one-piece-for-all", "test_q3", "does not exist"),
        ("one-piece-for-all", "test_q4", "does not exist"),
        ("is-a-link", "test_q1", "symbolic link"),
    ],
)
def test_the_message_says_why(graded: Graded, student: str, grade_id: str, words: str) -> None:
    """What was wrong is said in words, to the student and to whoever looks at it."""
    assert re.search(words, graded.message(student, grade_id))


def test_links_in_a_hand_in_are_left_out(graded: Graded) -> None:
    """Links and pipes beside the notebook are not followed, and the command names them."""
    for name in ("notes.txt", "book.db", "data", "loop", "pipe"):
        assert f"hands-in-links, quiz: {name} is" in graded.said.text


def test_output_is_bounded(graded: Graded) -> None:
    """Of a gigabyte that is printed, what a cell may leave behind is kept."""
    for student in ("prints-a-gigabyte", "prints-for-ever"):
        assert (graded.run(student) / "cells.jsonl").stat().st_size < 3 << 20
        assert "truncated" in graded.cells(student)


def test_an_interrupted_cell_is_not_the_end(graded: Graded) -> None:
    """A cell that hangs costs its own answers; the cells after it run."""
    assert graded.scores["hangs", "test_q1"]["outcome"] == "incorrect"
    assert "ran over its time" in graded.message("hangs", "test_q1")
