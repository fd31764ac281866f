"""DataFrames of pandas and polars: they cross as a dict of columns, each a list.

A Series of pandas that is a row, with the columns' names, crosses as a dict.
"""

from __future__ import annotations

from autograder.artifacts import NotDataError
from autograder.artifacts.table import Columns, Row, columns_of, is_row, is_table, row_of
from autograder.snapshot.kind import Document, Kind
from autograder.snapshot.outcome import RefusedError
from autograder.snapshot.reader import Reader
from autograder.snapshot.scribe import Scribe


def _write_table(value: object, scribe: Scribe) -> Document:
    try:
        columns = columns_of(value)
    except NotDataError as error:
        raise RefusedError(str(error)) from error
    return {"columns": scribe.write(columns)}


def _read_table(document: Document, reader: Reader) -> Columns:
    (columns,) = reader.fields(document, columns=dict)
    if columns.get("kind") != "dict":
        reader.fail("table without a dict of columns")
    table = reader.read(columns)
    if not isinstance(table, dict) or any(type(cells) is not list for cells in table.values()):
        reader.fail("table with a column that is no list")
    if len({len(cells) for cells in table.values()}) > 1:
        reader.fail("table with columns of unequal length")
    return table


TABLE = Kind("table", is_table, _write_table, _read_table)


def _write_row(value: object, scribe: Scribe) -> Document:
    try:
        row = row_of(value)
    except NotDataError as error:
        raise RefusedError(str(error)) from error
    return {"cells": scribe.write(row)}


def _read_row(document: Document, reader: Reader) -> Row:
    (cells,) = reader.fields(document, cells=dict)
    if cells.get("kind") != "dict":
        reader.fail("table row without a dict of cells")
    row = reader.read(cells)
    if not isinstance(row, dict) or any(type(name) is not str for name in row):
        reader.fail("table row with a name that is no text")
    return row


TABLE_ROW = Kind("table row", is_row, _write_row, _read_row)
