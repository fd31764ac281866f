"""The score table: from files, and from the gradebook."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from support import ASSIGNMENT, build

from autograder.course import Course, HandIn
from autograder.grading import scores
from autograder.report import scores as report
from autograder.report.scores import StudentRow, as_csv, as_json

ODD = 'says "no",\nthen — ½'


def test_rows_come_by_student_and_notebook(tmp_path: Path) -> None:
    """In the order of the notebook's cells; what cannot be read is passed over."""
    course = Course(build(tmp_path))
    for student, notebook in (("b", "one"), ("a", "two"), ("a", "one")):
        tests = [scores.TestScore(f"test_{n}", 1.0, 2.0, "partly correct", ODD) for n in ("z", "a")]
        place = course.run(HandIn(student, ASSIGNMENT, tmp_path), notebook)
        scores.save(place / "scores.json", scores.NotebookScores("key", tuple(tests)))
    spoiled = course.run(HandIn("c", ASSIGNMENT, tmp_path), "one") / "scores.json"
    spoiled.parent.mkdir(parents=True)
    spoiled.write_text("{")
    rows = report.test_rows(course, ASSIGNMENT)
    assert [(row.student, row.notebook, row.grade_id) for row in rows] == [
        *(("a", "one", "test_z"), ("a", "one", "test_a")),
        *(("a", "two", "test_z"), ("a", "two", "test_a")),
        *(("b", "one", "test_z"), ("b", "one", "test_a")),
    ]


def test_json_is_read_back_as_it_was() -> None:
    """Whatever stands in a message."""
    row = report.TestRow("ø", "one", "test_a", 0.1 + 0.2, 2.0, "partly correct", ODD)
    (read,) = json.loads(as_json([row]))
    assert report.TestRow(**read) == row
    assert json.loads(as_json([])) == []


def test_csv_is_read_back_as_it_was() -> None:
    """Commas, quotes and line ends in a student id do not shift columns."""
    row = StudentRow(ODD, 1.5, 0.0, 0.25, 1.25, 3.0, 2)
    (read,) = csv.DictReader(io.StringIO(as_csv([row])))
    assert read["student"] == ODD
    assert [float(read[name]) for name in ("tests", "late_penalty", "total")] == [1.5, 0.25, 1.25]


def test_csv_begins_with_the_names() -> None:
    """Also when nobody has handed in."""
    assert as_csv([]) == "student,tests,marked,late_penalty,total,max_points,waiting\n"


def test_csv_is_no_spreadsheet_formula() -> None:
    """An id that a spreadsheet would compute cannot be handed in; numbers stay numbers."""
    row = StudentRow("s", -1.0, 0.0, 1.0, -2.0, 3.0, 0)
    assert as_csv([row]).splitlines()[1] == "s,-1.0,0.0,1.0,-2.0,3.0,0"


def test_runs_of_the_solutions_are_no_students(tmp_path: Path) -> None:
    """What begins with a dot is the kit's own: releases, calibrations, pieces."""
    course = Course(build(tmp_path))
    test = scores.TestScore("test_a", 2.0, 2.0, "correct", "")
    for place in ("s/one", ".release/one", ".release/ps/solution/one", "s/.one.1234"):
        path = course.runs(ASSIGNMENT) / place / "scores.json"
        scores.save(path, scores.NotebookScores("key", (test,)))
    assert [row.student for row in report.test_rows(course, ASSIGNMENT)] == ["s"]


def test_a_bonus_is_a_column_of_its_own() -> None:
    """Only where somebody has one."""
    rows = [StudentRow("s", 1.0, 0.0, 0.0, 2.5, 3.0, 0, 1.5), StudentRow("t", 1.0, 0, 0, 1, 3, 0)]
    read = list(csv.DictReader(io.StringIO(as_csv(rows))))
    assert [row["bonus"] for row in read] == ["1.5", "0.0"]
    assert "bonus" not in as_csv(rows[1:])


def test_a_bonus_in_json_stands_with_its_test() -> None:
    """Others do not mention it."""
    made = [
        report.TestRow("s", "one", "test_e", 0.0, 0.0, "correct", "", 1.5, 2.0),
        report.TestRow("s", "one", "test_a", 2.0, 2.0, "correct", ""),
    ]
    bonus, other = json.loads(as_json(made))
    assert (bonus["bonus"], bonus["max_bonus"]) == (1.5, 2.0)
    assert "bonus" not in other
