"""The grading child: the instructor's cells on a student's answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder import snapshot
from autograder.artifacts import ModelData
from autograder.artifacts.models import features
from autograder.grading import child
from autograder.notebook.names import analyse
from autograder.notebook.shell import NotebookShell

BUDGET = snapshot.Budget()
SETUP = "from autograder.checks import equal, form, scorecard\nimage = [[1, 2], [3, 4]]"
CARD = "card = scorecard('1', points=2)\ncard.expect(2, equal(q, 10))\ncard"
NAME = snapshot.blob_name(b"x", ".npy")
FROM_SETUP = analyse(SETUP).binds


class FakeLine:
    """A line with a parcel on it that keeps what is sent; any other call is a mistake."""

    def __init__(self, parcel: dict[str, bytes]) -> None:
        self._parcel = parcel
        self.features: dict[str, bytes] = {}
        self.claims: dict[str, dict[str, Any]] = {}
        self._step = ""

    def parcel(self) -> dict[str, bytes]:
        return self._parcel

    def begin_step(self, name: str) -> None:
        assert not self._step
        self._step = name

    def end_step(self, name: str) -> None:
        assert name == self._step
        self._step = ""

    def send(self, name: str, data: bytes) -> None:
        if name.startswith("features/"):
            self.features[name.removeprefix("features/")] = data
            return
        assert name == "score"
        claim = json.loads(data)
        self.claims[claim["grade_id"]] = claim


def grade(
    *tests: str,
    answers: Mapping[str, object] | None = None,
    missing: str = "",
    more: dict[str, dict[str, bytes]] | None = None,
    budget: int = 64_000_000,
) -> list[dict[str, Any]]:
    """The claims for test cells test_1, test_2, …, all of which find the same answers.

    missing: what the student's cells before them raised. more: the files of further answers, by
    "<grade_id>/<name>".
    """
    line = line_of(*tests, answers=answers, missing=missing, more=more, budget=budget)
    return list(line.claims.values())


def line_of(
    *tests: str,
    answers: Mapping[str, object] | None = None,
    missing: str = "",
    more: dict[str, dict[str, bytes]] | None = None,
    budget: int = 64_000_000,
) -> FakeLine:
    """The same, with all that the child sends."""
    cells: list[dict[str, Any]] = [{"index": 0, "source": SETUP}]
    given = dict(more or {})
    for number, source in enumerate(tests, start=1):
        names = sorted(analyse(source).reads - FROM_SETUP)
        cell = {"index": number, "grade_id": f"test_{number}", "points": 2.0}
        cells.append({**cell, "source": source, "names": names})
        for name in names:
            if name in (answers or {}):
                value = (answers or {})[name]
                given[f"test_{number}/{name}"] = snapshot.save(snapshot.write(value, BUDGET))
    why = {f"test_{number}": missing for number in range(1, len(tests) + 1) if missing}
    files = {
        place: {name: snapshot.blob_name(data, f".of.{name}") for name, data in found.items()}
        for place, found in given.items()
    }
    pieces = {
        f"object/{files[place][name]}": data
        for place, found in given.items()
        for name, data in found.items()
    }
    request = {"cells": cells, "missing": why, "answer_bytes": budget, "files": files}
    request |= {"feature_bytes": 10, "beside": [], "gpu_memory_fraction": 1.0}
    line = FakeLine({"request.json": json.dumps(request).encode(), **pieces})
    child.task(line)  # type: ignore[arg-type]
    return line


@pytest.fixture(autouse=True)
def own_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each grading has a shell of its own, as in a process of its own."""
    monkeypatch.setattr(child, "notebook_shell", NotebookShell)


def outcome(claim: dict[str, Any]) -> tuple[float, str]:
    return claim["points"], claim["outcome"]


