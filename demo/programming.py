"""The programming notebooks' hand-ins: one complete, one that ends early, one with a mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat

from demo.hand_ins import fill, hand_in, solutions

NOTEBOOKS = ("cats_and_dogs", "cifar10")
DONE = {"cats_and_dogs": ("a", "b", "c"), "cifar10": ("a", "a_samples", "b")}  # by "partial"

# A network that was to have inception blocks and has none, however well it does.
MISTAKE = (
    "[plain(16), inception(32), inception(48), plain(64)]",
    "[plain(16), plain(32), plain(48), plain(64)]",
)
MISTAKEN_TEST = "test_d"


def make_hand_ins(course: Path) -> None:
    """Put all of them into the course's submitted/."""
    for name in NOTEBOOKS:
        released = nbformat.read(course / "release" / "cnn" / f"{name}.ipynb", as_version=4)
        solved = nbformat.read(course / "solutions" / "cnn" / f"{name}.ipynb", as_version=4)
        for student, answers in _answers(name, solutions(solved)).items():
            hand_in(fill(released, answers), course / "submitted", student, name)


def _answers(notebook: str, solution: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What each student fills in, by grade_id."""
    found = {
        "perfect": dict(solution),
        "partial": {name: solution[name] for name in DONE[notebook]},
    }
    if notebook == "cifar10":
        assert solution["d"].count(MISTAKE[0]) == 1
        found["no-inception"] = {**solution, "d": solution["d"].replace(*MISTAKE)}
    return found


def compare(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Print what the mistake was told; a line for each test that did not score as it should.

    rows: as `autograder scores --format json` prints them.
    """
    for row in rows:
        if row["notebook"] not in NOTEBOOKS:
            continue
        where = f"{row['student']}, {row['notebook']}, {row['grade_id']}"
        is_mistaken = row["notebook"] == "cifar10" and row["grade_id"] == MISTAKEN_TEST
        if row["student"] == "no-inception" and is_mistaken:
            print(f"{where}: {row['points']:g} of {row['max_points']:g}: {row['message']}")
        expected = _expected(row)
        if expected and row["outcome"] != expected:
            yield f"{where}: expected {expected}, got {row['outcome']}: {row['message']}"


def _expected(row: Mapping[str, Any]) -> str:
    """The outcome that a test should have; "" for what is no hand-in of this module."""
    student, test = row["student"], row["grade_id"]
    if student == "partial":
        last = DONE[row["notebook"]][-1]
        return "correct" if test <= f"test_{last}" and test != "test_bonus" else "not attempted"
    if student == "no-inception" and row["notebook"] == "cifar10":
        return "partly correct" if test == MISTAKEN_TEST else "correct"
    return "correct" if student == "perfect" else ""
