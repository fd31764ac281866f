"""DataFrames cross as plain columns."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from autograder.snapshot import SnapshotError, load, write

from .crossing import BUDGET, crossed, forged, refused, same

COLUMNS = {"units": [16, 32], "accuracy": [0.5, None], "optimizer": ["adam", "sgd"]}


def test_pandas() -> None:
    """Columns become lists of plain values; a gap becomes None, a named index a column."""
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(COLUMNS)
    assert same(crossed(frame), COLUMNS)
    assert same(crossed(frame.set_index("optimizer"))["optimizer"], COLUMNS["optimizer"])
    assert crossed(frame.set_index("optimizer").rename_axis(None)).keys() == {"units", "accuracy"}
    assert crossed(pandas.DataFrame()) == {}
    assert same(crossed([frame]), [COLUMNS])

    twice = pandas.DataFrame([[1, 2]], columns=["a", "a"])
    assert "several columns of one name; give each its own" in refused(twice)
    assert 'element ["a"][1] is infinite' in refused(pandas.DataFrame({"a": [1, float("inf")]}))
    large = pandas.DataFrame({"a": range(200_000)})
    assert "a table of 200,000 rows and 1 columns; 100,000 cells are allowed" in refused(large)
    assert "pandas.Series; convert it with .to_numpy()" in refused(frame["units"])


def test_a_row_of_pandas() -> None:
    """A Series with the columns' names crosses as a dict; any other one is refused."""
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(COLUMNS)
    row = {"units": 32, "accuracy": None, "optimizer": "sgd"}
    assert same(crossed(frame.iloc[1]), row)
    assert same(crossed(frame[["units"]].iloc[0]), {"units": 16})
    assert same(crossed([frame.iloc[1]]), [row])
    assert "unless it is a row" in refused(frame.set_index("accuracy")["units"])
    assert "several columns of one name" in refused(pandas.Series([1, 2], ["a", "a"]))
    assert "1 columns; 100,000 cells" in refused(pandas.Series(range(200_000)))


FORGED_ROWS: dict[str, tuple[Any, str]] = {
    "a number": ({"kind": "int", "value": 1}, "table row without a dict of cells"),
    "a name that is a number": (
        {
            "kind": "dict",
            "keys": [{"kind": "int", "value": 1}],
            "values": [{"kind": "int", "value": 1}],
        },
        "table row with a name that is no text",
    ),
}


@pytest.mark.parametrize(("cells", "error"), FORGED_ROWS.values(), ids=FORGED_ROWS)
def test_forged_rows_are_refused(cells: Any, error: str) -> None:
    """A row is a dict with names of text and nothing else."""
    with pytest.raises(SnapshotError, match=error):
        load(forged({"kind": "table row", "cells": cells}), BUDGET)


def test_no_method_of_an_instance_is_called() -> None:
    """What a student has put on one frame, or into a subclass, is not asked."""
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")

    class Frame(pandas.DataFrame):  # type: ignore[misc, name-defined]
        def to_dict(self, *args: object, **kwargs: object) -> dict[str, list[int]]:
            raise AssertionError("was called")

    assert same(crossed(Frame(COLUMNS)), COLUMNS)


def test_polars() -> None:
    """The same for polars."""
    polars = pytest.importorskip("polars", reason="polars is not installed")
    assert same(crossed(polars.DataFrame(COLUMNS)), COLUMNS)


class Frame:
    """Stands for pandas' class where pandas is not installed, with as much of it as is used."""

    shape = (2, 3)
    index = type("Index", (), {"names": [None]})
    columns = type("Index", (), {"is_unique": True})

    def to_dict(self, orient: str) -> Any:
        return {"list": COLUMNS}[orient]

    def isna(self) -> Any:
        rows = zip(*COLUMNS.values(), strict=True)
        return _Cells([[cell is None for cell in row] for row in rows])


class _Cells(list[list[bool]]):
    def to_numpy(self) -> Any:
        import numpy as np

        return np.array(self)


@pytest.fixture
def fake_pandas(monkeypatch: pytest.MonkeyPatch) -> Any:
    pandas = ModuleType("pandas")
    pandas.DataFrame = Frame  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    return pandas


def test_a_table_crosses(fake_pandas: Any) -> None:
    """By the class that the module pandas holds; pandas itself is not imported."""
    assert same(crossed(Frame()), COLUMNS)


def test_a_table_that_fails_says_so(fake_pandas: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is raised on the way becomes the reason."""
    monkeypatch.setattr(Frame, "isna", lambda self: 1 / 0)
    assert "a table that could not be read (ZeroDivisionError)" in refused(Frame())


def test_a_class_of_that_name_is_no_table() -> None:
    """A student's own DataFrame is not asked for anything."""
    cls = type("DataFrame", (), {"__module__": "pandas", "shape": 1 / 3})
    assert write(cls(), BUDGET).reason is not None


FORGED: dict[str, tuple[Any, str]] = {
    "a number": ({"kind": "int", "value": 1}, "table without a dict of columns"),
    "a list": ([], "columns: expected dict, received list"),
    "a table in a table": ({"kind": "table", "columns": {}}, "table without a dict"),
    "a column of one value": (
        {
            "kind": "dict",
            "keys": [{"kind": "str", "value": "a"}],
            "values": [{"kind": "int", "value": 1}],
        },
        "table with a column that is no list",
    ),
    "columns of unequal length": (
        {
            "kind": "dict",
            "keys": [{"kind": "str", "value": name} for name in "ab"],
            "values": [
                {"kind": "list", "items": []},
                {"kind": "list", "items": [{"kind": "int", "value": 1}]},
            ],
        },
        "columns of unequal length",
    ),
}


@pytest.mark.parametrize(("columns", "error"), FORGED.values(), ids=FORGED)
def test_forged_tables_are_refused(columns: Any, error: str) -> None:
    """A table is a dict of lists of one length and nothing else."""
    with pytest.raises(SnapshotError, match=error):
        load(forged({"kind": "table", "columns": columns}), BUDGET)
