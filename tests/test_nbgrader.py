"""Plain nbgrader commands, in the course's root, do what `autograder` does and go on from there."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from support import ROOT, autograder, environment, find, gradebook, write

from demo.hand_ins import assignments, fill, hand_in, solutions
from demo.theory import KNOWN_MISTAKES, real_answers

STUDENTS = ("perfect", "unedited", "mistakes", "doubled", "student-1")


def nbgrader(course: Path, *arguments: str) -> str:
    """Run `nbgrader …` in the course's root; what it printed."""
    done = subprocess.run(
        ["nbgrader", *arguments], cwd=course, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own course, released by nbgrader alone; and a class has handed in."""
    root = tmp_path_factory.mktemp("nbgrader") / "course"
    root.mkdir()
    for name in ("course_config.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root)
    (root / "source" / "cnn").mkdir(parents=True)
    shutil.copy(ROOT / "source" / "cnn" / "theory.ipynb", root / "source" / "cnn")
    nbgrader(root, "generate_assignment", "cnn")
    _hand_in(root)
    return root


def _hand_in(root: Path) -> None:
    release = _read(root / "release")
    solved = solutions(_read(ROOT / "solutions"))
    mistakes = assignments(KNOWN_MISTAKES)
    for student, answers in {
        "perfect": solved,
        "unedited": {},
        "mistakes": mistakes,
        "student-1": assignments(real_answers()[0]["answers"]),
    }.items():
        hand_in(fill(release, answers), root / "submitted", student)
    doubled = fill(release, solved)
    for grade_id in ("test_q1", "q1", "q4"):
        at = doubled.cells.index(find(doubled, grade_id))
        doubled.cells.insert(at, fill(release, {"test_q1": "2.0"}).cells[at])
    for number, made in enumerate(doubled.cells):
        made["id"] = f"cell-{number}"
    write(doubled, root / "submitted" / "doubled" / "cnn" / "theory.ipynb")


def _read(folder: Path) -> NotebookNode:
    return nbformat.read(folder / "cnn" / "theory.ipynb", as_version=4)


@pytest.fixture(scope="module")
def plain(released: Path) -> Path:
    """Graded by `nbgrader autograde cnn`, with feedback and an export."""
    root = released.with_name("plain")
    shutil.copytree(released, root)
    nbgrader(root, "autograde", "cnn")
    nbgrader(root, "generate_feedback", "cnn")
    nbgrader(root, "export")
    return root


@pytest.fixture(scope="module")
def own(released: Path) -> Path:
    """The same hand-ins graded by `autograder grade cnn`."""
    root = released.with_name("own")
    shutil.copytree(released, root)
    said = autograder("grade", course=root, assignment="cnn")
    assert said.code == 1  # the doubled cells are told
    return root


def _entries(course: Path) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What the gradebook holds of each student's cells."""
    found: dict[tuple[str, str], tuple[Any, ...]] = {}
    with gradebook(course) as book:
        for submission in book.find_assignment("cnn").submissions:
            (notebook,) = submission.notebooks
            for grade in notebook.grades:
                found[submission.student.id, grade.name] = (
                    *(grade.auto_score, grade.manual_score, grade.needs_manual_grade),
                    *(grade.max_score, grade.extra_credit),
                )
            for comment in notebook.comments:
                found[submission.student.id, f"comment {comment.name}"] = (
                    *(comment.auto_comment, comment.manual_comment),
                )
    return found


def test_the_release_is_the_committed_one(released: Path) -> None:
    """`nbgrader generate_assignment` makes what `autograder release` made."""
    path = Path("cnn") / "theory.ipynb"
    ours = (ROOT / "release" / path).read_bytes()
    assert (released / "release" / path).read_bytes() == ours


def test_both_ways_give_the_same_gradebook(plain: Path, own: Path) -> None:
    """Scores, what waits for a person and comments, cell by cell."""
    assert _entries(plain) == _entries(own)
    assert {student for student, _ in _entries(plain)} == set(STUDENTS)


def test_both_ways_give_the_same_notebooks(plain: Path, own: Path) -> None:
    """What formgrader shows: cards and outputs."""
    for student in STUDENTS:
        by_plain, by_own = (_read(course / "autograded" / student) for course in (plain, own))
        assert [made.source for made in by_plain.cells if made.cell_type == "code"] == [
            made.source for made in by_own.cells if made.cell_type == "code"
        ]
        for test in ("test_q1", "test_q11", "q1"):
            assert find(by_plain, test).outputs == find(by_own, test).outputs


@pytest.mark.parametrize(
    ("student", "points"),
    [("perfect", 12.0), ("doubled", 12.0), ("student-1", 8.0), ("mistakes", 0.0), ("unedited", 0)],
)
def test_scores(student: str, points: float, plain: Path) -> None:
    """As the answers deserve; the last of doubled cells counts."""
    with gradebook(plain) as book:
        assert book.find_submission("cnn", student).score == points


def test_explanations_wait(plain: Path) -> None:
    """All fifteen of those who wrote them; none of those who did not."""
    with gradebook(plain) as book:
        for student, count in {"perfect": 15, "unedited": 0}.items():
            (notebook,) = book.find_submission("cnn", student).notebooks
            assert sum(grade.needs_manual_grade for grade in notebook.grades) == count


def test_autograder_goes_on_where_nbgrader_stopped(plain: Path) -> None:
    """The same runs: nothing is executed or graded again."""
    said = autograder("grade", course=plain, assignment="cnn")
    assert ": 0 run, 0 graded, 5 unchanged" in said.text


def test_feedback_has_cards_and_no_secrets(plain: Path) -> None:
    """`nbgrader generate_feedback` as it is: cards, but no hidden test and no mark scheme."""
    for student in STUDENTS:
        page = (plain / "feedback" / student / "cnn" / "theory.html").read_text()
        assert "<strong>Question 1</strong>" in page
        for secret in ("BEGIN HIDDEN", "convolution_mistakes", "MARK SCHEME", "Earns nothing"):
            assert secret not in page
        if student != "perfect":
            assert "def convolve(" not in page or student == "doubled"


def test_export_has_the_scores(plain: Path) -> None:
    """`nbgrader export`: a line per student."""
    with (plain / "grades.csv").open() as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"perfect": 12, "doubled": 12, "student-1": 8, "mistakes": 0, "unedited": 0}


def test_validate_tells_students_what_is_missing(released: Path) -> None:
    """`nbgrader validate` on the release fails, on answers of the right form it does not."""
    release = released / "release" / "cnn" / "theory.ipynb"
    said = nbgrader(released, "validate", str(release))
    assert "VALIDATION FAILED ON 21 CELL(S)" in said
    filled = fill(_read(released / "release"), solutions(_read(ROOT / "solutions")))
    path = released / "filled.ipynb"
    write(filled, path)
    assert "Success! Your notebook passes all the tests." in nbgrader(
        released, "validate", str(path)
    )


def test_generate_solution(released: Path) -> None:
    """`nbgrader generate_solution` makes the solutions, executed."""
    nbgrader(released, "generate_solution", "cnn")
    ours, theirs = _read(ROOT / "solutions"), _read(released / "solutions")
    assert [made.source for made in theirs.cells] == [made.source for made in ours.cells]
    assert find(theirs, "test_q1").outputs == find(ours, "test_q1").outputs
