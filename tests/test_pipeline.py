"""What is due, what is done: stages keyed by what they read."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbformat import NotebookNode
from support import (
    ASSIGNMENT,
    RIGHT,
    autograder,
    build,
    cell,
    copy_graded,
    copy_released,
    edit,
    environment,
    hand_in,
    notebook,
    one,
    scores,
    write,
)

from autograder.course import Course, HandIn
from autograder.engines.slots import find_slots
from autograder.execution.nursery import Nursery
from autograder.isolation import NO_WALLS, IsolationError, survey
from autograder.pipeline import Assignment, Grading, PipelineError, local_engine, only_one


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Released; the student s handed in and was graded."""
    return copy_graded(tmp_path)


@pytest.fixture(scope="module")
def with_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a file beside the notebooks, which one of them reads."""
    root = copy_released(tmp_path_factory.mktemp("pipeline"))
    folder = hand_in(root, "s", {**RIGHT, "a": "a = [6, len(open('data.txt').read())]"})
    (folder / "data.txt").write_text("1234567")
    assert "2 run, 2 graded" in _grade(root)
    assert scores(root)["s", "test_a"]["points"] == 2
    return root


def _grade(course: Path) -> str:
    said = autograder("grade", course=course)
    assert said.code == 0, said.text
    return said.text


def test_a_changed_file_beside_the_notebook_runs_it_again(with_file: Path) -> None:
    """Its notebooks may read it."""
    (with_file / "submitted" / "s" / ASSIGNMENT / "data.txt").write_text("12345678")
    assert "2 run, 2 graded" in _grade(with_file)
    assert scores(with_file)["s", "test_a"]["points"] == 0


def test_a_renamed_file_runs_it_again(with_file: Path) -> None:
    """The name counts as the content does."""
    folder = with_file / "submitted" / "s" / ASSIGNMENT
    (folder / "data.txt").rename(folder / "other.txt")
    assert "2 run, 2 graded" in _grade(with_file)
    assert "FileNotFoundError" in scores(with_file)["s", "test_a"]["message"]


def test_what_changes_nothing_runs_nothing(course: Path) -> None:
    """Saved again with other outputs, another date: it is the same hand-in."""
    path = course / "submitted" / "s" / ASSIGNMENT / "one.ipynb"
    made = json.loads(path.read_text())
    made["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "42"}]
    made["metadata"]["language_info"] = {"name": "python", "version": "3.13"}
    path.write_text(json.dumps(made, indent=4))
    assert ": 0 run, 0 graded, 2 unchanged" in _grade(course)


@pytest.mark.parametrize("broken", ["run.json", "scores.json"])
@pytest.mark.parametrize("how", ["deleted", "truncated", "empty"])
def test_a_spoiled_run_is_done_again(broken: str, how: str, course: Path) -> None:
    """Whatever became of a run's files, the scores are those of before."""
    before = scores(course)
    path = course / "runs" / ASSIGNMENT / "s" / "one" / broken
    text = path.read_text()
    path.write_text(text[:40] if how == "truncated" else "")
    if how == "deleted":
        path.unlink()
    done = "1 run, 1 graded" if broken == "run.json" else "0 run, 1 graded"
    assert done in _grade(course)
    assert scores(course) == before


