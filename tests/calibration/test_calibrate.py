"""Solutions are run once for each seed; thresholds follow, are written and published."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support import (
    ASSIGNMENT,
    Said,
    autograder,
    build,
    cell,
    edit,
    hand_in,
    notebook,
    scores,
    write,
)

SETUP = """import os
from autograder.checks import scorecard
from autograder.checks.findings import Finding, Measurement, Outcome
from autograder.checks.predictions.thresholds import threshold"""
ANSWER = """a = ...
### BEGIN SOLUTION
a = [0.80, 0.82, 0.84, 0.1][int(os.environ.get("AUTOGRADER_SEED", 0))]
### END SOLUTION"""
TEST = """card = scorecard("a", points=2)
### BEGIN HIDDEN TESTS
enough = Outcome.CORRECT if a >= threshold("one/a").full else Outcome.INCORRECT
card.expect(2, Finding(enough, "enough", "so many", measured=Measurement("one/a", a, 1000, 2)))
### END HIDDEN TESTS
card"""
TABLE = """Points by accuracy:

<!-- thresholds -->
<!-- /thresholds -->"""
GIVEN = {
    "small": {"one/a": {"floor": 0.5, "full": 0.9}},
    "full": {"one/a": {"floor": 0.55, "full": 0.7}},
}
RIGHT = {"a": "a = 0.8"}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course whose solution is right about 0.80, 0.82, 0.84, … of the images, by seed."""
    for name in ("AUTOGRADER_DATA", "AUTOGRADER_PROFILE", "AUTOGRADER_SEED"):
        monkeypatch.delenv(name, raising=False)
    one = notebook(
        cell("code", "setup", SETUP, locked=True),
        cell("markdown", "published", TABLE, locked=True),
        cell("code", "a", ANSWER, solution=True),
        cell("code", "test_a", TEST, 2, grade=True, locked=True),
    )
    root = build(tmp_path / "course", one=one)
    thresholds(root).write_text(json.dumps(GIVEN))
    return root


def thresholds(root: Path) -> Path:
    return root / "source" / ASSIGNMENT / "thresholds.json"


def calibrate(root: Path, *options: str) -> Said:
    return autograder("calibrate", *options, course=root)


def done(said: Said) -> list[str]:
    """What was done for each seed, in order."""
    return re.findall(r"seed-\d, one: (run and graded|graded|unchanged)", said.text)


def test_seeds_are_run_told_and_kept(root: Path) -> None:
    """Accuracies by seed and what follows from them; a second time nothing is run again."""
    said = calibrate(root, "--seeds", "3")
    assert done(said) == ["run and graded"] * 3
    assert said.code == 1  # the solutions lose points at the thresholds of now
    assert "seed 1: 0 of 2 points" in said.text
    assert "one, test_a: 0 of 2, incorrect: so many" in said.text
    assert "one/a: 80.0 %, 82.0 %, 84.0 %; mean 82.0 %, sd 2.0 %; 1,000 images" in said.text
    assert "proposed: floor 0.62, full 0.74; now 0.50, 0.90" in said.text
    assert "3 seeds say little" in said.text
    assert json.loads(thresholds(root).read_text()) == GIVEN
    again = calibrate(root, "--seeds", "4")
    assert done(again) == ["unchanged"] * 3 + ["run and graded"]
    assert not (root / "runs" / ASSIGNMENT / "seed-0").exists()


def test_thresholds_are_written_and_published(root: Path) -> None:
    """The other profile stays; the table follows; then tests are graded again, nobody is run."""
    said = calibrate(root, "--seeds", "3", "--write")
    data = json.loads(thresholds(root).read_text())
    assert data["full"] == GIVEN["full"]
    assert data["small"] == {
        "one/a": {
            "floor": 0.62,
            "full": 0.74,
            "images": 1000,
            "mean": 0.82,
            "sd": 0.02,
            "seeds": 3,
        }
    }
    assert list(data) == ["full", "small"]
    assert f"written: {thresholds(root)}" in said.text
    source = (root / "source" / ASSIGNMENT / "one.ipynb").read_text()
    assert "| a | 62 % | 74 % | 55 % | 70 % (not yet calibrated) |" in source
    again = calibrate(root, "--seeds", "3")
    assert done(again) == ["graded"] * 3
    assert again.code == 0, again.text
    assert "seed 0: 2 of 2 points" in again.text


def test_the_profile_can_be_chosen(root: Path) -> None:
    """Solutions find it in their environment, and its thresholds are those that count."""
    said = calibrate(root, "--seeds", "2", "--profile", "full")
    assert (root / "runs" / ASSIGNMENT / ".calibration" / "full" / ASSIGNMENT / "seed-1").is_dir()
    assert "now 0.55, 0.70" in said.text
    assert "seed 1: 2 of 2 points" in said.text


def test_a_class_is_regraded_but_not_run_when_a_threshold_changes(root: Path) -> None:
    """Nor when thresholds.json lies in the hand-in as it was released."""
    thresholds(root).write_text(json.dumps({"small": {"one/a": {"floor": 0.5, "full": 0.6}}}))
    calibrate(root, "--tables")
    assert autograder("release", course=root).code == 0
    folder = hand_in(root, "s", RIGHT)
    (folder / "thresholds.json").write_text('{"small": {"one/a": {"floor": 0, "full": 0.001}}}')
    autograder("grade", course=root)
    assert scores(root)["s", "test_a"]["points"] == 2
    thresholds(root).write_text(json.dumps(GIVEN))
    said = autograder("grade", course=root)
    assert "0 run, 1 graded" in said.text
    assert scores(root)["s", "test_a"]["points"] == 0


def test_without_a_threshold_a_test_cannot_be_graded(root: Path) -> None:
    """The line says where, and what to do."""
    thresholds(root).write_text('{"small": {}}')
    said = calibrate(root, "--seeds", "1")
    assert said.code == 1
    assert (
        'could not be graded: the test itself failed: ValueError: thresholds.json, "small": '
        "expected 'one/a', found none; add it with a floor and a full" in said.text
    )


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--seeds", "1", "--write"], "--write: expected --seeds of at least 2, received 1"),
        (["--seeds", "4", "--write"], "one/a: the solutions cannot be told from guessing (0.5)"),
    ],
)
def test_what_would_be_no_threshold_is_not_written(
    root: Path, options: list[str], line: str
) -> None:
    """One line, and the file as it was; seed 3 is one of a bad solution."""
    said = calibrate(root, *options)
    assert said.code == 2
    assert line in said.lines[-1]
    assert json.loads(thresholds(root).read_text()) == GIVEN


def test_a_part_that_a_seed_did_not_measure_is_not_written(root: Path) -> None:
    """Its mean would be that of the lucky ones."""
    raising = 'seed = int(os.environ["AUTOGRADER_SEED"])\na = [0.8, 0.9][seed]'
    edit(
        root / "source" / ASSIGNMENT / "one.ipynb",
        "a",
        f"{raising}  ### BEGIN SOLUTION\n### END SOLUTION",
    )
    said = calibrate(root, "--seeds", "3", "--write")
    assert said.code == 2
    assert "one/a was not measured with seed 2" in said.lines[-1]
    assert "one: a raises IndexError: list index out of range" in said.text


def test_tables_alone_run_nothing(root: Path) -> None:
    """--tables publishes what the file says; a second time nothing changes."""
    said = calibrate(root, "--tables")
    assert (said.code, done(said)) == (0, [])
    assert "table refreshed" in said.text
    path = root / "source" / ASSIGNMENT / "one.ipynb"
    assert "| a | 50 % (not yet calibrated)" not in path.read_text()
    assert "| a | 50 % | 90 % (not yet calibrated) | 55 % |" in path.read_text()
    before = path.read_bytes()
    assert calibrate(root, "--tables").text == ""
    assert path.read_bytes() == before


def test_a_release_publishes_the_thresholds_that_are_used(root: Path) -> None:
    """It refuses another table, and tells the command that mends it."""
    data = {**GIVEN, "small": {"one/a": {"floor": 0.5, "full": 0.6}}}
    thresholds(root).write_text(json.dumps(data))
    said = autograder("release", course=root)
    assert said.code == 2
    assert "one.ipynb, cell 'published': the published table is not" in said.lines[-1]
    assert f"autograder calibrate {ASSIGNMENT} --tables" in said.lines[-1]
    calibrate(root, "--tables")
    assert autograder("release", course=root).code == 0
    assert (root / "release" / ASSIGNMENT / "thresholds.json").is_file()


def test_what_no_test_measures_is_told(root: Path) -> None:
    """A threshold that nobody asks for, and an assignment without any."""
    plain = notebook(cell("code", "b", "b = 1", solution=True))
    path = root / "source" / ASSIGNMENT / "one.ipynb"
    write(plain, path)
    said = calibrate(root, "--seeds", "2", "--write")
    assert "one/a: measured by no test; stays as it is" in said.text
    assert "no test measured an accuracy" in said.lines[-1]
