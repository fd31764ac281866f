"""The thresholds as students read them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.calibration import find_wrong_tables, refresh_tables
from autograder.calibration.tables import table
from autograder.checks.predictions.thresholds import Threshold
from autograder.course import Course
from autograder.errors import UserError
from tests.support import ASSIGNMENT, build, cell, notebook

BETWEEN = "Before.\n\n<!-- thresholds -->\n{}<!-- /thresholds -->\n\nAfter."
GIVEN = {
    "small": {
        "pets/c": {"floor": 0.6, "full": 0.785, "seeds": 5},
        "pets/d tuned": {"floor": 0.6, "full": 0.8},
        "cars/c": {"floor": 0.3, "full": 0.4},
    },
    "full": {"pets/c": {"floor": 0.55, "full": 0.7}},
}


def course(tmp_path: Path, source: str, given: object = GIVEN, **flags: bool) -> Course:
    """Two notebooks, pets and cars; the first has a Markdown cell with `source`."""
    text = cell("markdown", "published", source, **(flags or {"locked": True}))
    answer = cell("code", "a", "a = 1", solution=True)
    made = {"pets": notebook(text, answer), "cars": notebook(answer)}
    root = build(tmp_path / "course", **made)
    (root / "source" / ASSIGNMENT / "thresholds.json").write_text(json.dumps(given))
    return Course(root)


def text_of(course: Course) -> str:
    (first, *_) = json.loads(course.notebooks(ASSIGNMENT)[1].read_bytes())["cells"]
    return "".join(first["source"])


def test_the_table_has_a_notebooks_own_parts() -> None:
    """Parts as their names have them, both profiles, and which numbers nobody has measured."""
    thresholds = {
        "small": {
            "pets/c": Threshold(0.6, 0.785, seeds=5),
            "pets/d tuned": Threshold(0.6, 0.8),
            "cars/c": Threshold(0.3, 0.4),
        },
        "full": {"pets/c": Threshold(0.55, 0.7)},
    }
    assert table("pets", thresholds).splitlines() == [
        "| part | `small`: points from | all points at | `full`: points from | all points at |",
        "|---|---|---|---|---|",
        "| c | 60 % | 78.5 % | 55 % | 70 % (not yet calibrated) |",
        "| d tuned | 60 % | 80 % (not yet calibrated) | – | – |",
    ]


def test_a_table_is_refreshed_and_all_else_stays(tmp_path: Path) -> None:
    """What stood between the lines goes; the notebook differs in nothing else."""
    made = course(tmp_path, BETWEEN.format("| of before |\n"))
    before = made.notebooks(ASSIGNMENT)[1].read_text()
    assert [path.name for path in refresh_tables(made, ASSIGNMENT)] == ["pets.ipynb"]
    text = text_of(made)
    assert text.startswith("Before.\n\n<!-- thresholds -->\n\n| part |")
    assert text.endswith("|\n\n<!-- /thresholds -->\n\nAfter.")
    assert "of before" not in text
    assert "cars" not in text
    after = made.notebooks(ASSIGNMENT)[1].read_text()
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(changed) == 4  # the lines of the table
    assert find_wrong_tables(made, ASSIGNMENT) == []
    assert refresh_tables(made, ASSIGNMENT) == []


should_fail = {
    "another table": (BETWEEN.format("| of before |\n"), GIVEN, "the published table is not what"),
    "no end": ("<!-- thresholds -->\n| a |", GIVEN, "expected one line '<!-- thresholds -->'"),
    "no beginning": ("<!-- /thresholds -->", GIVEN, "expected one line '<!-- thresholds -->'"),
    "two tables in a cell": (BETWEEN.format("") * 2, GIVEN, "expected one line"),
    "a name of no notebook": (
        "",
        {"small": {"pet/c": {"floor": 0, "full": 1}}},
        "expected NOTEBOOK/PART with a notebook out of cars, pets; received 'pet/c'",
    ),
}


@pytest.mark.parametrize("case", should_fail)
def test_wrong_tables_are_found(tmp_path: Path, case: str) -> None:
    """A line that says where, and what to do."""
    source, given, line = should_fail[case]
    (found,) = find_wrong_tables(course(tmp_path, source, given), ASSIGNMENT)
    assert line in found


def test_a_students_cell_is_left_alone(tmp_path: Path) -> None:
    """Only locked cells publish."""
    made = course(tmp_path, BETWEEN.format(""), grade=False, solution=True)
    assert refresh_tables(made, ASSIGNMENT) == find_wrong_tables(made, ASSIGNMENT) == []


def test_a_course_without_thresholds_publishes_none(tmp_path: Path) -> None:
    """Nothing is expected where nothing is published."""
    made = course(tmp_path, "No table.")
    (made.source(ASSIGNMENT) / "thresholds.json").unlink()
    assert find_wrong_tables(made, ASSIGNMENT) == []


def test_a_file_that_is_none_is_a_users_mistake(tmp_path: Path) -> None:
    """One line, as for every mistake in the course."""
    made = course(tmp_path, "", {"small": {"pets/c": {"floor": 0.5}}})
    with pytest.raises(UserError, match=r"thresholds\.json, \"small\", 'pets/c': expected a"):
        find_wrong_tables(made, ASSIGNMENT)