def test_a_changed_judge_grades_again_without_running(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of the kit's checks may come to other scores."""
    monkeypatch.setattr("autograder.pipeline.keys.judges_digest", lambda: "another version")
    assert ": 0 run, 2 graded" in _grade(course)


def test_a_changed_test_grades_again_without_running(course: Path) -> None:
    """Released anew with another hidden test; nobody's code is run for it."""
    hidden = "card.expect(1, equal(a[:1], [6]))\ncard.expect(1, equal(a[1:], [7]))"
    write(one(hidden), course / "source" / ASSIGNMENT / "one.ipynb")
    assert autograder("grade", course=course).code == 2  # not before it is released
    released = autograder("release", course=course)
    assert released.code == 0, released.text
    assert ": 0 run, 1 graded, 1 unchanged" in _grade(course)
    assert scores(course)["s", "test_a"]["points"] == 2


def test_a_notebook_that_was_stopped_gets_another_chance_with_more_time(tmp_path: Path) -> None:
    """With the limits that stopped it, it is not tried again."""
    root = copy_released(tmp_path, "c.Autograder.notebook_timeout_s = 1.0")
    hand_in(root, "s", {**RIGHT, "b": "import time\nb = 4\ntime.sleep(2)"})
    first = autograder("grade", course=root)
    assert first.code == 1
    assert "s, two: the notebook was stopped" in first.text
    assert ": 0 run, 0 graded" in autograder("grade", course=root).text
    (root / "course_config.py").write_text(
        (root / "course_config.py").read_text().replace("timeout_s = 1.0", "timeout_s = 30.0")
    )
    assert "1 run" in _grade(root)
    assert scores(root)["s", "test_b"]["points"] == 1


def test_a_killed_grading_goes_on_where_it_was(tmp_path: Path) -> None:
    """What was recorded before the kill is not done again, and nothing is half-written."""
    root = copy_released(tmp_path, "c.Autograder.workers = 3")
    slow = {"a": "import time\ntime.sleep(500)", "b": "import time\ntime.sleep(500)\nb = 4"}
    hand_in(root, "aa")
    hand_in(root, "bb", slow)
    hand_in(root, "cc")
    command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, "--course", str(root)]
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE) as grading:
        while not (done := list(root.glob("runs/*/aa/*/recorded"))):
            assert grading.poll() is None, "the grading ended too early"
            time.sleep(0.02)  # polled, since nothing tells
        os.kill(grading.pid, signal.SIGKILL)
    before = {path.parent / "run.json": _stamp(path.parent / "run.json") for path in done}
    hand_in(root, "bb")
    said = _grade(root)
    run, graded = map(int, re.findall(r"(\d) (?:run|graded)", said))
    assert 2 <= run <= graded <= 5  # one of aa's was done, none of bb's
    assert {path: _stamp(path) for path in before} == before
    assert sum(row["points"] for row in scores(root).values()) == 9
    assert not list((root / "runs").rglob(".*.*/run.json"))


def _stamp(path: Path) -> tuple[int, bytes]:
    return path.stat().st_mtime_ns, path.read_bytes()


def test_only_one_grades_at_a_time(tmp_path: Path) -> None:
    """A second one waits; two would write the same runs."""
    with (
        only_one(tmp_path),
        (tmp_path / ".lock").open() as other,
        pytest.raises(BlockingIOError),
    ):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


MODEL = """import keras
import numpy as np
layers = [keras.Input((64,)), keras.layers.Dense(64, name="base"), keras.layers.Dense(1)]
model = keras.Sequential(layers)
model.get_layer("base").set_weights([np.ones((64, 64)), np.zeros(64)])
"""
LOOKS = """import sys
assert model.tensors["base/kernel"].sum() == 4096
assert "keras" not in sys.modules
"""
COMPUTES = """import sys
def accuracy(model):
    return "keras" in sys.modules and model.predict(np.ones((2, 64), "float32")).shape == (2, 1)
assert accuracy(model)
"""


def models(test: str) -> NotebookNode:
    """A notebook that asks for a model, and tests it twice."""
    return notebook(
        cell("code", "setup", "import numpy as np", locked=True),
        cell("code", "m", f"### BEGIN SOLUTION\n{MODEL}\n### END SOLUTION", solution=True),
        cell("code", "test_1", test, 1, grade=True, locked=True),
        cell("code", "test_2", test, 1, grade=True, locked=True),
    )


