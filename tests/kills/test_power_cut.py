"""What a power cut has emptied is noticed, and made again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support import ASSIGNMENT, copy_released, hand_in

from kills.grader import Grader, left_behind


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, grading: Grader) -> Path:
    course = copy_released(
        tmp_path_factory.mktemp("power") / "course", "c.Autograder.warm_imports = []"
    )
    hand_in(course, "ann")
    assert grading.grade(course).outcome().code == 0
    return course


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("run.json", "1 run, 1 graded, 1 unchanged"),
        ("scores.json", "0 run, 1 graded, 1 unchanged"),
        ("recorded", "0 run, 0 graded, 2 unchanged"),
    ],
)
@pytest.mark.parametrize("kept", [0, 30])
def test_what_is_cut_off_is_made_again(
    graded: Path, grading: Grader, name: str, said: str, kept: int
) -> None:
    """A file of a run that ends early: only what it stands for is done, and all is as before."""
    course = Path(shutil.copytree(graded, graded.with_name(f"{name}-{kept}")))
    path = course / "runs" / ASSIGNMENT / "ann" / "one" / name
    path.write_bytes(path.read_bytes()[:kept])
    outcome = grading.grade(course).outcome()
    assert (outcome.code, said in outcome.text) == (0, True), outcome.text
    assert left_behind(course) == left_behind(graded)