RIGHT, WRONG = (2.0, "correct"), (0.0, "incorrect")
UNANSWERED, UNDECIDED = (0.0, "not attempted"), (0.0, "could not be graded")


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        (CARD, 10, RIGHT),
        (CARD, 11, WRONG),
        (CARD, None, UNANSWERED),
        (CARD, lambda: 10, WRONG),
        ("assert q == 10", 10, RIGHT),
        ("assert q == 10", 11, WRONG),
        ("assert q == 10", ..., UNANSWERED),
        ("assert q == 10", lambda: 10, WRONG),
        ("assert q is not None", lambda: 10, UNDECIDED),
        ("assert callable(q)", float("nan"), UNDECIDED),
        ("2 - abs(q - 10)", 11, (1.0, "partly correct")),
    ],
)
def test_an_answer_is_judged(source: str, value: object, expected: tuple[float, str]) -> None:
    """By a scorecard, by asserts, by a number."""
    (claim,) = grade(source, answers={"q": value})
    assert outcome(claim) == expected


@pytest.mark.parametrize(
    "source", [CARD, "assert q == 10", "assert q is not None", "assert callable(q)", "q; None"]
)
def test_a_name_that_was_never_defined_was_not_attempted(source: str) -> None:
    """No test is satisfied with it."""
    assert outcome(*grade(source)) == UNANSWERED


@pytest.mark.parametrize("answers", [{}, {"q": None}, {"q": ...}])
@pytest.mark.parametrize("source", [CARD, "assert q is not None", "assert q.x == 3", "q + 1; None"])
def test_what_failed_earns_nothing_and_says_so(source: str, answers: dict[str, object]) -> None:
    """A cell that raised before it gave the answer does not make it pass for one."""
    (claim,) = grade(source, answers=answers, missing="cell 3 raised ZeroDivisionError")
    assert claim["points"] == 0.0
    assert claim["outcome"] in ("incorrect", "could not be graded")
    if claim["outcome"] == "could not be graded" or not answers:
        assert "cell 3 raised ZeroDivisionError" in claim["message"]


def test_one_of_two_names_is_not_enough() -> None:
    """A plain test finds a name undefined, as it would in the student's own notebook."""
    (claim,) = grade("assert model is not None\nassert q > 5", answers={"q": 10})
    assert outcome(claim) == UNANSWERED
    assert claim["message"].startswith("model is not defined in the notebook")


def test_a_test_may_do_without_a_name() -> None:
    """What it catches is its own affair."""
    source = "try:\n    bonus\nexcept NameError:\n    bonus = 0\nassert q == 10"
    assert outcome(*grade(source, answers={"q": 10})) == RIGHT


def test_each_test_has_its_own_copy() -> None:
    """What one test does to an answer, another does not see; nor does a name stay defined."""
    spoil = "q.append(4)\nassert q == [1, 2, 3, 4]"
    first, second = grade(spoil, spoil, answers={"q": [1, 2, 3]})
    assert (outcome(first), outcome(second)) == (RIGHT, RIGHT)


def test_equal_arrays_are_copies_too() -> None:
    """They come in one piece, and each test has its own."""
    spoil = "q[0] = p[1] = 4\nassert (q == [4, 2]).all() and (p == [1, 4]).all()"
    both = {"p": np.array([1, 2]), "q": np.array([1, 2])}
    first, second = grade(spoil, spoil, answers=both)
    assert (outcome(first), outcome(second)) == (RIGHT, RIGHT)


def test_what_nobody_can_change_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that several tests read is one, so that what is computed of it is computed once."""
    loaded: list[ModelData] = []

    def load(files: Mapping[str, bytes], _: snapshot.Budget) -> ModelData:
        loaded.append(ModelData({"document": files["value.json"]}, {}))
        return loaded[-1]

    monkeypatch.setattr(snapshot, "load", load)
    same = {"value.json": b"{}", NAME: b"x"}
    more = {"test_1/q": same, "test_2/q": same, "test_2/p": same, "test_3/q": {"value.json": b"[]"}}
    tests = ("q; None", "assert p is q", "assert q.config['document'] == b'[]'")
    assert [claim["points"] for claim in grade(*tests, more=more)] == [2.0, 2.0, 2.0]
    assert len(loaded) == 2


def test_what_was_computed_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the score of the test that needed it, as much of it as may be."""
    new = [[("a" * 64, b"first")], [("b" * 64, b"larger"), ("c" * 64, b"small")]]
    monkeypatch.setattr(features, "new_files", lambda: iter(new.pop(0)))
    line = line_of("True", "True")
    assert line.features == {"a" * 64: b"first", "c" * 64: b"small"}
    assert len(line.claims) == 2