def test_a_layer_that_a_class_shares_is_stored_once(tmp_path: Path) -> None:
    """From two students' kernels to the grader, which has Keras at hand only if a test computes."""
    root = build(tmp_path, looks=models(LOOKS), computes=models(COMPUTES))
    assignment = Assignment(Course(root), ASSIGNMENT)
    runs = root / "runs" / ASSIGNMENT
    with Nursery(assignment.course.settings, survey(), [root]) as nursery:

        def points(student: str, answer: str, name: str) -> list[float]:
            folder = root / "submitted" / student / ASSIGNMENT
            write(assignment.masters[name].release, folder / f"{name}.ipynb")
            edit(folder / f"{name}.ipynb", "m", answer)
            result = assignment.work(HandIn(student, ASSIGNMENT, folder), name, nursery)
            return [test.points for test in result.scores.tests]

        notebooks = [("s", "looks"), ("s", "computes"), ("t", "looks")]
        assert [points(student, MODEL, name) for student, name in notebooks] == [[1, 1]] * 3
        found = list(runs.glob("?/*/answers/test_?/model/*.safetensors"))
        (base,) = {path.name for path in found if path.stat().st_size > 64 * 64 * 4}
        shared = runs / ".objects" / base[:2] / base
        assert sum(path.samefile(shared) for path in found) == 6  # two tests of each
        for student, name in notebooks:
            assignment.sweep()
            assert shared.exists()
            points(student, "model = 0", name)
        assignment.sweep()
        assert not shared.exists()


def test_a_grading_sweeps_up(course: Path) -> None:
    """What no run holds any more is gone at its end."""
    orphan = course / "runs" / ASSIGNMENT / ".objects" / "ab" / f"{'ab' * 32}.npy"
    orphan.parent.mkdir(parents=True)
    orphan.touch()
    _grade(course)
    assert not orphan.exists()


def test_runs_of_another_layout_are_done_again(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers that were stored in another way could not be read."""
    monkeypatch.setattr("autograder.pipeline.assignment.LAYOUT", "another")
    assert "2 run, 2 graded" in _grade(course)


def test_results_tell_what_was_done(tmp_path: Path) -> None:
    """As Python objects: who, which notebook, its scores, done now or before."""
    root = copy_released(tmp_path)
    hand_in(root, "s")
    course = Course(root)
    for done in (True, False):
        with Nursery(course.settings, survey(), [root]) as nursery:
            grading = Grading(course, ASSIGNMENT)
            slots = find_slots(course.settings)
            engine = local_engine(grading.assignment, grading.hand_ins, nursery, slots)
            found = [result for _, result in grading.run(engine, print)]
            results = sorted(found, key=lambda result: result.notebook)
        assert len(grading.items) == 2
        assert [(r.hand_in.student, r.notebook) for r in results] == [("s", "one"), ("s", "two")]
        assert {(r.executed, r.graded, r.remarks) for r in results} == {(done, done, ())}
        assert [r.scores.tests[0].points for r in results] == [2, 1]


def test_walls_that_cannot_be_built_end_the_grading(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no student's fault; nothing is scored, and the line says where to look."""

    def fail(*_: object, **__: object) -> None:
        raise IsolationError("no space left for a namespace")

    monkeypatch.setattr("autograder.pipeline.assignment.execute", fail)
    edit(course / "submitted" / "s" / ASSIGNMENT / "two.ipynb", "b", "b = 5")
    said = autograder("grade", course=course)
    assert said.code == 2
    assert "s, two: no space left for a namespace; `autograder doctor`" in said.text
    assert scores(course)["s", "test_b"]["points"] == 1
    assert PipelineError.__name__ not in said.text


def test_a_notebook_without_tests_waits_for_people_alone(tmp_path: Path) -> None:
    """An assignment of explanations only has no scores of its own, and needs no kernel."""
    texts = [cell for cell in one().cells if cell.cell_type == "markdown"]
    root = build(tmp_path, text=notebook(*texts))
    course = Course(root)
    assignment = Assignment(course, ASSIGNMENT)
    folder = root / "submitted" / "s" / ASSIGNMENT
    write(assignment.masters["text"].release, folder / "text.ipynb")
    with Nursery(course.settings, NO_WALLS, [root]) as nursery:
        result = assignment.work(HandIn("s", ASSIGNMENT, folder), "text", nursery)
    assert result.scores.tests == ()
