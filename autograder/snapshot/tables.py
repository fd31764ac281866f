"""DataFrames of pandas and polars: they cross as a dict of columns, each a list."""

from __future__ import annotations

from autograder.artifacts import NotDataError
from autograder.artifacts.table import Columns, columns_of, is_table
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
