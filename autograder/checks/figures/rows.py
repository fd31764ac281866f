"""Reads a table, however it was written down, as rows that are dicts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from autograder.artifacts import NotDataError
from autograder.artifacts.table import columns_of, is_row, is_table, row_of
from autograder.checks.numbers.reading import NotAnArray, as_array
from autograder.checks.wording import legible, listed, shown

MAX_ROWS = 1_000
MAX_COLUMNS = 100
MAX_TEXT = 100  # characters of a cell
MAX_NUMBERS = 20  # of a cell that is a list, such as the units of each layer

# Under which a row of a dict of dicts has the name that it stands under; no column is called so.
KEY = "(key)"

Cell = float | str | None
TableRow = dict[str, Cell]

NOT_A_TABLE = "is of type {kind}, which is no table"
NOT_A_ROW = "has something of type {kind} for row {number}; each row is a dict, column: value"
UNEQUAL = "has columns of unequal length: {lengths}"
FAILED = "could not be read ({error})"
TOO_LARGE = f"is too large: at most {MAX_ROWS:,} rows of {MAX_COLUMNS} columns are read"


def rows_of(table: object) -> list[TableRow]:
    """The rows, each a dict of cells by the column's name as `plain` gives it.

    Takes a list of dicts, a dict of lists or arrays, a dict of dicts (each a row, whose name is
    under KEY), a DataFrame of pandas or polars. A cell is a number, a text (also of a dict or a
    list of texts), or None where there is nothing that is either. Raises NotDataError.
    """
    try:
        return _rows(columns_of(table) if is_table(table) else table)
    except NotDataError:
        raise
    except Exception as error:  # a live object can fail in any way when it is looked at
        raise NotDataError(FAILED.format(error=type(error).__name__)) from error


def row_from(value: object) -> TableRow | None:
    """One row: a dict, a Series of pandas with the columns' names, a table of one row.

    None for a value that is none of these. Raises NotDataError.
    """
    try:
        given = columns_of(value) if is_table(value) else unwrapped(value)
        if not isinstance(given, Mapping):
            return None
        is_column = [isinstance(cells, list) and len(cells) == 1 for cells in given.values()]
        (row,) = _rows(given if given and all(is_column) else [given])
        return row
    except NotDataError:
        raise
    except Exception as error:
        raise NotDataError(FAILED.format(error=type(error).__name__)) from error


def plain(name: object) -> str:
    """A column's name without what people write differently: "Learning rate", "learning_rate"."""
    return "".join(c for c in str(name)[:200].casefold() if c.isalnum())


def text_of(text: str) -> str:
    """A text as a cell has it."""
    return legible(text, MAX_TEXT)


def _rows(table: object) -> list[TableRow]:
    if isinstance(table, Mapping):
        values = [unwrapped(value) for value in islice(table.values(), MAX_ROWS + 1)]
        if values and all(isinstance(value, Mapping) for value in values):
            names = islice(table, len(values))
            rows = _from_dicts(values)
            return [{KEY: _cell(name), **row} for name, row in zip(names, rows, strict=True)]
        return _from_columns(table)
    if isinstance(table, list | tuple):
        return _from_dicts([unwrapped(row) for row in islice(table, MAX_ROWS + 1)])
    raise NotDataError(NOT_A_TABLE.format(kind=shown(type(table).__name__)))


def unwrapped(value: object) -> object:
    """A row of pandas as a dict, as it crosses; anything else as it is, a column too."""
    if is_row(value):
        with suppress(NotDataError):
            return row_of(value)
    return value


def _from_dicts(rows: Sequence[Any]) -> list[TableRow]:
    _check_size(len(rows), 0)
    read = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            kind = shown(type(row).__name__)
            raise NotDataError(NOT_A_ROW.format(kind=kind, number=number))
        _check_size(0, len(row))
        read.append({plain(name): _cell(value) for name, value in row.items()})
    return read


def _from_columns(table: Mapping[Any, Any]) -> list[TableRow]:
    _check_size(0, len(table))
    columns = {plain(name): _cells(values) for name, values in table.items()}
    lengths = {len(cells) for cells in columns.values()}
    if len(lengths) > 1:
        named = listed(f"{shown(str(name))} ({len(columns[plain(name)])})" for name in table)
        raise NotDataError(UNEQUAL.format(lengths=named))
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _cells(values: Any) -> list[Cell]:
    """A column; a single value is a column of one row."""
    is_single = isinstance(values, str) or not hasattr(values, "__len__")
    if is_single or getattr(values, "shape", None) == ():
        return [_cell(values)]
    listed: Iterable[Any] = islice(values, MAX_ROWS + 1)
    cells = [_cell(value) for value in listed]
    _check_size(len(cells), 0)
    return cells


def _cell(value: object) -> Cell:
    if isinstance(value, str):
        return text_of(value)
    if value is None or isinstance(value, bool):
        return None if value is None else str(value)
    if isinstance(value, Mapping):
        return _together(f"{name}: {_cell(each)}" for name, each in value.items())
    if isinstance(value, list | tuple) and any(isinstance(each, str) for each in value):
        return _together(str(_cell(each)) for each in value)
    if type(value) is float:
        return value if math.isfinite(value) else None
    array = as_array(value)
    if isinstance(array, NotAnArray):
        return None
    numbers = [float(number) for number in array.ravel()[:MAX_NUMBERS]]
    return numbers[0] if len(numbers) == 1 else " × ".join(f"{number:g}" for number in numbers)


def _together(texts: Iterable[str]) -> str | None:
    return legible(", ".join(islice(texts, MAX_NUMBERS)), MAX_TEXT) or None


def _check_size(rows: int, columns: int) -> None:
    if rows > MAX_ROWS or columns > MAX_COLUMNS:
        raise NotDataError(TOO_LARGE)
