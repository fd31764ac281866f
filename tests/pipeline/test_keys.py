"""Keys: what a run was made of, and what has changed since."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode
from support import cell, notebook

from autograder.notebook.plan import Plan, make_plan
from autograder.pipeline import keys

TEXT = "Some words."


def _plan(
    answer: str = "a = 1",
    setup: str = "import math",
    test: str = "assert a == 1",
    *more: NotebookNode,
) -> Plan:
    return make_plan(
        notebook(
            cell("code", "setup", setup, locked=True),
            *more,
            cell("code", "a", answer, solution=True),
            cell("code", "test_a", test, 1, grade=True, locked=True),
        )
    )


def _key(plan: Plan) -> str:
    return keys.key(keys.of_cells(plan))


def test_equal_parts_make_equal_keys() -> None:
    """The same data, whatever object it is in."""
    assert keys.key({"a": [b"1", "2"], "b": []}) == keys.key({"a": ["1", b"2"], "b": ()})


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ({"a": ["1"], "b": ["2"]}, {"a": ["1"], "b": ["3"]}, "b"),
        ({"a": ["1"], "b": ["2"]}, {"a": ["2"], "b": ["1"]}, "a, b"),
        ({"a": ["1"]}, {"a": ["1"], "b c": ["2"]}, "b c"),
        ({"a": ["1"], "b": ["2"]}, {"a": ["1"]}, "b"),
        ({"a": ["1"]}, {"a": ["1"]}, ""),
        ({"a": ["12", "3"]}, {"a": ["1", "23"]}, "a"),
    ],
)
def test_changed_names_the_parts(
    old: dict[str, list[str]], new: dict[str, list[str]], names: str
) -> None:
    """Those that differ, in the order of the new key; one that is gone as well."""
    assert keys.changed(keys.key(old), keys.key(new)) == names


@given(st.text())
def test_a_key_of_another_kind_has_changed_in_every_part(old: str) -> None:
    """What an earlier version has written is no reason to stop."""
    assert keys.changed(old, keys.key({"cells": ["1"], "data": ["2"]})) == "cells, data"


def test_a_key_is_one_line() -> None:
    """It stands in run.json, for people to read."""
    assert keys.key({"cells": ["1\n"], "data sets": ["2"]}).count("\n") == 0


@pytest.mark.parametrize(
    ("plan", "names"),
    [
        (_plan(answer="a = 2"), "the student's cells"),
        (_plan(setup="import cmath"), "the assignment's cells"),
        (_plan(test="assert a == 2"), ""),
        (_plan("a = 1", "import math", "b + a"), "the assignment's cells"),
        (
            _plan("a = 1", "import math", "assert a == 1", cell("markdown", "text", TEXT)),
            "the student's cells, the order of cells",
        ),
    ],
    ids=["answer", "setup", "the test's code", "what the test reads", "a text more"],
)
def test_cells_by_whose_they_are(plan: Plan, names: str) -> None:
    """A changed answer is told from a changed assignment; what a test does with it is not run."""
    assert keys.changed(_key(_plan()), _key(plan)) == names
