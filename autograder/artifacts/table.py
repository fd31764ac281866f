"""Tables of pandas and polars as plain columns, and one row of them."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from autograder.artifacts.classes import is_a
from autograder.artifacts.errors import NotDataError

Columns = dict[Any, list[Any]]
Row = dict[str, Any]

MAX_CELLS = 100_000
TOO_LARGE = (
    f"is a table of {{rows:,}} rows and {{columns:,}} columns; {MAX_CELLS:,} cells are allowed"
)
SAME_NAME = "is a table with several columns of one name; give each its own"
NO_ROW = (
    "is of type pandas.Series; convert it with .to_numpy(), unless it is a row, whose index is text"
)
FAILED = "is a table that could not be read ({error})"


def is_table(value: object) -> bool:
    """Whether a value is a DataFrame of pandas or polars; judged by its class alone."""
    return is_a(value, "pandas", "DataFrame") or is_a(value, "polars", "DataFrame")


def columns_of(table: Any) -> Columns:
    """The table's columns by name, each a list of plain values; None where a cell is empty.

    A pandas index that has a name becomes a column, the first. Raises NotDataError.
    """
    rows, columns = (int(length) for length in table.shape)
    if rows * columns > MAX_CELLS:
        raise NotDataError(TOO_LARGE.format(rows=rows, columns=columns))
    try:
        return _of_polars(table) if is_a(table, "polars", "DataFrame") else _of_pandas(table)
    except NotDataError:
        raise
    except Exception as error:
        raise NotDataError(FAILED.format(error=type(error).__name__)) from error


def is_row(value: object) -> bool:
    """Whether a value is a Series of pandas, which a row of a DataFrame is."""
    return is_a(value, "pandas", "Series")


def row_of(series: Any) -> Row:
    """A row's plain values by the columns' names; None where a cell is empty.

    Raises NotDataError for a Series whose index is not text, such as a column.
    """
    cls: Any = sys.modules["pandas"].Series
    if len(series) > MAX_CELLS:
        raise NotDataError(TOO_LARGE.format(rows=len(series), columns=1))
    try:
        names = list(series.index)
        if not all(isinstance(name, str) for name in names) or not names:
            raise NotDataError(NO_ROW)
        if len(set(names)) < len(names):
            raise NotDataError(SAME_NAME)
        cells = zip(names, cls.tolist(series), cls.isna(series).tolist(), strict=True)
        return {name: None if absent else _plain(cell) for name, cell, absent in cells}
    except NotDataError:
        raise
    except Exception as error:
        raise NotDataError(FAILED.format(error=type(error).__name__)) from error


def _plain(cell: object) -> object:
    """A row of cells of several types keeps NumPy's numbers."""
    return cell.item() if isinstance(cell, np.generic) else cell


def _of_polars(table: Any) -> Columns:
    columns: Columns = table.to_dict(as_series=False)
    return columns


def _of_pandas(table: Any) -> Columns:
    frame: Any = sys.modules["pandas"].DataFrame
    named = any(name is not None for name in table.index.names)
    flat = frame.reset_index(table) if named else table
    if not flat.columns.is_unique:
        raise NotDataError(SAME_NAME)
    columns = frame.to_dict(flat, orient="list")
    missing = frame.isna(flat).to_numpy()  # (rows, columns)
    return {
        name: [None if absent else cell for cell, absent in zip(cells, missing[:, i], strict=True)]
        for i, (name, cells) in enumerate(columns.items())
    }