def test_an_answer_does_not_outlive_its_test() -> None:
    """A name that was answered for one test and not for the next is not defined there."""
    files = snapshot.save(snapshot.write(10, BUDGET))
    more = {"test_1/q": files}
    first, second = grade("assert q == 10", "assert q == 10", more=more)
    assert (outcome(first), outcome(second)) == (RIGHT, UNANSWERED)


@pytest.mark.parametrize("name", ["card", "scorecard", "equal", "form", "image", "sum", "print"])
def test_the_instructors_names_are_the_instructors(name: str) -> None:
    """Answers of these names are not asked for, and change nothing when they are there."""
    files = snapshot.save(snapshot.write(0, BUDGET))
    more = {f"test_1/{name}": files}
    source = CARD.replace("10", "sum(map(sum, image))")
    assert outcome(*grade(source, answers={"q": 10}, more=more)) == RIGHT


@pytest.mark.parametrize(
    "files",
    [
        {"value.json": b""},
        {"value.json": b"{" * 100_000},
        {"value.json": b'{"kind": "int", "value": ' + b"9" * 100_000 + b"}"},
        {"value.json": b'{"kind": "int", "value": 10}', NAME: b"x"},
        {"value.json": b'{"kind": "array", "blob": "%s"}' % NAME.encode()},
        {"value.json": b'{"kind": "array", "blob": "../q/%s"}' % NAME.encode(), NAME: b"x"},
        {"value.json": b'{"kind": "array", "blob": "%s"}' % NAME.encode(), NAME: b"x"},
        {NAME: b"x"},
        {"value.json": b" " * 2_000},
    ],
)
@pytest.mark.parametrize("source", [CARD, "assert q == 10", "assert q is not None"])
def test_forged_files_are_no_answer(source: str, files: dict[str, bytes]) -> None:
    """The message says that what was written down cannot be read; the next test is graded."""
    more = {"test_1/q": files}
    forged, other = grade(source, "assert p == 1", answers={"p": 1}, more=more, budget=1_000_000)
    assert forged["points"] == 0.0
    assert "what was written down of it cannot be read" in forged["message"]
    assert outcome(other) == RIGHT


def test_an_answer_over_the_budget_is_no_answer() -> None:
    """The bound holds where it is read, too."""
    (claim,) = grade("assert q[0] == 0", answers={"q": list(range(5_000))}, budget=1_000)
    assert outcome(claim) == WRONG
    assert "bytes" in claim["message"]


def test_a_test_that_fails_does_not_end_the_others() -> None:
    """Not even one that asks the shell to end."""
    tests = ("assert q == 10\nexit()", "raise SystemExit", "1 / 0", "assert q == 10")
    claims = grade(*tests, answers={"q": 10})
    assert [claim["points"] for claim in claims[1:]] == [0.0, 0.0, 2.0]


def test_tests_find_the_files_beside_the_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In their working directory, folders and all."""
    monkeypatch.chdir(tmp_path)
    source = "from pathlib import Path\nassert Path('data/a.txt').read_text() == q"
    names = sorted(analyse(source).reads)
    cell = {"index": 0, "grade_id": "test", "points": 2.0, "source": source, "names": names}
    files = snapshot.save(snapshot.write("tulip", BUDGET))
    request = {
        "cells": [cell],
        "missing": {},
        "answer_bytes": 1000,
        "feature_bytes": 0,
        "files": {"test/q": {name: f"{name}" for name in files}},
        "beside": ["data/a.txt"],
        "gpu_memory_fraction": 1.0,
    }
    pieces = {f"object/{name}": data for name, data in files.items()} | {"beside/0": b"tulip"}
    line = FakeLine({"request.json": json.dumps(request).encode(), **pieces})
    child.task(line)  # type: ignore[arg-type]
    assert outcome(line.claims["test"]) == RIGHT
