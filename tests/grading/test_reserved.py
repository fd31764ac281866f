"""What is reserved for grading: a student's notebook finds nothing there, a test cell reads it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.execution.execute import execute
from autograder.execution.nursery import Nursery
from autograder.execution.objects import Objects
from autograder.execution.runs import load_cells
from autograder.grading.features import FeatureFolder
from autograder.grading.grade import grade
from autograder.isolation import survey
from autograder.notebook.plan import Plan, Step
from autograder.settings import Autograder

SECRET = "the hidden images"
STUDENT = """
import os
found = []
for path in paths:
    try:
        found.append(open(path).read())
        found += os.listdir(os.path.dirname(path))
    except OSError:
        pass
"""
TEST = """
assert found == [], found
assert open(paths[0]).read() == open(paths[1]).read() == {secret!r}
"""


@pytest.mark.parametrize("namespaces", [True, False])
def test_grading_alone_reads_what_is_reserved(namespaces: bool, tmp_path: Path) -> None:
    """Both run in children of one process; the images lie in a course that nobody sees."""
    walls = survey()
    walls = walls if namespaces else replace(walls, namespaces=False, cgroup=None)
    if walls.refuses or walls.namespaces != namespaces:
        pytest.skip("this machine does not have such walls")
    images = tmp_path / "data" / "hidden"
    images.mkdir(parents=True)
    (images / "images.txt").write_text(SECRET)
    (tmp_path / "link").symlink_to(images)
    for path in (tmp_path, *tmp_path.parents):  # root's tasks run as nobody
        if path.is_relative_to("/tmp/") and path != Path("/tmp"):
            path.chmod(0o755)
    paths = f"paths = {[str(place / 'images.txt') for place in (images, tmp_path / 'link')]}"
    plan = Plan(
        (
            Step(0, "student", paths + STUDENT, "found"),
            Step(1, "test", paths + TEST.format(secret=SECRET), "test", 1.0, frozenset({"found"})),
        )
    )
    settings, place = Autograder(warm_imports=["autograder.grading.child"]), tmp_path / "run"
    with Nursery(
        settings, walls, [tmp_path], reserved=[tmp_path / "link"], readable=[tmp_path / "data"]
    ) as nursery:
        warm = nursery.warm_for([])
        run = execute(warm, plan, {}, settings, place, "key", Objects(tmp_path / ".objects"))
        features = FeatureFolder(images / ".features")
        (score,) = grade(warm, plan, run, place, settings, "key", features).tests
    assert load_cells(place)[0]["error"] is None
    assert (score.outcome, score.points, score.message) == ("correct", 1.0, score.message)
