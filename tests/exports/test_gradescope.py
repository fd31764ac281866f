"""Grades for Gradescope."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from support import ASSIGNMENT, gradebook

from autograder.course import Course, HandIn
from autograder.exports import export
from autograder.grading import scores
from exports.made import graded_course

SAID = "<script>alert(1)</script> found [6, 8]"
VISIBILITIES = {"hidden", "after_due_date", "after_published", "visible"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The four students; anna's test says something."""
    course = graded_course(tmp_path_factory.mktemp("gradescope"))
    folder = course.run(HandIn("anna", ASSIGNMENT, Path()), "one")
    test = scores.TestScore("test_a", 2.0, 2.0, "correct", SAID)
    folder.mkdir(parents=True)
    scores.save(folder / "scores.json", scores.NotebookScores("key", (test,)))
    return course


def test_results(course: Course) -> None:
    """As the specification has them: each test with its score, the sum with the penalty off."""
    with ZipFile(export(course, ASSIGNMENT, "gradescope").path) as archive:
        results = json.loads(archive.read("results/anna/results.json"))
    assert results["score"] == 5
    assert results["output"] == "Handed in late: 0.5 points less."
    assert results["visibility"] in VISIBILITIES
    assert [(t["name"], t["score"], t["max_score"]) for t in results["tests"]] == [
        ("one: test_a", 2, 2),
        ("one: why", 2.5, 3),
        ("two: test_b", 1, 1),
    ]
    assert [test["output"] for test in results["tests"]] == [SAID, "=well\nseen; -1", ""]
    assert {test["output_format"] for test in results["tests"]} == {"text"}
    assert {test["visibility"] for test in results["tests"]} == {"after_published"}


def test_who_has_no_grade_yet_is_not_in_it(course: Course) -> None:
    """Gradescope needs a score, and 0 would be a wrong one."""
    done = export(course, ASSIGNMENT, "gradescope")
    with ZipFile(done.path) as archive:
        index = json.loads(archive.read("index.json"))
        assert set(index) == {"anna@x.example", "@sum(1+1)"}
        assert set(index.values()) <= set(archive.namelist())
    assert (done.ungraded, done.no_hand_in) == (1, 1)
    done = export(course, ASSIGNMENT, "gradescope", course.root / "zero.zip", "zero")
    with ZipFile(done.path) as archive:
        assert len(json.loads(archive.read("index.json"))) == 4
        assert json.loads(archive.read("results/carl/results.json"))["score"] == 0


def test_ids_stay_in_the_archive(tmp_path: Path) -> None:
    """An id is a folder's name whatever stands in it; without an e-mail nobody could fetch it."""
    course = graded_course(tmp_path)
    with gradebook(tmp_path) as book:
        book.update_or_create_student("..", email="dots@x.example")
        book.update_or_create_student("a/../../b", email="path@x.example")
        book.update_or_create_student("nobody")
    done = export(course, ASSIGNMENT, "gradescope", missing="zero")
    with ZipFile(done.path) as archive:
        for name in archive.namelist():
            assert ".." not in name.split("/")
            assert name.count("/") in (0, 2)
    assert done.no_email == 1


def _run(root: Path, email: str) -> subprocess.CompletedProcess[str]:
    metadata = {"users": [{"email": "other@x.example"}, {"email": email}]}
    (root / "submission_metadata.json").write_text(json.dumps(metadata))
    return subprocess.run(
        [sys.executable, root / "source" / "run_autograder"],
        env={**os.environ, "AUTOGRADER_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_archive_hands_out_results(course: Course, tmp_path: Path) -> None:
    """By e-mail, upper or lower case; who has no grade gets an error, not a 0."""
    with ZipFile(export(course, ASSIGNMENT, "gradescope").path) as archive:
        archive.extractall(tmp_path / "source")
        modes = {m.filename: m.external_attr >> 16 & 0o777 for m in archive.infolist()}
    assert modes["run_autograder"] == modes["setup.sh"] == 0o755
    done = _run(tmp_path, "bob@x.example")
    assert done.returncode == 1
    assert "not graded yet" in done.stderr
    assert not (tmp_path / "results").exists()
    assert _run(tmp_path, "Anna@x.example").returncode == 0
    assert json.loads((tmp_path / "results" / "results.json").read_text())["score"] == 5
